//! Telling others again about what this node accepted: messages are lost, and who was away or has
//! forgotten something knows nothing of it.

use super::Replica;
use crate::{lock::lock, message::Message};
use std::{ops::Range, sync::Arc};
use tally_ledger::{BLOCK_AHEAD_SECONDS_MAX, Transaction};

/// Ticks after which a transaction that still waits is told again, at least. In a federation that
/// is well it is in a block long before.
const REPEAT_TICKS: u64 = 10;

/// Transactions that are told again in one tick: so that those who know them are not kept busy.
const REPEATS_MAX: usize = 64;

/// Bytes of texts from which on nothing more is told again in one tick.
const REPEAT_BYTES: usize = 512 * 1024;

/// How far down its line of own transactions this node has come with telling again.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    ticks: u64,
    /// The line goes on from here.
    next: u64,
    /// Numbers below this one were given out long enough ago.
    old: u64,
    /// Numbers below this one will be old at the next turn.
    ripening: u64,
}

impl Repeats {
    /// What was accepted by an earlier run has numbers below `restored`.
    pub(super) const fn new(restored: u64) -> Self {
        Self { ticks: 0, next: 0, old: restored, ripening: restored }
    }

    /// Counts a tick at which the pool would give out the number `number`. Returns the numbers to
    /// be told now, from the first on.
    const fn tick(&mut self, number: u64) -> Range<u64> {
        self.ticks += 1;
        if self.ticks.is_multiple_of(REPEAT_TICKS) {
            (self.old, self.ripening) = (self.ripening, number);
        }
        self.next..self.old
    }

    /// Notes up to where was told; `None` if nothing is left, so that it begins again.
    fn told(&mut self, last: Option<u64>) {
        self.next = last.map_or(0, |last| last + 1);
    }
}

impl Replica {
    /// Tells the others again about own transactions that wait for long.
    pub(super) fn tell_again(&self) {
        let due = self.due_again();
        if !due.is_empty() {
            let texts = due.iter().map(|transaction| transaction.to_json());
            self.broadcast(Message::pack_transactions(texts));
        }
    }

    /// Returns what is to be told at this tick.
    pub(super) fn due_again(&self) -> Vec<Arc<Transaction>> {
        let mut repeats = lock(&self.repeats);
        let mut due = {
            let pool = lock(&self.pool);
            pool.own_of(repeats.tick(pool.next_number()), REPEATS_MAX)
        };
        let mut bytes = 0;
        let fits = due.iter().take_while(|(_, transaction)| {
            let is_begun = bytes < REPEAT_BYTES;
            bytes += transaction.to_json().len();
            is_begun
        });
        due.truncate(fits.count());
        repeats.told(due.last().map(|(number, _)| *number));
        drop(repeats);
        // Whoever says what has timed out is taken for a liar by those whose clocks are ahead.
        let latest = self.ledger.clock.now().saturating_add(BLOCK_AHEAD_SECONDS_MAX);
        let counts = |transaction: &Transaction| {
            let mut inputs = transaction.inputs().iter();
            !inputs.any(|input| input.fulfillment.has_timeout())
                || transaction.verify_signatures(latest).is_ok()
        };
        due.into_iter().map(|(_, found)| found).filter(|found| counts(found)).collect()
    }
}
