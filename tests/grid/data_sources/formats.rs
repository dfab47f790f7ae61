//! Arrays, images and the layouts of known data sets, each as it is shipped.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::made::{idx, npy, outcome, place, put, read};

fn npz(path: &Path, arrays: &[(&str, Vec<u8>)]) {
    let mut archive = ZipWriter::new(File::create(path).expect("a writable folder"));
    // As numpy.savez_compressed.
    let options = SimpleFileOptions::DEFAULT.compression_method(CompressionMethod::Deflated);
    for (name, bytes) in arrays {
        archive
            .start_file(format!("{name}.npy"), options)
            .expect("an archive");
        archive.write_all(bytes).expect("an archive");
    }
    archive.finish().expect("an archive");
}

fn doubles(numbers: &[f64]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

/// `count` images of two by two bytes, and labels 0 and 1 in turn.
fn images(count: usize) -> [Vec<u8>; 2] {
    let pixels: Vec<u8> = (0..4 * count).map(|byte| (byte % 251) as u8).collect();
    let labels: Vec<u8> = (0..count).map(|label| (label % 2) as u8).collect();
    [pixels, labels]
}

#[test]
fn archives_as_keras_ships_them() {
    let place = place();
    let [x, y] = images(20);
    let [x_test, y_test] = images(6);
    let arrays = [
        ("x_train", npy("|u1", &[20, 2, 2], &x)),
        ("y_train", npy("|u1", &[20], &y)),
        ("x_test", npy("|u1", &[6, 2, 2], &x_test)),
        ("y_test", npy("|u1", &[6], &y_test)),
    ];
    npz(&place.path().join("mnist.npz"), &arrays);
    let data = read(&place, "mnist.npz");
    assert_eq!((data.train.samples(), data.test.samples()), (20, 6));
    assert_eq!(data.train.inputs[(1, 0)], 1.0 / 255.0);
    assert_eq!(data.image.map(|image| image.width), Some(2));
    assert!(data.standardization.is_none(), "images keep their scale");
    let said = outcome(&place, "{path: mnist.npz, delimiter: ','}").expect_err("no table");
    assert!(said.contains("data.delimiter"), "{said}");
}

#[test]
fn arrays_of_numbers_and_of_names() {
    let place = place();
    let numbers: Vec<f64> = (0..40).map(f64::from).collect();
    let names: Vec<u8> = (0..20)
        .flat_map(|row| ["cat", "dog"][row % 2].chars())
        .flat_map(|letter| (letter as u32).to_le_bytes())
        .collect();
    let (x, y) = (
        npy("<f8", &[20, 2], &doubles(&numbers)),
        npy("<U3", &[20], &names),
    );
    npz(
        &place.path().join("both.npz"),
        &[("X", x.clone()), ("y", y.clone())],
    );
    let data = read(&place, "both.npz");
    assert_eq!(data.classes, ["cat", "dog"]);
    assert_eq!((data.train.samples(), data.test.samples()), (16, 4));
    assert!(data.standardization.is_some(), "a table is standardised");
    // The same as two files.
    put(&place, "X.npy", x.clone());
    put(&place, "y.npy", y);
    assert_eq!(read(&place, "X.npy").train, data.train);
    npz(
        &place.path().join("odd.npz"),
        &[("first", x), ("second", npy("|u1", &[20], &[0; 20]))],
    );
    npz(
        &place.path().join("test.npz"),
        &[
            ("x", npy("<f8", &[2, 2], &doubles(&[0.0; 4]))),
            ("y", npy("<U3", &[2], &b"c\0\0\0a\0\0\0t\0\0\0".repeat(2))),
        ],
    );
    let two = read(&place, "{train: both.npz, test: test.npz}");
    assert_eq!((two.train.samples(), two.test.samples()), (20, 2));
    let said = outcome(&place, "odd.npz").expect_err("no usual names");
    assert!(said.contains("the file has first, second"), "{said}");
}

#[test]
fn arff_and_libsvm() {
    let place = place();
    let mut arff = "% iris\n@RELATION 'a b'\n@ATTRIBUTE 'petal length' NUMERIC\n@attribute colour {red, 'dark blue'}\n\
                    @attribute class {a,b}\n@DATA\n"
        .to_owned();
    let mut svm = String::new();
    for row in 0..20 {
        let class = row % 2;
        arff += &format!(
            "{row},{},{}\n",
            ["red", "'dark blue'"][row / 2 % 2],
            ["a", "b"][class]
        );
        svm += &format!("{} 1:{row} 3:0.5\n", if class == 0 { "+1" } else { "-1" });
    }
    put(&place, "t.arff", arff);
    let data = read(&place, "{path: t.arff, standardize: false}");
    let names = data.transformation.as_ref().expect("a table").input_names();
    assert_eq!(names, ["petal length", "colour=dark blue", "colour=red"]);
    put(&place, "a1a", svm);
    let data = read(&place, "{path: a1a, standardize: false}");
    assert_eq!(
        (data.features(), &data.classes[..]),
        (3, &["-1".to_owned(), "1".to_owned()][..])
    );
    assert!(data.train.inputs.row(1).iter().all(|value| *value == 0.0));
}

#[test]
fn images_under_the_names_of_their_mirrors() {
    let place = place();
    let [x, y] = images(10);
    let (image, label) = (idx(&[10, 2, 2], &x), idx(&[10], &y));
    // Archives unpacked into directories of the names of their files.
    for (name, content) in [
        ("train-images-idx3-ubyte", &image),
        ("train-labels-idx1-ubyte", &label),
        ("t10k-images-idx3-ubyte", &image),
        ("t10k-labels-idx1-ubyte", &label),
    ] {
        put(&place, &format!("archive/{name}/{name}"), content);
        let part = name.replace("t10k", "test");
        put(&place, &format!("emnist/emnist-letters-{part}"), content);
    }
    let plain = read(&place, "{source: idx, path: archive}");
    assert_eq!(plain.train.samples(), 10);
    assert_eq!(read(&place, "archive").train, plain.train);
    assert_eq!(
        read(&place, "{source: idx, path: emnist}").train,
        plain.train
    );
    for part in ["train", "test"] {
        put(
            &place,
            &format!("emnist/emnist-digits-{part}-images-idx3-ubyte"),
            &image,
        );
        put(
            &place,
            &format!("emnist/emnist-digits-{part}-labels-idx1-ubyte"),
            &label,
        );
    }
    let said = outcome(&place, "{source: idx, path: emnist}").expect_err("two sets");
    assert!(said.contains("emnist-digits, emnist-letters"), "{said}");
    let chosen = read(&place, "{source: idx, path: emnist/emnist-letters}");
    assert_eq!(chosen.train, plain.train);
}

#[test]
fn cifar_and_hapt_as_they_are_shipped() {
    let place = place();
    let record = |label: u8| {
        let mut record = vec![label];
        for channel in 0..3_u8 {
            record.extend((0..1024).map(|pixel| if pixel == 1 { channel + 1 } else { 0 }));
        }
        record
    };
    let batch = [record(0), record(1)].concat();
    for number in 1..=5 {
        put(&place, &format!("cifar/data_batch_{number}.bin"), &batch);
    }
    put(&place, "cifar/test_batch.bin", &batch);
    put(&place, "cifar/batches.meta.txt", "airplane\nautomobile\n");
    let data = read(&place, "cifar");
    assert_eq!(data.classes, ["airplane", "automobile"]);
    assert_eq!((data.train.samples(), data.test.samples()), (10, 2));
    // Row, column, channel: the second pixel has the entries 3 to 5.
    let pixel: Vec<f64> = (2..7)
        .map(|at| data.train.inputs[(at, 0)] * 255.0)
        .collect();
    assert_eq!(pixel, [0.0, 1.0, 2.0, 3.0, 0.0]);

    for (folder, part) in [("Train", "train"), ("Test", "test")] {
        put(
            &place,
            &format!("HAPT/{folder}/X_{part}.txt"),
            "0.1 0.2\n0.3 0.4\n",
        );
        put(&place, &format!("HAPT/{folder}/y_{part}.txt"), "1\n2\n");
    }
    let hapt = read(&place, "{source: uci-har, path: HAPT}");
    assert_eq!(hapt.train.samples(), 2);
    assert_eq!(read(&place, "HAPT").train.labels, hapt.train.labels);
    put(&place, "parts/train.csv", "x,y\n1,a\n2,b\n3,a\n");
    put(&place, "parts/test.csv", "x,y\n1,a\n2,b\n");
    let parts = read(&place, "parts");
    assert_eq!((parts.train.samples(), parts.test.samples()), (3, 2));
    put(&place, "odd/readme.txt", "nothing");
    let said = outcome(&place, "odd").expect_err("nothing known");
    assert!(said.contains("one with readme.txt"), "{said}");
}
