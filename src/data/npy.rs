//! `.npy`: one array of `NumPy`. A header in Python's spelling, then the numbers.

use std::borrow::Cow;

use super::error::{DataError, shown};
use super::labels::LabelColumn;
use super::raw::Values;
use super::stored::StoredFile;

const WRITE_AGAIN: &str = "write the array again with numpy.save";

/// The byte that stands for 1 in an image of bytes.
const FULL_SCALE: f64 = 255.0;

/// An array, row-major.
pub(super) struct Array<'a> {
    /// What messages call it.
    name: &'a str,
    file: &'a StoredFile,
    pub(super) shape: Vec<usize>,
    item: Item,
    /// Little-endian numbers, or characters.
    bytes: Cow<'a, [u8]>,
}

/// Type of the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Item {
    /// `f`, `i`, `u`, `b`: numbers; `U`, `S`: text.
    kind: u8,
    /// Bytes of an entry.
    size: usize,
}

impl<'a> Array<'a> {
    /// Takes the bytes of an array apart.
    pub(super) fn parse(
        file: &'a StoredFile,
        name: &'a str,
        bytes: Cow<'a, [u8]>,
    ) -> Result<Self, DataError> {
        let refused = |value: String, allowed: &'static str, remedy: &'static str| {
            Err(file.content(None, format!("array {name}"), value, allowed, remedy))
        };
        let Some((text, start)) = header(&bytes) else {
            return refused(
                "without a whole header".into(),
                "an array of NumPy",
                WRITE_AGAIN,
            );
        };
        let header = &text.to_owned()[..];
        let (Some(kind), Some(shape)) = (field(header, "'descr':"), shape(header)) else {
            return refused(
                shown(header.as_bytes()),
                "a header with descr and shape",
                WRITE_AGAIN,
            );
        };
        let Some((swapped, item)) = item(kind) else {
            let allowed = "numbers of up to 8 bytes, or text of a fixed length";
            let remedy = "write the array with astype('float64'), or labels with astype('U')";
            return refused(
                format!("of type {}", shown(kind.as_bytes())),
                allowed,
                remedy,
            );
        };
        let entries = shape
            .iter()
            .try_fold(1_usize, |product, size| product.checked_mul(*size));
        let wanted = entries.and_then(|entries| entries.checked_mul(item.size));
        if wanted != Some(bytes.len() - start) || wanted == Some(0) {
            let held = format!("{} bytes", bytes.len() - start);
            let remedy = "the file is truncated or empty: write it again";
            return refused(held, "as many as its header says, and some", remedy);
        }
        let mut bytes = behind(bytes, start);
        if swapped {
            let unit = if item.kind == b'U' { 4 } else { item.size };
            bytes
                .to_mut()
                .chunks_exact_mut(unit)
                .for_each(<[u8]>::reverse);
        }
        if field(header, "'fortran_order':").is_some_and(|word| word.starts_with("True")) {
            bytes = Cow::Owned(row_major(&bytes, &shape, item.size));
        }
        Ok(Self {
            name,
            file,
            shape,
            item,
            bytes,
        })
    }

    /// Number of entries along the first dimension.
    pub(super) fn samples(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Whether the array holds text.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.item.kind, b'U' | b'S')
    }

    fn refused(
        &self,
        value: impl Into<Box<str>>,
        allowed: &'static str,
        remedy: &'static str,
    ) -> DataError {
        let field = format!("array {}", self.name);
        self.file.content(None, field, value, allowed, remedy)
    }

    fn numbers(&self) -> impl Iterator<Item = f64> + '_ {
        let item = self.item;
        self.bytes
            .chunks_exact(item.size)
            .map(move |bytes| number(item, bytes))
    }

    /// The entries as features; bytes of images (three dimensions and more) are shares of 255.
    pub(super) fn into_values(self) -> Result<Values, DataError> {
        if self.is_text() {
            let remedy = "write texts as numbers, or the table as CSV";
            return Err(self.refused("text", "numbers", remedy));
        }
        if self.numbers().any(|number| !number.is_finite()) {
            let remedy = "fill missing values in (numpy.nan_to_num), or write the table as CSV with `missing: mean`";
            return Err(self.refused("not finite in some entries", "finite numbers", remedy));
        }
        Ok(match (self.item.kind, self.item.size) {
            (b'u' | b'b', 1) => Values::Pixels {
                full_scale: if self.shape.len() > 2 {
                    FULL_SCALE
                } else {
                    1.0
                },
                bytes: self.bytes.into_owned(),
            },
            (b'f', 4) => Values::Singles(self.numbers().map(|number| number as f32).collect()),
            _ => Values::Numbers(self.numbers().collect()),
        })
    }

    /// The entries as labels.
    pub(super) fn labels(&self) -> Result<LabelColumn, DataError> {
        let columns: usize = self.shape.iter().skip(1).product();
        if columns != 1 {
            let value = format!("of shape {:?}", self.shape);
            let remedy = "write one label per sample, as with y.argmax(1)";
            return Err(self.refused(value, "one label per sample", remedy));
        }
        let mut labels = LabelColumn::default();
        for entry in self.bytes.chunks_exact(self.item.size) {
            match self.item.kind {
                b'U' => labels.push(&wide_text(entry)),
                b'S' => labels.push(&narrow_text(entry)),
                _ => labels.push(&number(self.item, entry).to_string()),
            }
        }
        Ok(labels)
    }
}

/// The bytes from `start` on.
fn behind(bytes: Cow<'_, [u8]>, start: usize) -> Cow<'_, [u8]> {
    match bytes {
        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[start..]),
        Cow::Owned(mut bytes) => {
            bytes.drain(..start);
            Cow::Owned(bytes)
        }
    }
}

