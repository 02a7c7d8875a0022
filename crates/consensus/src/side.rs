use crate::{MESSAGE_BYTES_MAX, desk::Desk, handle::Outgoing, members};
use bytes::Bytes;
use commonware_cryptography::ed25519;
use commonware_p2p::{CheckedSender as _, Receiver, Recipients, Sender};
use commonware_runtime::{Clock, Spawner};
use tokio::sync::mpsc;
use tracing::debug;

/// Sends the messages of the side channel, no faster than the peers take them.
pub(crate) async fn send<E, S>(context: E, mut outgoing: mpsc::Receiver<Outgoing>, mut network: S)
where
    E: Clock,
    S: Sender<PublicKey = ed25519::PublicKey>,
{
    while let Some(Outgoing { to, message }) = outgoing.recv().await {
        let recipients = match to.as_ref().map(members::inward) {
            None => Recipients::All,
            Some(Ok(key)) => Recipients::One(key),
            Some(Err(_)) => continue,
        };
        loop {
            match network.check(recipients.clone()) {
                Ok(allowed) => {
                    // Best effort: what the network does not take is lost.
                    let _ = allowed.send(message, false);
                    break;
                }
                Err(next) => context.sleep_until(next).await,
            }
        }
    }
}

/// Gives the messages of others to the application, one after the other. While it is busy, the
/// network keeps a bounded number of them and drops the rest.
pub(crate) async fn receive<E, R>(context: E, desk: Desk, mut network: R)
where
    E: Spawner,
    R: Receiver<PublicKey = ed25519::PublicKey>,
{
    while let Ok((from, message)) = network.recv().await {
        let from = members::outward(&from);
        if message.len() > MESSAGE_BYTES_MAX {
            debug!(%from, bytes = message.len(), "a message is too long");
            continue;
        }
        let message = Bytes::from(message);
        let given = desk.run_beside(context.child("message"), move |application| {
            application.received(from, message);
        });
        if given.await.is_none() {
            return;
        }
    }
}
