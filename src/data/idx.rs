//! `idx`: four files in the layout of MNIST.
//!
//! An IDX file is a header (two zero bytes, type of the values, number of dimensions, then each
//! dimension as a big-endian 32-bit number) and the values, row-major.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::dataset::{ImageShape, SourceFile};
use super::error::DataError;
use super::file::entries;
use super::labels::LabelColumn;
use super::raw::{RawData, RawPart, Values};
use super::stored::{StoredFile, located};

/// Type of the values that MNIST has: unsigned bytes.
const UNSIGNED_BYTE: u8 = 0x08;
const FULL_SCALE: f64 = 255.0;

/// Reads the training and test images and labels in `directory`.
pub(super) fn read(directory: &Path, base: &Path) -> Result<RawData, DataError> {
    let mut files = Vec::with_capacity(4);
    let (train, shape) = read_part("train", directory, base, &mut files)?;
    let (test, test_shape) = read_part("t10k", directory, base, &mut files)?;
    if test_shape != shape {
        return Err(DataError::Content {
            path: base.join(&files[2].path),
            line: None,
            field: "size of the images".into(),
            value: format!("{} x {}", test_shape.height, test_shape.width).into(),
            allowed: format!(
                "{} x {}, as in the training part",
                shape.height, shape.width
            )
            .into(),
            remedy: "use training and test files of the same data set".into(),
        });
    }
    Ok(RawData::nameless(train, Some(test), Some(shape), files))
}

fn read_part(
    part: &str,
    directory: &Path,
    base: &Path,
    files: &mut Vec<SourceFile>,
) -> Result<(RawPart, ImageShape), DataError> {
    let image_file = open(part, "images", 3, directory, base)?;
    let label_file = open(part, "labels", 1, directory, base)?;
    files.extend([image_file.source(), label_file.source()]);
    let ([count, height, width], bytes) = read_values(&image_file)?;
    let ([labels], codes) = read_values(&label_file)?;
    if labels != count {
        return Err(label_file.content(
            None,
            "number of labels",
            labels.to_string(),
            format!("{count}, one for each image of the part"),
            "use images and labels of the same data set",
        ));
    }
    let mut labels = LabelColumn::default();
    for code in codes {
        labels.push(&code.to_string());
    }
    let part = RawPart {
        features: height * width,
        values: Values::Pixels {
            bytes,
            full_scale: FULL_SCALE,
        },
        labels,
        label_file: label_file.path().to_owned(),
    };
    let shape = ImageShape {
        height,
        width,
        channels: 1,
    };
    Ok((part, shape))
}

/// Mirrors write `train-images-idx3-ubyte` or `train-images.idx3-ubyte`, relatives of MNIST put the name of the set before it
/// and call the test part `test`.
fn open(
    part: &str,
    what: &str,
    dimensions: usize,
    directory: &Path,
    base: &Path,
) -> Result<StoredFile, DataError> {
    let parts: &[&str] = if part == "t10k" {
        &["t10k", "test"]
    } else {
        &[part]
    };
    let names: Vec<String> = (parts.iter())
        .flat_map(|part| ['-', '.'].map(|mark| format!("{part}-{what}{mark}idx{dimensions}-ubyte")))
        .collect();
    let mut paths: Vec<PathBuf> = names[..2].iter().map(|name| directory.join(name)).collect();
    paths.extend(prefixed(&names, directory, base)?);
    StoredFile::open(
        base,
        &paths,
        "put the file there, or let `path` name the directory that holds the four IDX files",
    )
}

/// Files whose names have the name of a set before one of these. `directory` may end in that name, for a directory with several
/// sets: `emnist/emnist-letters`.
fn prefixed(names: &[String], directory: &Path, base: &Path) -> Result<Vec<PathBuf>, DataError> {
    let place = located(base, directory);
    if !place.is_dir() {
        let Some(set) = directory.file_name().map(|set| set.to_string_lossy()) else {
            return Ok(Vec::new());
        };
        let path = |name: &String| directory.with_file_name(format!("{set}-{name}"));
        return Ok(names.iter().map(path).collect());
    }
    let mut sets = BTreeMap::new();
    for entry in entries(&place) {
        let unpacked = entry.trim_end_matches(".gz").trim_end_matches(".zst");
        for name in names {
            if let Some(set) = unpacked.strip_suffix(name.as_str()) {
                sets.insert(set.to_owned(), directory.join(unpacked));
            }
        }
    }
    if sets.len() > 1 && !sets.contains_key("") {
        let sets: Vec<&str> = sets
            .keys()
            .map(|set| set.trim_end_matches(['-', '_']))
            .collect();
        return Err(DataError::Content {
            path: place,
            line: None,
            field: "the directory".into(),
            value: format!("one with {}", sets.join(", ")).into(),
            allowed: "one set of IDX files".into(),
            remedy: format!(
                "let `path` end in the name of a set, as in {}",
                directory.join(sets[0]).display()
            )
            .into(),
        });
    }
    Ok(sets.into_values().collect())
}

