//! Inside tmux, which most people who work over SSH use.

use std::process::{Command, Output};

use super::pseudo_terminal::{DEMO, PROGRAM, Place, wait_until};
use super::skipped::skipped;

/// A tmux server of its own; it ends with the test.
struct Tmux {
    socket: String,
}

impl Tmux {
    /// `None`: there is no tmux on this machine.
    fn start(place: &Place) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            skipped("tmux", "no tmux");
            return None;
        }
        let tmux = Self {
            socket: place.path("tmux").display().to_string(),
        };
        let shell = [
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "24",
            "env",
            "LANG=C.UTF-8",
            "sh",
        ];
        let output = tmux.does(&shell);
        assert!(output.status.success(), "{output:?}");
        Some(tmux)
    }

    fn does(&self, arguments: &[&str]) -> Output {
        // No configuration of the user, UTF-8 whatever the locale of the test.
        let fixed = ["-u", "-f", "/dev/null", "-S", &self.socket];
        Command::new("tmux")
            .args(fixed)
            .args(arguments)
            .env_remove("TMUX")
            .output()
            .unwrap()
    }

    fn press(&self, keys: &[&str]) {
        let output = self.does(&[&["send-keys"], keys].concat());
        assert!(output.status.success(), "{output:?}");
    }

    fn text(&self) -> String {
        String::from_utf8(self.does(&["capture-pane", "-p"]).stdout).unwrap()
    }

    #[track_caller]
    fn wait_for(&self, words: &str) {
        wait_until(
            || self.text().contains(words),
            || format!("{words:?} in tmux:\n{}", self.text()),
        );
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.does(&["kill-server"]);
    }
}

#[test]
fn tmux_shows_it_resizes_it_and_gets_its_screen_back() {
    let place = Place::new(1);
    let Some(tmux) = Tmux::start(&place) else {
        return;
    };
    tmux.press(&[&format!("{PROGRAM} watch {DEMO}"), "Enter"]);
    tmux.wait_for("finished");
    tmux.wait_for("q quit");
    assert!(!tmux.text().contains('\u{fffd}'), "{}", tmux.text());
    let output = tmux.does(&["resize-window", "-x", "200", "-y", "50"]);
    assert!(output.status.success(), "{output:?}");
    wait_until(
        || tmux.text().lines().any(|line| line.chars().count() > 150),
        || format!("the wide screen:\n{}", tmux.text()),
    );
    tmux.press(&["?"]);
    tmux.wait_for("show all keys");
    // Closed by the same key: Escape and the key that follows would be one key with Alt.
    tmux.press(&["?"]);
    tmux.press(&["q"]);
    // The shell's own screen with the summary, and nothing of the dashboard.
    wait_until(
        || {
            let text = tmux.text();
            let summary = text.contains("tables: nnbcd-tui table");
            summary && !text.contains("q quit") && !text.contains('│')
        },
        || format!("the screen of the shell:\n{}", tmux.text()),
    );
}
