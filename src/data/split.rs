//! Parts in which every class has its share.

use super::choices::{DEFAULT_TEST_SHARE, Share, SplitSettings};
use super::error::DataError;
use super::selection::{Selection, shuffled};
use super::settings::DataSettings;

/// Which of the samples of a class are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

/// Divides the samples of one file: test samples, then validation samples from the end of an order in which the others are
/// training samples.
pub(super) fn divide(
    settings: &DataSettings,
    labels: &[usize],
    classes: usize,
) -> Result<Selection, DataError> {
    let split = settings.split.unwrap_or_default();
    let in_order = settings.shuffle == Some(false);
    let stratifies = settings.stratify.unwrap_or(!in_order);
    let order = shuffled(labels.len(), (!in_order).then_some(split.seed));
    let samples = labels.len();
    let take = |order: Vec<usize>, share: Share| {
        let count = count(share, samples);
        if count >= order.len() {
            return Err(too_few(samples));
        }
        Ok(if stratifies {
            stratified(&order, labels, classes, count, End::Last)
        } else {
            let mut rest = order;
            let taken = rest.split_off(rest.len() - count);
            (taken, rest)
        })
    };
    let (test, rest) = take(order, split.test.unwrap_or(DEFAULT_TEST_SHARE))?;
    let (validation, train) = match split.validation {
        None => (Vec::new(), rest),
        Some(share) => take(rest, share)?,
    };
    Ok(Selection {
        train,
        validation,
        test,
    })
}

/// What the split of one file comes to, in words.
pub(super) fn describe(settings: &DataSettings) -> String {
    let SplitSettings {
        test,
        validation,
        seed,
    } = settings.split.unwrap_or_default();
    let percent = |share: Share| format!("{} %", (1000.0 * share.0).round() / 10.0);
    let mut parts = format!("{} test", percent(test.unwrap_or(DEFAULT_TEST_SHARE)));
    if let Some(share) = validation {
        parts.push_str(&format!(", {} validation", percent(share)));
    }
    let order = match (settings.shuffle, settings.stratify) {
        (Some(false), Some(true)) => {
            "in the order of the file, every class in its share".to_owned()
        }
        (Some(false), _) => "from the end of the file (shuffle: false)".to_owned(),
        (_, Some(false)) => format!("shuffled with seed {seed}"),
        _ => format!("shuffled with seed {seed}, every class in its share"),
    };
    format!("one file, split: {parts}, {order}")
}

/// The number of samples of a share: at least one.
pub(super) fn count(share: Share, samples: usize) -> usize {
    ((share.0 * samples as f64).round() as usize).max(1)
}

fn too_few(samples: usize) -> DataError {
    DataError::Setting {
        setting: "split".into(),
        value: format!("a division of {samples} samples"),
        allowed: "shares that leave at least one training sample".into(),
        remedy: "add samples, or hold out less".into(),
    }
}

/// Takes `count` samples of an order, every class in its share, and leaves a sample of each class if it can. Gives those that
/// are taken and the rest, both in their order.
pub(super) fn stratified(
    order: &[usize],
    labels: &[usize],
    classes: usize,
    count: usize,
    end: End,
) -> (Vec<usize>, Vec<usize>) {
    let mut sizes = vec![0; classes];
    for &sample in order {
        sizes[labels[sample]] += 1;
    }
    let mut taken_of = quotas(&sizes, count);
    if end == End::Last {
        // Passed over from the front instead.
        for (quota, size) in taken_of.iter_mut().zip(&sizes) {
            *quota = size - *quota;
        }
    }
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for &sample in order {
        let left = &mut taken_of[labels[sample]];
        if *left > 0 {
            *left -= 1;
            first.push(sample);
        } else {
            last.push(sample);
        }
    }
    match end {
        End::First => (first, last),
        End::Last => (last, first),
    }
}

