//! The sweep as a job array of Slurm: the script, and the client's commands.
//!
//! | module | what |
//! |---|---|
//! | `script` | the batch script of an array |
//! | `client` | sbatch, squeue, scancel and scontrol, each with a time limit |
//! | `queue` | what squeue says of the tasks of a run |
//! | `follower` | asks squeue from time to time, beside everything else |
//!
//! Slurm is asked as little as possible: what has become of the trials stands in the run directory. The queue says what
//! no file can: that a task waits and for what, and that one is gone.

mod client;
mod follower;
mod queue;
mod script;

pub use client::{SlurmError, cancel_task, max_array_size, stop_jobs, submit};
pub use follower::QueueFollower;
pub use queue::{Array, tasks};
pub use script::{Script, refused_option};

/// The task of a job array that this process is. The variable `SLURM_JOB_ID` would not tell: of one task it is the
/// id of the whole array.
pub fn task_of_this_process() -> Option<String> {
    let job = std::env::var("SLURM_ARRAY_JOB_ID").ok()?;
    let task = std::env::var("SLURM_ARRAY_TASK_ID").ok()?;
    Some(format!("{job}_{task}"))
}
