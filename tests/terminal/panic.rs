//! A dashboard that panics: the terminal is given back, the text can be read, the run goes on.

use std::path::PathBuf;

use nnbcd::dashboard::{self, Options, TableMaker, TableRequest};
use nnbcd::store::{RunDirectory, TrialTable};

use super::leaving::{SIZE, assert_run_goes_on, dashboard, stop};
use super::pseudo_terminal::{ENDLESS, Place, Terminal};

const WORDS: &str = "no table has ever been so wrong";

/// Tables that the dashboard shows when asked to, on the thread that draws.
struct Wrong;

impl TableMaker for Wrong {
    fn text(&self, _: &TrialTable, _: &TableRequest, _: usize, _: usize) -> Result<String, String> {
        panic!("{WORDS}");
    }

    fn export(&self, _: &RunDirectory, _: &TableRequest) -> Result<Vec<PathBuf>, String> {
        panic!("{WORDS}");
    }
}

#[test]
#[ignore = "the program on the terminal of the next test"]
fn dashboard_whose_table_view_panics() {
    let Some(run) = std::env::var_os("NNBCD_TEST_RUN") else {
        return;
    };
    let options = Options {
        tables: Some(Box::new(Wrong)),
        ..Options::default()
    };
    let outcome = dashboard::run(RunDirectory::new(run), options);
    panic!("it was left otherwise: {outcome:?}");
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_told_there_and_in_a_log() {
    let place = Place::new(ENDLESS);
    let mut first = dashboard(&place);
    first.press("q");
    assert_eq!(first.ends().exit_code(), 0);

    let run = place.path("results/g").display().to_string();
    let arguments = [
        "panic::dashboard_whose_table_view_panics",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    let mut terminal = Terminal::start_program(
        &std::env::current_exe().unwrap(),
        &place,
        SIZE,
        &arguments,
        &[("NNBCD_TEST_RUN", &run), ("RUST_BACKTRACE", "0")],
    );
    terminal.wait_for("tensor-train rank=4");
    assert!(terminal.look(vt100::Screen::alternate_screen));
    terminal.press("5");
    assert_eq!(terminal.ends().exit_code(), 101);
    terminal.assert_given_back();
    terminal.wait_for(WORDS);
    let log = |name: &String| name.starts_with("dashboard-");
    let name = place.run_files().into_iter().find(log).unwrap();
    let text = place.read(&format!("results/g/{name}"));
    assert!(text.contains(WORDS), "{text}");
    assert!(text.contains("panic.rs"), "the place is named: {text}");
    assert_run_goes_on(&place);
    stop(&place);
}
