//! `digits`: the 1,797 handwritten digits that are part of the program.

use std::io::Read;

use super::dataset::ImageShape;
use super::error::DataError;
use super::labels::LabelColumn;
use super::raw::{RawData, RawPart, Values};
use super::stored::StoredFile;

/// Number of samples in the pool.
pub(super) const SAMPLES: usize = 1797;
/// Number of training samples if none is given: four fifths.
pub(super) const DEFAULT_TRAIN: usize = 1437;

const SIDE: usize = 8;
/// A cell counts the dark pixels of a 4 x 4 square.
const FULL_SCALE: f64 = 16.0;

/// 64 counts and the digit per line; see `digits.attribution.md`.
static FILE: &[u8] = include_bytes!("digits.csv.gz");

/// The pool: all digits, in the order of the file.
pub(super) fn read() -> Result<RawData, DataError> {
    let file = StoredFile::embedded("digits.csv.gz (built in)", FILE);
    let mut bytes = Vec::with_capacity(SAMPLES * SIDE * SIDE);
    let mut labels = LabelColumn::default();
    let mut text = String::new();
    file.reader()
        .read_to_string(&mut text)
        .map_err(|error| file.damaged(error))?;
    for line in text.lines() {
        let (pixels, label) = line.rsplit_once(',').unwrap_or_default();
        bytes.extend(pixels.split(',').flat_map(str::parse::<u8>));
        labels.push(label);
    }
    let pool = RawPart {
        features: SIDE * SIDE,
        values: Values::Pixels {
            bytes,
            full_scale: FULL_SCALE,
        },
        labels,
        label_file: file.path().to_owned(),
    };
    let image = ImageShape {
        height: SIDE,
        width: SIDE,
        channels: 1,
    };
    Ok(RawData::nameless(
        pool,
        None,
        Some(image),
        vec![file.source()],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_is_the_whole_test_part_of_optdigits() {
        let pool = read().expect("part of the program").train;
        let Values::Pixels { bytes, .. } = &pool.values else {
            panic!("digits are pixels");
        };
        assert_eq!(pool.labels.len(), SAMPLES);
        assert_eq!(bytes.len(), SAMPLES * 64);
        assert_eq!(bytes.iter().max(), Some(&16));
        let classes = super::super::labels::Classes::of(&pool).expect("ten digits");
        let labels = classes.assign(&pool).expect("its own classes");
        let counts: Vec<usize> = (0..10)
            .map(|digit| labels.iter().filter(|&&label| label == digit).count())
            .collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        // The sum of all pixels, and the first row of the first digit, a zero.
        assert_eq!(
            bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>(),
            561_718
        );
        assert_eq!(bytes[..8], [0, 0, 5, 13, 9, 1, 0, 0]);
        assert_eq!(labels[0], 0);
    }
}
