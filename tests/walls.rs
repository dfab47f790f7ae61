//! The walls between the rooms of `src`, as the table in `docs/ARCHITECTURE.md` draws them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

#[path = "shared/code.rs"]
mod code;

use code::{climbs, code, code_of_line, names, paths_after, rust_files};

/// Most lines of a source file.
const MOST_LINES: usize = 400;

/// Rooms that wire the others together; the table gives them every room.
const WIRING: [&str; 3] = ["app", "cli", "main"];

/// Crates that belong to a room: nobody else names them.
const CRATES_OF_ROOMS: [(&str, &[&str]); 5] = [
    ("faer", &["linalg"]),
    ("ratatui", &["dashboard"]),
    ("crossterm", &["dashboard", "app"]),
    ("plotters", &["report"]),
    ("clap", &["cli", "main"]),
];

/// Kernels that may use `unsafe`. None does.
const UNSAFE_KERNELS: [&str; 0] = [];

/// What a word of the column "never" forbids: rooms, which no path may name; words of code, crates among them; and
/// files in which those words are allowed all the same.
struct Never {
    word: &'static str,
    rooms: &'static [&'static str],
    names: &'static [&'static str],
    except: &'static [&'static str],
}

const fn never(
    word: &'static str,
    rooms: &'static [&'static str],
    names: &'static [&'static str],
) -> Never {
    Never {
        word,
        rooms,
        names,
        except: &[],
    }
}

const PRINTING: [&str; 5] = ["println", "eprintln", "print", "eprint", "dbg"];

const NEVER: [Never; 14] = [
    never("solver", &[], &["Solver", "Trainer"]),
    never("any method", &["bcd", "gradient"], &["Solver", "Trainer"]),
    never("trials", &["grid", "run", "store"], &["TrialSettings"]),
    never("YAML", &["grid"], &["serde_saphyr"]),
    never("CSV", &["store"], &["csv"]),
    never("terminal", &["dashboard"], &["ratatui", "crossterm"]),
    never("printing", &[], &PRINTING),
    never("clock", &[], &["Instant", "SystemTime"]),
    never("run directory", &["store"], &["RunDirectory"]),
    never("dashboard", &["dashboard"], &[]),
    never("report", &["report"], &[]),
    never("numerics", &[], &["linalg", "faer", "ndarray", "pulp"]),
    never("linear algebra", &["linalg"], &["faer", "ndarray", "pulp"]),
    Never {
        word: "files other than models",
        rooms: &["data", "store"],
        names: &["fs"],
        except: &["src/network/model_file", "src/network/export"],
    },
];

/// What the third column holds already, by naming no room.
const HELD_ELSEWHERE: &str = "any other room";

/// A row of the table: the rooms that it describes, those that they may use, and what they never do.
struct Row {
    rooms: BTreeSet<String>,
    used: BTreeSet<String>,
    never: Vec<String>,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string("docs/ARCHITECTURE.md").expect("the description of the rooms");
    let table = text
        .split_once("| room | holds | may use | never |")
        .expect("the table of rooms")
        .1;
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let never = cells[4].split([',', ';']).map(str::trim);
        let never = never.filter(|word| !word.is_empty());
        Row {
            rooms: in_backticks(cells[1]),
            used: in_backticks(cells[3]),
            never: never
                .map(|word| word.trim_start_matches("the ").to_owned())
                .collect(),
        }
    })
    .collect()
}

/// The table: rooms and the rooms that they may use.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let rows = rows().into_iter();
    rows.flat_map(|row| {
        let used = row.used;
        row.rooms.into_iter().map(move |room| (room, used.clone()))
    })
    .collect()
}

