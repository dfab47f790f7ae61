//! The memory that control groups leave to this process: containers, and jobs of a cluster.

use std::fs::read_to_string;
use std::path::Path;

/// The tightest limit of the control groups that a process is in, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimit {
    /// What all processes of the group may hold together.
    pub total: u64,
    /// What none of them holds now.
    pub free: u64,
}

/// Names of the files of one version of control groups.
struct Files {
    mount: &'static str,
    limit: &'static str,
    used: &'static str,
    /// Key in `memory.stat`: bytes of files that are kept only as long as nobody needs the memory.
    cache: &'static str,
}

const VERSION_1: Files = Files {
    mount: "memory",
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cache: "total_inactive_file",
};
const VERSION_2: Files = Files {
    mount: "",
    limit: "memory.max",
    used: "memory.current",
    cache: "inactive_file",
};

impl MemoryLimit {
    /// `None` without a limit, and on systems without control groups.
    pub fn of_this_process() -> Option<Self> {
        let groups = read_to_string("/proc/self/cgroup").ok()?;
        Self::of(&groups, Path::new("/sys/fs/cgroup"))
    }

    /// The limit for a process with these lines `number:controllers:path` in its `/proc/…/cgroup`. A limit counts for
    /// all groups below, so that each group on the way up is asked.
    fn of(groups: &str, mount: &Path) -> Option<Self> {
        let mut limits = Vec::new();
        for line in groups.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
                continue;
            };
            let files = match controllers {
                "" => &VERSION_2,
                _ if controllers.split(',').any(|name| name == "memory") => &VERSION_1,
                _ => continue,
            };
            let top = mount.join(files.mount);
            let group = top.join(path.trim_start_matches('/'));
            let way_up = group
                .ancestors()
                .take_while(|group| group.starts_with(&top));
            limits.extend(way_up.filter_map(|group| Self::of_group(group, files)));
        }
        let total = limits.iter().map(|limit| limit.total).min()?;
        let free = limits.iter().map(|limit| limit.free).min()?;
        Some(Self { total, free })
    }

    fn of_group(group: &Path, files: &Files) -> Option<Self> {
        let number = |name| -> Option<u64> {
            let text = read_to_string(group.join(name)).ok()?;
            text.trim().parse().ok()
        };
        let total = number(files.limit)?;
        let used = number(files.used).unwrap_or(0);
        let statistics = read_to_string(group.join("memory.stat")).unwrap_or_default();
        let cache = (statistics.lines())
            .filter_map(|line| line.split_once(' '))
            .find(|(key, _)| *key == files.cache)
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(0);
        let free = total.saturating_sub(used.saturating_sub(cache));
        Some(Self { total, free })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs::{create_dir_all, write};

    use super::*;

    fn group(mount: &Path, path: &str, files: [(&str, &str); 3]) {
        let group = mount.join(path);
        create_dir_all(&group).unwrap();
        for (name, content) in files {
            write(group.join(name), content).unwrap();
        }
    }

    #[test]
    fn the_tightest_group_on_the_way_up_counts_and_cached_files_are_free() {
        let mount = tempfile::tempdir().unwrap();
        let statistics = "anon 5\ninactive_file 300\nactive_file 7\n";
        group(
            mount.path(),
            "system/job_7/step",
            [
                ("memory.max", "max\n"),
                ("memory.current", "900"),
                ("memory.stat", statistics),
            ],
        );
        group(
            mount.path(),
            "system/job_7",
            [
                ("memory.max", "1000\n"),
                ("memory.current", "900\n"),
                ("memory.stat", statistics),
            ],
        );
        group(
            mount.path(),
            "system",
            [
                ("memory.max", "5000\n"),
                ("memory.current", "4900\n"),
                ("memory.stat", ""),
            ],
        );
        let limit = |groups| MemoryLimit::of(groups, mount.path());
        let (total, free) = (1000, 100);
        assert_eq!(
            limit("0::/system/job_7/step\n"),
            Some(MemoryLimit { total, free })
        );
        let (total, free) = (5000, 100);
        assert_eq!(limit("0::/system\n"), Some(MemoryLimit { total, free }));
        for none in ["0::/\n", "0::/../elsewhere\n", "nonsense", ""] {
            assert_eq!(limit(none), None, "{none:?}");
        }
    }

    #[test]
    fn the_first_version_is_read_too() {
        let mount = tempfile::tempdir().unwrap();
        group(
            mount.path(),
            "memory/slurm/job_7",
            [
                ("memory.limit_in_bytes", "2000\n"),
                ("memory.usage_in_bytes", "1500\n"),
                ("memory.stat", "total_inactive_file 250\n"),
            ],
        );
        let groups = "5:cpu,cpuacct:/slurm\n4:memory:/slurm/job_7\n";
        let (total, free) = (2000, 750);
        assert_eq!(
            MemoryLimit::of(groups, mount.path()),
            Some(MemoryLimit { total, free })
        );
    }
}
