//! `init`: a starter grid file for data of one's own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use nnbcd::data::choices::{Missing, Share, SplitSettings};
use nnbcd::data::{DataError, DataSettings, Dataset, Source, load};
use nnbcd::measure::{Notice, shell_word, visible};
use nnbcd::store::publish;

use super::say;

/// Classes that are listed with their numbers of samples.
const LISTED: usize = 12;
/// A class this many times as frequent as another calls for a balance.
const IMBALANCE: usize = 5;

/// Looks at the data and writes the file, which must not be there unless `force` is given.
pub fn init(data: Option<&Path>, out: Option<PathBuf>, force: bool) -> Result<ExitCode> {
    let name = data
        .and_then(Path::file_name)
        .map_or("digits".into(), |name| name.to_string_lossy());
    let stem = name
        .split('.')
        .next()
        .filter(|stem| !stem.is_empty())
        .unwrap_or("grid");
    let out = out.unwrap_or_else(|| format!("{stem}.yaml").into());
    if out.exists() && !force {
        bail!(
            "{}: exists already; name another file with --out FILE, or overwrite it with --force",
            out.display()
        );
    }
    let found = match data {
        None => Found {
            dataset: load(&DataSettings::of(Source::Digits), Path::new("."))?,
            lines: vec!["source: digits".to_owned(), "validation: 200".to_owned()],
        },
        Some(data) => look_at(data, &out)?,
    };
    let text = grid_file(data, &out, &found);
    publish(&out, text.as_bytes())?;
    for note in &found.dataset.notes {
        say(note);
    }
    for warning in &found.dataset.warnings {
        if warning.notice != Notice::IndexColumn {
            say(format_args!(
                "warning: {} ({})",
                warning.notice.sentence(),
                warning.numbers
            ));
        }
    }
    let shown = shell_word(&out.display().to_string());
    say(format_args!(
        "{shown}: written; look at it, then run it: nnbcd-tui {shown}"
    ));
    Ok(ExitCode::SUCCESS)
}

/// Data, and the lines of `data` that read them.
struct Found {
    dataset: Dataset,
    lines: Vec<String>,
}

fn look_at(data: &Path, out: &Path) -> Result<Found> {
    let mut settings = DataSettings {
        path: Some(data.to_owned()),
        ..DataSettings::of(Source::File)
    };
    let here = Path::new(".");
    let mut loaded = load_splitting(&mut settings, here);
    if loaded.is_err() {
        // Perhaps values are missing.
        settings.missing = Some(Missing::Mean);
        let filled = load_splitting(&mut settings, here);
        if filled.is_ok() {
            loaded = filled;
        }
    }
    let mut dataset = loaded.map_err(|error| error.within("data"))?;
    let ignored = useless_columns(&dataset);
    if !ignored.is_empty() {
        settings.ignore = Some(ignored);
        dataset = load(&settings, here).map_err(|error| error.within("data"))?;
    }
    let lines = data_lines(&settings, &dataset, data, out)?;
    Ok(Found { dataset, lines })
}

/// Loads with a validation part, and with a test part unless the data have one.
fn load_splitting(settings: &mut DataSettings, base: &Path) -> Result<Dataset, DataError> {
    let split = |test| SplitSettings {
        test,
        validation: Some(Share(0.1)),
        seed: 0,
    };
    settings.split = Some(split(Some(Share(0.2))));
    match load(settings, base) {
        Err(DataError::Setting { setting, .. }) if setting == "split.test" => {
            settings.split = Some(split(None));
            settings.shuffle_seed = Some(0);
            settings.stratify = Some(true);
            load(settings, base)
        }
        loaded => loaded,
    }
}

/// Columns that count rows, or hold text that hardly ever comes again.
fn useless_columns(dataset: &Dataset) -> Vec<String> {
    let counting = dataset
        .warnings
        .iter()
        .filter_map(|warning| warning.column.clone());
    let fitted = dataset.transformation.iter();
    let texts = fitted.flat_map(|fitted| fitted.without_inputs().map(str::to_owned));
    counting.chain(texts).collect()
}

