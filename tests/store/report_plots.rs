//! Figures and the convergence table from a run directory with known iterations.

use std::{fs, path::Path};

use nnbcd::report::{ConvergenceQuery, PlotKind, PlotQuery, convergence_table, plot};
use nnbcd::store::{RunDirectory, TrialRow, TrialStatus, TrialTable};

const HEADER: &str = "iteration,seconds,objective,loss,residual_v,residual_u,residual_w,step,\
descent_violations,train_accuracy,test_accuracy,balanced_accuracy,sparsity,compression_ratio";

/// A trial whose objective falls like 1 / (1 + k) from `start` and whose step^2 is k^-2.
fn write_trial(run: &RunDirectory, trial: &str, start: f64, broken: bool) {
    let directory = run.trial(trial);
    let path = directory.iterations_csv();
    fs::create_dir_all(path.parent().expect("inside the run")).expect("writable");
    let mut text = format!("{HEADER}\n");
    for k in 0..50_u32 {
        let objective = match k {
            20..25 if broken => f64::NAN,
            _ => start / (1.0 + f64::from(k)),
        };
        let step = if k == 0 { 0.0 } else { 1.0 / f64::from(k) };
        let accuracy = 1.0 - 1.0 / (1.0 + f64::from(k));
        let row = format!("{k},{k},{objective},1,2,1,0,{step},0,0.9,{accuracy},,0,1\n");
        text.push_str(&row);
    }
    fs::write(path, text).expect("writable");
}

fn run_in(root: &Path, settings: &[(&str, &str)]) -> RunDirectory {
    let run = RunDirectory::new(root);
    let mut table = TrialTable {
        swept: vec!["solver.gamma".to_owned(), "solver.rho".to_owned()],
        rows: Vec::new(),
    };
    for (index, (gamma, rho)) in settings.iter().enumerate() {
        for seed in 0..2_u32 {
            let trial = format!("t{index}-{seed}");
            write_trial(&run, &trial, 100.0 + f64::from(seed), index == 0);
            table.rows.push(TrialRow {
                trial,
                status: TrialStatus::Done,
                seed: seed.into(),
                swept: vec![(*gamma).to_owned(), (*rho).to_owned()],
                test_accuracy: Some(0.9 + 0.01 * f64::from(seed) + 0.01 * index as f64),
                compression_ratio: Some(1.0 + index as f64),
                ..TrialRow::default()
            });
        }
    }
    table.write(&run.trials_csv()).expect("writable");
    run
}

const CROSSED: [(&str, &str); 4] = [("0.5", "1"), ("0.5", "2"), ("5", "1"), ("5", "2")];

fn only(kind: PlotKind) -> PlotQuery {
    PlotQuery {
        kinds: vec![kind],
        ..PlotQuery::default()
    }
}

fn svg(run: &RunDirectory, stem: &str) -> String {
    fs::read_to_string(run.plots().join(format!("{stem}.svg"))).expect("written")
}

#[test]
fn every_figure_with_data_is_written_twice() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let run = run_in(root.path(), &CROSSED);
    let plots = plot(&run, &PlotQuery::default()).expect("the run is readable");
    let names: Vec<String> = plots
        .written
        .iter()
        .map(|path| {
            path.file_name()
                .expect("a file")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    // residual_w is 0 everywhere and has no place on a logarithmic axis.
    let expected = [
        "convergence",
        "residual-v",
        "residual-u",
        "accuracy",
        "steps",
        "pareto",
        "margin-solver.gamma",
        "margin-solver.rho",
        "heat-map-solver.gamma-solver.rho",
    ];
    let expected: Vec<String> = expected
        .iter()
        .flat_map(|stem| [format!("{stem}.svg"), format!("{stem}.png")])
        .collect();
    assert_eq!(names, expected);
    assert!(plots.remarks.is_empty(), "{:?}", plots.remarks);
    for path in &plots.written {
        let bytes = fs::read(path).expect("written");
        if path.extension().is_some_and(|extension| extension == "png") {
            assert!(bytes.starts_with(b"\x89PNG"), "{}", path.display());
        } else {
            assert!(
                bytes.starts_with(b"<svg width=\"84mm\""),
                "{}",
                path.display()
            );
            assert!(bytes.ends_with(b"</svg>\n"), "{}", path.display());
        }
    }
}

/// A rank of low rank and one of a tensor train are not the same thing: no line leads from one to the other.
#[test]
fn the_margins_of_a_rank_are_a_curve_for_every_method_of_compression() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let settings = [
        ("low-rank", "4"),
        ("tensor-train", "6"),
        ("low-rank", "8"),
        ("tensor-train", "16"),
        ("none", ""),
    ];
    let run = run_in(root.path(), &settings);
    let table = fs::read_to_string(run.trials_csv()).expect("written");
    let table = table.replace(
        "solver.gamma,solver.rho",
        "compression.method,compression.rank",
    );
    fs::write(run.trials_csv(), table).expect("writable");
    plot(&run, &only(PlotKind::Margins)).expect("the run is readable");
    let picture = svg(&run, "margin-compression.rank");
    for name in ["low-rank", "tensor-train"] {
        assert!(picture.contains(name), "{name}");
    }
    assert!(!picture.contains("averaged over all other"), "one curve");
    assert!(!picture.contains(">none<"), "it has no rank");
}

