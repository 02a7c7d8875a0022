//! One case's figures, from what the load noted.

use super::{
    cases::Case,
    limits::Rates,
    line::Line,
    load::{self, Paid},
};
use crate::{
    document::Use,
    figures::{Busy, Outcome, Repetition, Summary},
    plan::Plan,
};
use anyhow::{Result, ensure};
use tokio::runtime::Runtime;

/// What a case measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurement {
    pub(crate) case: Case,
    pub(crate) summary: Summary,
    /// All that were made, those of the warm-up included.
    pub(crate) payments: u64,
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
    let seconds = plan.each.as_secs_f64();
    let payments = repetitions.iter().map(|one| one.per_second * seconds).sum();
    let all_seconds = seconds * plan.repetitions as f64;
    let busy = log.cpu.map(|used| Busy::of(&used, all_seconds, payments));
    let summary = Summary::of(&repetitions, busy);
    Ok(Measurement { case, summary, payments: log.payments.len() as u64 })
}

impl Measurement {
    pub(crate) fn processor_use(&self, rates: &Rates) -> Use {
        let needed_us = rates.cores as f64 / rates.bounds(self.case).cores * 1e6;
        Use { name: self.case.name(), summary: self.summary, needed_us }
    }

    /// Compares with the limit.
    pub(crate) fn result(&self, rates: &Rates) -> Outcome {
        self.summary.outcome(self.case.name(), Some(rates.bounds(self.case).limit()))
    }
}

/// Looks at the payments answered within one repetition; `None` if there are none.
fn repetition(payments: &[Paid], plan: &Plan, index: usize) -> Option<Repetition> {
    let start = plan.warm_up + plan.each * u32::try_from(index).ok()?;
    let within = |paid: &&Paid| paid.at >= start && paid.at < start + plan.each;
    let latencies = payments.iter().filter(within).map(|paid| paid.latency).collect();
    Repetition::of(latencies, plan.each)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Goal: the warm-up does not count, and a repetition counts only what it answered.
    #[test]
    fn repetitions_take_what_was_answered_in_them() {
        let second = Duration::from_secs(1);
        let plan =
            Plan { warm_up: second, each: second, repetitions: 2, ..Plan::new(true, None, None) };
        let paid = |at, latency| Paid {
            at: Duration::from_millis(at),
            latency: Duration::from_millis(latency),
        };
        let payments = [paid(500, 9), paid(1500, 1), paid(1600, 2), paid(2500, 7), paid(3500, 9)];
        let first = repetition(&payments, &plan, 0).unwrap();
        assert!((first.per_second - 2.0).abs() < 1e-9);
        assert_eq!(first.p99, Duration::from_millis(2));
        assert_eq!(repetition(&payments, &plan, 1).unwrap().p50, Duration::from_millis(7));
        assert!(repetition(&payments, &plan, 3).is_none());
    }
}
