//! Numbers that check themselves: results, rows and models that do not belong together, and runs of earlier versions.

use std::fs;

use super::place::{Place, grid};
use super::results::{Results, trials};

const RUN: &str = "results/g";

fn ended_run() -> (Place, Results, Vec<String>) {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 20, 1, ""));
    place.ends_with(0, &["g.yaml"]);
    let results = Results::of(&place, RUN);
    let ids = results.ids().into_iter().map(str::to_owned).collect();
    (place, results, ids)
}

#[test]
fn the_result_of_another_trial_or_of_other_rows_does_not_count() {
    let (place, before, ids) = ended_run();
    let path = |id: &str| format!("{RUN}/trials/{id}/result.json");
    let whole = place.read(&path(&ids[0]));
    let objective = whole
        .lines()
        .find(|line| line.contains("\"objective\""))
        .unwrap();
    for (damaged, words) in [
        (
            place.read(&path(&ids[1])),
            format!("is the result of trial {}", ids[1]),
        ),
        (
            whole.replace(objective, "    \"objective\": 0.125,"),
            "or has other numbers".to_owned(),
        ),
        (
            whole.replace("\"iteration\": 20", "\"iteration\": 19"),
            "its last iteration (19) is not the last row of iterations.csv (20)".to_owned(),
        ),
    ] {
        assert_ne!(damaged, whole);
        place.write(&path(&ids[0]), &damaged);
        let said = place.ends_with(0, &["g.yaml"]);
        assert!(
            said.contains(&words) && said.contains("rerunning this trial"),
            "{said}"
        );
        let after = Results::of(&place, RUN);
        after.assert_equal(&before);
        after.assert_iterations_once(20);
    }
    let said = place.ends_with(0, &["g.yaml"]);
    assert!(!said.contains("rerunning"), "{said}");
}

#[test]
fn reproduce_compares_all_that_was_left() {
    let (place, _, ids) = ended_run();
    let id = &ids[0];
    let said = place.ends_with(0, &["reproduce", RUN, id]);
    assert!(
        said.contains("so do layers.csv, result.json and the model"),
        "{said}"
    );
    let trial = format!("{RUN}/trials/{id}");
    let result = place.read(&format!("{trial}/result.json"));
    let sparsity = result
        .lines()
        .find(|line| line.contains("\"effective_sparsity\""))
        .unwrap();
    let layers = place.read(&format!("{trial}/layers.csv"));
    let last = layers.lines().last().unwrap();
    let other = last.replacen(|letter: char| letter.is_ascii_digit(), "7", 9);
    for (file, from, to, words) in [
        (
            "result.json",
            sparsity,
            "  \"effective_sparsity\": 0.125,",
            "result.json, effective_sparsity: was 0.125",
        ),
        ("layers.csv", last, &other, "layers.csv, iteration"),
    ] {
        let whole = place.read(&format!("{trial}/{file}"));
        place.write(&format!("{trial}/{file}"), &whole.replacen(from, to, 1));
        let said = place.ends_with(1, &["reproduce", RUN, id]);
        assert!(said.contains(words), "{said}");
        place.write(&format!("{trial}/{file}"), &whole);
    }
    let model = place.path(&format!("{trial}/model.safetensors"));
    let mut bytes = fs::read(&model).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&model, &bytes).unwrap();
    let said = place.ends_with(1, &["reproduce", RUN, id]);
    assert!(
        said.contains("model.safetensors: was another network"),
        "{said}"
    );
    assert!(
        said.contains("its SHA-256 is not that of result.json"),
        "{said}"
    );
    let model = format!("{trial}/model.safetensors");
    for arguments in [
        &["eval", &model, "g.yaml"][..],
        &["export", &model, "--numpy", "x.npz"],
    ] {
        let said = place.ends_with(2, arguments);
        assert!(
            said.contains("is not the model that this trial ended with"),
            "{said}"
        );
    }
    // Results of earlier versions have no sum.
    let without: String = (result.lines().filter(|line| !line.contains("model_sha256")))
        .map(|line| format!("{line}\n"))
        .collect();
    place.write(&format!("{trial}/result.json"), &without);
    place.ends_with(0, &["eval", &model, "g.yaml"]);
}

#[test]
fn ids_begin_with_a_letter_and_those_of_earlier_versions_still_count() {
    let (place, before, ids) = ended_run();
    assert!(
        ids.iter().all(|id| id.starts_with('t') && id.len() == 13),
        "{ids:?}"
    );
    // As an earlier version has left it.
    for id in &ids {
        let old = &id[1..];
        let (from, to) = (format!("{RUN}/trials/{id}"), format!("{RUN}/trials/{old}"));
        fs::rename(place.path(&from), place.path(&to)).unwrap();
        for file in [format!("{to}/result.json"), format!("{RUN}/trials.csv")] {
            place.write(&file, &place.read(&file).replace(id.as_str(), old));
        }
    }
    for command in [
        &["watch", RUN][..],
        &["table", RUN],
        &["plot", RUN],
        &["reproduce", RUN, &ids[0][1..]],
    ] {
        place.ends_with(0, command);
    }
    for again in [&["g.yaml"][..], &["submit", "g.yaml"], &["worker", RUN]] {
        let said = place.ends_with(0, again);
        assert!(said.contains("already ha"), "{said}");
        let now: Vec<String> = (trials(&place, RUN).iter())
            .map(|row| row["trial"].clone())
            .collect();
        assert!(now.iter().all(|id| id.len() == 12), "{now:?}");
        assert_eq!(place.files(&format!("{RUN}/trials")).len() % ids.len(), 0);
    }
    let after = Results::of(&place, RUN);
    assert_eq!(after.ids().len(), before.ids().len());
    // From scratch, everything is as this version does it.
    place.ends_with(0, &["g.yaml", "--fresh"]);
    Results::of(&place, RUN).assert_equal(&before);
}

#[test]
fn a_trial_whose_settings_cannot_be_written_has_no_result() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 5, 1, ""));
    place.ends_with(0, &["g.yaml"]);
    let id = trials(&place, RUN)[0]["trial"].clone();
    let trial = place.path(&format!("{RUN}/trials/{id}"));
    fs::remove_dir_all(&trial).unwrap();
    fs::create_dir_all(trial.join("config.yaml/in-the-way")).unwrap();
    let said = place.ends_with(1, &["g.yaml"]);
    assert!(said.contains("config.yaml"), "{said}");
    assert!(!trial.join("result.json").exists());
    fs::remove_dir_all(trial.join("config.yaml")).unwrap();
    place.ends_with(0, &["g.yaml"]);
    assert!(trial.join("config.yaml").is_file());
}
