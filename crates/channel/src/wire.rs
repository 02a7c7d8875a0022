//! The byte form of messages, as docs/formats.md defines it.

use crate::{Content, Envelope, MediatedTransfer};

/// The version of the encodings; the first byte of every message.
pub const WIRE_VERSION: u8 = 1;

/// Encodes an envelope without its signature: what [`crate::BalanceProof::message_hash`] hashes.
pub(crate) fn encode_unsigned(envelope: &Envelope) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend([WIRE_VERSION, kind(&envelope.content)]);
    bytes.extend(envelope.channel.as_bytes());
    bytes.extend(envelope.nonce.0.to_be_bytes());
    bytes.extend(envelope.transferred.to_be_bytes());
    bytes.extend(envelope.locksroot.as_bytes());
    match &envelope.content {
        Content::DirectTransfer { identifier } => bytes.extend(identifier.0.to_be_bytes()),
        Content::MediatedTransfer(MediatedTransfer {
            identifier,
            lock,
            initiator,
            target,
            fee,
        }) => {
            bytes.extend(identifier.0.to_be_bytes());
            bytes.extend(lock.encode());
            bytes.extend(initiator.as_bytes());
            bytes.extend(target.as_bytes());
            bytes.extend(fee.to_be_bytes());
        }
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

const fn kind(content: &Content) -> u8 {
    match content {
        Content::DirectTransfer { .. } => 1,
        Content::MediatedTransfer(_) => 2,
        Content::Unlock { .. } => 3,
        Content::LockExpired { .. } => 4,
        Content::LockCancellation { .. } => 5,
    }
}
