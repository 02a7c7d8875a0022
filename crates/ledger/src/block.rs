//! Blocks: transactions in an order, signed by the node that chose it.

use std::sync::Arc;

use tally_crypto::ed25519::{self, PublicKey, Signature, SignatureError, SigningKey};

use crate::{BlockId, IdHash, Timestamp, Transaction};

mod check;
mod codec;
mod draft;
mod fault;
mod frame;
mod json;
mod transactions;

pub use check::{BLOCK_AHEAD_SECONDS_MAX, BLOCK_BEHIND_SECONDS_MAX, BlockContext, BlockVerdict};
pub use codec::DecodeError;
pub use draft::{BlockDraft, Offer};
pub use fault::BlockFault;
pub use frame::{BlockFrame, FrameError, FramedTransaction};
pub use json::{BLOCK_JSON_BYTES_MAX, BlockError};

/// The most transactions in a block.
///
/// *Source:* what all servers up to 1.3 put into a block at most.
pub const BLOCK_TRANSACTIONS_MAX: usize = 1000;

/// The most bytes of a block in its compact encoding ([`Block::encode`]).
///
/// Ordinary transactions have less than 1 KiB, so a full block of them fills a quarter of it. One
/// message of the ordering engine carries one block.
pub const BLOCK_BYTES_MAX: usize = 4 << 20;

/// The most work that the signatures of a block's transactions may be
/// ([`Transaction::verification_work`]), in bytes hashed, unless it has one transaction only.
///
/// Every member verifies a proposed block within its view. This is two thirds of a second of one
/// core, of the four seconds that a view has; a full block of ordinary transactions is a fifteenth
/// of it.
pub const BLOCK_WORK_MAX: u64 = 256 << 20;

/// The most voters of a block, and so the most members of a federation.
pub const VOTERS_MAX: usize = 256;

/// What a block's maker signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockBody {
    /// When it was made.
    pub timestamp: Timestamp,
    /// What it appends, in this order; 1 to [`BLOCK_TRANSACTIONS_MAX`].
    pub transactions: Vec<Arc<Transaction>>,
    /// Who made it.
    pub node_pubkey: PublicKey,
    /// Who is entitled to vote on it, in the maker's order.
    pub voters: Vec<PublicKey>,
}

/// A block of 0.8 to 1.x: body, the body's hash, and the maker's signature over the body.
///
/// The id is always that of the body: a value with another cannot be made, except by
/// [`Block::from_stored`]. Whether the signature is right says [`Block::verify_signature`]; whether
/// the block may be appended to a chain, [`Block::check`].
///
/// *Source:* `docs/formats.md`, section *Ledger: blocks and votes*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    id: BlockId,
    id_hash: IdHash,
    body: BlockBody,
    signature: Signature,
}

impl Block {
    /// Signs a block. Its id is the SHA3-256 hash of the body. Breaks no rule by itself and checks
    /// none: [`BlockDraft`] selects transactions that belong into a block.
    pub fn make(
        key: &SigningKey,
        timestamp: Timestamp,
        transactions: Vec<Arc<Transaction>>,
        voters: Vec<PublicKey>,
    ) -> Self {
        let body = BlockBody { timestamp, transactions, node_pubkey: key.public_key(), voters };
        let text = body.to_json();
        let id = hash(IdHash::Sha3, &text);
        Self { id, id_hash: IdHash::Sha3, signature: key.sign(text.as_bytes()), body }
    }

    /// Puts a block together of its parts; computes the id.
    pub fn from_parts(body: BlockBody, id_hash: IdHash, signature: Signature) -> Self {
        Self { id: hash(id_hash, &body.to_json()), id_hash, body, signature }
    }

    /// Puts a block together that this node stored after it had checked it; trusts the id.
    pub fn from_stored(
        id: BlockId,
        id_hash: IdHash,
        body: BlockBody,
        signature: Signature,
    ) -> Self {
        Self { id, id_hash, body, signature }
    }

    /// The hash of the body.
    pub fn id(&self) -> BlockId {
        self.id
    }

    /// The hash function of the id. Blocks of this ledger have [`IdHash::Sha3`]; those of releases
    /// up to 0.8.0 have [`IdHash::Keccak`].
    pub fn id_hash(&self) -> IdHash {
        self.id_hash
    }

    /// What the maker signed.
    pub fn body(&self) -> &BlockBody {
        &self.body
    }

    /// What the block appends, in its order.
    pub fn transactions(&self) -> &[Arc<Transaction>] {
        &self.body.transactions
    }

    /// When the block was made. Timeout conditions of its transactions compare with it.
    pub fn timestamp(&self) -> Timestamp {
        self.body.timestamp
    }

    /// Who made the block.
    pub fn node_pubkey(&self) -> &PublicKey {
        &self.body.node_pubkey
    }

    /// Who is entitled to vote on it, in the maker's order.
    pub fn voters(&self) -> &[PublicKey] {
        &self.body.voters
    }

    /// The maker's signature over [`BlockBody::to_json`].
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Verifies the maker's signature.
    ///
    /// # Errors
    ///
    /// The signature is not the maker's, or breaks the rules of [`tally_crypto::ed25519`].
    pub fn verify_signature(&self) -> Result<(), SignatureError> {
        ed25519::verify(&self.body.node_pubkey, self.body.to_json().as_bytes(), &self.signature)
    }
}

fn hash(id_hash: IdHash, text: &str) -> BlockId {
    BlockId::from_bytes(id_hash.hash_parts(&[text.as_bytes()]))
}
