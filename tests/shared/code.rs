//! Source files read as far as a test of their walls needs it: without comments and texts, and by their paths.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rust files below a folder.
pub fn rust_files(folder: &str) -> Vec<PathBuf> {
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
pub fn code(path: &Path) -> String {
    let source = fs::read_to_string(path).expect("a readable source file");
    source
        .lines()
        .map(|line| format!("{}\n", code_of_line(line)))
        .collect()
}

/// A line without its comment and the contents of its texts.
pub fn code_of_line(line: &str) -> String {
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

/// The words that follow each `beginning` in the code: `a` for `beginning::a`, and `a` and `b` for
/// `beginning::{a::…, b}`.
pub fn paths_after(code: &str, beginning: &str) -> BTreeSet<String> {
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
pub fn names(code: &str, word: &str) -> bool {
    code.split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .any(|found| found == word)
}

/// The uses of `super` that leave the room of a file: as many of them in a row as modules are around them, or more.
pub fn climbs(path: &Path, code: &str) -> Vec<String> {
    let inside = path.strip_prefix("src").expect("a file of src");
    let is_folder = inside.file_stem().is_some_and(|stem| stem == "mod");
    let depth = inside.components().count() - usize::from(is_folder);
    let mut found = Vec::new();
    // For each open brace whether it belongs to a module.
    let mut braces = Vec::new();
    let mut position = 0;
    while let Some(character) = code[position..].chars().next() {
        let before = &code[..position];
        let in_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        match character {
            '{' => braces.push(opens_module(before)),
            '}' => drop(braces.pop()),
            's' if !in_word => {
                let chain = supers(&code[position..]);
                let modules = depth + braces.iter().filter(|module| **module).count();
                if chain >= modules {
                    let rest = code[position..].lines().next().unwrap_or_default();
                    found.push(rest.trim().to_owned());
                }
            }
            _ => {}
        }
        position += character.len_utf8();
    }
    found
}

/// How many times `super::` stands at the beginning; a list that goes on with another counts it.
fn supers(code: &str) -> usize {
    let Some(rest) = code.strip_prefix("super::") else {
        return 0;
    };
    let inner = match rest.strip_prefix('{') {
        Some(list) => {
            let words = first_words_of_list(list);
            usize::from(words.iter().any(|word| word == "super"))
        }
        None => supers(rest),
    };
    1 + inner
}

/// Whether the code ends with `mod name `, before its brace.
fn opens_module(code: &str) -> bool {
    let mut words = code.trim_end().rsplit(char::is_whitespace);
    let name = words.next().unwrap_or_default();
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name && words.find(|word| !word.is_empty()) == Some("mod")
}
