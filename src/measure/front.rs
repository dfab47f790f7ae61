//! The Pareto front.

/// Which of `places` no other one beats, that is, reaches in both coordinates and exceeds in one; greater is better in
/// both. Equal places are on the front together. A place that is not finite is not on it.
pub fn on_front(places: &[(f64, f64)]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..places.len())
        .filter(|&at| places[at].0.is_finite() && places[at].1.is_finite())
        .collect();
    order.sort_by(|&a, &b| {
        let ((x, y), (other_x, other_y)) = (places[a], places[b]);
        other_x.total_cmp(&x).then(other_y.total_cmp(&y))
    });
    let mut on_front = vec![false; places.len()];
    // From the greatest x down, a place is on the front if its y is the greatest so far.
    let mut best: Option<(f64, f64)> = None;
    for at in order {
        if best.is_none_or(|best| places[at].1 > best.1 || places[at] == best) {
            on_front[at] = true;
            best = Some(places[at]);
        }
    }
    on_front
}

#[cfg(test)]
mod tests {
    use super::on_front;

    #[test]
    fn the_front_holds_what_nothing_beats_in_both_directions() {
        let places = [
            (1.0, 0.97),
            (10.0, 0.96),
            (10.0, 0.94),
            (5.0, 0.96),
            (20.0, 0.90),
        ];
        assert_eq!(on_front(&places), [true, true, false, false, true]);
    }

    #[test]
    fn ties_stay_on_the_front_together() {
        let places = [(2.0, 0.5), (1.0, 0.9), (2.0, 0.5), (1.0, 0.5)];
        assert_eq!(on_front(&places), [true, true, true, false]);
    }

    #[test]
    fn what_is_not_finite_is_neither_on_the_front_nor_beats_anything() {
        let places = [
            (f64::NAN, 1.0),
            (1.0, f64::NAN),
            (2.0, f64::INFINITY),
            (1.0, 0.5),
        ];
        assert_eq!(on_front(&places), [false, false, false, true]);
        assert!(on_front(&[]).is_empty());
    }
}
