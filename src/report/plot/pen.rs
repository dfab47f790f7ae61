//! Lines, markers and texts: the few strokes of which a figure is made.

use plotters::{
    backend::DrawingBackend,
    coord::Shift,
    drawing::{DrawingArea, DrawingAreaErrorKind},
    element::{Circle, PathElement, Polygon, Rectangle},
    style::{
        Color, FontTransform, IntoFont, RGBColor, ShapeStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    figure::{BLACK, Colour, Look, Shape},
    layout::PER_MM,
};

/// The font that is built in (`DejaVu Sans`, free under the Bitstream Vera licence), since a compute
/// server may have none; SVG readers without it take the next in the list.
pub(super) const FONT: &str = "DejaVu Sans, Verdana, sans-serif";
/// 8 pt text, the usual size of captions and labels: 2.8 mm from line to line.
const TEXT: f64 = 2.8 * 1.2 * PER_MM as f64;
/// Height that a line of text takes.
pub(super) const TEXT_HEIGHT: i32 = 3 * PER_MM;
/// Width of lines that show data, and of axes and grid.
const DATA_LINE: u32 = 14;
const AXIS_LINE: u32 = 6;
/// Half the size of a marker.
const MARKER: i32 = PER_MM * 8 / 10;

/// A place, in units from the upper left corner.
pub(super) type Place = (i32, i32);
/// What comes of drawing on a backend.
pub(super) type Outcome<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// A drawing area with a hand for figures.
pub(super) struct Pen<DB: DrawingBackend> {
    area: DrawingArea<DB, Shift>,
    /// Units by which the backend writes text too high.
    text_drop: i32,
}

fn colour((red, green, blue): Colour) -> RGBColor {
    RGBColor(red, green, blue)
}

fn stroke(ink: Colour, width: u32) -> ShapeStyle {
    colour(ink).stroke_width(width)
}

/// Width of `text` in units.
pub(super) fn text_width(text: &str) -> i32 {
    let size = (FONT, TEXT).into_font().box_size(text);
    size.map_or(0, |(width, _)| i32::try_from(width).unwrap_or(i32::MAX))
}

impl<DB: DrawingBackend> Pen<DB> {
    /// A pen on white paper.
    pub(super) fn new(
        area: DrawingArea<DB, Shift>,
        text_drop: i32,
    ) -> Result<Self, DrawingAreaErrorKind<DB::ErrorType>> {
        area.fill(&RGBColor(255, 255, 255))?;
        Ok(Self { area, text_drop })
    }

    /// Completes the drawing.
    pub(super) fn finish(&self) -> Outcome<DB> {
        self.area.present()
    }

    /// Writes `text` so that the named point of its box is at `place`.
    pub(super) fn text(
        &self,
        text: &str,
        ink: Colour,
        anchor: (HPos, VPos),
        (x, y): Place,
    ) -> Outcome<DB> {
        let style = (FONT, TEXT).into_font().color(&colour(ink));
        let style = style.pos(Pos::new(anchor.0, anchor.1));
        self.area.draw_text(text, &style, (x, y + self.text_drop))
    }

    /// Writes `text` from bottom to top, its upper edge at `place` and centred there.
    pub(super) fn upright_text(&self, text: &str, (x, y): Place) -> Outcome<DB> {
        let font = (FONT, TEXT).into_font().transform(FontTransform::Rotate270);
        let style = font
            .color(&colour(BLACK))
            .pos(Pos::new(HPos::Center, VPos::Top));
        self.area.draw_text(text, &style, (x + self.text_drop, y))
    }

    /// A thin line: axes, ticks, grid.
    pub(super) fn rule(&self, from: Place, to: Place, ink: Colour) -> Outcome<DB> {
        self.area
            .draw(&PathElement::new([from, to], stroke(ink, AXIS_LINE)))
    }

    /// A thin frame; a path, since the SVG backend gives the outline of a rectangle no width.
    pub(super) fn frame(&self, [(x0, y0), (x1, y1)]: [Place; 2]) -> Outcome<DB> {
        let outline = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)];
        self.area
            .draw(&PathElement::new(outline, stroke(BLACK, AXIS_LINE)))
    }

    /// A filled rectangle.
    pub(super) fn block(&self, corners: [Place; 2], ink: Colour) -> Outcome<DB> {
        self.area
            .draw(&Rectangle::new(corners, colour(ink).filled()))
    }

    /// A filled outline that lets through what is below it.
    pub(super) fn veil(&self, outline: Vec<Place>, ink: Colour, opacity: f64) -> Outcome<DB> {
        let fill = colour(ink).mix(opacity).filled();
        self.area.draw(&Polygon::new(outline, fill))
    }

    /// A line through `places` with the dashes of `look`.
    pub(super) fn line(&self, places: &[Place], look: Look) -> Outcome<DB> {
        for dash in dashes(places, look.dash) {
            self.area
                .draw(&PathElement::new(dash, stroke(look.colour, DATA_LINE)))?;
        }
        Ok(())
    }

    /// A bar of deviation from `low` to `high`, with caps.
    pub(super) fn bar(&self, low: Place, high: Place, ink: Colour) -> Outcome<DB> {
        let style = stroke(ink, DATA_LINE / 2);
        self.area.draw(&PathElement::new([low, high], style))?;
        for (x, y) in [low, high] {
            let cap = [(x - MARKER / 2, y), (x + MARKER / 2, y)];
            self.area.draw(&PathElement::new(cap, style))?;
        }
        Ok(())
    }

    /// The marker of `look`.
    pub(super) fn marker(&self, (x, y): Place, look: Look) -> Outcome<DB> {
        let filled = colour(look.colour).filled();
        let r = MARKER;
        let polygon = |corners: &[Place]| self.area.draw(&Polygon::new(corners, filled));
        match look.shape {
            Shape::Circle => self.area.draw(&Circle::new((x, y), r, filled)),
            Shape::Square => self.block([(x - r, y - r), (x + r, y + r)], look.colour),
            Shape::Triangle => polygon(&[(x - r, y + r), (x + r, y + r), (x, y - r)]),
            Shape::Diamond => polygon(&[(x - r, y), (x, y + r), (x + r, y), (x, y - r)]),
            Shape::Cross => {
                for rise in [r, -r] {
                    let stroke = stroke(look.colour, DATA_LINE);
                    let ends = [(x - r, y - rise), (x + r, y + rise)];
                    self.area.draw(&PathElement::new(ends, stroke))?;
                }
                Ok(())
            }
        }
    }
}

