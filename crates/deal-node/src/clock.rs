use std::{
    fmt::Debug,
    time::{SystemTime, UNIX_EPOCH},
};

/// Where a server reads the time.
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

/// A clock that stands still: for replaying examples whose dates lie in the past.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock {
    now_ms: u64,
}

impl FixedClock {
    /// Makes a clock that always shows a time, in Unix seconds.
    pub fn at(seconds: u64) -> Self {
        Self { now_ms: seconds.saturating_mul(1000) }
    }
}

impl Clock for FixedClock {
    fn now_ms(&self) -> u64 {
        self.now_ms
    }
}
