//! What the dashboard costs while nothing happens.

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::Pid;

use super::leaving::{SIZE, START, stop};
use super::pseudo_terminal::{ENDLESS, Place, Terminal, wait_until};

/// Seconds of computing that a process has used. The kernel counts them in hundredths.
fn computing(process: Pid) -> f64 {
    let text = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap();
    let (_, fields) = text.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    let [user, system] = [11, 12].map(|field: usize| fields[field].parse::<f64>().unwrap());
    (user + system) / 100.0
}

#[test]
fn little_is_sent_while_nothing_changes_but_the_clock() {
    const OBSERVED: Duration = Duration::from_secs(5);
    const MOST_PER_SECOND: f64 = 2_000.0;
    let place = Place::new(ENDLESS);
    // The second one shows the run that the first one began.
    for (size, words) in [((80, 24), START), ((200, 50), &["g.yaml"])] {
        let mut terminal = Terminal::start(&place, size, words, &[]);
        terminal.wait_for("tensor-train rank=4");
        assert!(place.run(&["pause", "results/g"]).status.success());
        terminal.wait_for("paused");
        // The last rows before the pause come in.
        thread::sleep(Duration::from_secs(2));
        let before = terminal.bytes().len();
        let elapsed = elapsed(&terminal);
        thread::sleep(OBSERVED);
        let sent = (terminal.bytes().len() - before) as f64 / OBSERVED.as_secs_f64();
        assert!(sent < MOST_PER_SECOND, "{sent} bytes a second at {size:?}");
        terminal.wait_until("the clock to go on", |screen| {
            line_of_times(screen) != Some(elapsed.clone())
        });
        println!("{sent:.0} bytes a second at {size:?}");
        terminal.press("q");
        assert_eq!(terminal.ends().exit_code(), 0);
    }
    stop(&place);
}

fn line_of_times(screen: &vt100::Screen) -> Option<String> {
    let text = screen.contents();
    let line = text.lines().find(|line| line.contains("elapsed"))?;
    Some(line.to_owned())
}

fn elapsed(terminal: &Terminal) -> String {
    terminal.look(line_of_times).unwrap()
}

#[test]
fn ten_thousand_trials_at_rest_cost_next_to_nothing() {
    const OBSERVED: Duration = Duration::from_secs(4);
    // 0.7 % were measured; a busy machine with small caches may need some more.
    const LIMIT: f64 = 0.02;
    let place = Place::new(ENDLESS);
    let grid = place.read("g.yaml");
    fs::write(place.path("g.yaml"), format!("{grid}seeds: 5000\n")).unwrap();
    let mut first = Terminal::start(&place, SIZE, START, &[]);
    first.wait_for("running");
    first.press("q");
    assert_eq!(first.ends().exit_code(), 0);
    assert!(place.run(&["pause", "results/g"]).status.success());
    place.wait_for("results/g/runner.json", "\"paused\"");

    let mut terminal = Terminal::start(&place, SIZE, &["watch", "results/g"], &[]);
    terminal.wait_for("0/10000 done");
    // Until everything is read.
    let reads = || {
        let before = computing(terminal.process());
        thread::sleep(Duration::from_millis(500));
        computing(terminal.process()) - before > 0.05
    };
    wait_until(|| !reads(), || "the dashboard to come to rest".to_owned());
    let before = computing(terminal.process());
    thread::sleep(OBSERVED);
    let share = (computing(terminal.process()) - before) / OBSERVED.as_secs_f64();
    assert!(share < LIMIT, "{} % of a core", 100.0 * share);
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    stop(&place);
}
