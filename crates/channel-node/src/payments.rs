//! Payments that users asked for: who waits for which, and what became of them.

use crate::{
    PaymentReceipt, PaymentRequest, Reply, RequestError,
    candidates::Wish,
    commit::Group,
    effect::Effect,
    owner::Owner,
    store::{ORDERS, Order, OrderState, Terms, payment_key, read, write},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::atomic::Ordering,
    time::Instant,
};
use tally_channel::{Event, PaymentFailure, PaymentKey, PaymentOrder, ProtocolError};
use tally_primitives::{NodeAddress, PaymentId, Secret};

/// Payments that are under way or whose outcome is not on disk yet, and who waits for them.
///
/// What is finished lives on disk only.
#[derive(Debug, Default)]
pub(crate) struct Payments {
    orders: HashMap<PaymentKey, Order>,
    waiting: HashMap<PaymentKey, Vec<Waiter>>,
    /// Finished orders and the group that stores them, oldest first.
    unsaved: VecDeque<(u64, PaymentKey)>,
}

/// A caller that waits for a payment's outcome.
#[derive(Debug)]
struct Waiter {
    reply: Reply<PaymentReceipt>,
    deadline: Instant,
}

impl Payments {
    /// Tells callers whose patience is over that their payment is pending.
    pub(crate) fn expire(&mut self, now: Instant, group: &mut Group) {
        self.waiting.retain(|key, waiters| {
            for waiter in waiters.extract_if(.., |waiter| waiter.deadline <= now) {
                let error = RequestError::PaymentPending { identifier: key.identifier };
                group.effects.push(Effect::answer(waiter.reply, Err(error)));
            }
            !waiters.is_empty()
        });
    }

    /// Forgets finished orders that reads of the store find.
    fn forget_saved(&mut self, newest_group: u64) {
        while let Some((group, key)) = self.unsaved.front()
            && *group <= newest_group
        {
            self.orders.remove(key);
            self.unsaved.pop_front();
        }
    }
}

impl Owner {
    /// Lets the caller of a payment wait, or answers at once.
    pub(crate) fn payment_started(
        &mut self,
        started: Result<Started, RequestError>,
        deadline: Instant,
        reply: Reply<PaymentReceipt>,
    ) {
        match started {
            // The caller does not wait: it is told once the order is on disk.
            Ok(Started::Waits(key)) if deadline <= Instant::now() => {
                let error = RequestError::PaymentPending { identifier: key.identifier };
                self.group.needs_sync = true;
                self.answer(reply, Err(error));
            }
            Ok(Started::Waits(key)) => {
                let waiter = Waiter { reply, deadline };
                self.payments.waiting.entry(key).or_default().push(waiter);
            }
            Ok(Started::Finished(receipt)) => self.answer(reply, Ok(receipt)),
            Err(error) => self.answer(reply, Err(error)),
        }
    }

    /// Stores and tells what became of a payment.
    pub(crate) fn finish_order(&mut self, key: PaymentKey, state: OrderState) {
        let Ok(Some(order)) = self.known_order(&key) else {
            tracing::error!(identifier = %key.identifier, "a payment finished that nobody ordered");
            return;
        };
        let order = Order { state, ..order };
        write(&mut self.group.batch, ORDERS, payment_key(&key), &order);
        self.payments.orders.insert(key, order);
        // The present turn's work becomes the next group.
        self.payments.unsaved.push_back((self.groups + 1, key));
        for waiter in self.payments.waiting.remove(&key).unwrap_or_default() {
            let result = outcome(self.key.address(), key, order)
                .unwrap_or(Err(RequestError::PaymentPending { identifier: key.identifier }));
            self.group.effects.push(Effect::answer(waiter.reply, result));
        }
    }

    /// Starts the payment, or finds it among those started before.
    pub(crate) fn start_payment(
        &mut self,
        request: &PaymentRequest,
    ) -> Result<Started, RequestError> {
        self.check_payment(request)?;
        let terms =
            Terms { amount: request.amount, fee: request.fee, is_direct: request.is_direct };
        let key =
            |identifier| PaymentKey { token: request.token, target: request.target, identifier };
        let Some(identifier) = request.identifier else {
            let identifier = PaymentId(random_u64()?);
            return self.order_payment(key(identifier), terms);
        };
        let key = key(identifier);
        let Some(order) = self.known_order(&key)? else { return self.order_payment(key, terms) };
        if order.terms != terms {
            return Err(RequestError::IdentifierInUse(identifier));
        }
        match outcome(self.key.address(), key, order) {
            None => Ok(Started::Waits(key)),
            Some(result) => result.map(Started::Finished),
        }
    }

    fn check_payment(&self, request: &PaymentRequest) -> Result<(), RequestError> {
        if request.amount.is_zero() {
            return Err(RequestError::AmountOutOfRange { field: "amount" });
        }
        if request.amount.try_add(request.fee).is_err() {
            return Err(RequestError::AmountOutOfRange { field: "fee" });
        }
        self.check_other(request.target, "target")?;
        self.check_token(request.token)
    }