/// The header and where the entries begin: magic, version, length of the header.
fn header(bytes: &[u8]) -> Option<(&str, usize)> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (length, begin) = match rest {
        [1, _, low, high, ..] => (u32::from(u16::from_le_bytes([*low, *high])), 10),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([*a, *b, *c, *d]), 12),
        _ => return None,
    };
    let end = begin + length as usize;
    let text = std::str::from_utf8(bytes.get(begin..end)?).ok()?;
    Some((text, end))
}

/// What follows a key of the header, without quotes.
fn field<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let rest = header.split_once(key)?.1.trim_start();
    match rest.strip_prefix('\'') {
        Some(quoted) => quoted.split('\'').next(),
        None => Some(rest),
    }
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let (sizes, _) = field(header, "'shape':")?
        .strip_prefix('(')?
        .split_once(')')?;
    let sizes = sizes
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty());
    sizes.map(|size| size.parse().ok()).collect()
}

/// Whether bytes are swapped, and the type of the entries, as in `<f8`.
fn item(kind: &str) -> Option<(bool, Item)> {
    let (order, rest) = kind.split_at_checked(1)?;
    let (kind, size) = rest.split_at_checked(1)?;
    let size: usize = size.parse().ok().filter(|size| *size > 0)?;
    let kind = kind.as_bytes()[0];
    let size = match (kind, size) {
        (b'f', 4 | 8) | (b'i' | b'u', 1 | 2 | 4 | 8) | (b'b', 1) | (b'S', _) => size,
        (b'U', _) => size.checked_mul(4)?,
        _ => return None,
    };
    Some((order == ">", Item { kind, size }))
}

fn number(item: Item, bytes: &[u8]) -> f64 {
    let mut word = [0; 8];
    word[..item.size.min(8)].copy_from_slice(&bytes[..item.size.min(8)]);
    let bits = u64::from_le_bytes(word);
    match (item.kind, item.size) {
        (b'f', 4) => f64::from(f32::from_bits(bits as u32)),
        (b'f', _) => f64::from_bits(bits),
        (b'i', size) => {
            let unused = 64 - 8 * size;
            ((bits << unused).cast_signed() >> unused) as f64
        }
        _ => bits as f64,
    }
}

fn wide_text(entry: &[u8]) -> String {
    let (words, _) = entry.as_chunks::<4>();
    let characters = words.iter().map(|word| u32::from_le_bytes(*word));
    let characters = characters.take_while(|code| *code != 0);
    characters
        .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn narrow_text(entry: &[u8]) -> String {
    let end = entry
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(entry.len());
    String::from_utf8_lossy(&entry[..end]).into_owned()
}

/// The entries with the last dimension fastest, which had the first one fastest.
fn row_major(bytes: &[u8], shape: &[usize], size: usize) -> Vec<u8> {
    let mut ordered = Vec::with_capacity(bytes.len());
    let mut index = vec![0; shape.len()];
    for _ in 0..bytes.len() / size {
        let at = (index.iter().zip(shape).rev()).fold(0, |at, (index, size)| at * size + index);
        ordered.extend_from_slice(&bytes[at * size..(at + 1) * size]);
        for (place, size) in index.iter_mut().zip(shape).rev() {
            *place += 1;
            if *place < *size {
                break;
            }
            *place = 0;
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn npy(head: &str, entries: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((head.len() as u16).to_le_bytes());
        bytes.extend(head.as_bytes());
        bytes.extend(entries);
        bytes
    }

    fn values(head: &str, entries: &[u8]) -> Result<Vec<f64>, DataError> {
        let file = StoredFile::in_memory("x.npy", Vec::new());
        let array = Array::parse(&file, "x", npy(head, entries).into())?;
        let count = array.shape.iter().product();
        let values = array.into_values()?;
        Ok((0..count).map(|index| values.at(index)).collect())
    }

    #[test]
    fn numbers_of_every_type_and_order_are_read() {
        let head = |kind: &str, order: &str, shape: &str| {
            format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': ({shape}), }}\n")
        };
        let little = values(&head("<i2", "False", "2,"), &[1, 0, 0xff, 0xff]).expect("numbers");
        assert_eq!(little, [1.0, -1.0]);
        let big = values(&head(">i2", "False", "2,"), &[0, 1, 0xff, 0xfe]).expect("numbers");
        assert_eq!(big, [1.0, -2.0]);
        let fortran = values(&head("|u1", "True", "2, 3"), &[1, 2, 3, 4, 5, 6]).expect("numbers");
        assert_eq!(fortran, [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
        let image = values(&head("|u1", "False", "1, 1, 2"), &[0, 255]).expect("numbers");
        assert_eq!(image, [0.0, 1.0]);
        let nan = values(&head("<f4", "False", "1,"), &f32::NAN.to_le_bytes());
        assert!(nan.expect_err("NaN").to_string().contains("not finite"));
        let message = values(&head("|O", "False", "1,"), &[0; 8])
            .expect_err("object")
            .to_string();
        assert!(message.contains("astype"), "{message}");
        let short = values(&head("<f8", "False", "2,"), &[0; 8])
            .expect_err("short")
            .to_string();
        assert!(short.contains("array x is 8 bytes"), "{short}");
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_array_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            head in "\\{'descr': '[<>|][fiuUSO][0-9]{1,2}', 'fortran_order': (True|False), 'shape': \\([0-9, ]{0,8}\\)\\}",
        ) {
            let file = StoredFile::in_memory("x.npy", Vec::new());
            for content in [bytes.clone(), npy(&head, &bytes)] {
                if let Ok(array) = Array::parse(&file, "x", content.into()) {
                    let _ = array.labels();
                    let _ = array.into_values();
                }
            }
        }
    }
}
