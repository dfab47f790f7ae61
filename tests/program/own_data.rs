//! Data of one's own, from the first look to the model that knows its columns; and every example of docs/data.md.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;

use super::place::Place;
use super::results::trials;

/// A number in [0, 1) for each `at`, always the same.
fn noise(at: usize) -> f64 {
    (12.9898 * at as f64)
        .sin()
        .mul_add(43_758.545_3, 0.0)
        .rem_euclid(1.0)
}

/// Rows of class A, B or C in turn: the column with the number of the class is larger.
fn rows(count: usize, columns: [usize; 4], noisy: f64, extra: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for row in 0..count {
        let class = row % 3;
        text += ["A", "B", "C"][class];
        for column in columns {
            let mean = if column == class { 2.0 } else { 0.0 };
            let value = mean + noisy * (noise(7 * row + column) - 0.5);
            let _ = write!(text, ",{value:.4}");
        }
        text += &extra(row);
        text.push('\n');
    }
    text
}

fn grid(name: &str, rest: &str) -> String {
    format!(
        "name: {name}\ndata: {{source: csv, csv: {{label: label, features: 'x*', train: {name}_train.csv, \
         test: {name}_test.csv}}{rest}}}\nmodel: {{hidden: [8], bias: true}}\n\
         solver: {{iterations: 60, gamma: 5, rho: 5, alpha: 0.1}}\n"
    )
}

fn model(place: &Place, run: &str) -> String {
    let trial = trials(place, run)[0]["trial"].clone();
    format!("{run}/trials/{trial}/model.safetensors")
}

#[test]
fn a_trial_is_reproduced_from_its_own_data_alone() {
    let place = Place::new();
    for (part, count) in [("train", 60), ("test", 30)] {
        let table = rows(count, [0, 1, 2, 3], 1.0, |_| String::new());
        let table = format!("label,x1,x2,x3,x4\n{table}");
        place.write(&format!("own_{part}.csv"), &table);
    }
    place.write("own.yaml", &grid("own", ""));
    place.ends_with(0, &["own.yaml"]);
    let trial = trials(&place, "results/own")[0]["trial"].clone();
    place.ends_with(0, &["reproduce", "results/own", &trial]);
    let changed = format!("{}A,1,1,1,1\n", place.read("own_train.csv"));
    place.write("own_train.csv", &changed);
    let said = place.ends_with(2, &["reproduce", "results/own", &trial]);
    assert!(said.contains("own_train.csv: its SHA-256 is"), "{said}");
    assert!(said.contains("restore the file"), "{said}");
}

#[test]
fn eval_writes_what_the_model_answers_for_every_sample() {
    let place = Place::new();
    let table = rows(90, [0, 1, 2, 3], 1.0, |_| String::new());
    place.write("own.csv", &format!("label,x1,x2,x3,x4\n{table}"));
    place.write("own.yaml", "data: own.csv\nmodel: {hidden: [8]}\n");
    place.ends_with(0, &["own.yaml"]);
    let model = model(&place, "results/own");
    let said = place.ends_with(0, &["eval", &model, "own.csv", "--predictions", "out.csv"]);
    let answers = place.read("out.csv");
    let mut lines = answers.lines();
    assert_eq!(
        lines.next(),
        Some("part,sample,label,prediction,output A,output B,output C")
    );
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 90);
    for (row, class) in rows.iter().zip(["A", "B", "C"].into_iter().cycle()) {
        assert_eq!(row[2], class, "in the order of the file");
        let outputs: Vec<f64> = row[4..]
            .iter()
            .map(|output| output.parse().unwrap())
            .collect();
        let largest = outputs.iter().copied().fold(f64::MIN, f64::max);
        let named = ["A", "B", "C"].iter().position(|name| *name == row[3]);
        assert_eq!(outputs[named.unwrap()], largest);
    }
    let right = rows.iter().filter(|row| row[2] == row[3]).count() as f64 / 90.0;
    assert!(
        said.contains(&format!("test: accuracy {right:.4}")),
        "{said}"
    );
}

