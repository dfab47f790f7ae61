//! Curves over an axis, with true logarithmic scales: data are transformed before they are drawn,
//! and what has no place on the scale (not finite; not positive on a logarithmic one) leaves a gap.
//!
//! ```text
//! objective 12.3 (log)        title
//! 10^3 |.                     greatest tick
//!      | '._
//! 10^1 |    '-----F           every curve ends in its letter
//!      0          200         first and last x
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Context, Line as Stroke};

use super::axis::Axis;
use crate::dashboard::state::Look;
use crate::dashboard::text::{cut, fit_right, width};
use crate::measure::Scale;

/// Characters that draw curves where there is no braille.
const ASCII_MARKERS: [char; 6] = ['*', '+', 'o', 'x', '#', '%'];

/// A point of a curve: the place on the x axis, and the least and the greatest value there.
pub(crate) type Point = (f64, Option<(f64, f64)>);

/// One curve.
#[derive(Clone, Debug, Default)]
pub(crate) struct Curve {
    /// What stands at its end.
    pub key: String,
    /// Its points, in the order of x.
    pub points: Vec<Point>,
    /// Position in the theme's palette.
    pub colour: usize,
    /// Drawn as quietly as an axis: limits, references.
    pub faint: bool,
    /// Every point is this character, and points are not connected.
    pub symbol: Option<&'static str>,
}

/// Curves with axes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart<'a> {
    /// The line above.
    pub title: Line<'a>,
    /// The curves; the first one lies on top.
    pub curves: Vec<Curve>,
    /// Lines to compare with: faint, and not counted when the axes are laid out.
    pub references: Vec<Curve>,
    /// Scale of the x axis.
    pub x_scale: Scale,
    /// Scale of the y axis.
    pub y_scale: Scale,
    /// Part of the x axis to show.
    pub window: Option<(f64, f64)>,
    /// x of the reading cursor.
    pub cursor: Option<f64>,
    /// x of marks at the lower edge.
    pub marks: Vec<f64>,
    /// Colours and characters.
    pub look: Look,
}

/// What is left of an area for the curves, and the axes they use.
pub(crate) struct Plot {
    /// The area of the curves.
    pub area: Rect,
    /// Left to right.
    pub x: Axis,
    /// Bottom to top.
    pub y: Axis,
}

