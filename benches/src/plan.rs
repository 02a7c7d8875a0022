//! How long each part of a run takes.

use std::time::Duration;

/// How long each part of a run takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) warm_up: Duration,
    pub(crate) each: Duration,
    pub(crate) repetitions: usize,
    /// For each rate of the limits.
    pub(crate) probe: Duration,
    /// Whether the run only shows that everything works.
    pub(crate) is_quick: bool,
}

/// Caches, connections and the database's first files settle within this.
const WARM_UP: Duration = Duration::from_secs(2);
const EACH: Duration = Duration::from_secs(3);
const REPETITIONS: usize = 5;
const PROBE: Duration = Duration::from_secs(1);
/// For runs that only show that everything works.
const QUICK: Duration = Duration::from_millis(300);

impl Plan {
    pub(crate) fn new(is_quick: bool, seconds: Option<f64>, repetitions: Option<usize>) -> Self {
        let normal = if is_quick {
            Self { warm_up: QUICK, each: QUICK, repetitions: 1, probe: QUICK / 3, is_quick }
        } else {
            Self { warm_up: WARM_UP, each: EACH, repetitions: REPETITIONS, probe: PROBE, is_quick }
        };
        Self {
            each: seconds.map_or(normal.each, Duration::from_secs_f64),
            repetitions: repetitions.unwrap_or(normal.repetitions).max(1),
            ..normal
        }
    }
}
