//! What the relays share.

mod offload;
mod refusal;

pub(crate) use offload::Offload;
pub(crate) use refusal::{Verdict, judge, malformed, rejected};

use std::time::Duration;

/// How long a look at what waits for a block goes on before the rest is left to the next one.
pub(crate) const LOOK_MAX: Duration = Duration::from_secs(5);
