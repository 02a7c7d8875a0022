//! What users ask of their nodes.

use super::{
    chain::Call,
    world::{TOKEN, World, units},
};
use tally_channel::{Candidate, Channel, Event, PaymentKey, PaymentOrder, ProtocolError};
use tally_primitives::{PaymentId, Secret, TokenAmount};

impl World {
    /// Returns the key that the next payment will have.
    pub(crate) fn next_key(&self, target: usize) -> PaymentKey {
        let (target, identifier) = (self.address(target), PaymentId(self.next_payment));
        PaymentKey { token: TOKEN, target, identifier }
    }

    /// Asks a node for a payment. Returns its key, or why it was refused.
    pub(crate) fn try_pay(
        &mut self,
        from: usize,
        target: usize,
        amount: u64,
        change: impl FnOnce(&mut PaymentOrder),
    ) -> Result<PaymentKey, ProtocolError> {
        let identifier = PaymentId(self.next_payment);
        self.next_payment += 1;
        let mut order = PaymentOrder {
            token: TOKEN,
            target: self.address(target),
            amount: units(amount),
            identifier,
            fee: TokenAmount::ZERO,
            is_direct: false,
            seed: seed(identifier),
            candidates: vec![],
        };
        change(&mut order);
        let node = self.node(from);
        if order.is_direct {
            let own = node.protocol.channels();
            let direct = own.filter(|c| c.token() == order.token && c.partner() == order.target);
            let candidate = |c: &Channel| Candidate { channel: c.address(), next_hop: c.partner() };
            order.candidates = direct.map(candidate).collect();
        } else if order.candidates.is_empty() {
            order.candidates = node.routes.payment(
                &node.protocol,
                &node.connected,
                (order.token, order.target),
                order.amount,
                order.fee,
            );
        }
        let PaymentOrder { token, target, identifier, .. } = order;
        self.request(from, Event::PaymentRequested(order))?;
        Ok(PaymentKey { token, target, identifier })
    }

    /// Asks a node for a payment that it can begin.
    pub(crate) fn pay(&mut self, from: usize, target: usize, amount: u64) -> PaymentKey {
        self.try_pay(from, target, amount, |_| ()).expect("the payment can begin")
    }

    /// Pays through the channel with the target, without a lock.
    pub(crate) fn pay_direct(&mut self, from: usize, target: usize, amount: u64) -> PaymentKey {
        self.try_pay(from, target, amount, |order| order.is_direct = true).expect("it can begin")
    }

    pub(crate) fn request(&mut self, number: usize, event: Event) -> Result<(), ProtocolError> {
        let effects = self.node_mut(number).request(event)?;
        self.perform(number, effects);
        Ok(())
    }

    /// Lets a node close its channel with another.
    pub(crate) fn close(&mut self, number: usize, partner: usize) {
        let channel = self.between(number, partner);
        self.request(number, Event::CloseRequested(channel)).expect("it is open");
    }

    /// Sends a transaction past the node's core.
    pub(crate) fn submit(&mut self, number: usize, call: Call) {
        self.chain.submit(self.address(number), call);
    }
}

/// Returns the seed of a payment's secrets.
fn seed(identifier: PaymentId) -> Secret {
    Secret::new(tally_crypto::keccak256_parts(&[b"seed", &identifier.0.to_be_bytes()]).0)
}

/// Returns the secret of a payment's attempt; the first is 0.
pub(crate) fn secret_of(key: &PaymentKey, attempt: u32) -> Secret {
    let seed = seed(key.identifier);
    let parts = [&seed.expose()[..], &attempt.to_be_bytes()];
    Secret::new(tally_crypto::keccak256_parts(&parts).0)
}
