//! Colours. A state or a series is never told by its hue alone: signs, words and markers say the same.

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::state::Phase;

/// The selected row: visible without any colour.
pub(crate) const SELECTED: Style = Style::new().add_modifier(Modifier::REVERSED);

/// The sets of colours to choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// For dark backgrounds, told apart by colour-blind readers (after Okabe and Ito), 256 colours.
    #[default]
    Dark,
    /// The same for light backgrounds.
    Light,
    /// The sixteen colours of the terminal's own palette.
    Sixteen,
    /// No colours: bold, dim, underlined and reversed only.
    Monochrome,
}

impl Theme {
    /// The theme that the environment asks for: `NO_COLOR` (when not empty) and dumb terminals get
    /// [`Theme::Monochrome`], terminals without 256 colours [`Theme::Sixteen`].
    pub fn from_environment() -> Self {
        let variable = |name| std::env::var(name).unwrap_or_default();
        let terminal = variable("TERM");
        if !variable("NO_COLOR").is_empty() || terminal == "dumb" {
            Self::Monochrome
        } else if terminal.contains("256color") || !variable("COLORTERM").is_empty() {
            Self::Dark
        } else {
            Self::Sixteen
        }
    }

    /// The next theme, for trying them out.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Sixteen,
            Self::Sixteen => Self::Monochrome,
            Self::Monochrome => Self::Dark,
        }
    }

    /// Colours of data series, in the order in which they are given out.
    pub(crate) fn series(self, index: usize) -> Color {
        let palette: [Color; 6] = match self {
            Self::Dark => [74, 214, 36, 175, 227, 202].map(Color::Indexed),
            Self::Light => [25, 130, 29, 132, 94, 160].map(Color::Indexed),
            Self::Sixteen => [
                Color::Cyan,
                Color::Yellow,
                Color::Green,
                Color::Magenta,
                Color::Blue,
                Color::Red,
            ],
            Self::Monochrome => [Color::Reset; 6],
        };
        palette[index % palette.len()]
    }

    fn colour(self, dark: u8, light: u8, sixteen: Color) -> Style {
        match self {
            Self::Dark => Style::new().fg(Color::Indexed(dark)),
            Self::Light => Style::new().fg(Color::Indexed(light)),
            Self::Sixteen => Style::new().fg(sixteen),
            Self::Monochrome => Style::new(),
        }
    }

    /// Titles, the tab in front.
    pub(crate) fn title(self) -> Style {
        self.colour(74, 25, Color::Cyan)
            .add_modifier(Modifier::BOLD)
    }

    /// Frames, axes, hints.
    pub(crate) fn quiet(self) -> Style {
        match self {
            // No grey of the sixteen is legible on both dark and light backgrounds.
            Self::Sixteen | Self::Monochrome => Style::new().add_modifier(Modifier::DIM),
            Self::Dark => Style::new().fg(Color::Indexed(246)),
            Self::Light => Style::new().fg(Color::Indexed(241)),
        }
    }

    /// What went well.
    pub(crate) fn good(self) -> Style {
        self.colour(36, 29, Color::Green)
    }

    /// What needs a look.
    pub(crate) fn warning(self) -> Style {
        self.colour(214, 130, Color::Yellow)
            .add_modifier(Modifier::BOLD)
    }

    /// What went wrong.
    pub(crate) fn bad(self) -> Style {
        self.colour(202, 160, Color::Red)
            .add_modifier(Modifier::BOLD)
    }

    /// The style of a trial's state.
    pub(crate) fn phase(self, phase: Phase) -> Style {
        match phase {
            Phase::Queued => self.quiet(),
            Phase::Running => self.colour(74, 25, Color::Cyan),
            Phase::Done => self.good(),
            Phase::Failed => self.bad(),
            Phase::Paused | Phase::Stopped | Phase::Lost => self.warning(),
        }
    }
}
