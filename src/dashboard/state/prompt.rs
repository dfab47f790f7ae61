//! What lies over the view and takes the keys: the help, a text being typed, a question.

use crate::dashboard::action::Action;
use crate::store::control::Command;

/// Longest answer that can be typed.
const LONGEST_ANSWER: usize = 200;

/// What lies over the view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Prompt {
    /// The keys, scrolled down by so many lines.
    Help {
        /// Lines above the screen.
        scroll: u16,
    },
    /// A filter being typed.
    Filter {
        /// What was typed so far.
        text: String,
        /// What is wrong with it.
        error: Option<String>,
    },
    /// A number of jobs being typed.
    Jobs {
        /// What was typed so far.
        text: String,
    },
    /// What to do, being typed.
    Palette {
        /// What was typed so far.
        text: String,
        /// The chosen one among those that match.
        chosen: usize,
    },
    /// Why something cannot be done from here, and what to do instead.
    Refusal {
        /// In sentences, commands on lines of their own.
        words: String,
    },
    /// A question before a command goes to the runner.
    Confirm {
        /// The question.
        question: String,
        /// The command.
        command: Command,
    },
    /// Leave, or stop the run as well?
    Leave,
}

impl Prompt {
    /// The text being typed.
    pub(crate) fn text(&mut self) -> Option<&mut String> {
        match self {
            Self::Filter { text, .. } | Self::Jobs { text } | Self::Palette { text, .. } => {
                Some(text)
            }
            Self::Help { .. } | Self::Refusal { .. } | Self::Confirm { .. } | Self::Leave => None,
        }
    }

    /// Types a character or takes one back.
    pub(crate) fn edit(&mut self, action: Action) {
        let Some(text) = self.text() else {
            return;
        };
        match action {
            Action::Type(character) if text.len() < LONGEST_ANSWER && !character.is_control() => {
                text.push(character);
            }
            Action::Erase => drop(text.pop()),
            Action::EraseAll => text.clear(),
            _ => {}
        }
        // The list under what is typed is another one now.
        if let Self::Palette { chosen, .. } = self {
            *chosen = 0;
        }
    }
}