#[test]
fn the_pareto_picture_tells_methods_of_training_apart() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let settings = [("prune", "nn-bcd"), ("prune", "adam"), ("n-m", "adam")];
    let run = run_in(root.path(), &settings);
    let table = fs::read_to_string(run.trials_csv()).expect("written");
    let table = table.replace(
        "solver.gamma,solver.rho",
        "compression.method,solver.method",
    );
    fs::write(run.trials_csv(), table).expect("writable");
    plot(&run, &only(PlotKind::Pareto)).expect("the run is readable");
    let picture = svg(&run, "pareto");
    for name in ["prune, nn-bcd", "prune, adam", "n-m, adam"] {
        assert!(picture.contains(name), "{name}");
    }
}

#[test]
fn a_png_holds_ink_and_says_how_large_it_is() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let run = run_in(root.path(), &CROSSED);
    plot(&run, &only(PlotKind::Pareto)).expect("the run is readable");
    let file = fs::File::open(run.plots().join("pareto.png")).expect("written");
    let decoder = png::Decoder::new(std::io::BufReader::new(file));
    let mut reader = decoder.read_info().expect("a PNG file");
    let info = reader.info();
    let dimensions = info.pixel_dims.expect("its resolution is given");
    let millimetres = f64::from(info.width) / f64::from(dimensions.xppu) * 1000.0;
    assert!((millimetres - 84.0).abs() < 1e-9, "{millimetres}");
    let mut pixels = vec![0; reader.output_buffer_size().expect("fits into memory")];
    reader.next_frame(&mut pixels).expect("whole");
    let width = reader.info().width as usize;
    let dark = |x: usize, y: usize| pixels[3 * (y * width + x)..][..3].iter().all(|c| *c < 60);
    // The left 4 mm of the plot, 20 pixels each, hold nothing but the label of the axis.
    let label = (0..50 * 20).flat_map(|y| (0..4 * 20).map(move |x| (x, y)));
    let ink = label.filter(|(x, y)| dark(*x, *y)).count();
    assert!(ink > 1000, "{ink}");
}

#[test]
fn values_that_are_not_finite_split_line_and_band() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let run = run_in(root.path(), &[("0.5", "1")]);
    plot(&run, &only(PlotKind::Convergence)).expect("the run is readable");
    let text = svg(&run, "convergence");
    assert_eq!(
        text.matches("<polygon").count(),
        2,
        "two pieces of the band"
    );
    let lines = text
        .lines()
        .filter(|line| line.contains("stroke=\"#0072B2\""));
    // Two pieces of the curve and the key in the legend.
    assert_eq!(lines.count(), 3);
    assert!(!text.contains("NaN"));
}

#[test]
fn a_figure_without_data_is_said_and_not_written() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let run = run_in(root.path(), &[("0.5", "1"), ("5", "2")]);
    // Gamma and rho move together: a heat map would say nothing.
    let plots = plot(&run, &only(PlotKind::HeatMap)).expect("the run is readable");
    assert!(plots.written.is_empty(), "{:?}", plots.written);
    assert_eq!(
        plots.remarks,
        ["heat-map: no data to plot; nothing written"]
    );
    assert!(!run.plots().exists());
}

#[test]
fn more_settings_than_can_be_told_apart_are_said() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let names: Vec<String> = (0..15).map(|index| index.to_string()).collect();
    let settings: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let run = run_in(root.path(), &settings);
    let plots = plot(&run, &only(PlotKind::Accuracy)).expect("the run is readable");
    assert_eq!(plots.remarks.len(), 1);
    assert!(
        plots.remarks[0].contains("first 14 of 15"),
        "{:?}",
        plots.remarks
    );
}

#[test]
fn names_from_the_grid_cannot_leave_the_markup() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let run = run_in(root.path(), &[("</text><script>\u{1b}", "1")]);
    plot(&run, &only(PlotKind::Convergence)).expect("the run is readable");
    let text = svg(&run, "convergence");
    assert!(!text.contains("<script>") && !text.contains('\u{1b}'));
    assert!(text.contains("&lt;script&gt;"));
}

