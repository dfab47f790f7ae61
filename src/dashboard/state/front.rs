//! Accuracy against compression ratio: where every setting stands, and which ones no other beats.

use super::trials::Trials;
use crate::measure::{Quantity, Summary, on_front};

/// A setting in the picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spot {
    /// Position of its group.
    pub group: usize,
    /// Mean compression ratio over its seeds.
    pub ratio: f64,
    /// Test accuracy over its seeds.
    pub accuracy: Summary,
    /// No other setting is at least as small and as accurate, and better in one of them.
    pub on_front: bool,
}

/// All settings of which both numbers are known, the smallest ratio first.
pub(crate) fn front(trials: &Trials) -> Vec<Spot> {
    let mut spots: Vec<Spot> = (trials.groups.iter().enumerate())
        .filter_map(|(position, group)| {
            Some(Spot {
                group: position,
                ratio: trials.summary(group, Quantity::CompressionRatio)?.mean,
                accuracy: trials.summary(group, Quantity::TestAccuracy)?,
                on_front: false,
            })
        })
        .collect();
    spots.sort_by(|a, b| {
        (a.ratio.total_cmp(&b.ratio)).then(a.accuracy.mean.total_cmp(&b.accuracy.mean))
    });
    let places: Vec<(f64, f64)> = (spots.iter())
        .map(|spot| (spot.ratio, spot.accuracy.mean))
        .collect();
    for (spot, on_front) in spots.iter_mut().zip(on_front(&places)) {
        spot.on_front = on_front;
    }
    spots
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{TrialRow, TrialTable};

    #[test]
    fn the_front_holds_what_nothing_beats() {
        let places = [
            (1.0, 0.97),
            (3.0, 0.96),
            (3.0, 0.95),
            (2.0, 0.96),
            (10.0, 0.9),
            (5.0, 0.89),
        ];
        let mut trials = Trials::default();
        trials.replace(TrialTable {
            swept: vec!["at".to_owned()],
            rows: (places.iter().enumerate())
                .map(|(index, &(ratio, accuracy))| TrialRow {
                    trial: index.to_string(),
                    swept: vec![index.to_string()],
                    compression_ratio: Some(ratio),
                    test_accuracy: Some(accuracy),
                    ..TrialRow::default()
                })
                .collect(),
        });
        let spots = front(&trials);
        let mut on_front: Vec<usize> = (spots.iter())
            .filter(|spot| spot.on_front)
            .map(|spot| spot.group)
            .collect();
        on_front.sort_unstable();
        assert_eq!(on_front, [0, 1, 4]);
    }
}
