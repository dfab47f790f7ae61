//! Submitting, stopping and watching against small scripts in place of Slurm's commands, which write down what they
//! were asked and answer from files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use super::place::{PROGRAM, Place, grid};

/// A place with its own `sbatch`, `squeue`, `scancel` and `scontrol`.
struct Fake {
    place: Place,
}

impl Fake {
    fn new() -> Self {
        let fake = Self {
            place: Place::new(),
        };
        fake.place.write("g.yaml", &grid("g", 5, 2, ""));
        fake.place.write("queue", "");
        fake.command(
            "sbatch",
            "env | grep ^SLURM_ >>$HERE/environment; echo 41 >>$HERE/jobs; echo 41",
        );
        fake.command("squeue", "cat $HERE/queue");
        fake.command("scancel", "");
        fake.command("scontrol", "echo 'MaxArraySize            = 1001'");
        fake
    }

    /// Makes a command that notes its arguments and then does `body`.
    fn command(&self, name: &str, body: &str) {
        let here = self.place.path("");
        let text = format!(
            "#!/bin/sh\nHERE={}\necho {name} \"$@\" >>$HERE/asked\n{body}\n",
            here.display()
        );
        self.place.write(&format!("bin/{name}"), &text);
        let path = self.place.path(&format!("bin/{name}"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn output(&self, arguments: &[&str]) -> Output {
        let path = std::env::var("PATH").unwrap_or_default();
        Command::new(PROGRAM)
            .args(arguments)
            .current_dir(self.place.path(""))
            .env(
                "PATH",
                format!("{}:{path}", self.place.path("bin").display()),
            )
            .env("SLURM_CPUS_PER_TASK", "64")
            .env("SLURM_JOB_ID", "3")
            .output()
            .unwrap()
    }

    #[track_caller]
    fn ends_with(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}:\n{said}");
        said
    }

    fn asked(&self) -> String {
        fs::read_to_string(self.place.path("asked")).unwrap_or_default()
    }

    fn trials(&self, submission: u64) -> Vec<String> {
        let text = self
            .place
            .read(&format!("results/g/slurm/{submission}/trials.txt"));
        text.lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_dry_run_prints_the_script_and_leaves_nothing() {
    let fake = Fake::new();
    let options = ["--trials-per-task", "4", "--max-parallel", "3"];
    let arguments = [&["submit", "g.yaml", "--slurm", "--dry-run"], &options[..]].concat();
    let said = fake.ends_with(0, &arguments);
    assert!(said.starts_with("#!/bin/bash\n"), "{said}");
    assert!(said.contains("#SBATCH --array=1-2%3\n"), "{said}");
    assert!(
        said.contains("--shard \"$SLURM_ARRAY_TASK_ID/2\""),
        "{said}"
    );
    assert!(!fake.place.path("results").exists());
    assert!(!fake.asked().contains("sbatch"));
}

#[test]
fn a_submission_is_frozen_written_down_and_sends_only_what_is_missing() {
    let fake = Fake::new();
    let said = fake.ends_with(
        0,
        &["submit", "g.yaml", "--slurm", "--", "--partition", "long"],
    );
    for command in ["watch", "stop"] {
        assert!(said.contains(&format!("nnbcd-tui {command} ")), "{said}");
    }
    let asked = fake.asked();
    let sbatch = asked
        .lines()
        .find(|line| line.starts_with("sbatch"))
        .unwrap();
    assert!(
        sbatch.starts_with("sbatch --parsable --partition long "),
        "{sbatch}"
    );
    assert!(sbatch.ends_with("results/g/slurm/1/submit.sh"), "{sbatch}");
    // A submission from within a job does not inherit that job's wishes.
    assert_eq!(fake.place.read("environment"), "");
    assert!(fake.place.read("results/g/slurm/1/job.json").contains("41"));
    assert_eq!(fake.trials(1).len(), 6);
    assert_eq!(
        fake.place.read("results/g/slurm/1/grid.yaml"),
        fake.place.read("g.yaml")
    );

    // The tasks of the script, as Slurm would run them: the frozen plan counts, not the user's file.
    fake.place.write("g.yaml", "broken: [");
    let plan = ["--plan", "results/g/slurm/1"];
    for shard in ["1/6", "4/6"] {
        let arguments = [&["worker", "results/g", "--shard", shard], &plan[..]].concat();
        fake.ends_with(0, &arguments);
    }
    fake.place.write("g.yaml", &grid("g", 5, 2, ""));
    fake.ends_with(0, &["submit", "g.yaml", "--slurm"]);
    let first = fake.trials(1);
    let left: Vec<&String> = [1, 2, 4, 5].map(|at| &first[at]).into();
    assert_eq!(fake.trials(2).iter().collect::<Vec<_>>(), left);
}

#[test]
fn nothing_is_submitted_beside_an_array_that_runs_or_may_run() {
    let fake = Fake::new();
    let submit = ["submit", "g.yaml", "--slurm"];
    fake.ends_with(0, &submit);
    fake.place.write("queue", "41|2|PENDING||Resources\n");
    let said = fake.ends_with(2, &submit);
    assert!(
        said.contains("41_2") && said.contains("nnbcd-tui stop"),
        "{said}"
    );
    let said = fake.ends_with(2, &["g.yaml"]);
    assert!(said.contains("41_2"), "{said}");
    fake.command(
        "squeue",
        "echo 'Unable to contact slurm controller' >&2; exit 1",
    );
    let said = fake.ends_with(2, &submit);
    assert!(
        said.contains("--force") && said.contains("Unable to contact"),
        "{said}"
    );
    assert_eq!(fake.place.read("jobs").lines().count(), 1);
    fake.ends_with(0, &[&submit[..], &["--force"]].concat());
    fake.command(
        "squeue",
        "echo 'error: Invalid job id specified' >&2; exit 1",
    );
    fake.ends_with(0, &submit);
    assert_eq!(fake.place.read("jobs").lines().count(), 3);
}

#[test]
fn a_refused_submission_is_no_submission() {
    let fake = Fake::new();
    fake.command(
        "sbatch",
        "echo 'sbatch: error: invalid partition specified: x' >&2; exit 1",
    );
    let said = fake.ends_with(2, &["submit", "g.yaml", "--slurm"]);
    assert!(said.contains("invalid partition specified: x"), "{said}");
    assert!(!fake.place.path("results/g/slurm/1/job.json").exists());
    fake.command("sbatch", "echo '42;east'");
    fake.ends_with(0, &["submit", "g.yaml", "--slurm"]);
    fake.ends_with(0, &["watch", "results/g"]);
    let asked = fake.asked();
    assert!(asked.contains("squeue --clusters=east "), "{asked}");
    assert!(asked.contains("--jobs=42"), "{asked}");
}

#[test]
fn arrays_stay_within_what_the_cluster_allows() {
    let fake = Fake::new();
    fake.command("scontrol", "echo 'MaxArraySize            = 4'");
    let dry = ["submit", "g.yaml", "--slurm", "--dry-run"];
    let said = fake.ends_with(0, &dry);
    assert!(said.contains("#SBATCH --array=1-3\n"), "{said}");
    let said = fake.ends_with(2, &[&dry[..], &["--trials-per-task", "1"]].concat());
    assert!(said.contains("at least 2"), "{said}");
}

#[test]
fn stop_and_cancel_ask_for_the_recorded_ids() {
    let fake = Fake::new();
    fake.ends_with(
        0,
        &["submit", "g.yaml", "--slurm", "--trials-per-task", "2"],
    );
    fake.place
        .write("queue", "41|1|RUNNING|n1|None\n41|2|PENDING||Priority\n");
    let trials = fake.trials(1);
    let said = fake.ends_with(2, &["cancel", "results/g", &trials[1]]);
    assert!(
        said.contains(&trials[4]),
        "names what would end as well: {said}"
    );
    fake.ends_with(0, &["cancel", "results/g", &trials[1], &trials[4]]);
    let asked = fake.asked();
    assert!(asked.contains("scancel 41_2\n"), "{asked}");
    assert!(!asked.contains("41_1"), "{asked}");
    fake.ends_with(0, &["stop", "results/g"]);
    let asked = fake.asked();
    assert!(asked.contains("--state=PENDING 41\n"), "{asked}");
    assert!(
        asked.contains("--state=RUNNING --batch --signal=TERM 41\n"),
        "{asked}"
    );
}

#[test]
fn watch_says_why_tasks_wait_and_when_the_queue_is_silent() {
    let fake = Fake::new();
    fake.ends_with(0, &["submit", "g.yaml", "--slurm"]);
    fake.place.write(
        "queue",
        "41|1|RUNNING|n1|None\n41|2|PENDING||BadConstraints\n",
    );
    let said = fake.ends_with(0, &["watch", "results/g"]);
    let trials = fake.trials(1);
    assert!(
        said.contains(&format!("task 41_1: running on n1, trials {}", trials[0])),
        "{said}"
    );
    assert!(
        said.contains("task 41_2: pending (BadConstraints)"),
        "{said}"
    );
    fake.command("squeue", "exec sleep 60");
    let said = fake.ends_with(0, &["watch", "results/g"]);
    assert!(
        said.contains("not reachable") && said.contains("no answer within"),
        "{said}"
    );
    assert!(!said.contains("failed ("), "{said}");
}
