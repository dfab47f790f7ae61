//! The walls between the rooms of `src`, as the table in `docs/ARCHITECTURE.md` draws them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

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

/// The table: rooms and the rooms that they may use.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string("docs/ARCHITECTURE.md").expect("the description of the rooms");
    let table = text
        .split_once("| room | holds | may use | never |")
        .expect("the table of rooms")
        .1;
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let used: BTreeSet<String> = in_backticks(cells[3]);
        in_backticks(cells[1])
            .into_iter()
            .map(move |room| (room, used.clone()))
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

/// Rust files below a folder.
fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The code of a file: no comments and no texts, which may say anything.
fn code(path: &Path) -> String {
    let source = fs::read_to_string(path).expect("a readable source file");
    source
        .lines()
        .map(|line| format!("{}\n", code_of_line(line)))
        .collect()
}

/// A line without its comment and the contents of its texts.
fn code_of_line(line: &str) -> String {
    let mut kept = String::new();
    let mut in_text = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if in_text => {
                characters.next();
            }
            '"' => in_text = !in_text,
            '/' if !in_text && characters.peek() == Some(&'/') => break,
            _ if in_text => {}
            '\'' if characters.peek() == Some(&'"') => {
                // The character '"' begins no text.
                characters.next();
            }
            _ => kept.push(character),
        }
    }
    kept
}

/// The room that a file of `src` belongs to: the folder, or the file itself.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix("src").expect("a file of src");
    let first = inside.components().next().expect("a file name");
    let name = Path::new(first.as_os_str()).file_stem();
    name.expect("a file name").to_string_lossy().into_owned()
}

/// The words that follow each `beginning` in the code: `a` for `beginning::a`, and `a` and `b` for
/// `beginning::{a::…, b}`.
fn paths_after(code: &str, beginning: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (position, _) in code.match_indices(beginning) {
        let before = code[..position].chars().next_back();
        if before.is_some_and(|character| character.is_alphanumeric() || character == '_') {
            continue;
        }
        let rest = code[position + beginning.len()..].trim_start();
        if let Some(list) = rest.strip_prefix('{') {
            found.extend(first_words_of_list(list));
        } else {
            found.insert(first_word(rest));
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect()
}

/// The first word of each entry of a list in braces, whose opening brace has been read.
fn first_words_of_list(list: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut depth = 0_usize;
    let mut entry_begins = true;
    for (position, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => entry_begins = true,
            _ if entry_begins && !character.is_whitespace() => {
                words.push(first_word(&list[position..]));
                entry_begins = false;
            }
            _ => {}
        }
    }
    words
}

/// Whether the code names the word by itself.
fn names(code: &str, word: &str) -> bool {
    code.split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .any(|found| found == word)
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

#[test]
fn the_method_does_not_look_at_the_clock() {
    let clocks = ["Instant", "SystemTime"];
    let faults: Vec<String> = rust_files("src/bcd")
        .into_iter()
        .filter(|path| clocks.iter().any(|clock| names(&code(path), clock)))
        .map(|path| format!("{}: looks at the clock", path.display()))
        .collect();
    assert_none(&faults);
}

#[test]
fn only_the_commands_print() {
    let mut faults = Vec::new();
    for path in rust_files("src") {
        if WIRING.contains(&room(&path).as_str()) {
            continue;
        }
        let code = code(&path);
        for name in ["println", "eprintln", "print", "eprint", "dbg"] {
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