impl Chart<'_> {
    /// Divides an area; `None` if it is too small, or there is nothing to draw.
    pub(crate) fn plot(&self, area: Rect) -> Option<Plot> {
        let x_values = || {
            self.curves
                .iter()
                .flat_map(|curve| curve.points.iter().map(|at| at.0))
        };
        let x = Axis::spanning(
            self.x_scale,
            self.window.map_or_else(
                || x_values().collect::<Vec<_>>(),
                |(first, last)| vec![first, last],
            ),
        )?;
        let y_values = (self.curves.iter())
            .flat_map(|curve| curve.points.iter())
            .filter(|(at, _)| {
                x.place(*at)
                    .is_some_and(|place| (-1.0e-9..=1.0 + 1.0e-9).contains(&place))
            })
            .filter_map(|(_, range)| *range)
            .flat_map(|(least, most)| [least, most]);
        let y = Axis::spanning(self.y_scale, y_values.collect())?;
        let gutter = (y.ticks(area.height.saturating_sub(2)).iter())
            .map(|(_, label)| width(label))
            .max()
            .unwrap_or(0) as u16
            + 1;
        let has_x_line = area.height >= 5;
        let height = area.height.saturating_sub(1 + u16::from(has_x_line));
        let plot = Rect::new(
            area.x + gutter,
            area.y + 1,
            area.width.saturating_sub(gutter),
            height,
        );
        (plot.width >= 4 && plot.height >= 1).then_some(Plot { area: plot, x, y })
    }

    /// Why there is nothing to see.
    fn words_for_nothing(&self) -> &'static str {
        let mut ranges = (self.curves.iter()).flat_map(|curve| &curve.points);
        if ranges.any(|(_, range)| range.is_some()) {
            " no positive values: nothing to show on this scale"
        } else {
            " no data yet"
        }
    }

    fn axes(&self, plot: &Plot, area: Rect, buffer: &mut Buffer) {
        let quiet = self.look.theme.quiet();
        let gutter = plot.area.x - area.x;
        for (place, label) in plot.y.ticks(plot.area.height) {
            let row = row_of(place, plot.area);
            buffer.set_string(
                area.x,
                row,
                fit_right(&label, usize::from(gutter - 1)),
                quiet,
            );
        }
        let bar = if self.look.ascii { "|" } else { "│" };
        for row in plot.area.top()..plot.area.bottom() {
            buffer.set_string(plot.area.x - 1, row, bar, quiet);
        }
        let below = plot.area.bottom();
        if below >= area.bottom() {
            return;
        }
        let mut free = plot.area.x;
        for (place, label) in plot.x.ticks(plot.area.width / 4) {
            let columns = width(&label) as u16;
            let centre = plot.area.x + (place * f64::from(plot.area.width - 1)).round() as u16;
            let start = centre
                .saturating_sub(columns / 2)
                .min(plot.area.right().saturating_sub(columns))
                .max(plot.area.x);
            if start >= free && start + columns <= plot.area.right() {
                buffer.set_string(start, below, &label, quiet);
                free = start + columns + 1;
            }
        }
    }

    fn colour(&self, curve: &Curve) -> Color {
        if curve.faint {
            self.look.theme.quiet().fg.unwrap_or_default()
        } else {
            self.look.theme.series(curve.colour)
        }
    }

    fn marker(&self, curve: &Curve) -> Marker {
        if self.look.ascii {
            Marker::Custom(if curve.faint {
                '.'
            } else {
                ASCII_MARKERS[curve.colour % ASCII_MARKERS.len()]
            })
        } else {
            Marker::Braille
        }
    }

    fn paint(&self, plot: &Plot, context: &mut Context) {
        let drawn = self.references.iter().chain(self.curves.iter().rev());
        for curve in drawn.filter(|curve| curve.symbol.is_none()) {
            context.marker(self.marker(curve));
            let colour = self.colour(curve);
            let mut before: Option<(f64, f64)> = None;
            for &(x, range) in &curve.points {
                let place = plot.x.place(x).zip(range).and_then(|(x, (least, most))| {
                    let most = plot.y.place(most)?;
                    // A refit leaves residuals of zero, which have no place on a logarithmic axis.
                    Some((x, plot.y.place(least).unwrap_or(most), most))
                });
                let Some((x, least, most)) = place else {
                    before = None;
                    continue;
                };
                let (from_x, from_y) = before.unwrap_or((x, least));
                context.draw(&Stroke::new(from_x, from_y, x, least, colour));
                context.draw(&Stroke::new(x, least, x, most, colour));
                before = Some((x, most));
            }
        }
    }

    /// Single points and the letters at the ends of the curves: over the curves, never under them.
    fn letters(&self, plot: &Plot, buffer: &mut Buffer) {
        for curve in self.references.iter().chain(self.curves.iter().rev()) {
            let style = Style::new().fg(self.colour(curve));
            let Some(symbol) = curve.symbol else {
                continue;
            };
            for (x, y) in places(plot, curve) {
                buffer.set_string(column_of(x, plot.area), row_of(y, plot.area), symbol, style);
            }
        }
        // The first curves matter most: the name of another one gives way to theirs, or is left out.
        let mut taken: Vec<Rect> = Vec::new();
        for curve in self.curves.iter().chain(&self.references) {
            let end = places(plot, curve).last().copied();
            let columns = (width(&curve.key) as u16).min(plot.area.width);
            let Some((x, y)) = end.filter(|_| columns > 0) else {
                continue;
            };
            let right = plot.area.right().saturating_sub(columns);
            let column = column_of(x, plot.area).min(right).max(plot.area.x);
            let row = row_of(y, plot.area);
            let free = [row, row.saturating_sub(1), row + 1]
                .map(|row| Rect::new(column, row, columns, 1))
                .into_iter()
                .filter(|place| plot.area.intersection(*place) == *place)
                .find(|place| !taken.iter().any(|other| other.intersects(*place)));
            if let Some(place) = free {
                let text = cut(&curve.key, usize::from(columns));
                let style = Style::new().fg(self.colour(curve));
                buffer.set_string(place.x, place.y, text, style);
                taken.push(place);
            }
        }
    }

    /// Marks at the lower edge, and the reading cursor.
    fn signs(&self, plot: &Plot, buffer: &mut Buffer) {
        let floor = plot.area.bottom() - 1;
        for &mark in &self.marks {
            if let Some(place) = plot.x.place(mark).filter(|place| on_axis(*place)) {
                let sign = if self.look.ascii { "^" } else { "▲" };
                buffer.set_string(
                    column_of(place, plot.area),
                    floor,
                    sign,
                    self.look.theme.bad(),
                );
            }
        }
        if let Some(place) = self.cursor.and_then(|cursor| plot.x.place(cursor)) {
            let column = column_of(place, plot.area);
            let bar = if self.look.ascii { "|" } else { "│" };
            for row in plot.area.top()..plot.area.bottom() {
                let cell = &mut buffer[(column, row)];
                if cell.symbol() == " " || cell.symbol() == "\u{2800}" {
                    cell.set_symbol(bar).set_style(self.look.theme.quiet());
                }
            }
        }
    }
}

