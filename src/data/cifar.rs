//! The binary version of CIFAR-10: records of a label and three planes of 32 x 32 bytes.

use std::path::Path;

use super::dataset::{ImageShape, SourceFile};
use super::error::DataError;
use super::labels::LabelColumn;
use super::raw::{RawData, RawPart, Values};
use super::stored::StoredFile;

const SIDE: usize = 32;
const PIXELS: usize = SIDE * SIDE;
const CHANNELS: usize = 3;
const RECORD: usize = 1 + CHANNELS * PIXELS;
const FULL_SCALE: f64 = 255.0;

/// Name of the file of training batch `number`.
pub(super) fn batch(number: usize) -> String {
    format!("data_batch_{number}.bin")
}

/// Reads the five training batches and the test batch in `directory`.
pub(super) fn read(directory: &Path, base: &Path) -> Result<RawData, DataError> {
    let mut files = Vec::new();
    let names: Vec<String> = (1..=5).map(batch).collect();
    let classes = class_names(directory, base);
    let train = part(&names, directory, base, &classes, &mut files)?;
    let test = part(
        &["test_batch.bin".to_owned()],
        directory,
        base,
        &classes,
        &mut files,
    )?;
    let image = ImageShape {
        height: SIDE,
        width: SIDE,
        channels: CHANNELS,
    };
    Ok(RawData::nameless(train, Some(test), Some(image), files))
}

/// What `batches.meta.txt` calls the classes, if it is there.
fn class_names(directory: &Path, base: &Path) -> Vec<String> {
    let file = StoredFile::open(base, &[directory.join("batches.meta.txt")], "");
    let text = file
        .ok()
        .map(|file| String::from_utf8_lossy(&file.start(4096)).into_owned());
    let text = text.unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

fn part(
    names: &[String],
    directory: &Path,
    base: &Path,
    classes: &[String],
    files: &mut Vec<SourceFile>,
) -> Result<RawPart, DataError> {
    let mut bytes = Vec::new();
    let mut labels = LabelColumn::default();
    let mut label_file = directory.to_owned();
    for name in names {
        let remedy =
            "put the file there, or let `path` name the directory that holds the six batches";
        let file = StoredFile::open(base, &[directory.join(name)], remedy)?;
        let content = file.content_bytes()?;
        let (records, rest) = content.as_chunks::<RECORD>();
        if !rest.is_empty() || records.is_empty() {
            return Err(file.content(
                None,
                "length of the file",
                format!("{} bytes", content.len()),
                format!("a multiple of {RECORD} bytes"),
                "use the binary version of CIFAR-10 (cifar-10-binary.tar.gz), and download it again",
            ));
        }
        for record in records {
            let label = usize::from(record[0]);
            labels.push(
                &classes
                    .get(label)
                    .cloned()
                    .unwrap_or_else(|| label.to_string()),
            );
            let planes = &record[1..];
            // Features of an image are ordered row, column, channel.
            for pixel in 0..PIXELS {
                bytes.extend((0..CHANNELS).map(|channel| planes[channel * PIXELS + pixel]));
            }
        }
        file.path().clone_into(&mut label_file);
        files.push(file.source());
    }
    Ok(RawPart {
        features: CHANNELS * PIXELS,
        values: Values::Pixels {
            bytes,
            full_scale: FULL_SCALE,
        },
        labels,
        label_file,
    })
}
