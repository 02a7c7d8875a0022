//! Payments that wait for a neighbour to come back: a connection that was lost a moment ago, or is
//! being made after the start, is no reason to refuse.

use crate::{PaymentReceipt, PaymentRequest, Reply, RequestError, owner::Owner};
use std::time::{Duration, Instant};

/// How long a payment waits for neighbours that are expected back. Dialling a peer that runs takes
/// milliseconds; a caller whose neighbour is really gone should hear of it soon.
pub(crate) const RETURN_TIME: Duration = Duration::from_secs(2);

/// A payment that could start if all neighbours were connected.
#[derive(Debug)]
pub(crate) struct Held {
    request: PaymentRequest,
    reply: Reply<PaymentReceipt>,
    /// When its caller's patience ends.
    deadline: Instant,
    /// When it is refused if no neighbour came back.
    until: Instant,
}

impl Owner {
    /// A user wants to pay.
    pub(crate) fn pay(&mut self, request: PaymentRequest, reply: Reply<PaymentReceipt>) {
        let now = Instant::now();
        let held =
            Held { deadline: now + request.patience, until: now + RETURN_TIME, request, reply };
        self.try_to_pay(held, now);
    }

    /// Tries the payments that wait once more.
    pub(crate) fn retry_held(&mut self, now: Instant) {
        for held in std::mem::take(&mut self.held) {
            self.try_to_pay(held, now);
        }
    }

    fn try_to_pay(&mut self, held: Held, now: Instant) {
        match self.start_payment(&held.request) {
            Err(RequestError::NoRoute)
                if held.until > now && self.may_find_route(&held.request) =>
            {
                self.held.push(held);
            }
            started => self.payment_started(started, held.deadline, held.reply),
        }
    }

    /// Says whether the payment could start if all neighbours were connected, and some are expected
    /// back.
    fn may_find_route(&self, request: &PaymentRequest) -> bool {
        self.grace_until.is_some()
            && if request.is_direct {
                self.direct_channel(request.token, request.target).is_some()
            } else {
                self.has_route(request)
            }
    }
}
