//! One quantity over the iterations: at most [`CAPACITY`] buckets with the least and the greatest value in each, so
//! that a picture costs the same after a million iterations as after a thousand and no peak is lost.

/// Buckets per series. With fewer iterations than this, every value is kept as it is.
const CAPACITY: usize = 1024;

/// Some consecutive iterations of one quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bucket {
    /// The last iteration in the bucket.
    pub iteration: u64,
    /// Least and greatest value; `None` if one of the values is not finite.
    pub range: Option<(f64, f64)>,
    /// The last value.
    pub last: f64,
}

impl Bucket {
    fn new(iteration: u64, value: f64) -> Self {
        Self {
            iteration,
            range: value.is_finite().then_some((value, value)),
            last: value,
        }
    }

    fn absorb(&mut self, later: Self) {
        self.range = match (self.range, later.range) {
            (Some((least, most)), Some((low, high))) => Some((least.min(low), most.max(high))),
            _ => None,
        };
        self.iteration = later.iteration;
        self.last = later.last;
    }
}

/// One quantity over the iterations.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    buckets: Vec<Bucket>,
    /// Iterations per bucket.
    stride: u64,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            stride: 1,
        }
    }
}

impl Series {
    /// Adds the value of an iteration that is later than all before.
    pub(crate) fn push(&mut self, iteration: u64, value: f64) {
        let bucket = Bucket::new(iteration, value);
        match self.buckets.last_mut() {
            Some(last) if last.iteration / self.stride == iteration / self.stride => {
                last.absorb(bucket);
            }
            _ => self.buckets.push(bucket),
        }
        while self.buckets.len() > CAPACITY {
            self.stride *= 2;
            let mut merged: Vec<Bucket> = Vec::with_capacity(CAPACITY);
            for bucket in self.buckets.drain(..) {
                match merged.last_mut() {
                    Some(last)
                        if last.iteration / self.stride == bucket.iteration / self.stride =>
                    {
                        last.absorb(bucket);
                    }
                    _ => merged.push(bucket),
                }
            }
            self.buckets = merged;
        }
    }

    /// The buckets, in the order of the iterations.
    pub(crate) fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The bucket that holds an iteration, or the nearest one before it.
    pub(crate) fn at(&self, iteration: u64) -> Option<&Bucket> {
        let next = self
            .buckets
            .partition_point(|bucket| bucket.iteration < iteration);
        self.buckets
            .get(next)
            .filter(|bucket| bucket.iteration / self.stride == iteration / self.stride)
            .or_else(|| {
                next.checked_sub(1)
                    .and_then(|before| self.buckets.get(before))
            })
    }

    /// The same buckets with another value in each; `other` grows with the value that it gets.
    pub(crate) fn mapped(&self, other: impl Fn(f64, u64) -> f64) -> Self {
        let changed = |bucket: &Bucket| {
            let other = |value| other(value, bucket.iteration);
            Bucket {
                range: bucket.range.map(|(low, high)| (other(low), other(high))),
                last: other(bucket.last),
                ..*bucket
            }
        };
        Self {
            buckets: self.buckets.iter().map(changed).collect(),
            stride: self.stride,
        }
    }

    /// Lets go of this iteration and the later ones.
    pub(super) fn forget_from(&mut self, iteration: u64) {
        let keep = self
            .buckets
            .partition_point(|bucket| bucket.iteration < iteration);
        self.buckets.truncate(keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_iterations_keep_their_peaks_in_bounded_space() {
        let mut series = Series::default();
        for iteration in 0..1_000_000 {
            series.push(iteration, if iteration == 777_777 { 9.0 } else { 1.0 });
        }
        assert!(series.buckets().len() <= CAPACITY);
        assert!(series.buckets().len() > CAPACITY / 4);
        let most = series.buckets().iter().filter_map(|bucket| bucket.range);
        assert_eq!(most.map(|(_, most)| most).fold(0.0, f64::max), 9.0);
    }

    #[test]
    fn a_reading_finds_the_bucket_of_the_iteration() {
        let mut series = Series::default();
        for iteration in [0, 5, 10] {
            series.push(iteration, iteration as f64);
        }
        assert_eq!(series.at(5).map(|bucket| bucket.last), Some(5.0));
        assert_eq!(series.at(7).map(|bucket| bucket.last), Some(5.0));
        assert_eq!(series.at(99).map(|bucket| bucket.last), Some(10.0));
    }
}
