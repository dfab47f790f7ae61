//! What the dashboard shows, at which sizes, in which characters and colours.

use super::pseudo_terminal::{DEMO, ENDLESS, Place, Terminal};

const START: &[&str] = &["g.yaml", "--threads", "1"];

/// The number behind this word is known.
fn known(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let after = text[at + word.len()..].trim_start();
        after.starts_with(|character: char| character.is_ascii_digit())
    })
}

#[test]
fn all_five_quantities_are_on_the_first_screen() {
    for size in [(80, 24), (200, 50)] {
        let place = Place::new(ENDLESS);
        let mut terminal = Terminal::start(&place, size, START, &[]);
        for word in [
            "objective",
            "residuals: u",
            "sparsity",
            "ratio",
            "test accuracy",
        ] {
            terminal.wait_until(word, |screen| known(&screen.contents(), word));
        }
        let text = terminal.text();
        for word in [
            "running",
            "tensor-train rank=4",
            "prune sparsity=0.5",
            "q quit",
            "? help",
        ] {
            assert!(text.contains(word), "{word} is not on the screen:\n{text}");
        }
        // Charts of four of them, and the objective on a logarithmic axis.
        assert!(text.contains("objective (log)"), "{text}");
        terminal.press("q");
        assert_eq!(terminal.ends().exit_code(), 0);
    }
}

#[test]
fn every_size_is_survived() {
    let place = Place::new(ENDLESS);
    let mut terminal = Terminal::start(&place, (80, 24), START, &[]);
    terminal.wait_for("tensor-train rank=4");
    for round in 0..8 {
        for (columns, rows) in [
            (1, 1),
            (300, 100),
            (39, 9),
            (40, 10),
            (10, 60),
            (200, 3),
            (80, 24),
        ] {
            terminal.resize(columns + round, rows);
            terminal.press(["1", "2", "3", "4", "5", "6", "7", "?"][usize::from(round)]);
        }
    }
    terminal.resize(100, 30);
    // A window that is too small takes no keys, so that the help may be open or not by now.
    let help_is_open = |screen: &vt100::Screen| screen.contents().contains("show all keys");
    terminal.wait_until("a view in the last size", |screen| {
        help_is_open(screen) || screen.contents().contains("q quit")
    });
    terminal.press("\u{1b}");
    terminal.wait_until("a view without the help", |screen| {
        !help_is_open(screen) && screen.contents().contains("q quit")
    });
    // Twice: the first one is a key with Alt if it arrives together with the Escape.
    terminal.press("11");
    terminal.wait_until("the overview in the last size", |screen| {
        let text = screen.contents();
        known(&text, "residuals: u") && text.contains("q quit")
    });
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_given_back();
}

#[test]
fn a_click_sorts_and_the_palette_does_what_is_typed() {
    let place = Place::new(1);
    let mut terminal = Terminal::start(&place, (80, 24), &["watch", DEMO], &[]);
    terminal.wait_for("finished");
    let header = |screen: &vt100::Screen| {
        let text = screen.contents();
        let line = text.lines().position(|line| line.contains("seeds"));
        line.map(|line| (line, text.lines().nth(line).unwrap().to_owned()))
    };
    let (line, names) = terminal.look(header).unwrap();
    let column = names.find("accuracy").unwrap();
    // Press and release of the left button, as terminals report it: from 1 on.
    let click = format!("\u{1b}[<0;{};{}M\u{1b}[<0;{0};{1}m", column + 1, line + 1);
    terminal.press(&click);
    terminal.wait_for("▲accuracy");
    terminal.press(&click);
    terminal.wait_for("▼accuracy");
    terminal.press(":margins");
    terminal.wait_for("go to view: margins");
    terminal.press("\r");
    terminal.wait_for("averaged over the other settings");
    terminal.press(":dance");
    terminal.wait_for("no matching command");
    terminal.press("\u{1b}");
    // A key that follows at once would be the same key with Alt.
    terminal.wait_until("no palette", |screen| {
        !screen.contents().contains("no matching command")
    });
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
}

/// Parameters of all sequences that set colours and styles.
fn styles(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes)
        .split("\u{1b}[")
        .filter_map(|sequence| {
            let end = sequence.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':')?;
            sequence[end..]
                .starts_with('m')
                .then(|| sequence[..end].to_owned())
        })
        .collect()
}

/// Whether a style sets a colour other than the terminal's own.
fn sets_colour(style: &str) -> bool {
    style.split(';').any(|number| {
        matches!(
            number.parse(),
            Ok(30..=38 | 40..=48 | 58 | 90..=97 | 100..=107)
        )
    })
}

#[test]
fn no_color_sends_no_colours() {
    for (environment, coloured) in [(&[][..], true), (&[("NO_COLOR", "1")], false)] {
        let place = Place::new(ENDLESS);
        let mut terminal = Terminal::start(&place, (80, 24), START, environment);
        for view in ["1", "2", "3", "5", "6"] {
            terminal.press(view);
            terminal.wait_for("tensor-train");
        }
        terminal.press("q");
        terminal.ends();
        let styles = styles(&terminal.bytes());
        assert!(!styles.is_empty());
        let found = styles.iter().find(|style| sets_colour(style));
        assert_eq!(found.is_some(), coloured, "{found:?}");
    }
}

#[test]
fn ascii_draws_only_ascii() {
    let place = Place::new(ENDLESS);
    let arguments = &["g.yaml", "--threads", "1", "--ascii"];
    let mut terminal = Terminal::start(&place, (120, 40), arguments, &[]);
    terminal.wait_until("a chart", |screen| {
        known(&screen.contents(), "residuals: u")
    });
    for view in ["2", "3", "4", "5", "6", "7"] {
        terminal.press(view);
        terminal.wait_for("q quit");
    }
    terminal.press("?");
    terminal.wait_for("show all keys");
    terminal.press("?q");
    terminal.ends();
    let bytes = terminal.bytes();
    let text = String::from_utf8_lossy(&bytes);
    assert_eq!(text.chars().find(|character| !character.is_ascii()), None);
}

#[test]
fn a_wrong_grid_is_told_without_a_dashboard() {
    let place = Place::new(10);
    let wrong = "data: {source: digits}\nmodel: {hidden: [16]}\nsolver: {gama: 1}\n";
    let misfit = "data: {source: digits}\nmodel: {hidden: [16]}\n\
                  compression: {method: low-rank, rank: 17}\n";
    for (text, words) in [(wrong, "gama"), (misfit, "rank: 17 is more")] {
        std::fs::write(place.path("wrong.yaml"), text).unwrap();
        let mut terminal = Terminal::start(&place, (200, 24), &["wrong.yaml"], &[]);
        assert_eq!(terminal.ends().exit_code(), 2);
        terminal.wait_for(words);
        let bytes = terminal.bytes();
        let entered = String::from_utf8_lossy(&bytes).contains("\u{1b}[?1049h");
        assert!(!entered, "the dashboard was shown");
        assert_eq!(terminal.text().matches("error: ").count(), 1);
        assert!(!place.path("results").exists());
    }
}
