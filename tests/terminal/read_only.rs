//! Results that may only be read, such as those of somebody else.

use std::path::Path;
use std::process::Command;

use super::leaving::SIZE;
use super::pseudo_terminal::{PROGRAM, Place, Terminal};

#[test]
fn the_dashboard_needs_no_right_to_write() {
    let place = Place::new(5);
    assert!(place.run(&["g.yaml"]).status.success());
    let mut unshare = vec!["--mount"];
    if !rustix::process::geteuid().is_root() {
        unshare.extend(["--user", "--map-root-user"]);
    }
    let mount = "mount --bind results results && mount -o remount,bind,ro results";
    let script = format!("{mount} && exec {PROGRAM} watch results/g");
    let allowed = Command::new("unshare")
        .args(&unshare)
        .args(["sh", "-c", mount])
        .current_dir(place.path(""))
        .output()
        .is_ok_and(|output| output.status.success());
    if !allowed {
        println!("skipped: nothing can be mounted here");
        return;
    }
    unshare.extend(["sh", "-c", &script]);
    let mut terminal = Terminal::start_program(Path::new("unshare"), &place, SIZE, &unshare, &[]);
    terminal.wait_for("finished");
    for view in ["2", "3", "4", "5", "6", "7", "1"] {
        terminal.press(view);
        terminal.wait_for("q leave");
    }
    terminal.wait_for("2/2 done");
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_given_back();
}
