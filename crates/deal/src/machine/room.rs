//! Which outputs a deal remembers: anybody can send to its address, as often as he likes.

use super::{Action, Deal, DealOutput, Event, Policy};
use crate::Time;
use tally_chain::utxo::OutPoint;
use tally_primitives::Satoshi;

/// The most outputs that a deal remembers. A payment of many parts fits; so does, below the weight
/// that the network relays, a settlement that spends them all.
pub(super) const OUTPUTS_MAX: usize = 250;
/// How many of them may be in no block. They cost next to nothing, because they can be replaced, and
/// decide nothing.
const UNCONFIRMED_MAX: usize = 50;
/// The most events about outputs that a deal makes: twice as many as a deal that is paid in the most
/// parts, with a few reorganisations. Its states are told always.
const EVENTS_MAX: u16 = 1_000;

/// Where an output stands in the list.
pub(super) struct Place {
    pub(super) index: usize,
    pub(super) is_new: bool,
}

/// How much an output matters; what matters less makes way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    /// No block has it: should one have it later, that is told.
    Unconfirmed(Satoshi),
    /// It came too late to be a payment.
    Late(Satoshi),
    /// It is a payment, or a part of one. The sum of these never falls when one makes way for
    /// another, so money that counts as payment cannot be pushed out.
    InTime(Satoshi),
}

impl Deal {
    /// Finds the output, or makes room for it and adds it, unless it is not worth it. `time` is that
    /// of its block.
    pub(super) fn remember(
        &mut self,
        outpoint: OutPoint,
        value: Satoshi,
        time: Option<Time>,
        policy: &Policy,
    ) -> Option<Place> {
        let found = self.outputs.binary_search_by_key(&outpoint, |output| output.outpoint);
        if let Ok(index) = found {
            return Some(Place { index, is_new: false });
        }
        // What pays a small deal is looked at, however small.
        let least = policy.output_min.min(self.terms.sum.satoshi());
        if value < least || !self.has_room(self.worth(value, time)) {
            return None;
        }
        let index = self.outputs.partition_point(|output| output.outpoint < outpoint);
        self.outputs.insert(index, DealOutput::new(outpoint, value));
        Some(Place { index, is_new: true })
    }

    fn worth(&self, value: Satoshi, time: Option<Time>) -> Worth {
        match time {
            None => Worth::Unconfirmed(value),
            Some(time) if time > self.terms.until => Worth::Late(value),
            Some(_) => Worth::InTime(value),
        }
    }

    fn worth_of(&self, output: &DealOutput) -> Worth {
        self.worth(output.value, output.confirmation.map(|block| block.time))
    }

    /// Returns whether there is room for an output, after another one made way for it. What a
    /// settlement spends, or somebody else has spent, stays.
    fn has_room(&mut self, worth: Worth) -> bool {
        let unconfirmed = self.outputs.iter().filter(|output| output.confirmation.is_none());
        let is_crowded =
            matches!(worth, Worth::Unconfirmed(_)) && unconfirmed.count() >= UNCONFIRMED_MAX;
        if self.outputs.len() < OUTPUTS_MAX && !is_crowded {
            return true;
        }
        let is_used = |outpoint| self.settlements.iter().any(|plan| plan.spends(outpoint));
        let unused = self.outputs.iter().enumerate().filter(|(_, output)| {
            output.spend.is_none() && !is_used(output.outpoint) && self.worth_of(output) < worth
        });
        let least = unused.min_by_key(|(_, output)| self.worth_of(output)).map(|(at, _)| at);
        least.map(|at| self.outputs.remove(at)).is_some()
    }

    /// Tells of an output, as long as there are not too many such events.
    pub(super) fn tell_payment(&mut self, event: Event, out: &mut Vec<Action>) {
        if self.payments_told < EVENTS_MAX {
            self.payments_told += 1;
            out.push(Action::Notify(event));
        }
    }
}
