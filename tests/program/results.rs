//! What a run directory says, read as a user's script would read it.

use std::collections::BTreeMap;
use std::fs;

use super::place::Place;

/// Columns of a CSV file by name, row by row.
pub type Rows = Vec<BTreeMap<String, String>>;

/// The rows of a CSV file.
pub fn rows(text: &str) -> Rows {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(|row| row.unwrap())
        .collect()
}

/// `trials.csv` of a run.
pub fn trials(place: &Place, run: &str) -> Rows {
    rows(&place.read(&format!("{run}/trials.csv")))
}

/// How many trials are in this state. A table that is not there (yet) has none.
pub fn count(place: &Place, run: &str, status: &str) -> usize {
    let path = place.path(&format!("{run}/trials.csv"));
    let Ok(text) = fs::read_to_string(path) else {
        return 0;
    };
    let in_state = |row: &&BTreeMap<String, String>| row["status"] == status;
    rows(&text).iter().filter(in_state).count()
}

/// Everything that a run computed, times aside.
#[derive(PartialEq)]
pub struct Results {
    trials: Rows,
    iterations: BTreeMap<String, Rows>,
    models: BTreeMap<String, Vec<u8>>,
}

impl Results {
    pub fn of(place: &Place, run: &str) -> Self {
        let mut trials = trials(place, run);
        let mut iterations = BTreeMap::new();
        let mut models = BTreeMap::new();
        for row in &trials {
            let id = &row["trial"];
            let mut found = rows(&place.read(&format!("{run}/trials/{id}/iterations.csv")));
            found.iter_mut().for_each(forget_times);
            iterations.insert(id.clone(), found);
            let model = place.path(&format!("{run}/trials/{id}/model.safetensors"));
            models.insert(id.clone(), fs::read(model).unwrap());
        }
        trials.iter_mut().for_each(forget_times);
        Self {
            trials,
            iterations,
            models,
        }
    }

    pub fn ids(&self) -> Vec<&str> {
        self.iterations.keys().map(String::as_str).collect()
    }

    /// Equal cell for cell.
    #[track_caller]
    pub fn assert_equal(&self, other: &Self) {
        assert_eq!(self.trials, other.trials);
        assert_eq!(self.ids(), other.ids());
        for (id, rows) in &self.iterations {
            assert_eq!(rows, &other.iterations[id], "iterations of {id}");
            assert!(self.models[id] == other.models[id], "model of {id}");
        }
    }

    /// Every trial has each iteration from 0 to `last` once, in order.
    #[track_caller]
    pub fn assert_iterations_once(&self, last: usize) {
        let expected: Vec<String> = (0..=last).map(|iteration| iteration.to_string()).collect();
        for (id, rows) in &self.iterations {
            let found: Vec<&String> = rows.iter().map(|row| &row["iteration"]).collect();
            assert!(found.into_iter().eq(expected.iter()), "iterations of {id}");
        }
    }
}

fn forget_times(row: &mut BTreeMap<String, String>) {
    row.remove("seconds");
    row.remove("seconds_per_iteration");
}
