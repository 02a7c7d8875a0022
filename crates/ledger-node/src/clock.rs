use std::{
    fmt::Debug,
    time::{SystemTime, UNIX_EPOCH},
};
use tally_ledger::Timestamp;

/// Where a node reads the time.
pub trait Clock: Debug + Send + Sync {
    /// Returns the milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;

    /// Returns the seconds since the Unix epoch.
    fn now(&self) -> u64 {
        self.now_ms() / 1000
    }
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The time that a block or a vote gets: now, or the nearest that can be written.
pub(crate) fn timestamp(seconds: u64) -> Timestamp {
    let nearest = seconds.clamp(Timestamp::MIN.seconds(), Timestamp::MAX.seconds());
    Timestamp::from_seconds(nearest).unwrap_or(Timestamp::MAX)
}