fn in_backticks(cell: &str) -> BTreeSet<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The room that a file of `src` belongs to: the folder, or the file itself.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix("src").expect("a file of src");
    let first = inside.components().next().expect("a file name");
    let name = Path::new(first.as_os_str()).file_stem();
    name.expect("a file name").to_string_lossy().into_owned()
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn rooms_use_only_the_rooms_that_the_table_allows() {
    let table = table();
    let mut faults = Vec::new();
    for path in rust_files("src") {
        let room = room(&path);
        if room == "lib" || WIRING.contains(&room.as_str()) {
            continue;
        }
        let Some(allowed) = table.get(&room) else {
            faults.push(format!(
                "{}: room {room} is not in the table",
                path.display()
            ));
            continue;
        };
        for used in paths_after(&code(&path), "crate::") {
            if used != room && !allowed.contains(&used) {
                faults.push(format!("{}: {room} may not use {used}", path.display()));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn the_table_names_the_rooms_that_exist() {
    let existing: BTreeSet<String> = rust_files("src").iter().map(|path| room(path)).collect();
    let described: BTreeSet<String> = table().into_keys().chain(["lib".to_owned()]).collect();
    assert_eq!(existing, described);
}

#[test]
fn crates_stay_in_their_rooms() {
    let mut faults = Vec::new();
    for path in rust_files("src") {
        let (room, code) = (room(&path), code(&path));
        for (name, rooms) in CRATES_OF_ROOMS {
            if !rooms.contains(&room.as_str()) && names(&code, name) {
                faults.push(format!("{}: {name} belongs to {rooms:?}", path.display()));
            }
        }
    }
    assert_none(&faults);
}

/// Each word of the last column has a meaning, and the code of the row's rooms keeps to it.
#[test]
fn rooms_never_do_what_the_table_forbids() {
    let mut faults = Vec::new();
    for row in rows() {
        for word in &row.never {
            if word == HELD_ELSEWHERE {
                continue;
            }
            let Some(rule) = NEVER.iter().find(|rule| rule.word == word) else {
                faults.push(format!(
                    "never {word}: this test does not know what that forbids"
                ));
                continue;
            };
            for room in &row.rooms {
                faults.extend(breaches(room, rule));
            }
        }
    }
    assert_none(&faults);
}

fn breaches(room: &str, rule: &Never) -> Vec<String> {
    let files = rust_files("src").into_iter();
    files
        .filter(|path| self::room(path) == room && !is_test(path))
        .filter(|path| !rule.except.iter().any(|folder| path.starts_with(folder)))
        .filter(|path| {
            let code = code(path);
            let code = code.split("#[cfg(test)]").next().unwrap_or_default();
            let used = paths_after(code, "crate::");
            let other = rule.rooms.iter().filter(|other| **other != room);
            other.into_iter().any(|other| used.contains(*other))
                || rule.names.iter().any(|name| names(code, name))
        })
        .map(|path| format!("{}: {room} never: {}", path.display(), rule.word))
        .collect()
}

/// Tests beside the code may look at what the room itself may not.
fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        Path::new(part.as_os_str())
            .file_stem()
            .is_some_and(|stem| stem == "tests")
    })
}

/// Paths out of a room begin with `crate::`, where the other tests look for them.
#[test]
fn nobody_climbs_out_of_a_room() {
    let mut faults = Vec::new();
    for path in rust_files("src") {
        for climb in climbs(&path, &code(&path)) {
            faults.push(format!("{}: {climb}", path.display()));
        }
    }
    assert_none(&faults);
}

#[test]
fn climbing_is_seen_in_every_form() {
    let seen = |path: &str, code: &str| climbs(Path::new(path), code).len();
    assert_eq!(seen("src/bcd/solver.rs", "use super::state::State;"), 0);
    assert_eq!(
        seen("src/bcd/solver.rs", "use super::super::grid::Plan;"),
        1
    );
    assert_eq!(
        seen("src/bcd/solver.rs", "use super::{super::grid, state};"),
        1
    );
    assert_eq!(seen("src/bcd/mod.rs", "use super::grid::Plan;"), 1);
    assert_eq!(seen("src/cli.rs", "fn f() { super::app::run() }"), 1);
    assert_eq!(seen("src/cli.rs", "mod tests { use super::f; }"), 0);
    let deep = "mod tests { use super::super::state; } fn f() { super::super::run::go() }";
    assert_eq!(seen("src/bcd/solver.rs", deep), 1);
}

#[test]
fn only_the_commands_print() {
    let mut faults = Vec::new();
    for path in rust_files("src") {
        if WIRING.contains(&room(&path).as_str()) {
            continue;
        }
        let code = code(&path);
        for name in PRINTING {
            if code.contains(&format!("{name}!")) {
                faults.push(format!("{}: {name}!", path.display()));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn nothing_is_unsafe() {
    let faults: Vec<String> = rust_files("src")
        .into_iter()
        .filter(|path| !UNSAFE_KERNELS.iter().any(|kernel| path.ends_with(kernel)))
        .filter(|path| names(&code(path), "unsafe"))
        .map(|path| format!("{}: unsafe", path.display()))
        .collect();
    assert_none(&faults);
}

#[test]
fn files_can_be_read_in_one_sitting() {
    let mut faults = Vec::new();
    for path in ["src", "tests", "benches"].into_iter().flat_map(rust_files) {
        let lines = fs::read_to_string(&path).expect("readable").lines().count();
        if lines > MOST_LINES {
            faults.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert_none(&faults);
}

/// The reading of code that the other tests rest on.
#[test]
fn paths_are_found_in_every_form() {
    let code = "use crate::store; use crate::{linalg::{Real, product}, data}; my_crate::other::x; a: crate::bcd::Solver";
    let expected = ["bcd", "data", "linalg", "store"].map(str::to_owned);
    assert_eq!(paths_after(code, "crate::"), BTreeSet::from(expected));
    assert_eq!(
        code_of_line(r#"say("crate::x \" //"); '"'; b // crate::y"#),
        "say(); '; b "
    );
    assert!(names("unsafe {", "unsafe") && !names("unsafe_code", "unsafe"));
}
