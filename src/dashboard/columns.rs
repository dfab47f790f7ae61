//! The columns of the list of trials: for drawing them and for clicks on their names.

use super::state::{Labels, List, Sort, Trials};
use crate::measure::Quantity;

/// Narrowest column of settings.
const NARROWEST_SETTING: usize = 18;
/// Columns of the number of seeds.
pub(crate) const SEEDS: usize = 6;
/// Columns of the rate, and of the remaining time.
pub(crate) const PACE: usize = 9;
/// From this width on, rate and remaining time have columns of their own.
const WIDE: usize = 110;
/// Metrics that are worth more than the names of the values in a setting: the first ones of
/// [`Quantity::COLUMNS`].
const IMPORTANT: usize = 5;

/// The columns that fit.
pub(crate) struct Columns {
    /// Columns of the state.
    pub sign: usize,
    /// Columns of the setting.
    pub setting: usize,
    /// State in words, standard deviations.
    pub wide: bool,
    /// Rate and remaining time.
    pub pace: bool,
    /// The metrics.
    pub metrics: Vec<Quantity>,
}

impl Columns {
    /// The columns for a width; the one that decides the order is always among them.
    pub(crate) fn fitting(width: usize, list: &List, trials: &Trials) -> Self {
        let labels = list.labels(trials);
        let wide = width >= WIDE;
        let sign = if wide { 10 } else { 1 };
        let pace = wide && list.moving;
        let fixed = 3 + sign + SEEDS + if pace { 2 * PACE } else { 0 };
        let room = width.saturating_sub(fixed);
        // Before there are rows: what every run will have.
        // Before there are rows: what every run will have.
        let is_known = |metric: &Quantity| match &list.known[..] {
            [] => !metric.is_optional(),
            known => known.contains(metric),
        };
        let mut order: Vec<Quantity> = (Quantity::COLUMNS.iter().copied().filter(is_known))
            // On the narrowest screens the bar of iterations gives way to results.
            .filter(|&metric| width >= 60 || metric != Quantity::Iterations)
            .collect();
        let needed = |metric: Quantity| metric.width(wide) + 1;
        let mut setting = setting_width(room, labels, &order, needed);
        if let Sort::Metric(sorted) = list.sort
            && !fitting(room - setting, &order, needed).contains(&sorted)
        {
            order.retain(|&metric| metric != sorted);
            order.insert(0, sorted);
            setting = setting_width(room, labels, &order, needed);
        }
        let metrics = fitting(room - setting, &order, needed).to_vec();
        let used: usize = metrics.iter().map(|&metric| needed(metric)).sum();
        Self {
            sign,
            setting: setting + (room - setting - used).min(30),
            wide,
            pace,
            metrics,
        }
    }

    /// What the column at this place of a line is sorted by.
    pub(crate) fn sort_at(&self, place: usize) -> Option<Sort> {
        // A mark or a space stands before the state, a space behind it and behind the seeds.
        let setting = self.sign + 2;
        let seeds = setting + self.setting;
        let mut end = seeds + SEEDS + 1;
        match place {
            _ if place < setting => return Some(Sort::State),
            _ if place < seeds => return Some(Sort::Setting),
            _ if place < end => return Some(Sort::Plan),
            _ => {}
        }
        let found = self.metrics.iter().find(|metric| {
            end += metric.width(self.wide) + 1;
            place < end
        });
        found.map(|&metric| Sort::Metric(metric))
    }
}

/// The columns of the setting: its whole label beside the most important metrics, or else its
/// values beside as many as possible.
fn setting_width(
    room: usize,
    labels: &Labels,
    order: &[Quantity],
    needed: impl Fn(Quantity) -> usize,
) -> usize {
    let metrics = |count| -> usize { order.iter().take(count).map(|&metric| needed(metric)).sum() };
    // A sign stands before the label.
    let (named, bare) = (labels.named + 1, labels.bare + 1);
    [(named, IMPORTANT), (bare, IMPORTANT), (bare, 3), (bare, 2)]
        .into_iter()
        .find(|&(setting, count)| setting + metrics(count) <= room)
        .map_or(room.saturating_sub(metrics(1)), |(setting, _)| setting)
        .max(NARROWEST_SETTING)
        .min(room)
}

/// The first columns that fit.
fn fitting(room: usize, order: &[Quantity], needed: impl Fn(Quantity) -> usize) -> &[Quantity] {
    let mut used = 0;
    let fits = |metric: &&Quantity| {
        used += needed(**metric);
        used <= room
    };
    &order[..order.iter().take_while(fits).count()]
}
