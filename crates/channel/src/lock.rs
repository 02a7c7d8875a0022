use serde::{Deserialize, Serialize};
use tally_crypto::keccak256;
use tally_primitives::{B256, BlockNumber, Hashlock, TokenAmount};

/// Money that belongs to the payee if it shows the secret in time, and to the payer otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// The last block in which it can be claimed.
    pub expiration: BlockNumber,
    /// What it holds.
    pub amount: TokenAmount,
    /// The hash of the secret.
    pub hashlock: Hashlock,
}

impl Lock {
    /// The length of the encoding in bytes.
    pub const LENGTH: usize = 72;

    /// Encodes the lock as the contract reads it.
    ///
    /// 72 bytes: expiration (8, big-endian), amount (32, big-endian, token base units),
    /// hashlock (32).
    ///
    /// Source: docs/formats.md, "Lock".
    pub fn encode(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..8].copy_from_slice(&self.expiration.0.to_be_bytes());
        bytes[8..40].copy_from_slice(&self.amount.to_be_bytes());
        bytes[40..].copy_from_slice(self.hashlock.as_bytes());
        bytes
    }

    /// Returns the lock's leaf in the Merkle tree: the hash of its encoding.
    pub fn leaf(&self) -> B256 {
        keccak256(self.encode())
    }

    /// Says whether the lock can no longer be claimed with a secret that nobody registered.
    pub fn is_expired(&self, head: BlockNumber) -> bool {
        head > self.expiration
    }
}
