//! What tests look at.

use super::world::{World, small};
use tally_channel::{Channel, PaymentKey, Report, Side};

impl World {
    /// Returns what became of a payment, if it is finished.
    pub(crate) fn outcome(&self, from: usize, key: &PaymentKey) -> Option<&Report> {
        self.node(from).reports.iter().find(|report| match report {
            Report::PaymentSent { payment, .. } | Report::PaymentFailed { payment, .. } => {
                payment == key
            }
            _ => false,
        })
    }

    pub(crate) fn succeeded(&self, from: usize, key: &PaymentKey) -> bool {
        matches!(self.outcome(from, key), Some(Report::PaymentSent { .. }))
    }

    pub(crate) fn failed(&self, from: usize, key: &PaymentKey) -> bool {
        matches!(self.outcome(from, key), Some(Report::PaymentFailed { .. }))
    }

    /// Returns what a node was paid, in units, payment by payment.
    pub(crate) fn received(&self, number: usize) -> Vec<u64> {
        let amount = |report: &Report| match report {
            Report::PaymentReceived { amount, .. } => Some(small(*amount)),
            _ => None,
        };
        self.node(number).reports.iter().filter_map(amount).collect()
    }

    /// Fails unless no node has a lock or a transfer in flight.
    pub(crate) fn assert_nothing_pending(&self) {
        for node in &self.nodes {
            for channel in node.protocol.channels() {
                for side in [Side::Ours, Side::Theirs] {
                    let locks = channel.end(side).locks();
                    assert!(locks.is_empty(), "{} holds {locks:?}", node.address());
                }
            }
            let pending = node.protocol.pending_transfers();
            assert_eq!(pending, 0, "{} has transfers in flight: {node:#?}", node.address());
        }
    }

    /// Fails unless both ends of each channel that two running nodes can use say the same.
    pub(crate) fn assert_mirrored(&self) {
        for (address, contract) in self.chain.contracts() {
            let [left, right] = contract.participants.map(|who| self.number(who));
            if ![left, right].into_iter().all(|number| self.node(number).is_up) {
                continue;
            }
            let ends = [left, right].map(|number| self.node(number).protocol.channel(address));
            if let [Some(left), Some(right)] = ends
                && left.is_open()
                && right.is_open()
            {
                assert_same_end(left, Side::Ours, right, Side::Theirs);
                assert_same_end(left, Side::Theirs, right, Side::Ours);
            }
        }
    }
}

fn assert_same_end(one: &Channel, side: Side, other: &Channel, mirrored: Side) {
    let (own, seen) = (one.end(side), other.end(mirrored));
    let locks = |end: &tally_channel::End| -> Vec<tally_channel::Lock> {
        end.locks().values().map(|pending| pending.lock).collect()
    };
    assert_eq!(
        (own.proof(one.address()), locks(own)),
        (seen.proof(one.address()), locks(seen)),
        "the ends of channel {} disagree",
        one.address()
    );
    assert_eq!(one.balance(side), other.balance(mirrored));
}
