//! Which samples take part, and in which order.
//!
//! Orders must never change with the version of a library, so the shuffle is written out here; it
//! takes nothing but 64-bit words from the `ChaCha8` stream that `seed_from_u64` starts.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::error::DataError;
use super::settings::DataSettings;
use super::split::{self, End, stratified};

/// Samples of the parts, as positions in what the source has read.
pub(super) struct Selection {
    pub(super) train: Vec<usize>,
    /// Out of the same part of the source as `train`; empty if nothing is held out.
    pub(super) validation: Vec<usize>,
    pub(super) test: Vec<usize>,
}

/// Divides the pool of `digits`: shuffled (seed 0 if none is given), training samples from its
/// start, test samples after them; then the training samples are balanced. Held out are the last of 1,437 training
/// samples, or of the pool if `train` says how many of them there are: the test samples stay what they are.
///
/// `labels` are the classes of the pool, numbered below `classes`.
pub(super) fn divide_pool(
    settings: &DataSettings,
    labels: &[usize],
    classes: usize,
) -> Result<Selection, DataError> {
    let order = shuffled(labels.len(), settings.shuffle_seed.or(Some(0)));
    let [train, validation, _] = settings.digits_parts();
    let (train, rest) = order.split_at(train);
    let (validation, rest) = if settings.train.is_some() {
        let (test, validation) = rest.split_at(rest.len() - validation);
        (validation, test)
    } else {
        rest.split_at(validation)
    };
    Ok(Selection {
        train: balanced(settings, train.to_vec(), labels, classes)?,
        validation: validation.to_vec(),
        test: first(rest.to_vec(), settings.test, "test", settings)?,
    })
}

/// Chooses from a training and a test part: each shuffled by itself, the last training samples held out, the classes of
/// the others balanced, each part cut to the number of samples that is asked for. As the training samples are taken from
/// the start, the same number of them are the same ones, whatever is held out, unless a balance draws them or classes keep
/// their shares.
///
/// `labels` are the classes of the samples of the training and of the test part, numbered below `classes`.
pub(super) fn choose(
    settings: &DataSettings,
    labels: [&[usize]; 2],
    classes: usize,
) -> Result<Selection, DataError> {
    let all = Selection {
        train: (0..labels[0].len()).collect(),
        validation: Vec::new(),
        test: (0..labels[1].len()).collect(),
    };
    choose_among(settings, all, labels, classes)
}

/// The same among the samples of parts that are divided already.
pub(super) fn choose_among(
    settings: &DataSettings,
    parts: Selection,
    [train_labels, test_labels]: [&[usize]; 2],
    classes: usize,
) -> Result<Selection, DataError> {
    let (mut train, mut test) = (parts.train, parts.test);
    if let Some(seed) = settings.shuffle_seed {
        // Each by itself.
        for part in [&mut train, &mut test] {
            shuffle(part, &mut ChaCha8Rng::seed_from_u64(seed));
        }
    }
    let mut validation = parts.validation;
    if validation.is_empty() {
        let share = settings.split.and_then(|split| split.validation);
        let wanted = match share {
            Some(share) => split::count(share, train.len()),
            None => settings.validation.unwrap_or(0),
        };
        (validation, train) = held_out(train, wanted, settings, train_labels, classes)?;
    }
    let train = balanced(settings, train, train_labels, classes)?;
    let cut = |order, wanted, setting, labels| match settings.stratify {
        Some(true) => first_stratified(order, wanted, setting, settings, labels, classes),
        _ => first(order, wanted, setting, settings),
    };
    Ok(Selection {
        train: cut(train, settings.train, "train", train_labels)?,
        validation,
        test: cut(test, settings.test, "test", test_labels)?,
    })
}

/// Takes the last samples, of every class where they are stratified; at least one stays. Gives those that are taken and the
/// rest.
fn held_out(
    mut order: Vec<usize>,
    wanted: usize,
    settings: &DataSettings,
    labels: &[usize],
    classes: usize,
) -> Result<(Vec<usize>, Vec<usize>), DataError> {
    if wanted >= order.len() {
        return Err(DataError::Setting {
            setting: "validation".into(),
            value: wanted.to_string(),
            allowed: format!(
                "1 to {}, as it is taken from the {} training samples of the files",
                order.len().saturating_sub(1),
                order.len()
            ),
            remedy: "hold out fewer samples, or omit the setting".into(),
        });
    }
    if settings.stratify == Some(true) {
        return Ok(stratified(&order, labels, classes, wanted, End::Last));
    }
    let taken = order.split_off(order.len() - wanted);
    Ok((taken, order))
}

fn first_stratified(
    order: Vec<usize>,
    wanted: Option<usize>,
    setting: &'static str,
    settings: &DataSettings,
    labels: &[usize],
    classes: usize,
) -> Result<Vec<usize>, DataError> {
    let Some(count) = wanted else {
        return Ok(order);
    };
    if count >= order.len() {
        return first(order, wanted, setting, settings);
    }
    Ok(stratified(&order, labels, classes, count, End::First).0)
}

fn first(
    mut order: Vec<usize>,
    wanted: Option<usize>,
    setting: &'static str,
    settings: &DataSettings,
) -> Result<Vec<usize>, DataError> {
    let wanted = wanted.unwrap_or(order.len());
    if wanted > order.len() {
        return Err(DataError::Setting {
            setting: setting.into(),
            value: wanted.to_string(),
            allowed: format!(
                "1 to {}, the number of samples available{}",
                order.len(),
                settings.after_hold_out()
            ),
            remedy: "ask for fewer samples, or omit the setting to use all".into(),
        });
    }
    order.truncate(wanted);
    Ok(order)
}