#[test]
fn a_model_finds_its_columns_by_name() {
    let place = Place::new();
    for (part, count) in [("train", 60), ("test", 30)] {
        let table = |header: &str, columns| {
            format!(
                "label,{header}\n{}",
                rows(count, columns, 1.0, |_| String::new())
            )
        };
        place.write(
            &format!("plain_{part}.csv"),
            &table("x1,x2,x3,x4", [0, 1, 2, 3]),
        );
        place.write(
            &format!("rev_{part}.csv"),
            &table("x4,x3,x2,x1", [3, 2, 1, 0]),
        );
        place.write(
            &format!("less_{part}.csv"),
            &table("x1,x2,x9,x4", [0, 1, 2, 3]),
        );
    }
    for name in ["plain", "rev", "less"] {
        place.write(&format!("{name}.yaml"), &grid(name, ""));
    }
    place.ends_with(0, &["plain.yaml"]);
    let model = model(&place, "results/plain");
    let own = place.ends_with(0, &["eval", &model, "plain.yaml"]);
    assert!(own.contains("test: accuracy 1.0000"), "{own}");
    assert_eq!(place.ends_with(0, &["eval", &model, "rev.yaml"]), own);
    // A data file alone: all of it.
    let said = place.ends_with(0, &["eval", &model, "rev_test.csv"]);
    assert_eq!(
        said,
        "test: accuracy 1.0000, balanced accuracy 1.0000 (30 samples)\n"
    );
    let said = place.ends_with(2, &["eval", &model, "less.yaml"]);
    assert!(said.contains("\"x3\" is missing"), "{said}");
    place.ends_with(
        0,
        &["export", &model, "--onnx", "m.onnx", "--numpy", "m.npz"],
    );
    for file in ["m.onnx", "m.npz", &model] {
        let bytes = fs::read(place.path(file)).unwrap();
        // JSON within JSON has its quotes escaped.
        let text = String::from_utf8_lossy(&bytes).replace('\\', "");
        assert!(text.contains(r#"["x1","x2","x3","x4"]"#), "{file}");
    }
}

#[test]
fn times_keep_their_seconds_in_the_program_and_in_exports() {
    let place = Place::new();
    for (part, count) in [("train", 60), ("test", 30)] {
        let time = |row: usize| {
            let class = (row % 3) as f64 - 1.0;
            format!(",{:.3}", 1.7e9 + 10.0 * class + noise(row))
        };
        let rows = rows(count, [3, 3, 3, 3], 60.0, time);
        place.write(
            &format!("time_{part}.csv"),
            &format!("label,x1,x2,x3,x4,x5\n{rows}"),
        );
    }
    place.write("time.yaml", &grid("time", ", standardize: true"));
    place.ends_with(0, &["time.yaml"]);
    let accuracy: f64 = trials(&place, "results/time")[0]["test_accuracy"]
        .parse()
        .unwrap();
    assert!(accuracy > 0.7, "{accuracy}");
    let model = model(&place, "results/time");
    let said = place.ends_with(0, &["eval", &model, "time.yaml"]);
    assert!(
        said.contains(&format!("test: accuracy {accuracy:.4}")),
        "{said}"
    );
    let said = place.ends_with(0, &["export", &model, "--onnx", "m.onnx"]);
    assert!(said.contains("double precision (float64)"), "{said}");
    let graph = fs::read(place.path("m.onnx")).unwrap();
    let has = |words: &[u8]| graph.windows(words.len()).any(|found| found == words);
    assert!(has(b"Cast"));
    assert!(has(&1.7e9_f64.to_le_bytes()[6..]), "numbers in double");
}

#[test]
fn init_writes_a_grid_that_runs_at_once() {
    let place = Place::new();
    let mut table = "id,colour,size,klass\n".to_owned();
    for row in 0..90 {
        let size = if row % 9 == 4 {
            "?".to_owned()
        } else {
            format!("{:.2}", 3.0 * noise(row))
        };
        let colour = ["red", "green", "blue"][row % 3];
        let _ = writeln!(
            table,
            "{row},{colour},{size},{}",
            ["yes", "no", "no"][row % 3]
        );
    }
    place.write("mine.csv", &table);
    let said = place.ends_with(0, &["init", "mine.csv"]);
    assert!(said.contains("mine.yaml: written"), "{said}");
    let text = place.read("mine.yaml");
    for line in [
        "path: mine.csv",
        "label: klass",
        "ignore: [id]",
        "missing: mean",
        "split: {test: 0.2, validation: 0.1, seed: 0}",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    let said = place.ends_with(0, &["plan", "mine.yaml"]);
    assert!(said.contains("mine: 21 trials"), "{said}");
    assert!(said.contains("label column \"klass\""), "{said}");
    place.write(
        "quick.yaml",
        &text.replace("seeds: 3", "seeds: 1\nsolver: {iterations: 30}"),
    );
    place.ends_with(0, &["quick.yaml"]);
    let best = trials(&place, "results/quick")
        .iter()
        .map(|row| row["test_accuracy"].parse::<f64>().unwrap())
        .fold(0.0, f64::max);
    assert!(best > 0.9, "{best}");
    let ratios: Vec<f64> = (trials(&place, "results/quick").iter())
        .filter(|row| row["compression.method"] != "none")
        .map(|row| row["compression_ratio"].parse().unwrap())
        .collect();
    assert_eq!(ratios.len(), 6);
    assert!(ratios.iter().all(|ratio| *ratio > 1.0), "{ratios:?}");

    let said = place.ends_with(2, &["init", "mine.csv"]);
    assert!(said.contains("--force"), "{said}");
    place.ends_with(0, &["init", "mine.csv", "--force", "--out", "mine.yaml"]);
    place.ends_with(
        0,
        &["init", "mine.csv", "--out", "grids/mine.yaml"].map(|word| {
            fs::create_dir_all(place.path("grids")).unwrap();
            word
        }),
    );
    place.ends_with(0, &["plan", "grids/mine.yaml"]);
    place.ends_with(0, &["init"]);
    let said = place.ends_with(0, &["plan", "digits.yaml"]);
    assert!(said.contains("digits: 21 trials"), "{said}");
    let said = place.ends_with(2, &["init", "nothing.csv"]);
    assert!(said.contains("nothing.csv"), "{said}");
}

/// Writes the files that the examples of the page read.
fn write_examples(place: &Place) {
    let mut shop = "id,city,visits,income,buys\n".to_owned();
    for row in 0..120 {
        let visits = (row * 7) % 13;
        let income = if row % 11 == 1 {
            "NA".to_owned()
        } else {
            format!("{:.1}", 30.0 + 20.0 * noise(row))
        };
        let buys = if visits > 6 { "yes" } else { "no" };
        let _ = writeln!(
            shop,
            "{row},{},{visits},{income},{buys}",
            ["Oslo", "Rome", "Oslo"][row % 3]
        );
    }
    place.write("shop.csv", &shop);
    let mut rare = "a,b,fault\n".to_owned();
    for row in 0..200 {
        let fault = row % 10 == 0;
        let a = noise(row) + if fault { 2.0 } else { 0.0 };
        let _ = writeln!(rare, "{a:.3},{:.3},{}", noise(row + 500), u8::from(fault));
    }
    place.write("rare.csv", &rare);
    let npy = |kind: &str, shape: &str, entries: &[u8]| {
        let head = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(head.len()).unwrap().to_le_bytes());
        bytes.extend(head.as_bytes());
        bytes.extend(entries);
        bytes
    };
    let x: Vec<u8> = (0..160)
        .flat_map(|at| (noise(at) as f32 + (at / 2 % 2) as f32).to_le_bytes())
        .collect();
    let y: Vec<u8> = (0..80_i64)
        .flat_map(|row| (row % 2).to_le_bytes())
        .collect();
    let mut archive = zip::ZipWriter::new(fs::File::create(place.path("mine.npz")).unwrap());
    for (name, bytes) in [
        ("x.npy", npy("<f4", "80, 2", &x)),
        ("y.npy", npy("<i8", "80,", &y)),
    ] {
        let options = zip::write::SimpleFileOptions::DEFAULT
            .compression_method(zip::CompressionMethod::Stored);
        archive.start_file(name, options).unwrap();
        std::io::Write::write_all(&mut archive, &bytes).unwrap();
    }
    archive.finish().unwrap();
    fs::create_dir(place.path("mnist")).unwrap();
    for (part, count) in [("train", 100_u32), ("t10k", 40)] {
        let pixel = |image: u32, at: u32| {
            let noise = 40.0 * noise((1000 * count + 64 * image + at) as usize);
            if at / 32 == image % 2 {
                250
            } else {
                noise as u8
            }
        };
        let pixels: Vec<u8> = (0..count)
            .flat_map(|image| (0..64).map(move |at| pixel(image, at)))
            .collect();
        let labels: Vec<u8> = (0..count).map(|image| (image % 2) as u8).collect();
        let sizes = |sizes: &[u32]| {
            sizes
                .iter()
                .flat_map(|size| size.to_be_bytes())
                .collect::<Vec<u8>>()
        };
        let images = [sizes(&[0x803, count, 8, 8]), pixels].concat();
        let labels = [sizes(&[0x801, count]), labels].concat();
        fs::write(
            place.path(&format!("mnist/{part}-images-idx3-ubyte")),
            images,
        )
        .unwrap();
        fs::write(
            place.path(&format!("mnist/{part}-labels-idx1-ubyte")),
            labels,
        )
        .unwrap();
    }
}

#[test]
fn every_example_of_the_page_on_data_runs() {
    let page = fs::read_to_string("docs/data.md").unwrap();
    let place = Place::new();
    write_examples(&place);
    let mut files = HashMap::new();
    for (number, block) in page.split("```yaml\n").skip(1).enumerate() {
        let grid = block.split("```").next().unwrap();
        let name = format!("example{number}");
        place.write(&format!("{name}.yaml"), grid);
        let planned = place.ends_with(0, &["plan", &format!("{name}.yaml")]);
        assert!(!planned.contains("warning"), "{planned}");
        place.ends_with(0, &[&format!("{name}.yaml")]);
        let rows = trials(&place, &format!("results/{name}"));
        let best = rows
            .iter()
            .map(|row| row["balanced_accuracy"].parse::<f64>().unwrap());
        files.insert(name, best.fold(0.0, f64::max));
    }
    assert_eq!(files.len(), 4, "{files:?}");
    assert!(files.values().all(|accuracy| *accuracy > 0.8), "{files:?}");
}
