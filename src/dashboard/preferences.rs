//! What a user prefers, from `nnbcd-tui/dashboard.yaml` in the directory for configuration:
//!
//! ```yaml
//! theme: light          # dark, light, sixteen, monochrome
//! ascii: true
//! keys: {s: z, q: ^X}   # what s does by default is done by z
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::keymap::KeyMap;
use super::theme::Theme;
use super::{DashboardError, keys};

/// What a user prefers. Everything may be left open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preferences {
    /// Colours.
    pub theme: Option<Theme>,
    /// Only ASCII characters.
    pub ascii: Option<bool>,
    /// Keys in other places.
    pub keys: KeyMap,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    theme: Option<Theme>,
    ascii: Option<bool>,
    keys: BTreeMap<String, String>,
}

impl Preferences {
    /// Where they are looked for: in `$XDG_CONFIG_HOME`, or else in `$HOME/.config`.
    pub fn path() -> Option<PathBuf> {
        let directory = |name: &str| {
            let value = std::env::var_os(name).map(PathBuf::from);
            value.filter(|path| path.is_absolute())
        };
        let configuration =
            directory("XDG_CONFIG_HOME").or_else(|| Some(directory("HOME")?.join(".config")));
        Some(configuration?.join("nnbcd-tui").join("dashboard.yaml"))
    }

    /// Reads a file; nothing is preferred if it does not exist.
    ///
    /// # Errors
    /// When the file cannot be read, or says something that is not understood.
    pub fn read(path: &Path) -> Result<Self, DashboardError> {
        let wrong = |what: String| DashboardError::Preferences {
            path: path.to_owned(),
            what,
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(wrong(error.to_string())),
        };
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let file: File = serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            theme: file.theme,
            ascii: file.ascii,
            keys: KeyMap::read(&file.keys, keys::default_help).map_err(wrong)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Preferences, String> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("dashboard.yaml");
        fs::write(&path, text).expect("the folder is writable");
        Preferences::read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn theme_and_keys_can_be_chosen() {
        let preferences = read("theme: light\nascii: true\nkeys: {s: z}\n").expect("well formed");
        assert_eq!(preferences.theme, Some(Theme::Light));
        assert_eq!(preferences.ascii, Some(true));
        assert_ne!(preferences.keys, KeyMap::default());
        assert_eq!(read("\n"), Ok(Preferences::default()));
        let missing = Preferences::read(Path::new("/nowhere/dashboard.yaml"));
        assert_eq!(missing.ok(), Some(Preferences::default()));
    }

    #[test]
    fn mistakes_name_the_file_and_the_remedy() {
        for (text, word) in [
            ("theme: pink\n", "sixteen"),
            ("colour: red\n", "colour"),
            ("keys: {s: q}\n", "quit"),
            ("keys: {s: }\n", "keys"),
        ] {
            let error = read(text).expect_err("the file is wrong");
            assert!(
                error.contains("dashboard.yaml") && error.contains(word),
                "{error}"
            );
        }
    }
}
