//! Tables from a run directory: each format against a file that was read by eye.

use std::{fs, path::Path};

use nnbcd::measure::Quantity;
use nnbcd::report::{
    PaperTable, ReportError, TableFormat, TableQuery, build, quantity, short_text, write_tables,
};
use nnbcd::store::{RunDirectory, TrialRow, TrialStatus, TrialTable};

const FIXTURES: &str = "tests/fixtures/report";

fn fixture() -> TrialTable {
    let run = RunDirectory::new(Path::new(FIXTURES).join("run"));
    run.read_trials().expect("the fixture is readable")
}

pub fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Compares with the file of that name; `BLESS=1` writes it instead, to be read before a commit.
fn assert_golden(name: &str, actual: &str) {
    let path = Path::new(FIXTURES).join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, actual).expect("the fixture is writable");
    }
    let expected = fs::read_to_string(&path).expect("the golden file exists");
    assert_eq!(actual, expected, "{name} differs");
}

fn pivot() -> PaperTable {
    let query = TableQuery {
        rows: names(&["compression.method"]),
        columns: names(&["compression.rank"]),
        metrics: vec![Quantity::TestAccuracy],
    };
    build(&fixture(), &query).expect("all names exist")
}

#[test]
fn the_default_table_in_every_format() {
    let table = build(&fixture(), &TableQuery::default()).expect("the fixture has trials");
    for format in TableFormat::ALL {
        assert_golden(
            &format!("default.{}", format.extension()),
            &table.render(format),
        );
    }
}

#[test]
fn a_pivot_in_every_format() {
    for format in TableFormat::ALL {
        assert_golden(
            &format!("pivot.{}", format.extension()),
            &pivot().render(format),
        );
    }
}

#[test]
fn short_text_at_two_widths() {
    let table = build(&fixture(), &TableQuery::default()).expect("the fixture has trials");
    assert_golden("short-120.txt", &short_text(&table, 120, 20));
    assert_golden("short-80.txt", &short_text(&table, 80, 3));
}

#[test]
fn short_text_without_a_limit_leaves_nothing_out() {
    let mut trials = two_settings();
    let long = "x".repeat(300);
    trials.rows[0].swept[1].clone_from(&long);
    let table = build(&trials, &TableQuery::default()).expect("the fixture has trials");
    let text = short_text(&table, usize::MAX, usize::MAX);
    assert!(
        text.contains(&long) && text.contains("s / iteration"),
        "{text}"
    );
    assert!(!text.contains('…'), "{text}");
}

#[test]
fn short_text_never_exceeds_its_width() {
    let table = build(&fixture(), &TableQuery::default()).expect("the fixture has trials");
    for width in 1..130 {
        for line in short_text(&table, width, 10).lines() {
            let columns = unicode_width::UnicodeWidthStr::width(line);
            assert!(columns <= width, "{columns} > {width}: {line}");
        }
    }
}

#[test]
fn write_tables_leaves_three_files_and_nothing_else() {
    let root = tempfile::tempdir().expect("a temporary directory");
    fs::copy(
        Path::new(FIXTURES).join("run/trials.csv"),
        root.path().join("trials.csv"),
    )
    .expect("the fixture can be copied");
    let run = RunDirectory::new(root.path());
    let paths = write_tables(&run).expect("the directory is writable");
    let mut found: Vec<_> = fs::read_dir(run.tables())
        .expect("tables exist")
        .map(|entry| entry.expect("readable").path())
        .collect();
    found.sort();
    let mut expected = paths;
    expected.sort();
    assert_eq!(found, expected);
    let markdown = fs::read_to_string(run.tables().join("summary.md")).expect("written");
    assert!(markdown.starts_with("**"), "{markdown}");
}

pub fn trial(seed: u64, swept: &[&str], accuracy: f64) -> TrialRow {
    TrialRow {
        trial: format!("t{seed}-{}", swept.join("-")),
        status: TrialStatus::Done,
        seed,
        swept: names(swept),
        test_accuracy: Some(accuracy),
        ..TrialRow::default()
    }
}

pub fn two_settings() -> TrialTable {
    TrialTable {
        swept: names(&["solver.tau", "solver.gamma"]),
        rows: vec![
            trial(1, &["1", "0.5"], 0.5),
            trial(2, &["1", "0.5"], 0.7),
            trial(1, &["10", "0.5"], 0.8),
            trial(2, &["10", "0.5"], 0.8),
        ],
    }
}

pub fn accuracy_by(rows: &[&str]) -> TableQuery {
    TableQuery {
        rows: names(rows),
        columns: Vec::new(),
        metrics: vec![Quantity::TestAccuracy],
    }
}

