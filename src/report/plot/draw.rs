//! Drawing a figure, the same for SVG and PNG.

use plotters::{
    backend::DrawingBackend,
    drawing::IntoDrawingArea,
    style::text_anchor::{HPos, VPos},
};

use super::{
    figure::{BLACK, Cell, Colour, Figure, Key, Mark, Point},
    layout::{KEY, Layout, PER_MM, PLOT_HEIGHT},
    pen::{Outcome, Pen, Place, TEXT_HEIGHT, text_width},
};

const GRID: Colour = (225, 225, 225);
/// Length of a tick with a label; small ones have half of it.
const TICK: i32 = PER_MM;
/// Distance of markers along a line, and by how much the markers of the next line are shifted.
const MARKER_EVERY: i32 = 12 * PER_MM;
const MARKER_SHIFT: i32 = 5 * PER_MM;

/// Draws `figure` on `backend`, which writes its texts `text_drop` units too high.
pub(super) fn draw<DB: DrawingBackend>(
    backend: DB,
    text_drop: i32,
    figure: &Figure,
    layout: &Layout,
) -> Outcome<DB> {
    let pen = Pen::new(backend.into_drawing_area(), text_drop)?;
    draw_x_axis(&pen, figure, layout)?;
    draw_y_axis(&pen, figure, layout)?;
    for (index, mark) in figure.marks.iter().enumerate() {
        draw_mark(&pen, figure, layout, mark, index)?;
    }
    pen.frame([(layout.left, layout.top), (layout.right, layout.bottom)])?;
    draw_legend(&pen, figure, layout)?;
    pen.finish()
}

fn draw_x_axis<DB: DrawingBackend>(pen: &Pen<DB>, figure: &Figure, layout: &Layout) -> Outcome<DB> {
    let axis = &figure.x;
    let place = |value: f64| axis.position(value).map(|position| layout.x(position));
    let mut free_from = i32::MIN;
    for (value, label) in &axis.ticks {
        let Some(x) = place(*value) else { continue };
        pen.rule((x, layout.top), (x, layout.bottom), GRID)?;
        pen.rule((x, layout.bottom), (x, layout.bottom + TICK), BLACK)?;
        let half = text_width(label) / 2;
        if x - half >= free_from {
            let below = (x, layout.bottom + TICK + PER_MM / 2);
            pen.text(label, BLACK, (HPos::Center, VPos::Top), below)?;
            free_from = x + half + PER_MM;
        }
    }
    for x in axis.minor.iter().filter_map(|value| place(*value)) {
        pen.rule((x, layout.bottom), (x, layout.bottom + TICK / 2), BLACK)?;
    }
    let middle = i32::midpoint(layout.left, layout.right);
    let place = (middle, PLOT_HEIGHT - PER_MM);
    pen.text(&axis.label, BLACK, (HPos::Center, VPos::Bottom), place)
}

fn draw_y_axis<DB: DrawingBackend>(pen: &Pen<DB>, figure: &Figure, layout: &Layout) -> Outcome<DB> {
    let axis = &figure.y;
    let place = |value: f64| axis.position(value).map(|position| layout.y(position));
    let mut free_below = i32::MAX;
    for (value, label) in &axis.ticks {
        let Some(y) = place(*value) else { continue };
        pen.rule((layout.left, y), (layout.right, y), GRID)?;
        pen.rule((layout.left - TICK, y), (layout.left, y), BLACK)?;
        if y <= free_below {
            let beside = (layout.left - TICK - PER_MM / 2, y);
            pen.text(label, BLACK, (HPos::Right, VPos::Center), beside)?;
            free_below = y - TEXT_HEIGHT;
        }
    }
    for y in axis.minor.iter().filter_map(|value| place(*value)) {
        pen.rule((layout.left - TICK / 2, y), (layout.left, y), BLACK)?;
    }
    let middle = i32::midpoint(layout.top, layout.bottom);
    pen.upright_text(&axis.label, (PER_MM, middle))
}

fn draw_legend<DB: DrawingBackend>(pen: &Pen<DB>, figure: &Figure, layout: &Layout) -> Outcome<DB> {
    for &(index, x, y) in &layout.legend {
        let (text, look, key) = &figure.legend[index];
        let line = [(x, y), (x + KEY - PER_MM, y)];
        if matches!(key, Key::Line | Key::Reference) {
            pen.line(&line, *look)?;
        }
        if matches!(key, Key::Line | Key::Point) {
            pen.marker((x + (KEY - PER_MM) / 2, y), *look)?;
        }
        let start = if *key == Key::Text { x } else { x + KEY };
        pen.text(text, BLACK, (HPos::Left, VPos::Center), (start, y))?;
    }
    Ok(())
}

