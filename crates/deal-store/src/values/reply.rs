use serde::{Deserialize, Serialize};
use std::fmt;

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
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredReply {
    /// The caller's key.
    pub key: ReplyKey,
    /// A hash of the request: another request with the same key is refused.
    pub request_hash: [u8; 32],
    /// The answer, in the form of whoever answers; at most [`REPLY_BYTES_MAX`] bytes. It may tell
    /// secrets, and only its length is part of [`Debug`].
    pub reply: Vec<u8>,
    /// From when on it is forgotten, Unix milliseconds.
    pub expires_ms: u64,
}

impl fmt::Debug for StoredReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredReply")
            .field("key", &self.key)
            .field("bytes", &self.reply.len())
            .field("expires_ms", &self.expires_ms)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_not_shown() {
        let key = ReplyKey { caller: "shop".to_owned(), key: "order-1".to_owned() };
        let reply = b"hidden".to_vec();
        let stored = StoredReply { key, request_hash: [7; 32], reply, expires_ms: 1 };
        let shown = format!("{stored:?}");
        assert!(shown.contains("bytes: 6") && !shown.contains("104, 105"), "{shown}");
    }
}
