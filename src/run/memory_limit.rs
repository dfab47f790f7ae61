//! The memory that limits leave to this process: control groups of containers and of jobs of a cluster, resource limits.

use std::fs::read_to_string;
use std::path::Path;

use rustix::param::page_size;
use rustix::process::{Resource, getrlimit};

/// The tightest limit on the memory of a process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimit {
    /// What it, or all processes of its group together, may hold.
    pub total: u64,
    /// What of that is not held now.
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
    /// The tightest of control groups and resource limits (`ulimit -v`, `ulimit -d`). `None` without a limit.
    pub fn of_this_process() -> Option<Self> {
        let groups = read_to_string("/proc/self/cgroup").ok();
        let of_groups = groups.and_then(|groups| Self::of(&groups, Path::new("/sys/fs/cgroup")));
        let of_resources = [Resource::As, Resource::Data].map(Self::of_resource);
        (of_resources.into_iter().chain([of_groups]))
            .flatten()
            .reduce(|one, other| Self {
                total: one.total.min(other.total),
                free: one.free.min(other.free),
            })
    }

    fn of_resource(resource: Resource) -> Option<Self> {
        /// Address space that the process takes besides trials: code, stacks, arenas of the allocator (measured: a run of
        /// the smallest network ends well with 350 MiB, and not with 300).
        const BESIDE_TRIALS: u64 = 320 << 20;
        /// What trials have freed stays with the allocator, in pieces: address space is used up earlier than memory.
        const KEPT_BY_THE_ALLOCATOR: u64 = 2;
        let total =
            getrlimit(resource).current?.saturating_sub(BESIDE_TRIALS) / KEPT_BY_THE_ALLOCATOR;
        // Pages of all, the resident ones, shared ones, text, none, data: what is used already.
        let pages = read_to_string("/proc/self/statm").unwrap_or_default();
        let used = |place| pages.split(' ').nth(place)?.parse::<u64>().ok();
        let used = match resource {
            Resource::As => used(0),
            _ => used(5),
        };
        let used = used.unwrap_or(0).saturating_mul(page_size() as u64);
        Some(Self {
            total,
            free: total.saturating_sub(used),
        })
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
