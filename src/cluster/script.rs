//! The batch script of a job array.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::measure::{is_plain_word, shell_word};

/// Seconds before the time limit (or a preemption) at which a task is told to write its checkpoint.
const WARNING_SECONDS: u32 = 120;

/// What a script says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Name of the job in the queue.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// The run directory. All paths are absolute: a task starts wherever Slurm likes.
    pub run: PathBuf,
    /// Directory of the submission.
    pub plan: PathBuf,
    /// Number of tasks.
    pub tasks: usize,
    /// Tasks at once.
    pub max_parallel: Option<usize>,
    /// Memory of a task in megabytes, from the estimate.
    pub megabytes: u64,
    /// Whether failed trials are run again.
    pub retry_failed: bool,
    /// The user's options for sbatch, which come on its command line and win over those of the script.
    pub options: Vec<String>,
}

impl Script {
    /// The text.
    ///
    /// `exec` makes the worker the process that Slurm signals: a shell in between would not hand the signal on. Logs are
    /// appended to, or a requeued task would lose its first one. There is no srun: a task has one process.
    pub fn text(&self) -> String {
        let mut array = format!("1-{}", self.tasks);
        if let Some(most) = self.max_parallel {
            let _ = write!(array, "%{most}");
        }
        let log = self.plan.display().to_string().replace('%', "%%") + "/%A_%a.log";
        let mut text = format!(
            "#!/bin/bash\n\
             #SBATCH --job-name={}\n\
             #SBATCH --array={array}\n\
             #SBATCH --output={}\n\
             #SBATCH --open-mode=append\n\
             #SBATCH --signal=B:TERM@{WARNING_SECONDS}\n\
             #SBATCH --requeue\n\
             #SBATCH --cpus-per-task=1\n",
            directive(&self.name),
            directive(&log),
        );
        if !self.user_sets_memory() {
            let _ = writeln!(text, "#SBATCH --mem={}M", self.megabytes);
        }
        if !self.options.is_empty() {
            let given: Vec<String> = self.options.iter().map(|word| shell_word(word)).collect();
            let _ = writeln!(text, "# on the command line of sbatch: {}", given.join(" "));
        }
        let retry = if self.retry_failed {
            " --retry-failed"
        } else {
            ""
        };
        let _ = write!(
            text,
            "\nexec {} worker {} --plan {} \\\n    --shard \"$SLURM_ARRAY_TASK_ID/{}\" --threads \"${{SLURM_CPUS_PER_TASK:-1}}\"{retry}\n",
            shell_word(&self.program.display().to_string()),
            shell_word(&self.run.display().to_string()),
            shell_word(&self.plan.display().to_string()),
            self.tasks,
        );
        text
    }

    /// `--mem` excludes the other ways to ask for memory.
    fn user_sets_memory(&self) -> bool {
        self.options.iter().any(|option| {
            option == "--mem"
                || ["--mem=", "--mem-per-"]
                    .iter()
                    .any(|begin| option.starts_with(begin))
        })
    }
}

/// Why an option for sbatch cannot be had, if so.
pub fn refused_option(option: &str) -> Option<&'static str> {
    let name = option.split('=').next().unwrap_or(option);
    match name {
        "--array" => {
            Some("the array is derived from the trials; use --trials-per-task and --max-parallel")
        }
        "--wrap" | "--parsable" | "--test-only" => Some("omit it; --dry-run shows the script"),
        "--wait" | "-W" => Some("omit it; nnbcd-tui watch shows when the tasks have finished"),
        _ if name.starts_with("-a") && !name.starts_with("--") => {
            Some("the array is derived from the trials; use --trials-per-task and --max-parallel")
        }
        _ => None,
    }
}

/// A value in a line `#SBATCH`, where sbatch knows quotes.
fn directive(value: &str) -> String {
    if is_plain_word(value) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script() -> Script {
        Script {
            name: "nnbcd-my run".into(),
            program: "/opt/nnbcd-tui".into(),
            run: "/data/it's 5%".into(),
            plan: "/data/it's 5%/slurm/1".into(),
            tasks: 12,
            max_parallel: Some(4),
            megabytes: 700,
            retry_failed: false,
            options: Vec::new(),
        }
    }

    #[test]
    fn a_script_says_what_the_cluster_has_to_know() {
        let text = script().text();
        for line in [
            "#!/bin/bash",
            "#SBATCH --job-name=\"nnbcd-my run\"",
            "#SBATCH --array=1-12%4",
            "#SBATCH --output=\"/data/it's 5%%/slurm/1/%A_%a.log\"",
            "#SBATCH --open-mode=append",
            "#SBATCH --signal=B:TERM@120",
            "#SBATCH --requeue",
            "#SBATCH --mem=700M",
            r"exec /opt/nnbcd-tui worker '/data/it'\''s 5%' --plan '/data/it'\''s 5%/slurm/1' \",
            "    --shard \"$SLURM_ARRAY_TASK_ID/12\" --threads \"${SLURM_CPUS_PER_TASK:-1}\"",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("srun"));
    }

    #[test]
    fn memory_is_the_users_if_they_ask_for_it() {
        for option in ["--mem=2G", "--mem", "--mem-per-cpu=1G"] {
            let options = vec![option.to_owned()];
            let text = Script {
                options,
                ..script()
            }
            .text();
            assert!(!text.contains("#SBATCH --mem"), "{text}");
        }
    }

    #[test]
    fn options_that_would_break_the_array_are_refused() {
        for option in ["--array=1-3", "-a1-3", "-a", "--wrap=x", "-W"] {
            assert!(refused_option(option).is_some(), "{option}");
        }
        for option in ["--account=x", "-A", "--partition", "-p", "--time=1:00"] {
            assert!(refused_option(option).is_none(), "{option}");
        }
    }
}
