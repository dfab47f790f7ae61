//! kill -9 at any moment, then the same command: nothing is lost, nothing is done twice.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::place::{PATIENCE, Place, grid, wait_until};
use super::results::{Results, count};

const ITERATIONS: usize = 1500;
const KILLS: u64 = 6;

fn goes_on_from_a_checkpoint(place: &Place) -> usize {
    let files = place.files("results/g/trials");
    files
        .iter()
        .filter(|path| path.ends_with("log.txt"))
        .map(|path| {
            let log = place.read(&format!("results/g/trials/{path}"));
            log.matches("resuming from the checkpoint after iteration")
                .count()
        })
        .sum()
}

#[test]
fn killed_again_and_again_a_sweep_ends_as_if_undisturbed() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", ITERATIONS, 2, "checkpoint_every: 0.1"));
    place.ends_with(0, &["g.yaml", "--results", "undisturbed"]);
    let undisturbed = Results::of(&place, "undisturbed/g");
    undisturbed.assert_iterations_once(ITERATIONS);

    // Moments that nobody chose, the same ones in every run: a linear congruential generator.
    let mut random = 20_261_124_u64;
    for _ in 0..KILLS {
        let mut runner = place.start(&["g.yaml"]);
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let moment = Duration::from_millis(100 + (random >> 33) % 700);
        let start = Instant::now();
        while start.elapsed() < moment && !runner.has_ended() {
            std::thread::sleep(Duration::from_millis(1));
        }
        if runner.has_ended() {
            break;
        }
        runner.signal(Signal::KILL);
        runner.ends_within(PATIENCE);
    }
    // At least this kill meets trials that have been at work since before a checkpoint.
    if count(&place, "results/g", "done") < 6 {
        let mut runner = place.start(&["g.yaml"]);
        let checkpoint = || {
            let files = place.files("results/g/trials");
            files
                .iter()
                .any(|path| path.ends_with("/checkpoint.1"))
                .then_some(())
        };
        let ended = wait_until(PATIENCE, "a checkpoint or the end", || {
            if runner.has_ended() {
                Some(true)
            } else {
                checkpoint().map(|()| false)
            }
        });
        if !ended {
            runner.signal(Signal::KILL);
            runner.ends_within(PATIENCE);
        }
    }
    place.ends_with(0, &["g.yaml"]);

    let survived = Results::of(&place, "results/g");
    survived.assert_equal(&undisturbed);
    survived.assert_iterations_once(ITERATIONS);
    assert!(
        goes_on_from_a_checkpoint(&place) > 0,
        "no trial used its checkpoint"
    );
    let files = place.files("results/g");
    let left_over = |path: &&String| path.contains(".tmp") || path.contains("checkpoint");
    assert_eq!(files.iter().find(left_over), None);
    let results = files.iter().filter(|path| path.ends_with("result.json"));
    assert_eq!(results.count(), 6);
}
