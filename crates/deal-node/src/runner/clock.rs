//! Time, told to the deals that wait for it; only while the server knows the chain to its end.

use super::RunError;
use crate::core::Core;
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};
use tally_deal::{DealCode, Fact, Time};
use tally_primitives::BlockNumber;

/// Deals told at once.
const DEALS_AT_ONCE: usize = 256;

/// Tells the clock to all deals that are waiting for it. Returns whether it was told to all.
///
/// A deal ends unpaid by the clock, so before anybody is told, the chain is asked whether it has
/// blocks that have not come yet: a source may lag without knowing it.
pub(crate) async fn tell_clock(core: &Arc<Core>) -> Result<bool, RunError> {
    if !core.is_caught_up.load(Ordering::Acquire) {
        return Ok(false);
    }
    // The time first: whatever a block says that is in the chain by then has been told.
    let now = core.clock.now();
    let tip = BlockNumber(core.tip.load(Ordering::Relaxed));
    core.index().expire(now);
    if core.index().due(now, tip, 1).is_empty() {
        return Ok(true);
    }
    let newest = core.relay.recent(1).await.map_err(RunError::Chain)?;
    let is_at_end = newest.first().is_none_or(|(height, _)| *height <= tip);
    if !is_at_end || !core.is_caught_up.load(Ordering::Acquire) {
        return Ok(false);
    }
    let mut last: Vec<DealCode> = vec![];
    loop {
        let due = core.index().due(now, tip, DEALS_AT_ONCE);
        // A deal that is told the clock and still waits for it waits for something else.
        if due.is_empty() || due == last {
            return Ok(true);
        }
        let clock = Fact::Clock { now: Time(now), tip };
        let facts: BTreeMap<_, _> = due.iter().map(|code| (*code, vec![clock.clone()])).collect();
        core.tell_all(&facts).await?;
        last = due;
    }
}
