//! Ways out of the dashboard: the terminal is given back, the run goes on unless it was to stop.

use rustix::process::{Signal, test_kill_process};

use super::pseudo_terminal::{ENDLESS, Place, Terminal, wait_until};

pub const START: &[&str] = &["g.yaml", "--threads", "1"];
pub const SIZE: (u16, u16) = (80, 24);
const CTRL_C: &str = "\u{3}";
const CTRL_Z: &str = "\u{1a}";
const ESCAPE: &str = "\u{1b}";

/// A dashboard that shows a run at work.
pub fn dashboard(place: &Place) -> Terminal {
    let terminal = Terminal::start(place, SIZE, START, &[]);
    terminal.wait_for("tensor-train rank=4");
    terminal.wait_for("running");
    assert!(terminal.look(vt100::Screen::alternate_screen));
    terminal
}

/// Rows come in while nobody looks.
#[track_caller]
pub fn assert_run_goes_on(place: &Place) {
    let written = || {
        let status: serde_json::Value =
            serde_json::from_str(&place.read("results/g/runner.json")).unwrap_or_default();
        status["bytes_written"].as_u64().unwrap_or_default()
    };
    let before = written();
    wait_until(|| written() > before, || "the run to go on".to_owned());
    assert!(place.read("results/g/runner.json").contains("\"running\""));
}

#[track_caller]
pub fn stop(place: &Place) {
    assert!(place.run(&["stop", "results/g"]).status.success());
    place.wait_for("results/g/runner.json", "\"ended\"");
}

#[test]
fn q_detaches_and_the_results_appear() {
    let place = Place::new(300);
    let mut terminal = dashboard(&place);
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_given_back();
    terminal.wait_for("nnbcd-tui watch results/g");
    place.wait_for("results/g/runner.json", "\"ended\"");
    let table = place.read("results/g/trials.csv");
    assert_eq!(table.matches(",done,").count(), 2, "{table}");
    assert!(place.path("results/g/tables/summary.tex").exists());
    place.wait_for("results/g/runner.log", "2 done, 0 failed");

    // An ended run is watched as well.
    let mut terminal = Terminal::start(&place, SIZE, &["watch", "results/g"], &[]);
    terminal.wait_for("finished");
    terminal.wait_for("2/2 done");
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_given_back();
}

#[test]
fn a_run_that_ends_in_view_ends_with_its_exit_code() {
    let place = Place::new(20);
    let mut terminal = Terminal::start(&place, SIZE, START, &[]);
    terminal.wait_for("finished");
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_given_back();
    terminal.wait_for("2 of 2 trials done");
}

#[test]
fn several_viewers_watch_one_run_and_none_of_them_matters() {
    let place = Place::new(ENDLESS);
    let first = dashboard(&place);
    let mut second = Terminal::start(&place, SIZE, &["watch", "results/g"], &[]);
    second.wait_for("running");
    // The same grid shows the run that is there.
    let mut third = Terminal::start(&place, SIZE, &["g.yaml"], &[]);
    third.wait_for("running");
    first.signal(Signal::KILL);
    assert_run_goes_on(&place);
    for viewer in [&mut second, &mut third] {
        viewer.press("q");
        assert_eq!(viewer.ends().exit_code(), 0);
        viewer.assert_given_back();
    }
    assert_run_goes_on(&place);
    stop(&place);
}

#[test]
fn signals_give_the_terminal_back_and_leave_the_run_alone() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let place = Place::new(ENDLESS);
        let mut terminal = dashboard(&place);
        terminal.signal(signal);
        terminal.ends();
        terminal.assert_given_back();
        assert_run_goes_on(&place);
        stop(&place);
    }
}

#[test]
fn every_signal_that_can_be_caught_gives_the_terminal_back() {
    let place = Place::new(20);
    assert!(place.run(START).status.success());
    for signal in [
        Signal::QUIT,
        Signal::USR1,
        Signal::USR2,
        Signal::XCPU,
        Signal::ALARM,
        Signal::VTALARM,
        Signal::PROF,
        Signal::IO,
        Signal::ABORT,
        Signal::TRAP,
        Signal::SYS,
    ] {
        let mut terminal = Terminal::start(&place, SIZE, &["watch", "results/g"], &[]);
        terminal.wait_for("finished");
        terminal.signal(signal);
        terminal.ends();
        terminal.assert_given_back();
    }
}

#[test]
fn a_terminal_that_vanishes_ends_the_viewer_only() {
    let place = Place::new(ENDLESS);
    let terminal = dashboard(&place);
    let viewer = terminal.process();
    let mut child = terminal.hang_up();
    wait_until(
        || child.try_wait().is_some(),
        || "the viewer to end".to_owned(),
    );
    assert!(
        test_kill_process(viewer).is_err(),
        "the viewer is still there"
    );
    let files = place.run_files();
    let complaint = files.iter().find(|name| name.starts_with("dashboard-"));
    assert_eq!(complaint, None, "it panicked on its way out");
    assert_run_goes_on(&place);
    stop(&place);
}

#[test]
fn ctrl_c_asks_whether_to_stop() {
    let place = Place::new(ENDLESS);
    let mut terminal = dashboard(&place);
    terminal.press(CTRL_C);
    terminal.wait_for("stop the run and quit");
    terminal.press(ESCAPE);
    terminal.wait_until("no question", |screen| {
        !screen.contents().contains("stop the run and quit")
    });
    assert_run_goes_on(&place);
    terminal.press(CTRL_C);
    terminal.wait_for("stop the run and quit");
    terminal.press("s");
    assert_eq!(terminal.ends().exit_code(), 1);
    terminal.assert_given_back();
    place.wait_for("results/g/runner.json", "\"ended\"");
    assert!(place.read("results/g/trials.csv").contains(",stopped,"));
}

/// Waits until the kernel calls the dashboard stopped.
#[track_caller]
fn wait_until_stopped(terminal: &Terminal) {
    let state = format!("/proc/{}/stat", terminal.process().as_raw_nonzero());
    wait_until(
        || std::fs::read_to_string(&state).unwrap().contains(") T "),
        || "the viewer to be stopped".to_owned(),
    );
}

/// What `fg` does brings the dashboard back, and it obeys.
#[track_caller]
fn comes_back(place: &Place, terminal: &mut Terminal) {
    assert_run_goes_on(place);
    terminal.signal(Signal::CONT);
    terminal.wait_until("the dashboard", vt100::Screen::alternate_screen);
    terminal.wait_for("running");
    terminal.press("?");
    terminal.wait_for("show all keys");
    terminal.press(ESCAPE);
}

#[test]
fn ctrl_z_and_stop_signals_give_the_terminal_back_until_the_shell_continues() {
    let place = Place::new(ENDLESS);
    let mut terminal = dashboard(&place);
    terminal.press(CTRL_Z);
    terminal.assert_given_back();
    wait_until_stopped(&terminal);
    comes_back(&place, &mut terminal);
    terminal.signal(Signal::TSTP);
    terminal.assert_given_back();
    wait_until_stopped(&terminal);
    comes_back(&place, &mut terminal);
    // This one cannot be heard: only afterwards can the screen be put right.
    terminal.signal(Signal::STOP);
    wait_until_stopped(&terminal);
    comes_back(&place, &mut terminal);
    terminal.wait_until("no help", |screen| {
        !screen.contents().contains("show all keys")
    });
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_given_back();
    stop(&place);
}
