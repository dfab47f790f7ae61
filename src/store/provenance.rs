//! `provenance.json`: where the numbers come from.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, RefreshKind, System};

use super::error::StoreError;
use super::process::{host_name, rfc3339_utc, unix_seconds};
use super::publish::publish;
use super::read::read_json;

/// What is needed to tell later how a run came about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of this program.
    pub version: String,
    /// Commit it was built from, if known.
    pub git_commit: Option<String>,
    /// Host name.
    pub host: String,
    /// Operating system and its version.
    pub system: String,
    /// The processor as it calls itself.
    pub cpu_model: String,
    /// Its physical cores.
    pub cores: u64,
    /// Threads of the whole run.
    pub threads: u64,
    /// Memory of the host, in bytes.
    pub memory_bytes: u64,
    /// Start of the run: RFC 3339, UTC.
    pub started_at: String,
    /// The command with its arguments.
    pub command_line: Vec<String>,
    /// Directory in which it was given.
    #[serde(default)]
    pub working_directory: std::path::PathBuf,
    /// Directory that relative paths in the trials' settings refer to.
    #[serde(default)]
    pub base_directory: std::path::PathBuf,
    /// SHA-256 of each file of each data set, in hexadecimal: data set -> file -> checksum.
    pub data: BTreeMap<String, BTreeMap<String, String>>,
}

impl Provenance {
    /// Fills in what this process can find out by itself; the data checksums are left to the caller.
    pub fn of_this_machine(version: &str, git_commit: Option<&str>, threads: u64) -> Self {
        let mut system =
            System::new_with_specifics(RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()));
        system.refresh_memory();
        let cpus = system.cpus();
        Self {
            version: version.to_owned(),
            git_commit: git_commit.map(str::to_owned),
            host: host_name(),
            system: System::long_os_version().unwrap_or_default(),
            cpu_model: cpus
                .first()
                .map(|cpu| cpu.brand().trim().to_owned())
                .unwrap_or_default(),
            cores: System::physical_core_count().unwrap_or(cpus.len()) as u64,
            threads,
            memory_bytes: system.total_memory(),
            started_at: rfc3339_utc(unix_seconds()),
            command_line: std::env::args_os()
                .map(|argument| argument.to_string_lossy().into_owned())
                .collect(),
            working_directory: std::env::current_dir().unwrap_or_default(),
            base_directory: std::path::PathBuf::new(),
            data: BTreeMap::new(),
        }
    }

    /// Publishes it as a file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), StoreError> {
        let mut bytes =
            serde_json::to_vec_pretty(self).expect("all keys of the maps in it are text");
        bytes.push(b'\n');
        publish(path, &bytes)
    }

    /// Reads it back; `None`: there is none.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged.
    pub fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        let remedy = "delete this file: the next start of the run recreates it";
        read_json(path, "provenance file", remedy)
    }

    /// Reads it back where it must be there.
    ///
    /// # Errors
    /// If there is none, or it cannot be read or is damaged.
    pub fn expect(path: &Path) -> Result<Self, StoreError> {
        let missing = || StoreError::io(path, "read", &ErrorKind::NotFound.into());
        Self::read(path)?.ok_or_else(missing)
    }
}
