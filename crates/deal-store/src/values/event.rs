use serde::{Deserialize, Serialize};
use std::fmt;
use tally_deal::DealCode;

/// The most bytes of an event's data.
pub const EVENT_DATA_BYTES_MAX: usize = 64 * 1024;

/// The number of an event: 1 for the first, then 2, 3 … without a gap, in the order in which the
/// commits that brought them became visible.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct EventId(pub u64);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Something that happened, before it has a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvent {
    /// The deal that it happened to, if to one.
    pub deal: Option<DealCode>,
    /// What happened, in the words of whoever writes events: 1 to
    /// [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX) bytes.
    pub kind: String,
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// All about it, as text; at most [`EVENT_DATA_BYTES_MAX`] bytes.
    pub data: String,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number.
    pub id: EventId,
    /// What happened.
    pub event: NewEvent,
}
