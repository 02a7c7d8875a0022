use crate::{
    ConnectFailure,
    handshake::{greet_as_acceptor, lost},
    shared::Shared,
    slots::{Slot, SlotRefusal},
};
use quinn::Incoming;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// Takes the connections others make to us, until the node stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let Some(endpoint) = shared.endpoint() else { return };
    loop {
        let incoming = tokio::select! {
            incoming = endpoint.accept() => incoming,
            () = shared.stopping() => None,
        };
        let Some(incoming) = incoming else { return };
        admit(&shared, incoming);
    }
}

/// Lets a caller begin its handshake, if the limits allow it.
fn admit(shared: &Arc<Shared>, incoming: Incoming) {
    let counting = &shared.counting;
    if shared.slots.is_busy() && !incoming.remote_address_validated() {
        counting.address_validations.count();
        // Cannot fail: an address that is not validated may always be asked to be.
        let _ = incoming.retry();
        return;
    }
    match shared.slots.take(incoming.remote_address().ip()) {
        Ok(slot) => shared.spawn(greet(Arc::clone(shared), incoming, slot)),
        Err(refusal) => {
            match refusal {
                SlotRefusal::Total => &counting.refused_total_limit,
                SlotRefusal::Ip => &counting.refused_ip_limit,
                SlotRefusal::HalfOpen => &counting.refused_half_open_limit,
            }
            .count();
            incoming.refuse();
        }
    }
}

async fn greet(shared: Arc<Shared>, incoming: Incoming, slot: Slot) {
    let remote = incoming.remote_address();
    let deadline = Instant::now() + shared.limits.handshake_timeout;
    let failure = tokio::select! {
        failure = greet_until(&shared, incoming, slot, deadline) => failure,
        () = shared.stopping() => return,
    };
    if let Err(failure) = failure {
        shared.count_failure(&failure);
        tracing::debug!(%remote, %failure, "caller refused");
    }
}

async fn greet_until(
    shared: &Arc<Shared>,
    incoming: Incoming,
    slot: Slot,
    deadline: Instant,
) -> Result<(), ConnectFailure> {
    let connecting = incoming.accept().map_err(lost)?;
    let connection = match timeout_at(deadline, connecting).await {
        Ok(connected) => connected.map_err(lost)?,
        Err(_) => return Err(ConnectFailure::TimedOut),
    };
    let greeting = greet_as_acceptor(shared, connection.clone(), slot);
    match timeout_at(deadline, greeting).await.unwrap_or(Err(ConnectFailure::TimedOut)) {
        Ok(established) => {
            shared.hand_over(established);
            Ok(())
        }
        Err(failure) => {
            connection.close(failure.close_code().to_wire(), b"");
            Err(failure)
        }
    }
}
