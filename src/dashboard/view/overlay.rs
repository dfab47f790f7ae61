//! What lies over the view: the help, a question, a text being typed.
//!
//! ```text
//! |   + keys and terms -----------------------------+                                |
//! |   | q            quit; the run continues        |                                |
//! |   | ...                                         |                                |
//! |   +---------------------------------------------+                                |
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Wrap};

use crate::dashboard::state::{Prompt, State};
use crate::dashboard::text::{fit, visible};
use crate::dashboard::theme::SELECTED;
use crate::dashboard::{keys, palette};
use crate::measure::Quantity;

/// Columns of the keys in the help and the palette.
const KEYS: usize = 17;
/// Columns of the names of quantities in the help.
const TERMS: usize = 12;
/// Columns of what they do in the palette, so that its frame does not move while one types.
const WORDS: usize = 46;
/// Entries of the palette that are shown at once.
const CHOICES: usize = 10;

/// A frame in ASCII.
const ASCII_BORDER: border::Set = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

pub(super) fn draw(state: &State, frame: &mut Frame, body: Rect) {
    let Some(prompt) = &state.prompt else {
        return;
    };
    let theme = state.look.theme;
    let (title, lines) = match prompt {
        Prompt::Help { scroll } => ("keys and terms", help(state, usize::from(*scroll))),
        Prompt::Filter { text, error } => {
            let mut lines = vec![typed(text)];
            let words = "words, or comparisons: test_accuracy>0.9 rank=8 status=failed";
            lines.push(match error {
                Some(error) => Line::from(Span::styled(visible(error), theme.bad())),
                None => Line::from(Span::styled(words, theme.quiet())),
            });
            ("filter", lines)
        }
        Prompt::Palette { text, chosen } => ("command", choices(state, text, *chosen)),
        Prompt::Refusal { words } => (
            "not possible here",
            words
                .lines()
                .map(|line| Line::from(visible(line)))
                .collect(),
        ),
        Prompt::Jobs { text } => ("trials at once", vec![typed(text)]),
        Prompt::Confirm { question, .. } => ("confirm", vec![Line::from(question.as_str())]),
        Prompt::Leave => (
            "the run is still active",
            vec![Line::from(
                "Keep it running (d), stop it (s), or stay (esc)?",
            )],
        ),
    };
    let widest = lines.iter().map(Line::width).max().unwrap_or(0) as u16;
    let width = (widest + 4).clamp(30, body.width);
    let wrapped = lines
        .iter()
        .map(|line| line.width() as u16 / (width - 2) + 1)
        .sum::<u16>();
    let height = (wrapped + 2).min(body.height);
    let place = Rect::new(
        body.x + (body.width - width) / 2,
        body.y + (body.height - height) / 3,
        width,
        height,
    );
    let mut block = Block::bordered()
        .title(format!(" {title} "))
        .border_style(theme.title());
    if state.look.ascii {
        block = block.border_set(ASCII_BORDER);
    }
    frame.render_widget(Clear, place);
    frame.render_widget(
        Paragraph::new(lines)
            .block(block)
            .wrap(Wrap { trim: false }),
        place,
    );
}

fn typed(text: &str) -> Line<'static> {
    Line::from(format!("{}_", visible(text)))
}

/// What is typed, and what it could mean.
fn choices(state: &State, text: &str, chosen: usize) -> Vec<Line<'static>> {
    let mut lines = vec![typed(text)];
    let matching = palette::matching(state, text);
    if matching.is_empty() {
        let words = "no matching command";
        lines.push(Line::from(Span::styled(words, state.look.theme.bad())));
    }
    let first = (chosen + 1).saturating_sub(CHOICES);
    for (position, choice) in matching.iter().enumerate().skip(first).take(CHOICES) {
        let mut line = Line::from(vec![
            Span::styled(fit(&choice.keys, KEYS), state.look.theme.title()),
            Span::raw(fit(&choice.words, WORDS)),
        ]);
        if position == chosen {
            line = line.style(SELECTED);
        }
        lines.push(line);
    }
    lines
}

/// The keys of the view at hand, then what the quantities are.
fn help(state: &State, scroll: usize) -> Vec<Line<'static>> {
    let explained = |what: &str, columns: usize, words: &'static str| {
        let what = Span::styled(fit(what, columns), state.look.theme.title());
        Line::from(vec![what, Span::raw(words)])
    };
    let mut lines: Vec<Line> = (keys::help(state).iter())
        .map(|(names, words)| explained(names, KEYS, words))
        .collect();
    lines.push(Line::default());
    let quantities = Quantity::ALL.iter();
    lines.extend(quantities.map(|each| explained(each.title(), TERMS, each.meaning())));
    let skipped = scroll.min(lines.len().saturating_sub(1));
    lines.into_iter().skip(skipped).collect()
}
