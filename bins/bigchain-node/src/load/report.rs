use super::tally::{Tally, Totals};
use crate::{
    command,
    failure::{Failure, Kind},
};
use std::{fmt::Write, time::Duration};

/// What a run showed.
#[derive(Debug)]
pub(super) struct Report {
    totals: Totals,
    posted_in: Duration,
    /// Accepted and not valid.
    missing: u64,
}

impl Report {
    pub(super) fn new(tally: &Tally, posted_in: Duration, missing: u64) -> Self {
        Self { totals: tally.totals(), posted_in, missing }
    }

    /// Prints it, one `name value` a line; fails if a transaction was refused or did not become
    /// valid.
    pub(super) fn print(&self) -> Result<(), Failure> {
        command::show(&self.text())?;
        let refused = self.totals.counts.refused;
        if refused == 0 && self.missing == 0 {
            return Ok(());
        }
        let message = format!(
            "{refused} transactions were refused, and {} were accepted and are not valid",
            self.missing
        );
        Err(Failure::new(Kind::Server, anyhow::Error::msg(message)))
    }

    fn text(&self) -> String {
        let Totals { counts, refusals, accepted, committed, valid_in } = &self.totals;
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{name:22}{value}");
        };
        line("accepted", counts.accepted.to_string());
        line("accepted-per-second", rate(counts.accepted, self.posted_in));
        line("valid", counts.valid.to_string());
        line("valid-per-second", rate(counts.valid, *valid_in));
        line("not-valid", self.missing.to_string());
        line("refused", counts.refused.to_string());
        line("busy-answers", counts.busy.to_string());
        for (name, histogram) in [("accept", accepted), ("commit", committed)] {
            for (quantile, per_mille) in [("p50", 500), ("p90", 900), ("p99", 990), ("p99.9", 999)]
            {
                line(&format!("{name}-ms-{quantile}"), milliseconds(histogram.quantile(per_mille)));
            }
            line(&format!("{name}-ms-max"), milliseconds(histogram.longest()));
        }
        for (reason, count) in refusals {
            line("refusal", format!("{count} x {reason}"));
        }
        text
    }
}

fn rate(count: u64, span: Duration) -> String {
    if span.is_zero() {
        "-".to_owned()
    } else {
        format!("{:.0}", count as f64 / span.as_secs_f64())
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_refused_is_a_failure() {
        let tally = Tally::default();
        let report = |missing| Report::new(&tally, Duration::from_secs(1), missing);
        assert!(report(0).print().is_ok());
        let failure = report(2).print().unwrap_err();
        assert!(failure.text().contains("2 were accepted"), "{}", failure.text());
        tally.refused("400: no".to_owned());
        let report = report(0);
        assert_eq!(report.print().unwrap_err().kind(), Kind::Server);
        assert!(report.text().contains("refusal               1 x 400: no"), "{}", report.text());
        assert!(report.text().contains("accept-ms-p99         0.00"), "{}", report.text());
    }
}
