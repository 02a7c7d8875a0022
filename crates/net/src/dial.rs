use crate::{
    ConnectFailure, PeerAddress,
    handshake::{Established, greet_as_dialler, lost},
    shared::Shared,
    tls::SERVER_NAME,
};
use std::{net::SocketAddr, sync::Arc};
use tally_primitives::NodeAddress;
use tokio::time::{Instant, timeout_at};

/// Addresses of one host name that are tried: both families and a spare.
const ADDRESSES_MAX: usize = 4;

/// Connects to `peer` at `address` and proves both identities.
///
/// Cancel safe: a connection that is being made is closed.
pub(crate) async fn dial(
    shared: Arc<Shared>,
    peer: NodeAddress,
    address: PeerAddress,
) -> Result<Box<Established>, ConnectFailure> {
    let deadline = Instant::now() + shared.limits.handshake_timeout;
    let resolved = timeout_at(deadline, tokio::net::lookup_host(address.as_str())).await;
    let targets: Vec<SocketAddr> = match resolved {
        Ok(Ok(targets)) => targets.take(ADDRESSES_MAX).collect(),
        Ok(Err(_)) => return Err(ConnectFailure::Unresolved),
        Err(_) => return Err(ConnectFailure::TimedOut),
    };
    let mut failure = ConnectFailure::Unresolved;
    for target in targets {
        match dial_one(&shared, peer, target).await {
            Ok(established) => return Ok(established),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn dial_one(
    shared: &Shared,
    peer: NodeAddress,
    target: SocketAddr,
) -> Result<Box<Established>, ConnectFailure> {
    let deadline = Instant::now() + shared.limits.handshake_timeout;
    let endpoint = shared.endpoint().ok_or(ConnectFailure::Lost)?;
    // Fails at once if the socket cannot reach this family of addresses.
    let connecting =
        endpoint.connect(target, SERVER_NAME).map_err(|_| ConnectFailure::Unresolved)?;
    let connection = match timeout_at(deadline, connecting).await {
        Ok(connected) => connected.map_err(lost)?,
        Err(_) => return Err(ConnectFailure::TimedOut),
    };
    let greeting = greet_as_dialler(shared, connection.clone(), peer);
    let greeted = timeout_at(deadline, greeting).await.unwrap_or(Err(ConnectFailure::TimedOut));
    if let Err(failure) = &greeted {
        connection.close(failure.close_code().to_wire(), b"");
    }
    greeted
}
