use super::{Happening, JournalPage, PaymentRecord, Stored, read::entries};
use crate::{Reply, RequestError, owner::Owner};
use std::time::SystemTime;
use tally_primitives::BlockNumber;

/// Callers that may wait for new entries at a time.
const WAITING_MAX: usize = 1024;

/// Callers that wait for the journal to grow.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    waiting: Vec<Follower>,
    /// The newest entry when the followers were last served.
    served: u64,
}

#[derive(Debug)]
struct Follower {
    after: u64,
    limit: usize,
    reply: Reply<JournalPage>,
}

impl Owner {
    /// Adds a payment to the journal.
    pub(crate) fn record_payment(&mut self, payment: PaymentRecord) {
        self.record(self.protocol.head(), Happening::Payment(payment));
    }

    /// Adds an entry to the journal.
    pub(crate) fn record(&mut self, block: BlockNumber, what: Happening) {
        let entry = Stored { time: unix_millis() / 1000, block, what };
        self.history.add(&entry, &mut self.group.batch);
    }

    /// A caller wants the entries after one, and waits if there are none yet; without a number it
    /// wants to know at once where the journal ends.
    pub(crate) fn follow_journal(
        &mut self,
        after: Option<u64>,
        limit: usize,
        reply: Reply<JournalPage>,
    ) {
        let newest = self.history.newest();
        let Some(after) = after else {
            return self.answer(reply, Ok(JournalPage { entries: vec![], after: newest }));
        };
        if after < newest {
            return self.query(reply, move |store| entries(store, after, limit));
        }
        self.followers.waiting.retain(|follower| !follower.reply.is_closed());
        if self.followers.waiting.len() >= WAITING_MAX {
            return self.answer(reply, Err(RequestError::Busy));
        }
        // A number beyond the end is of another journal: nothing of this one must be missed.
        let after = after.min(newest);
        self.followers.waiting.push(Follower { after, limit, reply });
    }

    /// Lets the callers that wait read what this turn adds, once it is on disk.
    pub(crate) fn serve_followers(&mut self) {
        let newest = self.history.newest();
        if newest == self.followers.served {
            return;
        }
        self.followers.served = newest;
        for Follower { after, limit, reply } in std::mem::take(&mut self.followers.waiting) {
            self.query(reply, move |store| entries(store, after, limit));
        }
    }
}

/// The time of the node's own clock in Unix milliseconds.
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
