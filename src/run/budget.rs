//! Threads and memory: one budget for trials and linear algebra together.

use sysinfo::System;

use super::memory_limit::MemoryLimit;

/// Share of the available memory that trials may fill.
const MEMORY_SHARE: f64 = 0.8;

/// What a run may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Threads of all trials together.
    pub threads: usize,
    /// Trials at once.
    pub jobs: usize,
    /// Bytes of all running trials together.
    pub memory: u64,
}

impl Budget {
    /// The budget of this machine: all cores that the process may use (affinity, control groups and what Slurm has
    /// granted are respected), 80 % of the memory that is free now, and as many trials at once as there are
    /// threads unless `jobs` says otherwise. More threads than cores are not used.
    pub fn of_this_machine(threads: Option<usize>, jobs: Option<usize>) -> Self {
        let threads = match threads {
            None => available_threads(),
            Some(asked) => helpful(asked),
        };
        Self {
            threads,
            jobs: jobs.unwrap_or(threads.max(1)).max(1),
            memory: (free_memory() as f64 * MEMORY_SHARE) as u64,
        }
    }
}

/// More threads than the machine has cores only hinder each other.
fn helpful(asked: usize) -> usize {
    let most = std::thread::available_parallelism().map_or(asked, std::num::NonZero::get);
    if asked > most {
        tracing::warn!(
            "{asked} threads were asked for; {most} are used, as many as there are cores"
        );
    }
    asked.clamp(1, most)
}

fn available_threads() -> usize {
    let available = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // Not every cluster binds a job to its cores. What is started by srun is one task, other programs have the job.
    let variable = match std::env::var_os("SLURM_STEP_ID") {
        Some(_) => "SLURM_CPUS_PER_TASK",
        None => "SLURM_CPUS_ON_NODE",
    };
    let granted = std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok());
    granted.map_or(available, |granted: usize| granted.min(available))
}

/// Bytes of a machine.
struct Memory {
    free: u64,
    total: u64,
    swap: u64,
}

fn memory() -> Memory {
    let mut system = System::new();
    system.refresh_memory();
    if system.total_memory() > 0 {
        return Memory {
            free: system.available_memory(),
            total: system.total_memory(),
            swap: system.total_swap(),
        };
    }
    // Without /proc the kernel tells less: memory that holds files counts as used.
    let seen = rustix::system::sysinfo();
    let bytes = |units: u64| units.saturating_mul(u64::from(seen.mem_unit));
    Memory {
        free: bytes(seen.freeram + seen.bufferram),
        total: bytes(seen.totalram),
        swap: bytes(seen.totalswap),
    }
}

fn free_memory() -> u64 {
    let free = memory().free;
    MemoryLimit::of_this_process().map_or(free, |limit| limit.free.min(free))
}

/// Bytes of memory of this machine, control groups respected; some of them may be in use.
pub fn memory_of_this_machine() -> u64 {
    let Memory { total, swap, .. } = memory();
    // A limit holds whatever swap the machine has.
    match MemoryLimit::of_this_process() {
        Some(limit) if limit.total < total => limit.total,
        _ => total.saturating_add(swap),
    }
}

/// Threads for each of `running` trials: as equal as possible, at least one each.
pub fn share_threads(threads: usize, running: usize) -> Vec<usize> {
    (0..running)
        .map(|position| {
            let share = threads / running + usize::from(position < threads % running);
            share.max(1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_shared_without_a_rest_and_without_excess() {
        assert_eq!(share_threads(8, 3), [3, 3, 2]);
        assert_eq!(share_threads(2, 2), [1, 1]);
        assert_eq!(share_threads(2, 1), [2]);
        assert_eq!(share_threads(2, 4), [1, 1, 1, 1]);
        assert!(share_threads(4, 0).is_empty());
    }
}
