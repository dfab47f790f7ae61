//! What the screen shows of files that are read only when it does.

use super::State;
use crate::dashboard::action::View;
use crate::dashboard::text::visible;
use crate::store::{Liveness, Provenance};

/// What the trial view reads from files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Documents {
    /// The trial.
    pub trial: String,
    /// Text of `config.yaml`.
    pub config: String,
    /// The last lines of `log.txt`.
    pub log: Vec<String>,
}

impl State {
    /// The trial whose files the screen shows, if it shows any.
    pub fn documents_of(&self) -> Option<&str> {
        let needed = matches!(self.view, View::Trial | View::Convergence);
        self.selected_trial()
            .filter(|_| needed)
            .map(|trial| trial.row.trial.as_str())
    }

    /// Takes over what was read from a trial's files.
    pub fn show_documents(&mut self, documents: Documents) {
        if self.documents != documents {
            self.documents = documents;
            self.stale.screen = true;
        }
    }

    /// Whether the runner vanished without saying in its status why.
    pub fn lacks_last_words(&self) -> bool {
        matches!(self.liveness, Some(Liveness::Gone)) && !self.has_ended()
    }

    /// Takes over the last line of a vanished runner's log.
    pub fn show_last_words(&mut self, words: &str) {
        let words = visible(words);
        if words != self.last_words {
            self.last_words = words;
            self.stale.screen = true;
        }
    }

    /// Whether the view waits for the provenance.
    pub fn lacks_provenance(&self) -> bool {
        matches!(self.view, View::Machine | View::Trial) && self.provenance.is_none()
    }

    /// Takes over where the run comes from.
    pub fn show_provenance(&mut self, provenance: Provenance) {
        self.provenance = Some(provenance);
        self.stale.screen = true;
    }
}
