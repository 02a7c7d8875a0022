use crate::seldom::Seldom;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Whether a value only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleKind {
    /// It grows until the process ends.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// One value a daemon reports at `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// The metric's name: `tally_<area>_<what>_<unit>`, counters end in `_total`.
    pub name: &'static str,
    /// What it says, in one line.
    pub help: &'static str,
    /// Whether it only grows.
    pub kind: SampleKind,
    /// Its value now.
    pub value: u64,
}

/// Upper ends of the histogram's ranges, in milliseconds. From one local look-up to a payment that
/// waits for a block.
const BUCKETS_MS: [u64; 10] = [1, 5, 10, 50, 100, 500, 1_000, 5_000, 30_000, 120_000];

/// What was asked: the route's pattern, the method and the answer's status.
type Answered = (String, String, u16);

/// Counts of the HTTP requests since the start.
#[derive(Debug, Default)]
pub(crate) struct HttpMetrics {
    answered: Mutex<BTreeMap<Answered, u64>>,
    in_flight: AtomicU64,
    buckets: [AtomicU64; BUCKETS_MS.len()],
    count: AtomicU64,
    micros: AtomicU64,
    /// Replies that sent a client away because there was too much to do.
    pub(crate) overload: Seldom,
    /// Replies that refused a request with a body.
    pub(crate) refused: Seldom,
}

impl HttpMetrics {
    pub(crate) fn began(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    pub(crate) fn answered(&self, route: &str, method: &str, status: u16, took: Duration) {
        {
            let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            *answered.entry((route.to_owned(), method.to_owned(), status)).or_default() += 1;
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        let fitting = BUCKETS_MS.iter().position(|end| micros <= end * 1_000);
        if let Some(bucket) = fitting {
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes everything in Prometheus' text format.
    pub(crate) fn render(&self, samples: &[Sample]) -> String {
        let mut text = String::new();
        self.render_requests(&mut text);
        self.render_durations(&mut text);
        let in_flight = Sample {
            name: "tally_http_requests_in_flight",
            help: "HTTP requests being carried out",
            kind: SampleKind::Gauge,
            value: self.in_flight.load(Ordering::Relaxed),
        };
        for sample in samples.iter().chain([&in_flight]) {
            let kind = match sample.kind {
                SampleKind::Counter => "counter",
                SampleKind::Gauge => "gauge",
            };
            head(&mut text, sample.name, sample.help, kind);
            line(&mut text, format_args!("{} {}", sample.name, sample.value));
        }
        text
    }

    fn render_requests(&self, text: &mut String) {
        head(text, "tally_http_requests_total", "HTTP requests answered", "counter");
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        for ((route, method, status), count) in answered.iter() {
            line(
                text,
                format_args!(
                    "tally_http_requests_total{{route=\"{route}\",method=\"{method}\",\
                     status=\"{status}\"}} {count}"
                ),
            );
        }
    }

    fn render_durations(&self, text: &mut String) {
        const NAME: &str = "tally_http_request_seconds";
        head(text, NAME, "Time to answer HTTP requests", "histogram");
        let count = self.count.load(Ordering::Relaxed);
        let mut below = 0;
        for (end, bucket) in BUCKETS_MS.iter().zip(&self.buckets) {
            below += bucket.load(Ordering::Relaxed);
            let end = Duration::from_millis(*end).as_secs_f64();
            line(text, format_args!("{NAME}_bucket{{le=\"{end}\"}} {below}"));
        }
        line(text, format_args!("{NAME}_bucket{{le=\"+Inf\"}} {count}"));
        let sum = Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64();
        line(text, format_args!("{NAME}_sum {sum}"));
        line(text, format_args!("{NAME}_count {count}"));
    }
}

/// Counts a request as being carried out until it is dropped, also when its client goes away.
pub(crate) struct InFlight<'a>(&'a HttpMetrics);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    line(text, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_out_in_prometheus_text() {
        let metrics = HttpMetrics::default();
        let running = metrics.began();
        metrics.answered("/a/{b}", "GET", 200, Duration::from_millis(7));
        metrics.answered("/a/{b}", "GET", 200, Duration::from_secs(600));
        let own = Sample {
            name: "tally_channels",
            help: "Open channels",
            kind: SampleKind::Gauge,
            value: 3,
        };
        let text = metrics.render(&[own]);
        for line in [
            "tally_http_requests_total{route=\"/a/{b}\",method=\"GET\",status=\"200\"} 2",
            "tally_http_request_seconds_bucket{le=\"0.005\"} 0",
            "tally_http_request_seconds_bucket{le=\"0.01\"} 1",
            "tally_http_request_seconds_bucket{le=\"120\"} 1",
            "tally_http_request_seconds_bucket{le=\"+Inf\"} 2",
            "tally_http_request_seconds_sum 600.007",
            "tally_http_requests_in_flight 1",
            "# TYPE tally_channels gauge",
            "tally_channels 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        drop(running);
        assert!(metrics.render(&[]).contains("tally_http_requests_in_flight 0"));
    }
}
