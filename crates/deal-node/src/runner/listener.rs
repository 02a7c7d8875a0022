//! Hears what happened to deals, on this server and on others that share its store.
//!
//! Whoever looks at the chain hears first: a deal that another server made must be watched before
//! the block that pays it is looked at, for a block is looked at once.

use super::RunError;
use crate::{
    core::{Core, read_failed},
    record::CREATED,
};
use std::sync::Arc;
use tally_deal_store::EventId;
use tokio::sync::Mutex;

/// Events read at once.
const EVENTS_PAGE: usize = 256;

/// Hears events, in order, each once.
#[derive(Debug)]
pub(crate) struct Listener {
    core: Arc<Core>,
    heard: Mutex<EventId>,
}

impl Listener {
    /// Starts; hears what happens after the event `heard`.
    pub(crate) fn new(core: Arc<Core>, heard: EventId) -> Self {
        Self { core, heard: Mutex::new(heard) }
    }

    /// Hears all there is: watches the deals that were made, and wakes whoever settles for the
    /// others. What was there when it was called has been heard when it returns.
    pub(crate) async fn hear(&self) -> Result<(), RunError> {
        let mut heard = self.heard.lock().await;
        loop {
            let page = self.core.store.events(*heard, EVENTS_PAGE).await.map_err(read_failed)?;
            let Some(last) = page.last().map(|event| event.id) else { return Ok(()) };
            self.core.heard_of(last);
            for event in page {
                let Some(code) = event.event.deal else { continue };
                if event.event.kind != CREATED {
                    self.core.wake(code);
                } else if !self.core.index().has(code) {
                    // Another server made it.
                    let found = self.core.store.deal(code).await.map_err(read_failed)?;
                    if let Some(found) = found {
                        self.core.watch(found.version, &found.value);
                    }
                }
            }
            // Only now: whatever was broken off above is heard again.
            *heard = last;
        }
    }
}
