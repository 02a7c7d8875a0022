//! What makes a request unique: the time and a random number.

use crate::Error;
use std::time::{SystemTime, UNIX_EPOCH};

/// What every signed request carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unique {
    /// Milliseconds since 1970.
    pub(crate) time_ms: u64,
    /// Never 0, which counts as missing, and exact also for readers of JSON whose numbers are
    /// floating-point: below 2^53.
    pub(crate) nonce: i64,
}

impl Unique {
    pub(crate) fn draw() -> Result<Self, Error> {
        loop {
            let random = getrandom::u64().map_err(Error::Randomness)? >> 11;
            let nonce = i64::try_from(random).expect("11 bits of 64 were dropped");
            if nonce != 0 {
                return Ok(Self { time_ms: now_ms(), nonce });
            }
        }
    }
}

/// Returns the time in milliseconds since 1970; 0 for a clock that stands before.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
