//! Pipes, links to devices and files of six gigabytes, in every place where a file of a run directory can be, and every
//! command that reads it: nobody waits, nobody takes memory without bound, nothing is followed out.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::place::{PROGRAM, Place};
use super::results::trials;

/// Nothing here takes a second on an idle machine.
const AT_ONCE: Duration = Duration::from_secs(60);
/// Address space in KiB that a command may take: less than the large file has.
const MEMORY: u64 = 4_500_000;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Pipe,
    Link,
    Large,
}

impl Kind {
    fn put(self, path: &Path) {
        let _ = fs::remove_file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match self {
            Self::Pipe => {
                mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
            }
            Self::Link => symlink("/dev/zero", path).unwrap(),
            Self::Large => fs::File::create(path)
                .unwrap()
                .set_len(6_000_000_000)
                .unwrap(),
        }
    }
}

/// Runs a command to its end; what is wrong with that, if anything is.
fn fault(place: &Place, what: &str, arguments: &[&str]) -> Option<String> {
    let script = format!("ulimit -v {MEMORY}; exec \"$@\"");
    let output = assert_cmd::Command::from_std({
        let mut command = Command::new("bash");
        command
            .args(["-c", &script, "limited", PROGRAM])
            .args(arguments);
        command.current_dir(place.path(""));
        command
    })
    .timeout(AT_ONCE)
    .output()
    .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let ended = matches!(output.status.code(), Some(0..=2));
    (!ended || said.contains("panicked")).then(|| {
        format!(
            "{what}: {arguments:?} ended with {:?}: {said}\n",
            output.status
        )
    })
}

#[test]
fn whatever_stands_in_the_place_of_a_file_holds_nobody_up() {
    let whole = Place::new();
    whole.write(
        "g.yaml",
        "name: g\ndata: {source: digits, train: 60, test: 30}\nmodel: {hidden: [6]}\n\
         solver: {batch_size: all, iterations: 3}\n",
    );
    whole.ends_with(0, &["g.yaml"]);
    whole.ends_with(0, &["submit", "g.yaml"]);
    let id = trials(&whole, "results/g")[0]["trial"].clone();
    let of_trial = |name: &str| format!("trials/{id}/{name}");
    let places: Vec<String> = [
        "trials.csv",
        "runner.lock",
        "runner.json",
        "provenance.json",
        "grid.yaml",
        "trials.txt",
        "journal/x.jsonl",
        "control/01-1-1.json",
        "workers/x.json",
        "slurm/1/job.json",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(
        [
            "config.yaml",
            "iterations.csv",
            "layers.csv",
            "result.json",
            "model.safetensors",
            "log.txt",
            "checkpoint.0",
            "attempts/x/checkpoint.1",
            "attempts/x/result.json",
        ]
        .map(of_trial),
    )
    .collect();
    let (model, config) = (of_trial("model.safetensors"), of_trial("config.yaml"));
    let (model, config) = (format!("results/g/{model}"), format!("results/g/{config}"));
    let commands: [&[&str]; 9] = [
        &["watch", "results/g"],
        &["table", "results/g", "--convergence"],
        &["plot", "results/g", "--kind", "accuracy"],
        &["stop", "results/g"],
        &["reproduce", "results/g", &id],
        &["eval", &model, &config],
        &["export", &model, "--numpy", "x.npz"],
        &["worker", "results/g"],
        &["g.yaml"],
    ];
    let cases: Vec<(&String, Kind)> = places
        .iter()
        .flat_map(|place| [Kind::Pipe, Kind::Link, Kind::Large].map(|kind| (place, kind)))
        .collect();
    let next = AtomicUsize::new(0);
    let faults: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((inside, kind)) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let place = Place::new();
                    super::one_fault::copy(&whole.path(""), &place.path(""));
                    if !inside.contains("result.json") {
                        // The trial is under way: what it has is read when it goes on.
                        fs::remove_file(
                            place.path(&format!("results/g/{}", of_trial("result.json"))),
                        )
                        .unwrap();
                    }
                    kind.put(&place.path(&format!("results/g/{inside}")));
                    for arguments in commands {
                        let fault = fault(&place, &format!("{kind:?} as {inside}"), arguments);
                        faults.lock().unwrap().extend(fault);
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{}", faults.concat());
}

#[test]
fn links_in_a_run_directory_lead_nobody_out_of_it() {
    let place = Place::new();
    place.write("g.yaml", &super::place::grid("g", 5, 1, ""));
    place.ends_with(0, &["g.yaml"]);
    let id = trials(&place, "results/g")[0]["trial"].clone();
    let whole = place.path("results/g");
    for inside in ["trials", "journal", "control", "tables"] {
        let (there, outside) = (whole.join(inside), place.path("outside"));
        fs::rename(&there, &outside).unwrap();
        symlink(&outside, &there).unwrap();
        for arguments in [
            &["g.yaml"][..],
            &["table", "results/g"],
            &["watch", "results/g"],
        ] {
            let said = place.ends_with(2, arguments);
            assert!(said.contains(&format!("{inside}: is a link")), "{said}");
        }
        fs::remove_file(&there).unwrap();
        fs::rename(&outside, &there).unwrap();
    }
    // Files that are written: what the links lead to stays as it is, and the trial waits for somebody who looks.
    for name in ["log.txt", "iterations.csv", "layers.csv"] {
        let file = whole.join("trials").join(&id).join(name);
        fs::remove_file(whole.join("trials").join(&id).join("result.json")).unwrap();
        let kept = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        place.write("precious", "precious");
        symlink(place.path("precious"), &file).unwrap();
        let said = place.ends_with(1, &["g.yaml"]);
        assert!(said.contains("is a link"), "{name}: {said}");
        assert_eq!(place.read("precious"), "precious");
        fs::remove_file(&file).unwrap();
        fs::write(&file, kept).unwrap();
        place.ends_with(0, &["g.yaml"]);
    }
    // A run may be named by a link to it.
    symlink("results/g", place.path("latest")).unwrap();
    for named in ["latest", "latest/", "latest/."] {
        let said = place.ends_with(0, &["table", named]);
        assert!(said.contains("tensor-train"), "{said}");
    }
    let trial = format!("latest/trials/{id}");
    let (model, config) = (
        format!("{trial}/model.safetensors"),
        format!("{trial}/config.yaml"),
    );
    place.ends_with(0, &["eval", &model, &config]);
}
