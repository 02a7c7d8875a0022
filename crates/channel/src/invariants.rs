use crate::{Changes, Channel, Payee, PaymentStage, Protocol, channel::Side, merkle};
use tally_primitives::Hashlock;

impl Protocol {
    /// Checks what must hold of everything that changed.
    ///
    /// Money is checked in every build; what merely follows from correct code only in debug ones.
    pub(crate) fn assert_invariants(&self, changes: &Changes) {
        for address in &changes.channels {
            if let Some(channel) = self.channels.get(address) {
                assert_conserved(channel);
                debug_assert_roots(channel);
            }
        }
        for hashlock in &changes.mediations {
            debug_assert!(self.mediation_is_covered(hashlock), "mediation {hashlock} loses money");
        }
        debug_assert!(self.attempts_follow_payments(changes));
    }

    /// A mediator's lock is smaller than the payer's or equal, and expires earlier.
    fn mediation_is_covered(&self, hashlock: &Hashlock) -> bool {
        self.mediations.get(hashlock).is_none_or(|mediation| match mediation.payee {
            Payee::Locked(leg) | Payee::Cancelling(leg) | Payee::Paid(leg) => {
                leg.lock.amount <= mediation.payer.lock.amount
                    && leg.lock.expiration < mediation.payer.lock.expiration
                    && leg.lock.hashlock == mediation.payer.lock.hashlock
            }
            Payee::None => true,
        })
    }

    fn attempts_follow_payments(&self, changes: &Changes) -> bool {
        changes.payments.iter().all(|key| match self.payments.get(key).map(|p| &p.stage) {
            Some(PaymentStage::Locked { leg, .. }) => {
                self.attempts.get(&leg.lock.hashlock) == Some(key)
            }
            Some(PaymentStage::Planned) => false,
            Some(PaymentStage::Direct { .. }) | None => true,
        })
    }
}

/// The two balances are exactly what was deposited and not withdrawn, as long as no
/// reorganisation has taken back a deposit that was already spent.
fn assert_conserved(channel: &Channel) {
    let sum = |a: tally_primitives::TokenAmount, b| a.try_add(b).ok();
    let deposits = sum(channel.deposit(Side::Ours), channel.deposit(Side::Theirs));
    let withdrawn = sum(channel.withdrawn(Side::Ours), channel.withdrawn(Side::Theirs));
    let balances = sum(channel.balance(Side::Ours), channel.balance(Side::Theirs));
    let (Some(deposits), Some(withdrawn), Some(balances)) = (deposits, withdrawn, balances) else {
        return;
    };
    // A balance is clamped at zero only when a reorganisation took back what was spent.
    if !channel.balance(Side::Ours).is_zero() && !channel.balance(Side::Theirs).is_zero() {
        assert_eq!(
            Some(balances),
            deposits.try_sub(withdrawn).ok(),
            "channel {} created or lost tokens",
            channel.address()
        );
    }
}

fn debug_assert_roots(channel: &Channel) {
    for side in [Side::Ours, Side::Theirs] {
        let end = channel.end(side);
        let leaves = end.locks().values().map(|pending| pending.leaf).collect();
        debug_assert!(
            channel.payouts().is_some() || merkle::root(leaves) == end.locksroot,
            "channel {} signs a root that is not of its locks",
            channel.address()
        );
    }
}
