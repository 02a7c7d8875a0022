use serde::{Deserialize, Serialize};

/// The most bytes of a stored reply.
pub const REPLY_BYTES_MAX: usize = 256 * 1024;

/// A caller's key for a request that must have its effect once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplyKey {
    /// Who asks: keys of different callers have nothing to do with each other. At most
    /// [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX) bytes.
    pub caller: String,
    /// The key that the caller chose: 1 to [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX) bytes.
    pub key: String,
}

/// What a request was answered, to be answered again when it is repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredReply {
    /// The caller's key.
    pub key: ReplyKey,
    /// A hash of the request: another request with the same key is refused.
    pub request_hash: [u8; 32],
    /// The answer, in the form of whoever answers; at most [`REPLY_BYTES_MAX`] bytes.
    pub reply: Vec<u8>,
    /// From when on it is forgotten, Unix milliseconds.
    pub expires_ms: u64,
}