/// Cuts a line into its dashes; `pattern` holds lengths of ink and gap in tenths of a millimetre.
fn dashes(places: &[(i32, i32)], pattern: &[i32]) -> Vec<Vec<(i32, i32)>> {
    if pattern.is_empty() || places.len() < 2 {
        return vec![places.to_vec()];
    }
    let lengths = pattern
        .iter()
        .map(|tenths| f64::from(tenths * PER_MM) / 10.0);
    let mut lengths = lengths.cycle();
    let mut left = lengths.next().unwrap_or(f64::INFINITY);
    let (mut ink, mut dashes) = (true, Vec::new());
    let mut dash = vec![places[0]];
    for pair in places.windows(2) {
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]].map(|(x, y)| (f64::from(x), f64::from(y)));
        let length = (x1 - x0).hypot(y1 - y0);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let share = done / length;
            let at = (x0 + share * (x1 - x0), y0 + share * (y1 - y0));
            let at = (at.0.round() as i32, at.1.round() as i32);
            dash.push(at);
            if ink {
                dashes.push(std::mem::take(&mut dash));
            }
            dash = vec![at];
            ink = !ink;
            left = lengths.next().unwrap_or(f64::INFINITY);
        }
        left -= length - done;
        dash.push(pair[1]);
    }
    if ink && dash.len() > 1 {
        dashes.push(dash);
    }
    dashes
}

#[cfg(test)]
mod tests {
    use super::{PER_MM, dashes};

    #[test]
    fn dashes_go_on_around_corners() {
        let mm = PER_MM;
        let corner = [(0, 0), (2 * mm, 0), (2 * mm, 2 * mm)];
        let expected = [
            vec![(0, 0), (mm, 0)],
            vec![(2 * mm - mm / 2, 0), (2 * mm, 0), (2 * mm, mm / 2)],
            vec![(2 * mm, mm), (2 * mm, 2 * mm)],
        ];
        assert_eq!(dashes(&corner, &[10, 5]), expected);
    }
}
