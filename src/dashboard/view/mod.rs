//! Pictures of the state. Every function here is pure: the same state gives the same screen.
//!
//! ```text
//! | digits-compression  ▶ running  ████████░░░░░░░ 12/36 done, 1 failed          |
//! | elapsed 0:42  ETA 1:10  threads 2  jobs 2  runner alive                      |
//! |[1 overview] 2 convergence  3 compression  4 margins  5 table  6 trial  ...   |
//! | ... the view ...                                                             |
//! | q leave  ? help  s sort  / filter  space mark                                |
//! ```

mod axis;
mod chart;
mod compression;
mod convergence;
mod curves;
mod header;
mod machine;
mod margins;
mod overlay;
mod overview;
mod rows;
mod table;
mod terms;
mod trial;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::action::View;
use super::keys;
use super::layout::{self, SMALLEST};
use super::state::{Look, State};
use super::text::{ascii, cut, width};
use super::theme::SELECTED;

/// Draws the whole screen.
pub fn draw(state: &State, frame: &mut Frame) {
    let screen = frame.area();
    if screen.width < SMALLEST.width || screen.height < SMALLEST.height {
        let needed = format!("{}x{} needed", SMALLEST.width, SMALLEST.height);
        let words = format!("{needed}: window too small");
        let columns = usize::from(screen.width);
        let words = if width(&words) > columns {
            needed
        } else {
            words
        };
        frame.render_widget(cut(&words, columns), screen);
        return;
    }
    let areas = layout::areas(screen.as_size(), state.is_over());
    header::draw(state, frame, areas.header);
    tabs(state, frame, areas.tabs);
    match state.view {
        View::Overview => overview::draw(state, frame, areas.body),
        View::Convergence => convergence::draw(state, frame, areas.body),
        View::Compression => compression::draw(state, frame, areas.body),
        View::Margins => margins::draw(state, frame, areas.body),
        View::Table => table::draw(state, frame, areas.body),
        View::Trial => trial::draw(state, frame, areas.body),
        View::Machine => machine::draw(state, frame, areas.body),
    }
    footer(state, frame, areas.footer);
    overlay::draw(state, frame, areas.body);
    if state.look.ascii {
        only_ascii(frame);
    }
}

/// Names and tables come from outside with any characters: the last ones that are not ASCII go here.
fn only_ascii(frame: &mut Frame) {
    for cell in &mut frame.buffer_mut().content {
        if !cell.symbol().is_ascii() {
            cell.set_symbol(ascii(cell.symbol()));
        }
    }
}

/// Lines of the trial view that are shown at once, and how many can stand above them.
pub(crate) fn trial_pages(state: &State) -> (usize, usize) {
    trial::pages_of(state)
}

fn tabs(state: &State, frame: &mut Frame, area: Rect) {
    let theme = state.look.theme;
    for (position, (view, place)) in layout::tabs(area, state.view).into_iter().enumerate() {
        let words = if usize::from(place.width) > 3 {
            format!(" {} {}", position + 1, view.name())
        } else {
            format!(" {} ", position + 1)
        };
        let style = if view == state.view {
            theme.title().patch(SELECTED)
        } else {
            theme.quiet()
        };
        frame.render_widget(Span::styled(words, style), place);
    }
}

fn footer(state: &State, frame: &mut Frame, area: Rect) {
    let theme = state.look.theme;
    if let Some(notice) = &state.notice {
        let words = cut(&format!(" {notice}"), usize::from(area.width));
        frame.render_widget(Span::styled(words, theme.warning()), area);
        return;
    }
    let mut line = Line::default();
    for (key, hint) in keys::hints(state) {
        if line.width() + key.len() + hint.len() + 4 > usize::from(area.width) {
            break;
        }
        line.push_span(Span::styled(format!(" {key}"), theme.title()));
        line.push_span(Span::styled(format!(" {hint} "), theme.quiet()));
    }
    frame.render_widget(Paragraph::new(line), area);
}

/// A bar of so many columns, filled from the left.
fn bar(share: f64, columns: usize, look: Look) -> String {
    let (full, empty) = if look.ascii {
        ("#", "-")
    } else {
        ("█", "░")
    };
    let filled = (share.clamp(0.0, 1.0) * columns as f64).floor() as usize;
    full.repeat(filled) + &empty.repeat(columns - filled)
}

/// Words and their values in as many lines as they need, at most `lines`.
fn flow<'a>(pairs: &[(&'a str, String)], columns: u16, lines: u16, look: Look) -> Vec<Line<'a>> {
    let mut flowed: Vec<Line> = vec![Line::default()];
    for (word, value) in pairs {
        let needed = word.len() + value.chars().count() + 3;
        let last = flowed.last().map_or(0, Line::width);
        if last > 0 && last + needed > usize::from(columns) {
            if flowed.len() == usize::from(lines) {
                break;
            }
            flowed.push(Line::default());
        }
        if let Some(line) = flowed.last_mut() {
            line.push_span(Span::styled(format!(" {word} "), look.theme.quiet()));
            line.push_span(Span::raw(format!("{value} ")));
        }
    }
    flowed
}

/// A heading over the area; returns what is left below it.
fn heading(words: &str, look: Look, frame: &mut Frame, area: Rect) -> Rect {
    let words = cut(&format!(" {words}"), usize::from(area.width));
    let line = Rect {
        height: area.height.min(1),
        ..area
    };
    frame.render_widget(Span::styled(words, look.theme.title()), line);
    Rect {
        y: area.y + line.height,
        height: area.height - line.height,
        ..area
    }
}
