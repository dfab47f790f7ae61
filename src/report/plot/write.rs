//! The files of a figure.

use std::{
    fs,
    path::{Path, PathBuf},
};

use plotters::{
    backend::{BitMapBackend, SVGBackend},
    style::{FontStyle, register_font},
};

use super::{
    draw::draw,
    figure::Figure,
    layout::{Layout, PER_MM, WIDTH_MM},
    pen::FONT,
};
use crate::{
    report::ReportError,
    store::{self, StoreError},
};

/// The bitmap is drawn this many times finer than it is written, which smooths its edges.
const FINER: usize = 2;

/// Units by which the backends write text too high, found by looking at the results.
const SVG_TEXT_DROP: i32 = 10;
const PNG_TEXT_DROP: i32 = 24;

/// Writes `figure` to `directory` as SVG and PNG and adds the paths to `written`.
pub(super) fn write(
    figure: &Figure,
    directory: &Path,
    written: &mut Vec<PathBuf>,
) -> Result<(), ReportError> {
    fs::create_dir_all(directory).map_err(|error| StoreError::io(directory, "create", &error))?;
    // A second registration replaces the first one by the same font.
    register_font(FONT, FontStyle::Normal, dejavu::sans::regular())
        .map_err(|_| drawing(figure, &"the built-in font cannot be read"))?;
    let layout = Layout::of(figure);
    for (extension, bytes) in [
        ("svg", svg(figure, &layout)?),
        ("png", png(figure, &layout)?),
    ] {
        let path = directory.join(format!("{}.{extension}", figure.stem));
        store::publish(&path, &bytes)?;
        written.push(path);
    }
    Ok(())
}

fn drawing(figure: &Figure, reason: &dyn std::fmt::Display) -> ReportError {
    ReportError::Drawing {
        figure: figure.stem.clone(),
        reason: reason.to_string(),
    }
}

fn svg(figure: &Figure, layout: &Layout) -> Result<Vec<u8>, ReportError> {
    let (width, height) = layout.size;
    let mut text = String::new();
    draw(
        SVGBackend::with_string(&mut text, layout.size),
        SVG_TEXT_DROP,
        figure,
        layout,
    )
    .map_err(|error| drawing(figure, &error))?;
    // The real size, so that the figure can be placed without scaling.
    let units = format!("width=\"{width}\" height=\"{height}\"");
    let height_mm = f64::from(height) / f64::from(PER_MM);
    let real = format!("width=\"{WIDTH_MM}mm\" height=\"{height_mm}mm\"");
    Ok(text.replacen(&units, &real, 1).into_bytes())
}

fn png(figure: &Figure, layout: &Layout) -> Result<Vec<u8>, ReportError> {
    let (width, height) = (layout.size.0 as usize, layout.size.1 as usize);
    let mut fine = vec![0; width * height * 3];
    draw(
        BitMapBackend::with_buffer(&mut fine, layout.size),
        PNG_TEXT_DROP,
        figure,
        layout,
    )
    .map_err(|error| drawing(figure, &error))?;
    let (small_width, small_height) = (width / FINER, height / FINER);
    let mut pixels = Vec::with_capacity(small_width * small_height * 3);
    for y in 0..small_height {
        for x in 0..small_width {
            for channel in 0..3 {
                let mut sum = 0;
                for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let pixel = (y * FINER + dy) * width + x * FINER + dx;
                    sum += u32::from(fine[pixel * 3 + channel]);
                }
                pixels.push((sum / 4) as u8);
            }
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, small_width as u32, small_height as u32);
    encoder.set_color(png::ColorType::Rgb);
    let per_metre = PER_MM.unsigned_abs() / FINER as u32 * 1000;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels))
        .map_err(|error| drawing(figure, &error))?;
    Ok(bytes)
}
