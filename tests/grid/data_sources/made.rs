//! Inputs that tests make up: tables, arrays, images; and what becomes of them.

use std::fs;

use nnbcd::data::{DataSettings, Dataset, load};
use nnbcd::grid::plan_from_text;
use tempfile::TempDir;

pub const HEADER: [&str; 5] = ["label", "x1", "x2", "x3", "x4"];

/// The first lines of UCI's wine quality.
pub const WINE: &str = "\"fixed acidity\";\"volatile acidity\";\"quality\"\n7;0.27;6\n6.3;0.3;5\n8.1;0.28;6\n7.2;0.23;5\n";

/// Some lines of UCI's iris.
pub const IRIS: &str = "5.1,3.5,1.4,0.2,Iris-setosa\n4.9,3.0,1.4,0.2,Iris-setosa\n\
                        7.0,3.2,4.7,1.4,Iris-versicolor\n6.4,3.2,4.5,1.5,Iris-versicolor\n";

/// Rows of class `A`, `B` or `C` in turn, and four numbers, of which the first three tell the class.
pub fn number_rows(count: usize, seed: u64, noise: f64) -> Vec<Vec<String>> {
    let mut state = seed;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
    };
    (0..count)
        .map(|row| {
            let class = row % 3;
            let mut cells = vec![["A", "B", "C"][class].to_owned()];
            cells.extend((0..4).map(|column| {
                let mean = if column == class { 2.0 } else { 0.0 };
                format!("{:.4}", mean + 2.0 * noise * random())
            }));
            cells
        })
        .collect()
}

pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let lines = rows.iter().map(|row| row.join(",") + "\n");
    format!("{}\n{}", header.join(","), lines.collect::<String>())
}

/// The bytes of `numpy.save`.
pub fn npy(kind: &str, shape: &[usize], entries: &[u8]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size},")).collect();
    let head = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(head.len()).expect("short").to_le_bytes());
    bytes.extend(head.as_bytes());
    bytes.extend(entries);
    bytes
}

/// An IDX file of bytes.
pub fn idx(shape: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, u8::try_from(shape.len()).expect("few")];
    file.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(bytes);
    file
}

pub fn place() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

pub fn put(place: &TempDir, name: &str, content: impl AsRef<[u8]>) {
    let path = place.path().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, content).expect("a writable folder");
}

/// The settings of `data: …` of a grid file in this place.
pub fn settings(place: &TempDir, data: &str) -> Result<DataSettings, String> {
    let grid = format!("data: {data}\nmodel: {{hidden: [4]}}\n");
    let plan = plan_from_text(&grid, &place.path().join("g.yaml")).map_err(|e| e.to_string())?;
    Ok(plan.trials[0].settings.data.clone())
}

/// What such data give, or what is said about them.
pub fn outcome(place: &TempDir, data: &str) -> Result<Dataset, String> {
    let settings = settings(place, data)?;
    load(&settings, place.path()).map_err(|error| error.within("data").to_string())
}

pub fn read(place: &TempDir, data: &str) -> Dataset {
    outcome(place, data).unwrap_or_else(|error| panic!("{data}: {error}"))
}

pub fn refused(place: &TempDir, data: &str) -> String {
    match outcome(place, data) {
        Err(message) => message,
        Ok(_) => panic!("{data} was accepted"),
    }
}

/// Names of the inputs of a table.
pub fn names(data: &Dataset) -> Vec<String> {
    data.transformation.as_ref().expect("a table").input_names()
}

/// Thirty rows of three classes.
pub fn plain() -> String {
    table(&HEADER, &number_rows(30, 1, 0.3))
}