    fn order_payment(&mut self, key: PaymentKey, terms: Terms) -> Result<Started, RequestError> {
        let Terms { amount, fee, is_direct } = terms;
        let PaymentKey { token, target, identifier } = key;
        if !is_direct && self.protocol.is_direct_only() {
            return Err(RequestError::MeshOnly);
        }
        let candidates = if is_direct {
            self.direct_candidate(token, target).into_iter().collect()
        } else {
            self.payment_candidates(&Wish::payment(token, target, amount, fee))
        };
        if is_direct && candidates.is_empty() && self.direct_channel(token, target).is_some() {
            return Err(RequestError::NoRoute);
        }
        let seed = Secret::new(random_bytes()?);
        let order =
            PaymentOrder { token, target, amount, identifier, fee, is_direct, seed, candidates };
        // The order comes first: the core may report its end within the same event.
        let stored = Order { terms, state: OrderState::Pending };
        self.payments.orders.insert(key, stored);
        if let Err(error) = self.apply(Event::PaymentRequested(order)) {
            self.payments.orders.remove(&key);
            return Err(refusal(&error));
        }
        if self.payments.orders.get(&key).is_some_and(|order| order.state == OrderState::Pending) {
            write(&mut self.group.batch, ORDERS, payment_key(&key), &stored);
        }
        if !is_direct {
            // The target will ask for the secret, and may not know where this node listens.
            self.invite(target);
            self.connect(target);
        }
        Ok(Started::Waits(key))
    }

    /// Returns a payment that was ordered before, in this run or an earlier one.
    pub(crate) fn known_order(&mut self, key: &PaymentKey) -> Result<Option<Order>, RequestError> {
        self.payments.forget_saved(self.progress.newest_group.load(Ordering::Acquire));
        if let Some(order) = self.payments.orders.get(key) {
            return Ok(Some(*order));
        }
        read(self.store.as_ref(), ORDERS, &payment_key(key)).map_err(|error| {
            // Not knowing an order is no reason to pay twice.
            tracing::error!(%error, "the orders cannot be read");
            RequestError::Stopping
        })
    }
}

/// What a request to pay led to.
pub(crate) enum Started {
    Waits(PaymentKey),
    Finished(PaymentReceipt),
}

/// Returns what to tell a caller about an order; `None` while it is pending.
fn outcome(
    initiator: NodeAddress,
    key: PaymentKey,
    order: Order,
) -> Option<Result<PaymentReceipt, RequestError>> {
    let PaymentKey { token, target, identifier } = key;
    let Terms { amount, fee, is_direct } = order.terms;
    let receipt = PaymentReceipt { initiator, target, token, amount, identifier, fee, is_direct };
    match order.state {
        OrderState::Pending => None,
        OrderState::Sent => Some(Ok(receipt)),
        OrderState::Failed(reason) => Some(Err(failure(reason, identifier))),
    }
}

const fn failure(reason: PaymentFailure, identifier: PaymentId) -> RequestError {
    match reason {
        PaymentFailure::RoutesExhausted | PaymentFailure::Rejected => RequestError::RoutesExhausted,
        PaymentFailure::Expired | PaymentFailure::ChannelSettled => {
            RequestError::PaymentExpired { identifier }
        }
    }
}

/// Says why the core did not take a payment.
fn refusal(error: &ProtocolError) -> RequestError {
    match *error {
        ProtocolError::NoDirectChannel { token, target } => {
            RequestError::NoDirectChannel { token, target }
        }
        ProtocolError::IdentifierInUse(identifier) => RequestError::IdentifierInUse(identifier),
        ProtocolError::ZeroAmount | ProtocolError::Range(_) => {
            RequestError::AmountOutOfRange { field: "amount" }
        }
        ProtocolError::NoRoute
        | ProtocolError::InsufficientCapacity { .. }
        | ProtocolError::TooManyLocks { .. }
        | ProtocolError::ChannelNotOpen(_)
        | ProtocolError::ChannelClosing(_)
        | ProtocolError::UnknownChannel { .. }
        | ProtocolError::NotOwnChannel(_)
        | ProtocolError::WrongNonce { .. }
        | ProtocolError::WrongTransferred { .. }
        | ProtocolError::NothingTransferred
        | ProtocolError::WrongLocksroot(_)
        | ProtocolError::DuplicateLock(_)
        | ProtocolError::UnknownLock(_)
        | ProtocolError::EmptyLock(_)
        | ProtocolError::LockNotExpired { .. }
        | ProtocolError::SecretRegistered(_)
        | ProtocolError::NotGivenUp(_)
        | ProtocolError::RefundTooLate(_)
        | ProtocolError::UnknownSecret
        | ProtocolError::UnexpectedSecretRequest(_)
        | ProtocolError::RevealTooLate(_)
        | ProtocolError::UnexpectedAcknowledgement
        | ProtocolError::UnexpectedDelivery
        | ProtocolError::ImpossibleFact(_) => RequestError::NoRoute,
    }
}

fn random_bytes() -> Result<[u8; 32], RequestError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gave no randomness");
        RequestError::Busy
    })?;
    Ok(bytes)
}

fn random_u64() -> Result<u64, RequestError> {
    let bytes = random_bytes()?;
    Ok(u64::from_be_bytes(*bytes.first_chunk().expect("32 bytes hold 8")))
}
