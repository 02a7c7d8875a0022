//! From latencies to the figures that are printed.

use crate::cpu::CpuUse;
use serde::Serialize;
use std::time::Duration;

/// What a case measured: the medians over its repetitions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Summary {
    pub(crate) per_second: f64,
    /// The slowest and the fastest repetition.
    pub(crate) spread: (f64, f64),
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) cpu: Option<Busy>,
}

/// One repetition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repetition {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Processor use under a load: cores that this process kept busy, cores that others did, and this
/// process's time for each unit of work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Busy {
    pub(crate) own_cores: f64,
    pub(crate) other_cores: f64,
    pub(crate) each: Duration,
}

/// One entry of the results. Later runs are compared by these names.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Absent for what has no limit: a look-up needs no operation that could be measured alone.
    pub(crate) limit_per_second: Option<f64>,
    pub(crate) ratio: Option<f64>,
}

impl Repetition {
    /// Looks at what was answered within `time`; `None` if nothing was.
    pub(crate) fn of(mut latencies: Vec<Duration>, time: Duration) -> Option<Self> {
        latencies.sort_unstable();
        Some(Self {
            per_second: latencies.len() as f64 / time.as_secs_f64(),
            p50: percentile(&latencies, 50)?,
            p99: percentile(&latencies, 99)?,
        })
    }
}

impl Summary {
    /// Takes the medians of repetitions, of which there is at least one.
    pub(crate) fn of(repetitions: &[Repetition], cpu: Option<Busy>) -> Self {
        let speeds: Vec<f64> = repetitions.iter().map(|one| one.per_second).collect();
        let middle = |of: fn(&Repetition) -> Duration| {
            let all: Vec<f64> = repetitions.iter().map(|one| of(one).as_secs_f64()).collect();
            Duration::from_secs_f64(median(&all))
        };
        Self {
            per_second: median(&speeds),
            spread: (
                speeds.iter().copied().fold(f64::INFINITY, f64::min),
                speeds.iter().copied().fold(0.0, f64::max),
            ),
            p50: middle(|one| one.p50),
            p99: middle(|one| one.p99),
            cpu,
        }
    }

    /// Compares with the limit, if there is one.
    pub(crate) fn outcome(&self, name: String, limit: Option<f64>) -> Outcome {
        Outcome {
            name,
            per_second: rounded(self.per_second, 1),
            p50_ms: rounded(self.p50.as_secs_f64() * 1e3, 4),
            p99_ms: rounded(self.p99.as_secs_f64() * 1e3, 4),
            limit_per_second: limit.map(|limit| rounded(limit, 1)),
            ratio: limit.map(|limit| rounded(self.per_second / limit, 3)),
        }
    }

    pub(crate) fn one_line(&self, name: &str) -> String {
        let cpu = self.cpu.map_or_else(String::new, |busy| {
            format!(
                "; {:.2} cores busy, {:.2} by others, {} us of one core each",
                busy.own_cores,
                busy.other_cores,
                busy.each.as_micros()
            )
        });
        format!(
            "{name:<32} {:>8.0}/s ({:.0} to {:.0}), p50 {:.3} ms, p99 {:.3} ms{cpu}",
            self.per_second,
            self.spread.0,
            self.spread.1,
            self.p50.as_secs_f64() * 1e3,
            self.p99.as_secs_f64() * 1e3,
        )
    }
}

impl Busy {
    /// Spreads what was used in `seconds` over `units` of work.
    pub(crate) fn of(used: &CpuUse, seconds: f64, units: f64) -> Self {
        Self {
            own_cores: used.own / seconds,
            other_cores: used.others / seconds,
            each: Duration::from_secs_f64(used.own / units),
        }
    }
}

/// Returns the smallest value that `percent` of all do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let all: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&all, 50), Some(Duration::from_millis(100)));
        assert_eq!(percentile(&all, 99), Some(Duration::from_millis(198)));
        assert_eq!(percentile(&all[..1], 99), Some(Duration::from_millis(1)));
        assert_eq!(percentile(&[], 50), None);
    }

    /// Goal: of several repetitions the middle one counts, for each figure by itself.
    #[test]
    fn medians_are_taken_over_repetitions() {
        let second = Duration::from_secs(1);
        let one = |count: usize, latency| Repetition::of(vec![latency; count], second).unwrap();
        let all = [one(5, second), one(1, 2 * second), one(9, second / 2)];
        let summary = Summary::of(&all, None);
        assert!((summary.per_second - 5.0).abs() < 1e-9);
        assert_eq!((summary.spread, summary.p99), ((1.0, 9.0), second));
        assert!(Repetition::of(vec![], second).is_none());
    }

    /// Goal: the shape that other programs read.
    #[test]
    fn results_have_the_agreed_fields() {
        let second = Duration::from_secs(1);
        let summary = Summary::of(&[Repetition::of(vec![second], second).unwrap()], None);
        let value = serde_json::to_value(summary.outcome("channel.direct.1".into(), Some(2.0)));
        let value = value.unwrap();
        let mut expected =
            ["name", "per_second", "p50_ms", "p99_ms", "limit_per_second", "ratio"].to_vec();
        expected.sort_unstable();
        let mut found: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(value["ratio"], 0.5);
    }
}