/// Draws the mark with number `index`.
fn draw_mark<DB: DrawingBackend>(
    pen: &Pen<DB>,
    figure: &Figure,
    layout: &Layout,
    mark: &Mark,
    index: usize,
) -> Outcome<DB> {
    match mark {
        Mark::Line {
            points,
            look,
            markers,
        } => {
            let places = points.iter().map(|&(x, y)| layout.place(figure, x, y));
            for piece in pieces(places) {
                pen.line(&piece, *look)?;
                if *markers {
                    for place in marker_places(&piece, index, layout) {
                        pen.marker(place, *look)?;
                    }
                }
            }
        }
        Mark::Band {
            points,
            colour,
            opacity,
        } => {
            let places = points.iter().map(|&(x, low, high)| {
                Some((
                    layout.place(figure, x, low)?,
                    layout.place(figure, x, high)?,
                ))
            });
            for piece in pieces(places) {
                let lower = piece.iter().map(|(low, _)| *low);
                let upper = piece.iter().rev().map(|(_, high)| *high);
                pen.veil(lower.chain(upper).collect(), *colour, *opacity)?;
            }
        }
        Mark::Points { points, look } => {
            for point in points {
                let Some(place) = layout.place(figure, point.x, point.y) else {
                    continue;
                };
                if let Some((low, high)) = deviation(figure, layout, point) {
                    pen.bar(low, high, look.colour)?;
                }
                pen.marker(place, *look)?;
            }
        }
        Mark::Cell(cell) => draw_cell(pen, figure, layout, cell)?,
    }
    Ok(())
}

fn draw_cell<DB: DrawingBackend>(
    pen: &Pen<DB>,
    figure: &Figure,
    layout: &Layout,
    cell: &Cell,
) -> Outcome<DB> {
    let (x, y) = (cell.x as f64, cell.y as f64);
    let corners = [
        layout.place(figure, x - 0.5, y + 0.5),
        layout.place(figure, x + 0.5, y - 0.5),
    ];
    if let ([Some(corner), Some(opposite)], Some(middle)) = (corners, layout.place(figure, x, y)) {
        pen.block([corner, opposite], cell.fill)?;
        let (width, height) = (opposite.0 - corner.0, opposite.1 - corner.1);
        if text_width(&cell.text) < width && TEXT_HEIGHT < height {
            pen.text(&cell.text, cell.ink, (HPos::Center, VPos::Center), middle)?;
        }
    }
    Ok(())
}

/// Where a line has its markers: at even distances, shifted from line to line so that lines that
/// run together still show all of theirs.
fn marker_places(piece: &[Place], index: usize, layout: &Layout) -> Vec<Place> {
    let shift = MARKER_SHIFT * i32::try_from(index % 100).unwrap_or(0) % MARKER_EVERY;
    let mut next = layout.left + shift;
    let mut places = Vec::new();
    for &(x, y) in piece {
        if x >= next {
            places.push((x, y));
            next = x - (x - layout.left - shift).rem_euclid(MARKER_EVERY) + MARKER_EVERY;
        }
    }
    if places.is_empty() {
        places.extend(piece.last());
    }
    places
}

/// Ends of the bar of a point; `None` if it has no deviation.
fn deviation(figure: &Figure, layout: &Layout, point: &Point) -> Option<(Place, Place)> {
    let low = layout.place(figure, point.x, point.y - point.spread)?;
    let high = layout.place(figure, point.x, point.y + point.spread)?;
    (low != high).then_some((low, high))
}

/// The runs of values that are there.
fn pieces<T>(values: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut pieces = vec![Vec::new()];
    for value in values {
        match value {
            Some(value) => pieces.last_mut().expect("never empty").push(value),
            None => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn missing_values_split_a_line() {
        let values = [None, Some(1), Some(2), None, None, Some(3)];
        assert_eq!(pieces(values.into_iter()), [vec![1, 2], vec![3]]);
        assert!(pieces([None::<i32>].into_iter()).is_empty());
    }
}