#[test]
fn seeds_are_averaged_and_the_best_mean_marked() {
    let table = build(&two_settings(), &accuracy_by(&[])).expect("all names exist");
    let cells: Vec<_> = table
        .rows
        .iter()
        .map(|row| row.groups[0].cells[0])
        .collect();
    let first = cells[0].summary.expect("two seeds");
    assert!((first.mean - 0.6).abs() < 1e-15);
    assert!((first.std.expect("two seeds") - 0.02_f64.sqrt()).abs() < 1e-15);
    assert_eq!(first.n, 2);
    assert_eq!([cells[0].best, cells[1].best], [false, true]);
    assert_eq!(table.common_n, Some(2));
}

#[test]
fn a_setting_that_is_averaged_over_is_named() {
    let table = build(&two_settings(), &accuracy_by(&["solver.gamma"])).expect("names exist");
    assert_eq!(table.rows.len(), 1);
    assert_eq!(table.rows[0].groups[0].done, 4);
    assert!(
        !table.rows[0].groups[0].cells[0].best,
        "a single cell has no rival"
    );
    let markdown = table.render(TableFormat::Markdown);
    assert!(
        markdown.contains("Averaged over solver.tau (1, 10) and over seeds."),
        "{markdown}"
    );
    assert!(markdown.contains("over n = 4 trials"), "{markdown}");
}

#[test]
fn a_setting_outside_the_table_that_does_not_vary_is_not_named() {
    let table = build(&two_settings(), &accuracy_by(&["solver.tau"])).expect("names exist");
    assert_eq!(table.remarks.len(), 1, "{:?}", table.remarks);
}

#[test]
fn one_seed_shows_no_deviation() {
    let mut trials = two_settings();
    trials.rows.truncate(1);
    let markdown = build(&trials, &accuracy_by(&[]))
        .expect("names exist")
        .render(TableFormat::Markdown);
    assert!(markdown.contains(" 0.5000 |"), "{markdown}");
    assert!(!markdown.contains('±'), "{markdown}");
    assert!(markdown.contains("One seed per cell"), "{markdown}");
}

#[test]
fn seeds_can_be_rows() {
    let table = build(&two_settings(), &accuracy_by(&["seed"])).expect("seed is a setting");
    let keys: Vec<_> = table.rows.iter().map(|row| row.keys[0].as_str()).collect();
    assert_eq!(keys, ["1", "2"]);
}

#[test]
fn failures_with_the_same_reason_share_a_footnote() {
    let mut trials = two_settings();
    for row in &mut trials.rows {
        if row.seed == 2 {
            row.status = TrialStatus::Failed;
            row.error = "out of memory\nbacktrace".to_owned();
        }
    }
    let table = build(&trials, &accuracy_by(&[])).expect("names exist");
    assert_eq!(table.footnotes, ["seed 2 failed: out of memory"]);
    assert!(
        table
            .rows
            .iter()
            .all(|row| row.groups[0].footnote == Some(0))
    );
}

#[test]
fn unfinished_trials_are_counted_and_not_averaged() {
    let mut trials = two_settings();
    trials.rows[0].status = TrialStatus::Stopped;
    let table = build(&trials, &accuracy_by(&[])).expect("names exist");
    let group = &table.rows[0].groups[0];
    assert_eq!((group.done, group.unfinished), (1, 1));
    assert_eq!(group.cells[0].summary.expect("one seed").mean, 0.7);
    assert_eq!(table.footnotes, ["1 of 2 seeds so far"]);
}

/// Which of the default metrics have a best value among two trials with these values of a setting.
fn marked(path: &str, values: [&str; 2]) -> Vec<String> {
    let row = |value: &str, measured: f64| TrialRow {
        objective: Some(measured),
        loss: Some(measured),
        residual_u: Some(measured),
        ..trial(1, &[value], measured)
    };
    let trials = TrialTable {
        swept: names(&[path]),
        rows: vec![row(values[0], 0.5), row(values[1], 0.6)],
    };
    let query = TableQuery {
        metrics: vec![
            Quantity::TestAccuracy,
            Quantity::Objective,
            Quantity::Loss,
            Quantity::ResidualU,
        ],
        ..TableQuery::default()
    };
    let table = build(&trials, &query).expect("names exist");
    let best = |index: usize| (table.rows.iter()).any(|row| row.groups[0].cells[index].best);
    let metrics = table.metrics.iter().enumerate();
    let marked = metrics.filter(|(index, _)| best(*index));
    marked.map(|(_, metric)| metric.name.clone()).collect()
}

