//! What squeue says of the tasks of a run.

use super::client::{SlurmError, queue_lines};
use crate::store::{
    QueueTask, RunDirectory, StoreError, Submission, SubmittedJob, TaskState, share,
};

/// Job id of the array, index of the task, state, nodes, reason.
const FORMAT: &str = "%F|%K|%T|%N|%r";

/// The job arrays of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// The submissions that have a job, the oldest first.
    pub submissions: Vec<Submission>,
}

impl Array {
    /// The arrays that have been submitted for a run; `None` if there are none.
    ///
    /// # Errors
    /// If a record of a submission cannot be read: an array may be in the queue then.
    pub fn of(run: &RunDirectory) -> Result<Option<Self>, StoreError> {
        let mut submissions = run.submissions()?;
        submissions.retain(|submission| submission.job.is_some());
        Ok((!submissions.is_empty()).then_some(Self { submissions }))
    }

    /// Their jobs.
    pub fn jobs(&self) -> Vec<SubmittedJob> {
        (self.submissions.iter())
            .filter_map(|submission| submission.job.clone())
            .collect()
    }

    /// The submission that a job belongs to.
    fn submission(&self, job: u64) -> Option<&Submission> {
        (self.submissions.iter()).find(|submission| {
            submission
                .job
                .as_ref()
                .is_some_and(|known| known.job == job)
        })
    }

    /// The trials that a task carries.
    fn trials_of(&self, job: u64, index: u64) -> Vec<String> {
        let Some(submission) = self.submission(job) else {
            return Vec::new();
        };
        let count = submission.job.as_ref().map_or(0, |job| job.tasks);
        if !(1..=count).contains(&index) {
            return Vec::new();
        }
        let trials = submission.directory.read_trials().ok().flatten();
        share(trials.unwrap_or_default(), index as usize, count as usize)
    }

    /// The cluster of a job.
    pub fn cluster_of(&self, task: &QueueTask) -> &str {
        let job = task.name.split('_').next().and_then(|job| job.parse().ok());
        job.and_then(|job| self.submission(job))
            .and_then(|submission| submission.job.as_ref())
            .map_or("", |job| job.cluster.as_str())
    }
}

/// The tasks of these arrays that are in the queue.
///
/// # Errors
/// If squeue is not there or the controller does not answer: nothing is known of the tasks then.
pub fn tasks(array: &Array) -> Result<Vec<QueueTask>, SlurmError> {
    let lines = queue_lines(&array.jobs(), FORMAT)?;
    Ok(lines.lines().filter_map(|line| task(array, line)).collect())
}

fn task(array: &Array, line: &str) -> Option<QueueTask> {
    let mut cells = line.trim().splitn(5, '|');
    let job: u64 = cells.next()?.parse().ok()?;
    let index: u64 = cells.next()?.parse().ok()?;
    let word = cells.next()?;
    let state = match word {
        "RUNNING" => TaskState::Running,
        "SUSPENDED" | "STOPPED" => TaskState::Suspended,
        "COMPLETING" | "STAGE_OUT" | "SIGNALING" => TaskState::Ending,
        _ => TaskState::Pending,
    };
    let node = cells.next()?.to_owned();
    let reason = match cells.next()? {
        // No reason of its own: the state says more.
        "None" | "" => word.to_lowercase(),
        reason => reason.to_owned(),
    };
    Some(QueueTask {
        name: format!("{job}_{index}"),
        state,
        reason,
        node,
        trials: array.trials_of(job, index),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn lines_of_squeue_become_tasks_with_their_trials() {
        let directory = tempfile::tempdir().unwrap();
        let run = RunDirectory::new(directory.path());
        let submission = run.new_submission().unwrap();
        let trials = ["a", "b", "c"].map(str::to_owned);
        submission.directory.write_trials(&trials).unwrap();
        let job = SubmittedJob {
            job: 7,
            tasks: 2,
            ..SubmittedJob::default()
        };
        submission.directory.write_job(&job).unwrap();
        let array = Array::of(&run).unwrap().unwrap();
        let running = task(&array, "7|1|RUNNING|n2|None").unwrap();
        assert_eq!(running.name, "7_1");
        assert_eq!(running.state, TaskState::Running);
        assert_eq!(running.node, "n2");
        assert_eq!(running.trials, ["a", "c"]);
        let pending = task(
            &array,
            "7|2|PENDING||ReqNodeNotAvail, UnavailableNodes:n3|x",
        )
        .unwrap();
        assert_eq!(pending.state, TaskState::Pending);
        assert_eq!(pending.reason, "ReqNodeNotAvail, UnavailableNodes:n3|x");
        assert_eq!(task(&array, "8|N/A|RUNNING|n1|None"), None);
        assert_eq!(task(&array, ""), None);
    }
}