#[test]
fn unknown_names_are_refused_before_anything_is_written() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let run = run_in(root.path(), &CROSSED);
    let mut query = only(PlotKind::Margins);
    query.parameters = vec!["solver.tau".to_owned()];
    let error = plot(&run, &query).expect_err("not swept");
    assert!(
        error
            .to_string()
            .contains("there are: solver.gamma, solver.rho, seed")
    );
    let error = "histogram".parse::<PlotKind>().expect_err("no such kind");
    assert!(
        error.to_string().contains("convergence, residuals"),
        "{error}"
    );
    assert!(!run.plots().exists());
}

#[test]
fn the_convergence_table_matches_hand_values() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let run = run_in(root.path(), &CROSSED[1..2]);
    let table = convergence_table(&run, &ConvergenceQuery::default()).expect("readable");
    let names: Vec<&str> = table
        .metrics
        .iter()
        .map(|metric| metric.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "iterations_to_accuracy_0.9",
            "iterations_to_accuracy_0.95",
            "iterations_to_settle",
            "objective",
            "descent_violations",
            "rate"
        ]
    );
    let means: Vec<f64> = table.rows[0].groups[0]
        .cells
        .iter()
        .map(|cell| cell.summary.expect("both seeds have iterations").mean)
        .collect();
    // 1 - 1/(1+k) >= 0.95 from k = 19 on; 0.9 from 9 on, where rounding may cost one iteration.
    assert!((9.0..=10.0).contains(&means[0]), "{means:?}");
    assert!((19.0..=20.0).contains(&means[1]), "{means:?}");
    // 1/(1+k) <= 1.01 / 50 only at the last k, 49.
    assert_eq!(means[2], 49.0);
    // (100 + 101) / 2 / 50
    assert!((means[3] - 2.01).abs() < 1e-12, "{means:?}");
    assert!(
        means[4] == 0.0 && (means[5] + 2.0).abs() < 1e-9,
        "{means:?}"
    );
}

#[test]
fn curves_that_differ_behind_a_long_list_have_different_names() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let modes = format!("[{}]", "4,".repeat(60));
    let run = run_in(root.path(), &[(&modes, "46"), (&modes, "80")]);
    plot(&run, &only(PlotKind::Convergence)).expect("the run is readable");
    let picture = svg(&run, "convergence");
    for name in ["\nrho 46\n", "\nrho 80\n"] {
        assert!(picture.contains(name), "{name}");
    }
    assert!(!picture.contains('['), "what is equal is not said");
}

#[test]
fn the_convergence_table_shows_what_it_is_asked_for() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let run = run_in(root.path(), &CROSSED);
    let mut query = ConvergenceQuery {
        columns: vec!["solver.rho".to_owned()],
        metrics: vec!["rate".to_owned()],
        ..ConvergenceQuery::default()
    };
    let table = convergence_table(&run, &query).expect("readable");
    assert_eq!((table.rows.len(), table.blocks.len()), (2, 2));
    assert_eq!(table.metrics.len(), 1);
    let rate = table.rows[1].groups[1].cells[0].summary.expect("two seeds");
    assert!((rate.mean + 2.0).abs() < 1e-9, "{rate:?}");
    assert_eq!(table.remarks.len(), 2, "{:?}", table.remarks);
    assert!(table.remarks[1].contains("over the later half of the iterations"));

    query.metrics = vec!["test_accuracy".to_owned()];
    let error = convergence_table(&run, &query).expect_err("no such metric");
    assert!(
        error
            .to_string()
            .contains("there are: iterations_to_accuracy_0.9,")
    );
}

#[test]
fn without_iterations_the_convergence_table_says_so_and_shows_the_last_row() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let run = run_in(root.path(), &CROSSED[..2]);
    let mut trials = run.read_trials().expect("written");
    for row in &mut trials.rows {
        row.objective = Some(3.0);
        row.descent_violations = Some(0);
    }
    // The last row of one setting is of a refit: its objective is another function.
    for row in &mut trials.rows[..2] {
        fs::remove_file(run.trial(&row.trial).iterations_csv()).expect("written");
        (row.residual_v, row.residual_u, row.residual_w) = (Some(0.0), Some(0.0), Some(0.0));
    }
    fs::remove_file(run.trial("t1-0").iterations_csv()).expect("written");
    trials.write(&run.trials_csv()).expect("writable");
    let table = convergence_table(&run, &ConvergenceQuery::default()).expect("readable");
    let mean = |row: usize, column: usize| {
        let summary = table.rows[row].groups[0].cells[column].summary;
        summary.map(|summary| (summary.mean, summary.n))
    };
    assert_eq!(
        [mean(0, 2), mean(0, 3), mean(0, 4)],
        [None, None, Some((0.0, 2))]
    );
    // One seed as trials.csv has it, the other one 101 / 50 from its iterations.
    assert_eq!(mean(1, 3), Some((2.51, 2)));
    assert_eq!(mean(1, 2), Some((49.0, 1)));
    let said = table.remarks.join("\n");
    assert!(
        said.contains("3 of 4 trials that are done have no iterations.csv"),
        "{said}"
    );
}
