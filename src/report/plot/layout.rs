//! Where the parts of a figure stand. One unit is 1/40 mm.

use super::{figure::Figure, pen::text_width};

/// Units in a millimetre.
pub(super) const PER_MM: i32 = 40;
/// Width of a figure: a column of a two-column paper.
pub(super) const WIDTH_MM: i32 = 84;
/// Height of the part with the axes and their labels.
pub(super) const PLOT_HEIGHT: i32 = 58 * PER_MM;
/// Height of a line of the legend.
const LEGEND_LINE: i32 = 4 * PER_MM;
/// Width of a key in the legend.
pub(super) const KEY: i32 = 7 * PER_MM;

/// Where everything stands, in units from the upper left corner.
pub(super) struct Layout {
    /// Edges of the axes.
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
    /// Legend entries: index, x, y.
    pub(super) legend: Vec<(usize, i32, i32)>,
    /// Size of the figure.
    pub(super) size: (u32, u32),
}

impl Layout {
    /// Makes room for the labels at the left and for the legend below, which so never covers data.
    pub(super) fn of(figure: &Figure) -> Self {
        let width = WIDTH_MM * PER_MM;
        let labels = figure.y.ticks.iter().map(|(_, label)| text_width(label));
        let left = labels.max().unwrap_or(0) + 8 * PER_MM;
        let last = figure
            .x
            .ticks
            .last()
            .map_or(0, |(_, label)| text_width(label));
        let right = width - (2 * PER_MM).max(last / 2);
        let bottom = PLOT_HEIGHT - 9 * PER_MM;
        let mut legend = Vec::new();
        let (mut x, mut y) = (2 * PER_MM, PLOT_HEIGHT + LEGEND_LINE / 2);
        for (index, (text, ..)) in figure.legend.iter().enumerate() {
            let entry = KEY + text_width(text) + 3 * PER_MM;
            if x + entry > width && x > 2 * PER_MM {
                (x, y) = (2 * PER_MM, y + LEGEND_LINE);
            }
            legend.push((index, x, y));
            x += entry;
        }
        let lowest = legend
            .last()
            .map_or(PLOT_HEIGHT, |(_, _, y)| y + LEGEND_LINE);
        Self {
            left,
            right,
            top: 2 * PER_MM,
            bottom,
            legend,
            size: (width.unsigned_abs(), lowest.unsigned_abs()),
        }
    }

    pub(super) fn x(&self, position: f64) -> i32 {
        self.left + (f64::from(self.right - self.left) * position).round() as i32
    }

    pub(super) fn y(&self, position: f64) -> i32 {
        self.bottom - (f64::from(self.bottom - self.top) * position).round() as i32
    }

    /// Where the point `(x, y)` is drawn; `None` if it has no place on the axes.
    pub(super) fn place(&self, figure: &Figure, x: f64, y: f64) -> Option<(i32, i32)> {
        Some((self.x(figure.x.position(x)?), self.y(figure.y.position(y)?)))
    }
}
