//! Results that may only be read, such as those of somebody else.

use std::path::Path;
use std::process::Command;

use super::leaving::SIZE;
use super::pseudo_terminal::{DEMO, PROGRAM, Place, Terminal};
use super::skipped::skipped;

/// Starts `watch` on a directory that is mounted read-only for it alone. `None`: nothing can be mounted here.
fn watch_read_only(place: &Place, directory: &str, run: &str) -> Option<Terminal> {
    let mut unshare = vec!["--mount"];
    if !rustix::process::geteuid().is_root() {
        unshare.extend(["--user", "--map-root-user"]);
    }
    let mount = format!(
        "mount --bind '{directory}' '{directory}' && mount -o remount,bind,ro '{directory}'"
    );
    let script = format!("{mount} && exec {PROGRAM} watch '{run}'");
    let allowed = Command::new("unshare")
        .args(&unshare)
        .args(["sh", "-c", &mount])
        .current_dir(place.path(""))
        .output()
        .is_ok_and(|output| output.status.success());
    if !allowed {
        skipped("mounts", "nothing can be mounted here");
        return None;
    }
    unshare.extend(["sh", "-c", &script]);
    Some(Terminal::start_program(
        Path::new("unshare"),
        place,
        SIZE,
        &unshare,
        &[],
    ))
}

/// Every view is shown; leaving gives the terminal back.
fn look_at_every_view(terminal: &mut Terminal, done: &str) {
    terminal.wait_for("finished");
    for view in ["2", "3", "4", "5", "6", "7", "1"] {
        terminal.press(view);
        terminal.wait_for("q quit");
    }
    terminal.wait_for(done);
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_given_back();
}

#[test]
fn the_dashboard_needs_no_right_to_write() {
    let place = Place::new(5);
    assert!(place.run(&["g.yaml"]).status.success());
    if let Some(mut terminal) = watch_read_only(&place, "results", "results/g") {
        look_at_every_view(&mut terminal, "2/2 done");
    }
}

#[test]
fn the_demo_can_be_watched_wherever_it_lies() {
    let place = Place::new(1);
    if let Some(mut terminal) = watch_read_only(&place, DEMO, DEMO) {
        look_at_every_view(&mut terminal, "12/12 done");
        terminal.wait_for("best test accuracy");
    }
}
