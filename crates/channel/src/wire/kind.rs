use super::MessageKind;
use crate::{Content, Lock, Message};
use std::fmt;
use tally_primitives::Signature;

impl MessageKind {
    /// All kinds, by their number.
    pub const ALL: [Self; 10] = [
        Self::DirectTransfer,
        Self::MediatedTransfer,
        Self::Unlock,
        Self::LockExpired,
        Self::LockCancellation,
        Self::SecretRequest,
        Self::RevealSecret,
        Self::Refund,
        Self::CancellationAcknowledged,
        Self::Rejected,
    ];

    /// Returns the kind with this number.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }

    /// Returns the kind's number.
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// Returns the length in bytes of every message of this kind, signature included.
    pub const fn length(self) -> usize {
        match self {
            Self::DirectTransfer => ENVELOPE + NUMBER + Signature::LENGTH,
            Self::MediatedTransfer => {
                ENVELOPE + NUMBER + Lock::LENGTH + 2 * ADDRESS + WORD + Signature::LENGTH
            }
            Self::Unlock => ENVELOPE + NUMBER + WORD + Signature::LENGTH,
            Self::LockExpired | Self::LockCancellation => ENVELOPE + WORD + Signature::LENGTH,
            Self::SecretRequest => PREFIX + NUMBER + 2 * WORD,
            Self::RevealSecret => PREFIX + WORD,
            Self::Refund => PREFIX + ADDRESS + WORD,
            Self::CancellationAcknowledged => ENVELOPE + WORD + Signature::LENGTH,
            Self::Rejected => PREFIX + ADDRESS + NUMBER,
        }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Message {
    /// Returns which message this is.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Envelope(envelope, _) => envelope.content.kind(),
            Self::SecretRequest(_) => MessageKind::SecretRequest,
            Self::RevealSecret(_) => MessageKind::RevealSecret,
            Self::Refund(_) => MessageKind::Refund,
            Self::CancellationAcknowledged(_) => MessageKind::CancellationAcknowledged,
            Self::Rejected(_) => MessageKind::Rejected,
        }
    }
}

impl Content {
    /// Returns which message carries this.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::DirectTransfer { .. } => MessageKind::DirectTransfer,
            Self::MediatedTransfer(_) => MessageKind::MediatedTransfer,
            Self::Unlock { .. } => MessageKind::Unlock,
            Self::LockExpired { .. } => MessageKind::LockExpired,
            Self::LockCancellation { .. } => MessageKind::LockCancellation,
        }
    }
}

/// Version and kind.
const PREFIX: usize = 2;
const NUMBER: usize = 8;
const ADDRESS: usize = 20;
const WORD: usize = 32;
/// What all envelopes begin with: the prefix, channel, nonce, transferred amount and locksroot.
const ENVELOPE: usize = PREFIX + ADDRESS + NUMBER + 2 * WORD;
