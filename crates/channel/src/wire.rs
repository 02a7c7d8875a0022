//! The byte form of messages, as docs/formats.md defines it.

mod decode;
mod encode;
mod kind;

pub(crate) use encode::encode_unsigned;

/// The version of the encodings; the first byte of every message.
pub const WIRE_VERSION: u8 = 1;

/// Which message follows; the second byte of every message.
///
/// The numbers go over the wire: never renumber, never reuse. Those below 16 carry a balance proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum MessageKind {
    /// An envelope that pays without a lock.
    DirectTransfer = 1,
    /// An envelope that adds a lock.
    MediatedTransfer = 2,
    /// An envelope that pays a lock.
    Unlock = 3,
    /// An envelope that removes an expired lock.
    LockExpired = 4,
    /// An envelope that removes a lock the payee gave up.
    LockCancellation = 5,
    /// The target asks for a secret.
    SecretRequest = 16,
    /// Shows a secret.
    RevealSecret = 17,
    /// The payee gives up a lock.
    Refund = 18,
    /// The payee signs for the proof that removed a lock.
    CancellationAcknowledged = 19,
    /// An envelope was refused.
    Rejected = 20,
}

/// Bytes are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The version or the kind is missing.
    #[error("{length} bytes are too short for a version and a kind")]
    TooShort {
        /// How many bytes came.
        length: usize,
    },
    /// The first byte is not [`WIRE_VERSION`].
    #[error("version {0} at byte 0 is not {WIRE_VERSION}")]
    UnknownVersion(u8),
    /// The second byte names no kind of message.
    #[error("kind {0} at byte 1 is unknown")]
    UnknownKind(u8),
    /// The message was cut off, or something follows it.
    #[error("{kind} has {expected} bytes, not {length}")]
    WrongLength {
        /// What was being read.
        kind: MessageKind,
        /// How many bytes such a message has.
        expected: usize,
        /// How many came.
        length: usize,
    },
    /// Nonces start at 1.
    #[error("nonce at byte {offset} of {kind} is zero")]
    ZeroNonce {
        /// What was being read.
        kind: MessageKind,
        /// Where the nonce starts.
        offset: usize,
    },
}

#[cfg(test)]
mod tests;
