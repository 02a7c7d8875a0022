use super::{MessageKind, WIRE_VERSION};
use crate::{
    BalanceProof, Content, Envelope, MediatedTransfer, Message, Refund, Rejected, SecretRequest,
    SignedProof,
};

impl Message {
    /// Encodes the message.
    ///
    /// `MessageKind::length` bytes: version (1), kind (1), the fields, numbers big-endian, and
    /// last the signature (65) if there is one.
    ///
    /// Source: docs/formats.md, "Messages".
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Envelope(envelope, signature) => {
                let mut bytes = encode_unsigned(envelope);
                bytes.extend(signature.0);
                bytes
            }
            Self::SecretRequest(SecretRequest { identifier, hashlock, amount }) => {
                let mut bytes = prefixed(self.kind());
                bytes.extend(identifier.0.to_be_bytes());
                bytes.extend(hashlock.as_bytes());
                bytes.extend(amount.to_be_bytes());
                bytes
            }
            Self::RevealSecret(secret) => {
                let mut bytes = prefixed(self.kind());
                bytes.extend(secret.expose());
                bytes
            }
            Self::Refund(Refund { channel, hashlock }) => {
                let mut bytes = prefixed(self.kind());
                bytes.extend(channel.as_bytes());
                bytes.extend(hashlock.as_bytes());
                bytes
            }
            Self::CancellationAcknowledged(acknowledged) => {
                let mut bytes = prefixed(self.kind());
                put_signed_proof(&mut bytes, acknowledged);
                bytes
            }
            Self::Rejected(Rejected { channel, nonce }) => {
                let mut bytes = prefixed(self.kind());
                bytes.extend(channel.as_bytes());
                bytes.extend(nonce.0.to_be_bytes());
                bytes
            }
        }
    }
}

/// Encodes an envelope without its signature: what [`crate::BalanceProof::message_hash`] hashes.
pub(crate) fn encode_unsigned(envelope: &Envelope) -> Vec<u8> {
    let mut bytes = prefixed(envelope.content.kind());
    bytes.extend(envelope.channel.as_bytes());
    bytes.extend(envelope.nonce.0.to_be_bytes());
    bytes.extend(envelope.transferred.to_be_bytes());
    bytes.extend(envelope.locksroot.as_bytes());
    match &envelope.content {
        Content::DirectTransfer { identifier } => bytes.extend(identifier.0.to_be_bytes()),
        Content::MediatedTransfer(transfer) => put_mediated_transfer(&mut bytes, transfer),
        Content::Unlock { identifier, secret } => {
            bytes.extend(identifier.0.to_be_bytes());
            bytes.extend(secret.expose());
        }
        Content::LockExpired { hashlock } | Content::LockCancellation { hashlock } => {
            bytes.extend(hashlock.as_bytes());
        }
    }
    bytes
}

fn put_mediated_transfer(bytes: &mut Vec<u8>, transfer: &MediatedTransfer) {
    let MediatedTransfer { identifier, lock, initiator, target, fee } = transfer;
    bytes.extend(identifier.0.to_be_bytes());
    bytes.extend(lock.encode());
    bytes.extend(initiator.as_bytes());
    bytes.extend(target.as_bytes());
    bytes.extend(fee.to_be_bytes());
}

fn put_signed_proof(bytes: &mut Vec<u8>, signed: &SignedProof) {
    let BalanceProof { channel, nonce, transferred, locksroot, message_hash } = &signed.proof;
    bytes.extend(channel.as_bytes());
    bytes.extend(nonce.0.to_be_bytes());
    bytes.extend(transferred.to_be_bytes());
    bytes.extend(locksroot.as_bytes());
    bytes.extend(message_hash.as_bytes());
    bytes.extend(signed.signature.0);
}

/// Returns version and kind, with room for the rest.
fn prefixed(kind: MessageKind) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(kind.length());
    bytes.extend([WIRE_VERSION, kind.byte()]);
    bytes
}