fn data_lines(
    settings: &DataSettings,
    dataset: &Dataset,
    data: &Path,
    out: &Path,
) -> Result<Vec<String>> {
    let beside = out.parent().is_none_or(|parent| parent == Path::new(""));
    let path = if beside {
        data.to_owned()
    } else {
        std::path::absolute(data)?
    };
    let mut lines = vec![format!("path: {}", yaml_word(&path.to_string_lossy()))];
    if let Some(label) = &dataset.label {
        lines.push(format!("label: {}", yaml_word(label)));
    }
    if let Some(ignored) = &settings.ignore {
        let names: Vec<String> = ignored.iter().map(|name| yaml_word(name)).collect();
        lines.push(format!(
            "ignore: [{}]   # no features: each value once",
            names.join(", ")
        ));
    }
    if settings.missing.is_some() {
        lines.push("missing: mean   # or drop: leave such rows out".to_owned());
    }
    let split = settings.split.unwrap_or_default();
    lines.push(match split.test {
        Some(_) => {
            "split: {test: 0.2, validation: 0.1, seed: 0}   # every class in its share".to_owned()
        }
        None => "split: {validation: 0.1}   # the test part is there".to_owned(),
    });
    let counts = class_counts(dataset);
    let (least, most) = (counts.iter().min(), counts.iter().max());
    if let (Some(least), Some(most)) = (least, most)
        && *most > IMBALANCE * (*least).max(1)
    {
        lines.push(
            "# Classes differ in size: sort by balanced accuracy, or cut all to the smallest one:"
                .to_owned(),
        );
        lines.push("# balance: {undersample_seed: 0}".to_owned());
    }
    Ok(lines)
}

fn class_counts(dataset: &Dataset) -> Vec<usize> {
    let mut counts = vec![0; dataset.classes.len()];
    let parts = [
        Some(&dataset.train),
        dataset.validation.as_ref(),
        Some(&dataset.test),
    ];
    for label in parts.into_iter().flatten().flat_map(|part| &part.labels) {
        counts[*label] += 1;
    }
    counts
}

/// The whole file.
fn grid_file(data: Option<&Path>, out: &Path, found: &Found) -> String {
    let dataset = &found.dataset;
    let samples: usize = class_counts(dataset).iter().sum();
    let (features, width) = (dataset.features(), width(samples));
    let command = data.map_or(String::new(), |data| {
        format!(" {}", visible(&data.to_string_lossy()))
    });
    let counts = class_counts(dataset);
    let mut classes: Vec<String> = (dataset.classes.iter().zip(counts))
        .take(LISTED)
        .map(|(name, count)| format!("{} {count}", visible(name)))
        .collect();
    if dataset.classes.len() > LISTED {
        classes.push("…".to_owned());
    }
    let shown = out.display();
    let run = out.file_stem().unwrap_or_default().to_string_lossy();
    let lines: Vec<String> = found
        .lines
        .iter()
        .map(|line| format!("  {line}\n"))
        .collect();
    format!(
        "# Written by nnbcd-tui init{command}: {samples} samples, {features} inputs, {} classes ({}).\n\
         #\n\
         #   nnbcd-tui plan {shown}    # what would run, and what was found out about the data\n\
         #   nnbcd-tui {shown}\n\
         #   nnbcd-tui table results/{run} --metric validation_accuracy,test_accuracy,compression_ratio\n\
         #\n\
         # Choose by validation accuracy, then report test accuracy. Every key: docs/grid-file.md, data: docs/data.md.\n\
         data:\n{}\
         model:\n  hidden: [{width}, {width}]\n\
         grid:\n  compression:\n    - {{method: none}}   # the dense network to compare with\n{}\
         seeds: 3\n",
        dataset.classes.len(),
        classes.join(", "),
        lines.concat(),
        compressions(features, width)
    )
}

/// A width that so many samples can fill.
fn width(samples: usize) -> usize {
    match samples {
        0..1_000 => 32,
        1_000..10_000 => 64,
        10_000..50_000 => 128,
        _ => 256,
    }
}

/// Three compressions of the two hidden layers at two levels each.
fn compressions(features: usize, width: usize) -> String {
    // A rank that divides the numbers of an m x n weight by about `factor`.
    let rank = |inputs: usize, factor: usize| (width * inputs / (width + inputs) / factor).max(1);
    let ranks = |factor| format!("[{}, {}]", rank(features, factor), rank(width, factor));
    format!(
        "    - {{method: prune, grid: {{sparsity: [0.8, 0.95]}}}}\n    \
         - {{method: low-rank, grid: {{rank: [{}, {}]}}}}   # one rank per hidden layer\n    \
         - {{method: tensor-train, grid: {{rank: [{}, {}]}}}}\n",
        ranks(2),
        ranks(4),
        (width / 7).max(2),
        (width / 10).max(1),
    )
}

/// Text as a value of YAML: plain where it is a simple word, else quoted.
fn yaml_word(text: &str) -> String {
    let is_simple =
        |character: char| character.is_ascii_alphanumeric() || "._-/".contains(character);
    let begins = text
        .chars()
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || "./".contains(first));
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain =
        begins && text.chars().all(is_simple) && !is_word.contains(&&*text.to_ascii_lowercase());
    if plain && text.parse::<f64>().is_err() {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}
