//! What lies over the view and takes the keys: the help, a text being typed, a question.

use crate::store::control::Command;

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
            Self::Filter { text, .. } | Self::Jobs { text } => Some(text),
            Self::Help { .. } | Self::Confirm { .. } | Self::Leave => None,
        }
    }
}
