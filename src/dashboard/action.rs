//! What a user can ask of the dashboard, and what the dashboard asks of its loop.

use crate::store::control::Command;

use super::table::TableRequest;

/// The pictures that fill the screen, in the order of their keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// All trials, and the curves of the selected one.
    #[default]
    Overview,
    /// Curves over iterations.
    Convergence,
    /// Accuracy against compression ratio, and the layers.
    Compression,
    /// A metric against swept parameters.
    Margins,
    /// The table for the paper.
    Table,
    /// Everything about one trial.
    Trial,
    /// The runner and its machine.
    Machine,
}

impl View {
    /// All views, in the order of their keys.
    pub const ALL: [Self; 7] = [
        Self::Overview,
        Self::Convergence,
        Self::Compression,
        Self::Margins,
        Self::Table,
        Self::Trial,
        Self::Machine,
    ];

    /// The name on its tab.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Convergence => "convergence",
            Self::Compression => "compression",
            Self::Margins => "margins",
            Self::Table => "table",
            Self::Trial => "trial",
            Self::Machine => "machine",
        }
    }

    /// The view so many tabs further on.
    pub(crate) fn shifted(self, tabs: usize) -> Self {
        Self::ALL[(self as usize + tabs) % Self::ALL.len()]
    }
}

/// What a user can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Leave the dashboard; the runner goes on.
    Leave,
    /// Ctrl-C: quit, or choose to stop the run first.
    Interrupt,
    /// Stop this process as a shell's job control does.
    Suspend,
    /// Draw the whole screen again.
    Repaint,
    /// Show or hide the keys.
    Help,
    /// The next set of colours.
    Theme,
    /// Show a view.
    Show(View),
    /// The next tab.
    NextView,
    /// The tab before.
    PreviousView,
    /// Move the selection by so many rows.
    Move(i32),
    /// Move the selection by so many screens.
    MovePage(i32),
    /// The first row.
    First,
    /// The last row.
    Last,
    /// Select the row on this line of the list on the screen.
    Pick(u16),
    /// Show the seeds of the selected setting, or everything about the selected trial.
    Expand,
    /// Show only the setting.
    Collapse,
    /// Mark or unmark the selected trials.
    Mark,
    /// Forget all marks.
    Unmark,
    /// Sort by the column so many further on.
    Sort(i32),
    /// Sort by the column at this place of the list; if it decides already, in reverse.
    SortAt(u16),
    /// Reverse the order.
    Reverse,
    /// Type a filter.
    Filter,
    /// Type what to do.
    Palette,
    /// Step back: close what is open, then forget the filter.
    Back,
    /// Pause or resume the selected trials.
    Pause,
    /// Cancel the selected trials.
    Cancel,
    /// Run the selected trials again.
    Retry,
    /// Pause or resume the whole run.
    PauseRun,
    /// Stop the whole run.
    StopRun,
    /// Change the number of trials that run at once.
    Jobs,
    /// Next choice of what is drawn: picture, metric.
    Choose(i32),
    /// Next swept parameter along the rows.
    ChooseRows(i32),
    /// Next swept parameter along the columns.
    ChooseColumns(i32),
    /// Move the reading cursor.
    Cursor(i32),
    /// Look closer (positive) or at more (negative).
    Zoom(i32),
    /// Logarithmic or linear iterations.
    LogIterations,
    /// Logarithmic or linear values.
    LogValues,
    /// Mean and band over seeds, or every seed.
    Band,
    /// Write the table to files.
    Export,
    /// A character of an answer.
    Type(char),
    /// Take back a character.
    Erase,
    /// Take back all characters.
    EraseAll,
    /// Give the answer.
    Accept,
}

/// What the loop does on the dashboard's behalf.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Leave the screen.
    Leave,
    /// Ask the runner to stop, then leave the screen.
    StopAndLeave,
    /// Stop this process until the shell continues it.
    Suspend,
    /// Clear the terminal and draw everything.
    Repaint,
    /// Give the runner a command.
    Send(Command),
    /// Write the paper table.
    Export(TableRequest),
}