/// How many of `count` samples each class gives: its share, rounded so that the sum is right; at least one of it and not all,
/// where that is possible.
fn quotas(sizes: &[usize], count: usize) -> Vec<usize> {
    let total: usize = sizes.iter().sum();
    let share = |class: usize| count as f64 * sizes[class] as f64 / total.max(1) as f64;
    let spares = count + sizes.iter().filter(|size| **size > 0).count() <= total;
    let most = |class: usize| sizes[class] - usize::from(spares && sizes[class] > 0);
    let with_some = (0..sizes.len()).filter(|class| most(*class) > 0).count();
    let least = |class: usize| usize::from(count >= with_some).min(most(class));
    let mut quotas: Vec<usize> = (0..sizes.len())
        .map(|class| (share(class) as usize).clamp(least(class), most(class)))
        .collect();
    let mut by_lack: Vec<usize> = (0..sizes.len()).collect();
    loop {
        let sum: usize = quotas.iter().sum();
        let lack = |class: &usize| share(*class) - quotas[*class] as f64;
        by_lack.sort_by(|a, b| lack(b).total_cmp(&lack(a)));
        let mut changed = false;
        if sum < count {
            for &class in &by_lack {
                if quotas.iter().sum::<usize>() < count && quotas[class] < most(class) {
                    quotas[class] += 1;
                    changed = true;
                }
            }
        } else if sum > count {
            let fullest = by_lack
                .iter()
                .rev()
                .find(|class| quotas[**class] > least(**class));
            if let Some(&class) = fullest {
                quotas[class] -= 1;
                changed = true;
            }
        }
        if !changed {
            return quotas;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::Source;
    use super::*;

    fn of_class(samples: &[usize], labels: &[usize], class: usize) -> usize {
        samples
            .iter()
            .filter(|sample| labels[**sample] == class)
            .count()
    }

    #[test]
    fn every_class_has_its_share_of_each_part() {
        // 60, 30, 9 and 1 samples, sorted by class.
        let labels: Vec<usize> = (0..100)
            .map(|sample| [60, 90, 99].iter().filter(|end| sample >= **end).count())
            .collect();
        let settings = DataSettings {
            split: Some(SplitSettings {
                test: Some(Share(0.2)),
                validation: Some(Share(0.1)),
                seed: 3,
            }),
            ..DataSettings::of(Source::File)
        };
        let parts = divide(&settings, &labels, 4).expect("enough samples");
        let counts = |part: &[usize]| [0, 1, 2, 3].map(|class| of_class(part, &labels, class));
        assert_eq!(counts(&parts.test), [12, 6, 2, 0]);
        assert_eq!(counts(&parts.validation), [6, 3, 1, 0]);
        assert_eq!(counts(&parts.train), [42, 21, 6, 1]);
        let mut all = [parts.train.clone(), parts.validation, parts.test].concat();
        assert!(!parts.train.is_sorted());
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_of_the_file_is_kept_where_it_is_asked_for() {
        let settings = DataSettings {
            shuffle: Some(false),
            ..DataSettings::of(Source::File)
        };
        let labels = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
        let parts = divide(&settings, &labels, 2).expect("enough samples");
        assert_eq!(parts.train, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(parts.test, [8, 9]);
    }

    #[test]
    fn quotas_sum_up_and_leave_what_they_can() {
        assert_eq!(quotas(&[5, 5], 3), [2, 1]);
        assert_eq!(quotas(&[1, 1, 1], 3), [1, 1, 1]);
        assert_eq!(quotas(&[98, 1, 1], 50), [50, 0, 0]);
        assert_eq!(quotas(&[98, 2], 3), [2, 1]);
        assert_eq!(quotas(&[2, 2, 2], 2).iter().sum::<usize>(), 2);
        for count in 0..=20 {
            let found = quotas(&[1, 9, 0, 7, 3], count);
            assert_eq!(found.iter().sum::<usize>(), count);
        }
        let (first, rest) = stratified(&[3, 2, 1, 0], &[0, 1, 0, 1], 2, 2, End::First);
        assert_eq!((first, rest), (vec![3, 2], vec![1, 0]));
    }
}