#[test]
fn no_objective_is_the_best_among_different_functions() {
    let all = ["test_accuracy", "objective", "loss", "residual_u"];
    for path in [
        "solver.gamma",
        "solver.rho_final",
        "solver.tau",
        "solver.weight_decay",
        "solver.coupling",
        "solver.refit",
    ] {
        let honest = ["test_accuracy", "residual_u"];
        assert_eq!(marked(path, ["1", "5"]), honest, "{path}");
    }
    for path in ["solver.alpha", "solver.iterations", "compression.rank"] {
        assert_eq!(marked(path, ["1", "5"]), all, "{path}");
    }
    assert_eq!(marked("data.train", ["100", "200"]), ["test_accuracy"]);
}

#[test]
fn a_penalty_that_is_the_same_everywhere_hides_no_best_objective() {
    let mut trials = two_settings();
    for (index, row) in trials.rows.iter_mut().enumerate() {
        row.swept = names(&["1", "0.5"]);
        row.objective = Some(index as f64);
    }
    let query = TableQuery {
        rows: names(&["seed"]),
        metrics: vec![Quantity::Objective],
        ..TableQuery::default()
    };
    let table = build(&trials, &query).expect("names exist");
    assert!(table.rows[0].groups[0].cells[0].best);
}

#[test]
fn the_count_is_not_called_like_a_setting() {
    let mut trials = two_settings();
    let header = |trials: &TrialTable| {
        let table = build(trials, &accuracy_by(&["compression.n"])).expect("names exist");
        let markdown = table.render(TableFormat::Markdown);
        let line = markdown.lines().nth(2).expect("a header").to_owned();
        line.split('|')
            .map(|cell| cell.trim().to_owned())
            .collect::<Vec<_>>()[1..4]
            .to_vec()
    };
    trials.swept[1] = "compression.n".to_owned();
    // Four trials in a row: two seeds for each of two values of tau.
    assert_eq!(header(&trials), ["n", "trials", "Test accuracy"]);
    trials.rows.truncate(2);
    assert_eq!(header(&trials), ["n", "seeds", "Test accuracy"]);
}

#[test]
fn unknown_names_list_what_exists() {
    let query = accuracy_by(&["solver.tua"]);
    let error = build(&two_settings(), &query).expect_err("a typing mistake");
    assert_eq!(
        error.to_string(),
        "unknown swept setting \"solver.tua\"; there are: solver.tau, solver.gamma, seed"
    );
    let error = quantity("accuracy").expect_err("no such metric");
    let text = error.to_string();
    assert!(text.starts_with("unknown metric \"accuracy\"; there are: iterations, objective"));
    let format = "html".parse::<TableFormat>().expect_err("no such format");
    assert_eq!(
        format.to_string(),
        "unknown table format \"html\"; there are: markdown, latex, csv"
    );
}

#[test]
fn impossible_queries_are_refused() {
    let mut query = accuracy_by(&["solver.tau"]);
    query.columns = names(&["solver.tau"]);
    let error = build(&two_settings(), &query).expect_err("named twice");
    assert!(matches!(error, ReportError::NamedTwice { .. }));
    let error = build(&TrialTable::default(), &TableQuery::default()).expect_err("no trials");
    assert!(matches!(error, ReportError::NoTrials));
    let many = TrialTable {
        swept: names(&["x"]),
        rows: (0..201).map(|seed| trial(seed, &["1"], 0.5)).collect(),
    };
    query = accuracy_by(&["x"]);
    query.columns = names(&["seed"]);
    let error = build(&many, &query).expect_err("too wide");
    assert!(error.to_string().contains("201 columns"), "{error}");
}

#[test]
fn hostile_names_stay_inside_their_cells() {
    let hostile = "a|b\n\u{1b}[2J & 5% \\\\ [x] #{}";
    let trials = TrialTable {
        swept: names(&[hostile]),
        rows: vec![trial(1, &[hostile], 0.5), trial(1, &["*"], 0.6)],
    };
    let table = build(&trials, &accuracy_by(&[])).expect("names exist");
    let markdown = table.render(TableFormat::Markdown);
    for line in markdown.lines().filter(|line| line.starts_with('|')) {
        let cells = line
            .replace("\\\\", "")
            .replace("\\|", "")
            .matches('|')
            .count();
        assert_eq!(cells, 4, "{line}");
    }
    let short = short_text(&table, 100, 10);
    assert!(!short.contains('\u{1b}'), "{short}");
    let latex = table.render(TableFormat::Latex);
    let rows = latex.lines().filter(|line| line.ends_with("\\\\"));
    assert_eq!(rows.count(), 3, "{latex}");
    let written = table.render(TableFormat::Csv);
    let mut reader = csv::Reader::from_reader(written.as_bytes());
    let record = reader
        .records()
        .next()
        .expect("a row")
        .expect("well formed");
    assert_eq!(&record[0], hostile);
}
