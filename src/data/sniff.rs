//! What a file is, by how it begins: so that one that is something else is called by its name.

/// What a file seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text, or nothing that is known.
    Unknown,
    /// `.npy`
    Npy,
    /// A ZIP archive: `.npz` among others.
    Zip,
    /// A kind that is not read.
    Foreign(&'static Foreign),
}

/// A kind of file that is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// What it is.
    pub(super) name: &'static str,
    /// How to make something of it that can be read.
    pub(super) remedy: &'static str,
}

const UNPACK: &str = "unpack it, and name the file inside";
const BY_PANDAS: &str = "convert it, as in \
    python3 -c \"import pandas; pandas.read_parquet('IN').to_csv('OUT.csv', index=False)\"";

/// Kinds with the bytes that they begin with.
const FOREIGN: &[(&[u8], Foreign)] = &[
    (b"PAR1", foreign("a Parquet file", BY_PANDAS)),
    (
        b"\xfd7zXZ\0",
        foreign("xz data", "unpack it with xz -d, and name the result"),
    ),
    (
        b"BZh",
        foreign("bzip2 data", "unpack it with bzip2 -d, and name the result"),
    ),
    (b"7z\xbc\xaf\x27\x1c", foreign("a 7z archive", UNPACK)),
    (b"Rar!", foreign("a RAR archive", UNPACK)),
    (
        b"\x89HDF\r\n\x1a\n",
        foreign(
            "an HDF5 file",
            "write its arrays with numpy.savez, as x_train, y_train, x_test and y_test",
        ),
    ),
    (
        b"ARROW1",
        foreign(
            "an Arrow or Feather file",
            "write it as CSV, as with pandas.read_feather and to_csv",
        ),
    ),
    (
        b"MATLAB 5.0",
        foreign(
            "a MATLAB file",
            "write its arrays with scipy.io.loadmat and numpy.savez, as x and y",
        ),
    ),
    (
        b"\xd0\xcf\x11\xe0",
        foreign("an Excel file of the old format", "save the sheet as CSV"),
    ),
    (
        b"SQLite format 3\0",
        foreign("an SQLite database", "write the table as CSV"),
    ),
    (b"%PDF", foreign("a PDF document", "get the data as CSV")),
    (
        b"version https://git-lfs",
        foreign(
            "a pointer of Git LFS, not the file itself",
            "run git lfs pull",
        ),
    ),
    (b"\x80\x02", PICKLE),
    (b"\x80\x03", PICKLE),
    (b"\x80\x04", PICKLE),
    (b"\x80\x05", PICKLE),
];

const PICKLE: Foreign = foreign(
    "a Python pickle",
    "write its arrays with numpy.savez, as x_train, y_train, x_test and y_test",
);
const HTML: Foreign = foreign(
    "an HTML page, as servers send instead of a file",
    "download the file again, and look at the page for the reason",
);
const JSON: Foreign = foreign(
    "JSON",
    "write it as CSV, as with pandas.read_json and to_csv",
);
/// A ZIP archive that holds a workbook.
pub(super) const WORKBOOK: Foreign = foreign("an Excel workbook", "save the sheet as CSV");
/// A ZIP archive of something else than arrays.
pub(super) const ARCHIVE: Foreign = foreign("a ZIP archive", UNPACK);
/// An array where text is wanted.
pub(super) const ARRAY: Foreign = foreign(
    "a NumPy array",
    "write `data: FILE` or `source: file`, which find the format out",
);

const fn foreign(name: &'static str, remedy: &'static str) -> Foreign {
    Foreign { name, remedy }
}

/// What the first bytes of a file, unpacked, say of it.
pub(super) fn kind(start: &[u8]) -> Kind {
    if start.starts_with(b"\x93NUMPY") {
        return Kind::Npy;
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Kind::Zip;
    }
    if let Some((_, foreign)) = FOREIGN.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Kind::Foreign(foreign);
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let text = text.trim_ascii_start();
    let begins = |word: &[u8]| {
        (text.get(..word.len())).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
    };
    if begins(b"<!doctype html") || begins(b"<html") || begins(b"<?xml") {
        return Kind::Foreign(&HTML);
    }
    if begins(b"{\"") || begins(b"[{") || begins(b"[[") {
        return Kind::Foreign(&JSON);
    }
    Kind::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_by_their_names() {
        let name = |start: &[u8]| match kind(start) {
            Kind::Foreign(foreign) => foreign.name,
            _ => "",
        };
        assert_eq!(name(b"PAR1\x15\x04"), "a Parquet file");
        assert_eq!(name(b"\xfd7zXZ\0\0"), "xz data");
        assert!(name(b"\n <!DOCTYPE HTML>\n").starts_with("an HTML page"));
        assert_eq!(name(b"{\"a\": 1}"), "JSON");
        assert_eq!(kind(b"PK\x03\x04"), Kind::Zip);
        assert_eq!(kind(b"\x93NUMPY\x01"), Kind::Npy);
        for text in [&b"a,b\n"[..], b"", b"{1 2}", b"<"] {
            assert_eq!(kind(text), Kind::Unknown);
        }
    }
}
