//! The dashboard on a run that workers share: what it says of them, of the queue, and of trials that wait or are lost.

use crate::fixture;
use nnbcd::dashboard::state::{Look, State};
use nnbcd::dashboard::{Action, Effect, Theme, View};
use nnbcd::store::{
    Command, Liveness, QueueNews, QueueTask, RunUpdate, RunnerState, TaskState, TrialStatus,
    WorkerSeen, WorkerStatus,
};

const PLAIN: Look = Look {
    theme: Theme::Dark,
    ascii: true,
};

fn worker(task: &str, trial: &str, lives: bool) -> WorkerSeen {
    let status = WorkerStatus {
        name: format!("node-{task}"),
        task: task.to_owned(),
        trial: trial.to_owned(),
        ..WorkerStatus::default()
    };
    WorkerSeen { status, lives }
}

fn task(name: &str, state: TaskState, trial: &str) -> QueueTask {
    QueueTask {
        name: name.to_owned(),
        state,
        reason: "Resources".to_owned(),
        node: "n2".to_owned(),
        trials: vec![trial.to_owned()],
    }
}

/// Two workers at trials of the first setting, one trial of the second in the queue.
fn shared() -> State {
    let mut state = fixture::state(PLAIN);
    state.apply(RunUpdate::Trials(fixture::table(|_, _| {
        TrialStatus::Queued
    })));
    for seed in 0..2 {
        state.apply(fixture::started(&fixture::id(0, seed)));
    }
    state.apply(RunUpdate::Liveness(Liveness::Alive));
    state.apply(RunUpdate::Workers(vec![
        worker("41_1", &fixture::id(0, 0), true),
        worker("41_2", &fixture::id(0, 1), true),
    ]));
    state.show_queue(QueueNews::Tasks(vec![
        task("41_1", TaskState::Running, &fixture::id(0, 0)),
        task("41_2", TaskState::Running, &fixture::id(0, 1)),
        task("41_3", TaskState::Pending, &fixture::id(0, 2)),
    ]));
    state
}

fn text(state: &mut State) -> String {
    fixture::text(state, 120, 30)
}

#[test]
fn the_header_speaks_of_workers_and_of_the_queue() {
    let text = text(&mut shared());
    let line = text.lines().nth(1).unwrap_or_default();
    let expected = "workers 2 alive   queue 2 running, 1 pending (Resources)";
    assert!(line.contains(expected), "{text}");
    assert!(!text.contains("RUNNER GONE"), "{text}");
}

#[test]
fn a_trial_says_where_it_is_or_what_it_waits_for() {
    let mut state = shared();
    state.handle(Action::Show(View::Trial));
    let said = text(&mut state);
    assert!(said.contains("task 41_1 on n2"), "{said}");
    state.handle(Action::Show(View::Overview));
    state.handle(Action::Expand);
    state.handle(Action::Move(3));
    state.handle(Action::Show(View::Trial));
    let said = text(&mut state);
    assert!(said.contains("task 41_3 pending: Resources"), "{said}");
}

#[test]
fn a_silent_queue_is_said_and_changes_no_trial() {
    let mut state = shared();
    let problem = "squeue: Unable to contact slurm controller".to_owned();
    state.tick(100.0);
    state.show_queue(QueueNews::Unreachable(problem));
    let said = text(&mut state);
    assert!(
        said.contains("QUEUE NOT REACHABLE: squeue: Unable to contact"),
        "{said}"
    );
    assert!(said.contains("2 running"), "{said}");
    for word in ["failed", "lost"] {
        assert!(
            !said.contains(&format!("1 {word}")) && !said.contains(&format!("2 {word}")),
            "{said}"
        );
    }
}

#[test]
fn only_the_trial_of_a_lost_worker_is_lost_until_another_takes_it() {
    let mut state = shared();
    let (first, second) = (fixture::id(0, 0), fixture::id(0, 1));
    let lost = vec![worker("41_1", &first, true), worker("41_2", &second, false)];
    state.apply(RunUpdate::Workers(lost.clone()));
    let said = text(&mut state);
    assert!(said.contains("1 lost, 1 running"), "{said}");
    assert!(said.contains("workers 1 alive, 1 LOST"), "{said}");
    let again = [lost, vec![worker("42_1", &second, true)]].concat();
    state.apply(RunUpdate::Workers(again));
    assert!(text(&mut state).contains("2 running"));
}

#[test]
fn tasks_in_the_queue_are_no_end_and_an_empty_queue_is_one() {
    let mut state = shared();
    state.apply(RunUpdate::Liveness(Liveness::Gone));
    state.apply(RunUpdate::Workers(vec![worker("41_1", "", false)]));
    let waiting = vec![task("41_3", TaskState::Pending, &fixture::id(0, 2))];
    state.show_queue(QueueNews::Tasks(waiting));
    assert!(state.is_live());
    assert!(text(&mut state).contains("queued"));
    state.show_queue(QueueNews::Tasks(Vec::new()));
    assert!(!state.is_live());
    let said = text(&mut state);
    assert!(said.contains("no worker"), "{said}");
    assert!(said.contains("Submit the grid again"), "{said}");
}

#[test]
fn orders_are_refused_with_the_reason_and_what_to_do_instead() {
    let ids = [0, 1, 2].map(|seed| fixture::id(0, seed)).join(" ");
    let cancel = format!("nnbcd-tui cancel results/digits {ids}");
    for (action, words) in [
        (Action::Pause, "nnbcd-tui stop results/digits"),
        (Action::Cancel, cancel.as_str()),
        (Action::Retry, "nnbcd-tui submit --slurm --retry-failed"),
        (Action::PauseRun, "cannot be paused"),
        (Action::StopRun, "nnbcd-tui stop results/digits"),
        (Action::Jobs, "--max-parallel N"),
    ] {
        let mut state = shared();
        assert_eq!(state.handle(action), None);
        let said = fixture::text(&mut state, 80, 24);
        assert!(said.contains("Workers share this run"), "{said}");
        assert!(said.contains(words), "{action:?}: {said}");
        assert_eq!(state.handle(Action::Accept), None, "nothing is sent");
    }
    // Leaving does not ask whether to stop what cannot be stopped from here.
    assert_eq!(shared().handle(Action::Interrupt), Some(Effect::Leave));
}

#[test]
fn workers_without_a_queue_are_ended_where_they_run() {
    for action in [Action::Pause, Action::Cancel, Action::StopRun, Action::Jobs] {
        let mut state = fixture::state(PLAIN);
        state.apply(RunUpdate::Trials(fixture::table(|_, _| {
            TrialStatus::Queued
        })));
        let mut alone = worker("", &fixture::id(0, 0), true);
        (alone.status.pid, alone.status.host) = (4711, "n7".to_owned());
        state.apply(RunUpdate::Workers(vec![alone]));
        assert_eq!(state.handle(action), None);
        let said = fixture::text(&mut state, 80, 24);
        assert!(said.contains("Workers share this run"), "{said}");
        assert!(said.contains("kill 4711   (on n7)"), "{action:?}: {said}");
        assert!(!said.contains("slurm"), "{said}");
    }
}

#[test]
fn a_runner_that_goes_on_with_what_workers_left_takes_orders() {
    let mut state = shared();
    state.show_queue(QueueNews::Tasks(Vec::new()));
    state.apply(RunUpdate::Workers(vec![worker("41_1", "", false)]));
    state.apply(fixture::runner(RunnerState::Running));
    assert!(text(&mut state).contains("runner alive"));
    state.handle(Action::StopRun);
    assert_eq!(
        state.handle(Action::Accept),
        Some(Effect::Send(Command::Stop))
    );
}