/// Dimensions and values of a file of unsigned bytes with `N` dimensions.
///
/// The header is compared with what the file really holds before it is believed: at most one byte
/// more than it promises is unpacked, and nothing is set aside for bytes that never come.
fn read_values<const N: usize>(file: &StoredFile) -> Result<([usize; N], Vec<u8>), DataError> {
    let mut reader = file.reader();
    let mut header = Vec::new();
    let header_length = 4 + 4 * N;
    reader
        .by_ref()
        .take(header_length as u64)
        .read_to_end(&mut header)
        .map_err(|error| file.damaged(error))?;
    let dimensions = read_header(file, &header)?;
    let promised = dimensions
        .iter()
        .try_fold(1_u64, |product, &size| product.checked_mul(size as u64))
        .ok_or_else(|| wrong_length(file, &dimensions, "less than 2^64 bytes"))?;
    let mut values = Vec::new();
    reader
        .take(promised.saturating_add(1))
        .read_to_end(&mut values)
        .map_err(|error| file.damaged(error))?;
    let held = values.len() as u64;
    if held > promised {
        let held = format!("more than {promised} bytes");
        return Err(wrong_length(file, &dimensions, &held));
    }
    if held < promised {
        return Err(wrong_length(file, &dimensions, &format!("{held} bytes")));
    }
    Ok((dimensions, values))
}

fn read_header<const N: usize>(file: &StoredFile, header: &[u8]) -> Result<[usize; N], DataError> {
    let remedy = "use the IDX file that the name stands for";
    let (words, _) = header.as_chunks::<4>();
    let Some((magic, sizes)) = words.split_first().filter(|(_, sizes)| sizes.len() == N) else {
        return Err(file.content(
            None,
            "length of the header",
            format!("{} bytes", header.len()),
            format!("{} bytes", 4 + 4 * N),
            remedy,
        ));
    };
    let expected = u32::from_be_bytes([0, 0, UNSIGNED_BYTE, N as u8]);
    let magic = u32::from_be_bytes(*magic);
    if magic != expected {
        return Err(file.content(
            None,
            "magic number",
            format!("{magic:#010x}"),
            format!("{expected:#010x} (unsigned bytes, dimensions: {N})"),
            remedy,
        ));
    }
    let mut dimensions = [0; N];
    for (index, (dimension, size)) in dimensions.iter_mut().zip(sizes).enumerate() {
        *dimension = u32::from_be_bytes(*size) as usize;
        if *dimension == 0 {
            return Err(file.content(
                None,
                format!("dimension {}", index + 1),
                "0",
                "at least 1",
                remedy,
            ));
        }
    }
    Ok(dimensions)
}

fn wrong_length(file: &StoredFile, dimensions: &[usize], held: &str) -> DataError {
    let sizes: Vec<String> = dimensions.iter().map(usize::to_string).collect();
    file.content(
        None,
        "length of the data",
        held,
        format!("{} bytes, as its header says", sizes.join(" x ")),
        "the file is truncated or damaged: download it again",
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn images(bytes: Vec<u8>) -> Result<([usize; 3], Vec<u8>), DataError> {
        read_values(&StoredFile::in_memory("train-images-idx3-ubyte", bytes))
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    proptest! {
        #[test]
        fn any_bytes_give_what_the_header_promises_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            sizes in prop::array::uniform3(prop_oneof![1_u32..4, any::<u32>()]),
            packed in any::<bool>(),
        ) {
            let mut with_header = vec![0, 0, UNSIGNED_BYTE, 3];
            with_header.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
            with_header.extend(&bytes);
            for content in [bytes, with_header] {
                let content = if packed { gzip(&content) } else { content };
                if let Ok((dimensions, values)) = images(content) {
                    prop_assert_eq!(dimensions.iter().product::<usize>(), values.len());
                }
            }
        }
    }
}
