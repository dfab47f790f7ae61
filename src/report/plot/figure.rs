//! What a figure holds, before anything is drawn.

use super::axis::Axis;

/// A colour: red, green, blue.
pub(super) type Colour = (u8, u8, u8);

/// Ink of axes, texts and reference lines.
pub(super) const BLACK: Colour = (0, 0, 0);

/// The palette of Okabe and Ito, made to be told apart with every kind of colour vision; its
/// yellow is left out, which is too faint for thin lines on white.
const PALETTE: [Colour; 7] = [
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (230, 159, 0),
    BLACK,
];
/// Lengths of ink and gap in turn, in tenths of a millimetre; empty: a solid line.
const DASHES: [&[i32]; 3] = [&[], &[16, 8], &[4, 6]];

/// Form of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
}

const SHAPES: [Shape; 5] = [
    Shape::Circle,
    Shape::Square,
    Shape::Triangle,
    Shape::Diamond,
    Shape::Cross,
];

/// How a series looks: colour, dashes and marker all differ between neighbours, so that it can be
/// told apart in grey as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) colour: Colour,
    pub(super) dash: &'static [i32],
    pub(super) shape: Shape,
}

impl Look {
    /// More series than this look too much alike.
    pub(super) const MOST: usize = 14;

    /// The look of series number `index`.
    pub(super) fn of(index: usize) -> Self {
        Self {
            colour: PALETTE[index % PALETTE.len()],
            dash: DASHES[(index + index / PALETTE.len()) % DASHES.len()],
            shape: SHAPES[index % SHAPES.len()],
        }
    }

    /// A reference: a thin black line.
    pub(super) fn reference() -> Self {
        Self {
            colour: BLACK,
            dash: DASHES[1],
            shape: Shape::Circle,
        }
    }
}

/// A point with the deviation of its vertical value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) spread: f64,
}

/// A cell of a heat map at the crossing of two categories.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) fill: Colour,
    pub(super) ink: Colour,
    pub(super) text: String,
}

/// Something drawn inside the axes.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// A line; values without a place on the axes split it. Markers at some places tell it apart.
    Line {
        points: Vec<(f64, f64)>,
        look: Look,
        markers: bool,
    },
    /// A light area between two lines: x, lower, upper.
    Band {
        points: Vec<(f64, f64, f64)>,
        colour: Colour,
        opacity: f64,
    },
    /// Markers with bars for the deviation.
    Points { points: Vec<Point>, look: Look },
    /// A cell of a heat map.
    Cell(Cell),
}

/// What a legend entry shows beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A line with its marker.
    Line,
    /// A marker alone.
    Point,
    /// A line alone.
    Reference,
    /// Nothing: the text speaks for the whole figure.
    Text,
}

/// A figure, complete.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    /// Name of its files, without ending.
    pub(super) stem: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) marks: Vec<Mark>,
    pub(super) legend: Vec<(String, Look, Key)>,
}

impl Figure {
    /// All heights that lines and bands reach.
    pub(super) fn heights(&self) -> impl Iterator<Item = f64> {
        self.marks.iter().flat_map(|mark| match mark {
            Mark::Line { points, .. } => points.iter().map(|(_, y)| *y).collect(),
            Mark::Band { points, .. } => points.iter().flat_map(|(_, a, b)| [*a, *b]).collect(),
            Mark::Points { .. } | Mark::Cell(_) => Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Look;

    #[test]
    fn no_two_series_look_alike() {
        let looks: HashSet<String> = (0..Look::MOST)
            .map(|index| format!("{:?}", Look::of(index)))
            .collect();
        assert_eq!(looks.len(), Look::MOST);
    }
}
