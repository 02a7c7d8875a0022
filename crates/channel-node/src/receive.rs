//! Incoming messages are read and their signatures checked here, off the owner's thread: it is the
//! dearest part of receiving, and it needs none of the owner's state.

use crate::input::{Input, PeerInput};
use tally_channel::{Message, Rejected, Verified};
use tally_net::Inbound;
use tally_primitives::{ChainId, NodeAddress};
use tokio::sync::mpsc;

/// What a peer's message turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A message, signed by its sender where it must be.
    Verified(Box<Verified>),
    /// An envelope that its sender did not sign; to be refused like this.
    Forged(Rejected),
    /// Not a message of this network, or an acknowledgement nobody signed.
    Garbage,
}

/// Who checks signatures, and for whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checker {
    pub(crate) chain: ChainId,
    pub(crate) us: NodeAddress,
}

impl Checker {
    /// Reads one message of `peer`.
    pub(crate) fn check(&self, peer: NodeAddress, payload: &[u8]) -> Incoming {
        let message = match Message::decode(payload) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(%peer, %error, "a peer sent what is not a message");
                return Incoming::Garbage;
            }
        };
        let refusal = match &message {
            Message::Envelope(envelope, _) => {
                Incoming::Forged(Rejected { channel: envelope.channel, nonce: envelope.nonce })
            }
            Message::SecretRequest(_)
            | Message::RevealSecret(_)
            | Message::Refund(_)
            | Message::CancellationAcknowledged(_)
            | Message::Rejected(_) => Incoming::Garbage,
        };
        match message.verify(self.chain, peer, self.us) {
            Ok(verified) => Incoming::Verified(Box::new(verified)),
            Err(error) => {
                tracing::warn!(%peer, %error, "a peer sent a message that it did not sign");
                refusal
            }
        }
    }

    fn read(&self, inbound: Inbound) -> PeerInput {
        match inbound {
            Inbound::Connected { peer, connection, peer_epoch, received } => {
                PeerInput::Connected { peer, connection, epoch: peer_epoch, received }
            }
            Inbound::Message { peer, seq, payload, connection: _ } => {
                PeerInput::Message { peer, seq, incoming: self.check(peer, &payload) }
            }
            Inbound::Acknowledged { peer, seq, connection: _ } => {
                PeerInput::Acknowledged { peer, seq }
            }
            Inbound::Writable { peer, connection: _ } => PeerInput::Writable { peer },
            Inbound::Disconnected { peer, connection } => {
                PeerInput::Disconnected { peer, connection }
            }
        }
    }
}

/// Passes what the network delivers on to the owner, in order, until either is gone.
///
/// A full mailbox stops the reading here, then the transport's, then the peers.
pub(crate) async fn run(
    checker: Checker,
    mut inbound: mpsc::Receiver<Inbound>,
    owner: mpsc::Sender<Input>,
) {
    while let Some(event) = inbound.recv().await {
        if owner.send(Input::Peer(checker.read(event))).await.is_err() {
            return;
        }
    }
}
