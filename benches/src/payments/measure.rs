//! One case's figures, from what the load noted.

use crate::{
    cases::Case,
    cpu::CpuUse,
    limits::Rates,
    line::Line,
    load::{self, Paid, Plan},
};
use anyhow::{Result, ensure};
use serde::Serialize;
use std::time::Duration;
use tokio::runtime::Runtime;

/// What a case measured: the medians over the repetitions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurement {
    pub(crate) case: Case,
    pub(crate) per_second: f64,
    /// The slowest and the fastest repetition.
    pub(crate) spread: (f64, f64),
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// All that were made, those of the warm-up included.
    pub(crate) payments: u64,
    /// Processor use: cores that this process kept busy, cores that others did, and this process's
    /// time for each payment.
    pub(crate) cpu: Option<Busy>,
}

/// Processor use under a load.
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
    pub(crate) limit_per_second: f64,
    pub(crate) ratio: f64,
}

/// One repetition.
#[derive(Debug, Clone, Copy)]
struct Repetition {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

/// Measures a case.
pub(crate) fn run(runtime: &Runtime, line: &Line, case: Case, plan: &Plan) -> Result<Measurement> {
    let log = runtime.block_on(load::drive(line, case, plan))?;
    let repetitions: Vec<Repetition> =
        (0..plan.repetitions).filter_map(|index| repetition(&log.payments, plan, index)).collect();
    ensure!(
        repetitions.len() == plan.repetitions,
        "{}: a repetition is too short for one payment",
        case.name()
    );
    let speeds: Vec<f64> = repetitions.iter().map(|one| one.per_second).collect();
    let per_second = median(&speeds);
    let in_milliseconds = |of: fn(&Repetition) -> Duration| -> Duration {
        let all: Vec<f64> = repetitions.iter().map(|one| of(one).as_secs_f64()).collect();
        Duration::from_secs_f64(median(&all))
    };
    let measured: f64 = speeds.iter().sum::<f64>() * plan.each.as_secs_f64();
    let cpu = log.cpu.map(|cpu| busy(&cpu, plan, measured));
    Ok(Measurement {
        case,
        per_second,
        spread: (
            speeds.iter().copied().fold(f64::INFINITY, f64::min),
            speeds.iter().copied().fold(0.0, f64::max),
        ),
        p50: in_milliseconds(|one| one.p50),
        p99: in_milliseconds(|one| one.p99),
        payments: log.payments.len() as u64,
        cpu,
    })
}

impl Measurement {
    /// Compares with the limit.
    pub(crate) fn result(&self, rates: &Rates) -> Outcome {
        let limit = rates.bounds(self.case).limit();
        Outcome {
            name: self.case.name(),
            per_second: rounded(self.per_second, 1),
            p50_ms: rounded(self.p50.as_secs_f64() * 1e3, 3),
            p99_ms: rounded(self.p99.as_secs_f64() * 1e3, 3),
            limit_per_second: rounded(limit, 1),
            ratio: rounded(self.per_second / limit, 3),
        }
    }

    pub(crate) fn one_line(&self) -> String {
        let cpu = self.cpu.map_or_else(String::new, |busy| {
            format!(
                "; {:.2} cores busy, {:.2} by others, {} us of one core each",
                busy.own_cores,
                busy.other_cores,
                busy.each.as_micros()
            )
        });
        format!(
            "{:<24} {:>8.0}/s ({:.0} to {:.0}), p50 {:.2} ms, p99 {:.2} ms{cpu}",
            self.case.name(),
            self.per_second,
            self.spread.0,
            self.spread.1,
            self.p50.as_secs_f64() * 1e3,
            self.p99.as_secs_f64() * 1e3,
        )
    }
}

fn busy(cpu: &CpuUse, plan: &Plan, payments: f64) -> Busy {
    let seconds = plan.each.as_secs_f64() * plan.repetitions as f64;
    Busy {
        own_cores: cpu.own / seconds,
        other_cores: cpu.others / seconds,
        each: Duration::from_secs_f64(cpu.own / payments),
    }
}

/// Looks at the payments answered within one repetition; `None` if there are none.
fn repetition(payments: &[Paid], plan: &Plan, index: usize) -> Option<Repetition> {
    let start = plan.warm_up + plan.each * u32::try_from(index).ok()?;
    let within = |paid: &&Paid| paid.at >= start && paid.at < start + plan.each;
    let mut latencies: Vec<Duration> =
        payments.iter().filter(within).map(|paid| paid.latency).collect();
    latencies.sort_unstable();
    Some(Repetition {
        per_second: latencies.len() as f64 / plan.each.as_secs_f64(),
        p50: percentile(&latencies, 50)?,
        p99: percentile(&latencies, 99)?,
    })
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

    /// Goal: the warm-up does not count, and a repetition counts only what it answered.
    #[test]
    fn repetitions_take_what_was_answered_in_them() {
        let second = Duration::from_secs(1);
        let plan = Plan { warm_up: second, each: second, repetitions: 2, probe: second };
        let paid = |at, latency| Paid {
            at: Duration::from_millis(at),
            latency: Duration::from_millis(latency),
        };
        let payments = [paid(500, 9), paid(1500, 1), paid(1600, 2), paid(2500, 7), paid(3500, 9)];
        let first = repetition(&payments, &plan, 0).unwrap();
        assert_eq!((first.per_second, first.p99), (2.0, Duration::from_millis(2)));
        assert_eq!(repetition(&payments, &plan, 1).unwrap().p50, Duration::from_millis(7));
        assert!(repetition(&payments, &plan, 3).is_none());
    }

    /// Goal: the shape that other programs read.
    #[test]
    fn results_have_the_agreed_fields() {
        let outcome = Outcome {
            name: "channel.direct.1".into(),
            per_second: rounded(1.25, 1),
            p50_ms: 0.5,
            p99_ms: 1.0,
            limit_per_second: 2.0,
            ratio: 0.5,
        };
        let value = serde_json::to_value([outcome]).unwrap();
        let fields: Vec<&String> = value[0].as_object().unwrap().keys().collect();
        let mut expected =
            ["name", "per_second", "p50_ms", "p99_ms", "limit_per_second", "ratio"].to_vec();
        expected.sort_unstable();
        let mut found: Vec<&str> = fields.into_iter().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }
}
