use std::time::Duration;

/// Sub-buckets of a power of two: durations are kept to three per cent.
const SUB_BUCKETS: usize = 32;
/// Powers of two above the first buckets: up to 2^40 µs, twelve days.
const POWERS: usize = 36;

/// How often each duration occurred. Takes the same memory however many there are.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    longest: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; SUB_BUCKETS * POWERS], total: 0, longest: Duration::ZERO }
    }
}

impl Histogram {
    pub(super) fn add(&mut self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = bucket(us).min(self.counts.len() - 1);
        self.counts[bucket] += 1;
        self.total += 1;
        self.longest = self.longest.max(duration);
    }

    pub(super) fn count(&self) -> u64 {
        self.total
    }

    /// Returns a duration that `per_mille` of a thousand did not exceed; zero if there are none.
    pub(super) fn quantile(&self, per_mille: u64) -> Duration {
        let rank = (self.total * per_mille).div_ceil(1000);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank && seen > 0 {
                return Duration::from_micros(upper_end(bucket)).min(self.longest);
            }
        }
        self.longest
    }

    pub(super) fn longest(&self) -> Duration {
        self.longest
    }
}

/// Values below [`SUB_BUCKETS`] have a bucket each; above, each power of two has that many halves.
fn bucket(us: u64) -> usize {
    let sub = SUB_BUCKETS as u64;
    if us < sub {
        return us as usize;
    }
    let power = us.ilog2() - sub.ilog2();
    let within = (us >> power) - sub;
    (u64::from(power + 1) * sub + within) as usize
}

/// Returns the largest value that falls into a bucket.
fn upper_end(bucket: usize) -> u64 {
    let (power, within) = (bucket / SUB_BUCKETS, bucket % SUB_BUCKETS);
    match power {
        0 => within as u64,
        _ => (((SUB_BUCKETS + within + 1) as u64) << (power - 1)) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_ends_where_the_next_begins() {
        for us in (0..5000).chain([1 << 20, (1 << 20) - 1, 123_456_789]) {
            let bucket = bucket(us);
            assert!(us <= upper_end(bucket), "{us}");
            assert!(bucket == 0 || us > upper_end(bucket - 1), "{us}");
        }
    }

    #[test]
    fn quantiles_are_within_three_per_cent() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(500), Duration::ZERO);
        for ms in 1..=1000 {
            histogram.add(Duration::from_millis(ms));
        }
        for (per_mille, ms) in [(500, 500), (990, 990), (999, 999)] {
            let found = histogram.quantile(per_mille).as_micros() as f64;
            let expected = f64::from(ms) * 1000.0;
            assert!((found / expected - 1.0).abs() < 0.04, "{per_mille}: {found}");
        }
        assert_eq!(histogram.quantile(1000), Duration::from_secs(1));
        assert_eq!(histogram.longest(), Duration::from_secs(1));
        histogram.add(Duration::MAX);
        assert_eq!(histogram.count(), 1001);
    }
}
