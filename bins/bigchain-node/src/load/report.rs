use super::{
    histogram::Histogram,
    poster::Rest,
    tally::{Tally, Totals},
};
use crate::command;
use std::{fmt::Write, time::Duration};
use tally_daemon::{Failure, Kind};

/// What a run showed.
#[derive(Debug)]
pub(super) struct Report {
    totals: Totals,
    posted_in: Duration,
    /// Accepted and not valid.
    rest: Rest,
    /// Whether the user ended the run before it was done.
    is_stopped: bool,
}

impl Report {
    pub(super) fn new(tally: &Tally, posted_in: Duration, rest: Rest, is_stopped: bool) -> Self {
        Self { totals: tally.totals(), posted_in, rest, is_stopped }
    }

    /// Prints it, one `name value` a line; fails if a transaction was refused or did not become
    /// valid. What waits when the user ends the run is no failure.
    pub(super) fn print(&self) -> Result<(), Failure> {
        command::show(&self.text())?;
        let refused = self.totals.counts.refused;
        let Rest { waiting, missing } = self.rest;
        if refused == 0 && missing == 0 && (waiting == 0 || self.is_stopped) {
            return Ok(());
        }
        let message = format!(
            "{refused} transactions were refused, {missing} were accepted and are not valid, and \
             {waiting} were accepted and still wait for a block that is decided"
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
        line("waiting", self.rest.waiting.to_string());
        line("not-valid", self.rest.missing.to_string());
        line("refused", counts.refused.to_string());
        line("busy-answers", counts.busy.to_string());
        for (name, histogram) in [("accept", accepted), ("commit", committed)] {
            for (quantile, per_mille) in [("p50", 500), ("p90", 900), ("p99", 990), ("p99.9", 999)]
            {
                let value = milliseconds(histogram, histogram.quantile(per_mille));
                line(&format!("{name}-ms-{quantile}"), value);
            }
            line(&format!("{name}-ms-max"), milliseconds(histogram, histogram.longest()));
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

fn milliseconds(histogram: &Histogram, duration: Duration) -> String {
    if histogram.count() == 0 {
        return "-".to_owned();
    }
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_refused_is_a_failure() {
        let tally = Tally::default();
        let report = |waiting, missing| {
            Report::new(&tally, Duration::from_secs(1), Rest { waiting, missing }, false)
        };
        assert!(report(0, 0).print().is_ok());
        let failure = report(0, 2).print().unwrap_err();
        assert!(failure.text().contains("2 were accepted and are not"), "{}", failure.text());
        let failure = report(3, 0).print().unwrap_err();
        assert!(failure.text().contains("3 were accepted and still"), "{}", failure.text());
        // The user did not want to wait for them.
        assert!(Report { is_stopped: true, ..report(3, 0) }.print().is_ok());
        assert!(report(3, 0).text().contains("waiting               3"));
        tally.refused("400: no".to_owned());
        let report = report(0, 0);
        assert_eq!(report.print().unwrap_err().kind(), Kind::Server);
        assert!(report.text().contains("refusal               1 x 400: no"), "{}", report.text());
        assert!(report.text().contains("accept-ms-p99         -"), "{}", report.text());
    }
}