impl Widget for &Chart<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.height == 0 || area.width == 0 {
            return;
        }
        buffer.set_line(area.x, area.y, &self.title, area.width);
        let Some(plot) = self.plot(area) else {
            let words = cut(self.words_for_nothing(), usize::from(area.width));
            if area.height > 1 {
                let line = Line::from(Span::styled(words, self.look.theme.quiet()));
                buffer.set_line(area.x, area.y + area.height / 2, &line, area.width);
            }
            return;
        };
        self.axes(&plot, area, buffer);
        // Places on the axes are in [0, 1] and finite: the canvas never sees anything else.
        Canvas::default()
            .x_bounds([0.0, 1.0])
            .y_bounds([0.0, 1.0])
            .paint(|context| self.paint(&plot, context))
            .render(plot.area, buffer);
        self.letters(&plot, buffer);
        self.signs(&plot, buffer);
    }
}

/// Where the greatest values of a curve stand in the picture, as shares of its axes.
fn places(plot: &Plot, curve: &Curve) -> Vec<(f64, f64)> {
    (curve.points.iter())
        .filter_map(|&(x, range)| Some((plot.x.place(x)?, plot.y.place(range?.1)?)))
        .filter(|(x, y)| on_axis(*x) && on_axis(*y))
        .collect()
}

fn on_axis(place: f64) -> bool {
    (-1.0e-9..=1.0 + 1.0e-9).contains(&place)
}

fn column_of(place: f64, area: Rect) -> u16 {
    let column = (place.clamp(0.0, 1.0) * f64::from(area.width.saturating_sub(1))).round() as u16;
    area.x + column
}

fn row_of(place: f64, area: Rect) -> u16 {
    let row = ((1.0 - place.clamp(0.0, 1.0)) * f64::from(area.height.saturating_sub(1))).round();
    area.y + row as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_that_reaches_down_to_zero_is_drawn_from_its_greatest_value_on_a_logarithmic_axis() {
        let points =
            |least| (0..40).map(move |x| (f64::from(x), Some((least, 1.0 + f64::from(x)))));
        let drawn = |points: Vec<Point>| {
            let curve = Curve {
                points,
                ..Curve::default()
            };
            let chart = Chart {
                curves: vec![curve],
                y_scale: Scale::Log,
                ..Chart::default()
            };
            let area = Rect::new(0, 0, 50, 12);
            let mut buffer = Buffer::empty(area);
            chart.render(area, &mut buffer);
            let is_braille = |symbol: &str| {
                symbol
                    .chars()
                    .any(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
            };
            let cells = buffer.content().iter();
            cells.filter(|cell| is_braille(cell.symbol())).count()
        };
        assert!(drawn(points(0.0).collect()) > 10);
        assert!(drawn(points(0.5).collect()) > drawn(points(0.0).collect()));
    }
}
