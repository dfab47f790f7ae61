//! Where things stand on the screen: for drawing, for paging and for clicks.
//!
//! ```text
//! header   name, state, progress / times, threads, runner [/ result and what to do next]
//! tabs     1 overview  2 convergence  ...
//! body     the view
//! footer   hints, or what was just said, or the answer being typed
//! ```

use ratatui::layout::{Position, Rect, Size};

use super::action::{Action, View};
use super::state::State;

/// The smallest screen on which anything useful can be shown.
pub(crate) const SMALLEST: Size = Size::new(40, 10);

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Areas {
    /// Lines about the run.
    pub header: Rect,
    /// One line of views.
    pub tabs: Rect,
    /// The view.
    pub body: Rect,
    /// One line.
    pub footer: Rect,
}

/// Divides the screen. `over`: the header has one more line, about what to do next.
pub(crate) fn areas(size: Size, over: bool) -> Areas {
    let line = |y: u16, height: u16| Rect::new(0, y, size.width, height);
    let header = if over { 3 } else { 2 };
    let used = header + 2;
    Areas {
        header: line(0, header),
        tabs: line(header, 1),
        body: line(header + 1, size.height.saturating_sub(used)),
        footer: line(size.height.saturating_sub(1), 1),
    }
}

/// The overview's body: the list above, the details of the selection below. A list with few `rows`
/// leaves its room to the details.
pub(crate) fn overview(body: Rect, rows: usize) -> (Rect, Rect) {
    let details = match body.height {
        0..8 => 2,
        8..14 => body.height / 2,
        height => (height * 11 / 20).min(20),
    };
    let most = body.height.saturating_sub(details);
    // One line for the names of the columns, one to keep the details apart.
    let needed = u16::try_from(rows.saturating_add(2)).unwrap_or(u16::MAX);
    let list = most.min(needed.max(4));
    (
        Rect {
            height: list,
            ..body
        },
        Rect {
            y: body.y + list,
            height: body.height - list,
            ..body
        },
    )
}

/// Trials that the list shows at once: its first line names the columns.
pub(crate) fn list_height(size: Size, over: bool, rows: usize) -> u16 {
    let (list, _) = overview(areas(size, over).body, rows);
    list.height.saturating_sub(1).max(1)
}

/// The columns that each tab takes: a key and a name, or only the key where the names do not fit
/// (the view in front keeps its name).
pub(crate) fn tabs(tabs: Rect, front: View) -> Vec<(View, Rect)> {
    let named = View::ALL
        .iter()
        .map(|view| view.name().len() + 3)
        .sum::<usize>();
    let with_names = named <= usize::from(tabs.width);
    let mut x = tabs.x;
    let mut placed = Vec::with_capacity(View::ALL.len());
    for view in View::ALL {
        let width = if with_names || view == front {
            view.name().len() as u16 + 3
        } else {
            3
        };
        if x + width > tabs.right() {
            break;
        }
        placed.push((view, Rect { x, width, ..tabs }));
        x += width;
    }
    placed
}

/// What a click on this place asks for.
pub(crate) fn click(state: &State, at: Position) -> Option<Action> {
    let (size, view) = (state.size, state.view);
    if size.width < SMALLEST.width || size.height < SMALLEST.height {
        return None;
    }
    let areas = areas(size, state.is_over());
    if areas.tabs.contains(at) {
        let tab = tabs(areas.tabs, view)
            .into_iter()
            .find(|(_, area)| area.contains(at));
        return tab.map(|(view, _)| Action::Show(view));
    }
    let (list, _) = overview(areas.body, state.list.rows.len());
    if view != View::Overview || !list.contains(at) {
        return None;
    }
    Some(match at.y - list.y {
        0 => Action::SortAt(at.x - list.x),
        line => Action::Pick(line - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_finds_tabs_and_rows() {
        let mut state = State::default();
        state.resize(Size::new(80, 24));
        let click = |x, y| click(&state, Position::new(x, y));
        assert_eq!(click(0, 2), Some(Action::Show(View::Overview)));
        assert_eq!(click(12, 2), Some(Action::Show(View::Convergence)));
        assert_eq!(click(5, 3), Some(Action::SortAt(5)), "the names");
        assert_eq!(click(5, 5), Some(Action::Pick(1)));
        assert_eq!(click(5, 23), None);
    }

    #[test]
    fn every_size_is_divided_without_overlap() {
        for (width, height) in [(1, 1), (40, 10), (80, 24), (200, 60)] {
            for (over, rows) in [(false, 0), (true, 3), (false, 10_000), (true, usize::MAX)] {
                let areas = areas(Size::new(width, height), over);
                let (list, details) = overview(areas.body, rows);
                assert_eq!(list.height + details.height, areas.body.height);
                if height >= 10 {
                    assert_eq!(areas.body.bottom(), areas.footer.y);
                }
            }
        }
    }
}
