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
                tracing::debug!(%peer, %error, "not a message");
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
                tracing::debug!(%peer, %error, "not signed by its sender");
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

#[cfg(test)]
mod tests {
    use super::*;
    use tally_channel::{BalanceProof, Content, Envelope, Outgoing, Refund, SignedProof};
    use tally_crypto::SecretKey;
    use tally_primitives::{
        ChannelAddress, Hashlock, LocksRoot, MessageHash, Nonce, PaymentId, Signature, TokenAmount,
    };

    const CHAIN: ChainId = ChainId(1);
    const CHANNEL: ChannelAddress = ChannelAddress::new([3; 20]);

    fn envelope() -> Envelope {
        Envelope {
            channel: CHANNEL,
            nonce: Nonce(4),
            transferred: TokenAmount::from_units(5),
            locksroot: LocksRoot::default(),
            content: Content::DirectTransfer { identifier: PaymentId(6) },
        }
    }

    /// Goal: what its sender signed for this chain passes, and nothing else that must be signed.
    #[test]
    fn only_what_was_signed_passes() {
        let (key, us) = (SecretKey::generate([1; 32]), SecretKey::generate([2; 32]).address());
        let (checker, peer) = (Checker { chain: CHAIN, us }, key.address());
        let signed = |chain| Outgoing::Envelope(envelope()).sign(chain, &key).encode();
        let Incoming::Verified(verified) = checker.check(peer, &signed(CHAIN)) else {
            panic!("a signed message was refused");
        };
        assert_eq!(verified.from(), peer);

        let forged = Incoming::Forged(Rejected { channel: CHANNEL, nonce: Nonce(4) });
        assert_eq!(checker.check(peer, &signed(ChainId(2))), forged, "for another chain");
        assert_eq!(checker.check(us, &signed(CHAIN)), forged, "by somebody else");
        let proof = BalanceProof {
            channel: CHANNEL,
            nonce: Nonce(1),
            transferred: TokenAmount::ZERO,
            locksroot: LocksRoot::default(),
            message_hash: MessageHash::default(),
        };
        let unsigned = SignedProof { proof, signature: Signature([27; 65]) };
        let unsigned = Message::CancellationAcknowledged(unsigned).encode();
        assert_eq!(checker.check(peer, &unsigned), Incoming::Garbage);
        assert_eq!(checker.check(peer, &[]), Incoming::Garbage);
        let plain = Refund { channel: CHANNEL, hashlock: Hashlock::new([7; 32]) };
        let plain = Message::Refund(plain).encode();
        assert!(matches!(checker.check(peer, &plain), Incoming::Verified(_)));
    }
}