/// 0, 1, … `count` - 1, shuffled if there is a seed.
pub(super) fn shuffled(count: usize, seed: Option<u64>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    if let Some(seed) = seed {
        shuffle(&mut order, &mut ChaCha8Rng::seed_from_u64(seed));
    }
    order
}

/// Fisher-Yates from the end: for i = n - 1 down to 1, item i changes places with item
/// j = floor(r (i + 1) / 2^64), where r is the next 64-bit word of the stream.
pub fn shuffle<T>(items: &mut [T], random: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        let places = last as u128 + 1;
        let chosen = (u128::from(random.next_u64()) * places) >> 64;
        items.swap(last, chosen as usize);
    }
}

/// Keeps as many samples of each class as the smallest class has. Class by class, in their order,
/// the members are shuffled and the first ones stay; the order of those that stay is not changed.
fn balanced(
    settings: &DataSettings,
    order: Vec<usize>,
    labels: &[usize],
    classes: usize,
) -> Result<Vec<usize>, DataError> {
    let Some(balance) = &settings.balance else {
        return Ok(order);
    };
    let mut members = vec![Vec::new(); classes];
    for (place, &sample) in order.iter().enumerate() {
        members[labels[sample]].push(place);
    }
    let smallest = members.iter().map(Vec::len).min().unwrap_or_default();
    if smallest == 0 {
        return Err(DataError::Setting {
            setting: "train".into(),
            value: order.len().to_string(),
            allowed: "enough samples that every class occurs, since `balance` is set".into(),
            remedy: match settings.validation {
                None => "ask for more training samples, or leave out `balance`".into(),
                Some(_) => {
                    "hold out fewer samples, shuffle them (`shuffle_seed`), or leave out `balance`"
                        .into()
                }
            },
        });
    }
    let mut random = ChaCha8Rng::seed_from_u64(balance.undersample_seed);
    let mut kept = Vec::with_capacity(smallest * classes);
    for mut places in members {
        shuffle(&mut places, &mut random);
        kept.extend_from_slice(&places[..smallest]);
    }
    kept.sort_unstable();
    Ok(kept.into_iter().map(|place| order[place]).collect())
}

#[cfg(test)]
mod tests {
    use super::super::settings::{BalanceSettings, Source};
    use super::*;

    fn settings(shuffle_seed: Option<u64>, balance: Option<u64>) -> DataSettings {
        DataSettings {
            shuffle_seed,
            balance: balance.map(|undersample_seed| BalanceSettings { undersample_seed }),
            ..DataSettings::of(Source::Csv)
        }
    }

    #[test]
    fn the_order_of_a_seed_never_changes() {
        assert_eq!(shuffled(10, None), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        // From a second implementation, in another language.
        assert_eq!(shuffled(10, Some(0)), [6, 1, 8, 3, 2, 9, 0, 5, 4, 7]);
        assert_eq!(shuffled(10, Some(1)), [2, 7, 8, 5, 3, 6, 1, 9, 0, 4]);
    }

    #[test]
    fn every_order_of_three_is_as_likely_as_another() {
        let mut counts = std::collections::HashMap::new();
        for seed in 0..6000 {
            *counts.entry(shuffled(3, Some(seed))).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Five standard deviations of a binomial count around 1,000.
        for (order, count) in counts {
            assert!((856..=1144).contains(&count), "{order:?}: {count}");
        }
    }

    #[test]
    fn undersampling_keeps_the_size_of_the_smallest_class_in_the_order_of_the_samples() {
        let labels = [0, 1, 0, 2, 0, 1, 0, 2, 1, 0];
        let chosen =
            choose(&settings(None, Some(7)), [&labels, &[0]], 3).expect("every class occurs");
        let count = |class| chosen.train.iter().filter(|&&s| labels[s] == class).count();
        assert_eq!([count(0), count(1), count(2)], [2, 2, 2]);
        assert!(chosen.train.is_sorted());
        let again =
            choose(&settings(None, Some(7)), [&labels, &[0]], 3).expect("every class occurs");
        assert_eq!(chosen.train, again.train);
        let mut others =
            (0..20).filter_map(|seed| choose(&settings(None, Some(seed)), [&labels, &[0]], 3).ok());
        assert!(others.any(|other| other.train != chosen.train));
    }

    #[test]
    fn undersampling_comes_after_the_shuffle_and_before_the_cut() {
        let labels: Vec<usize> = (0..100).map(|sample| usize::from(sample >= 90)).collect();
        let mut settings = settings(Some(3), Some(4));
        let balanced = choose(&settings, [&labels, &[0]], 2).expect("both classes occur");
        assert_eq!(balanced.train.len(), 20);
        let shuffled = shuffled(100, Some(3));
        let mut rest = shuffled.iter();
        assert!(
            balanced
                .train
                .iter()
                .all(|kept| rest.any(|sample| sample == kept))
        );
        settings.train = Some(8);
        let cut = choose(&settings, [&labels, &[0]], 2).expect("eight of twenty");
        assert_eq!(cut.train, balanced.train[..8]);
        settings.train = Some(21);
        let message = choose(&settings, [&labels, &[0]], 2)
            .map(|_| ())
            .expect_err("only twenty");
        assert!(
            message
                .to_string()
                .starts_with("train is 21; allowed: 1 to 20, the number of samples available;")
        );
    }
}
