use std::sync::Arc;

use tally_crypto::ed25519::{PublicKey, Signature};

use super::{
    BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, Block, BlockBody, DecodeError, VOTERS_MAX,
    codec::FORMAT,
};
use crate::{IdHash, Rejection, Timestamp, Transaction, TransactionId};

/// The compact encoding of a block, taken apart, its transactions still bytes.
///
/// Reading those is most of the work. Here the caller does it as it likes: on several cores, or by
/// taking the transactions that it has read and verified before from its pool.
#[derive(Clone, Debug)]
pub struct BlockFrame<'a> {
    id_hash: IdHash,
    node_pubkey: PublicKey,
    signature: Signature,
    timestamp: Timestamp,
    voters: Vec<PublicKey>,
    transactions: Vec<FramedTransaction<'a>>,
}

/// A transaction in a [`BlockFrame`]: what the encoding says that it is.
#[derive(Clone, Copy, Debug)]
pub struct FramedTransaction<'a> {
    /// The id that the encoding gives it. Nothing has compared it with the text yet.
    pub id: TransactionId,
    /// The text.
    pub text: &'a [u8],
}

impl FramedTransaction<'_> {
    /// Reads the transaction.
    ///
    /// # Errors
    ///
    /// It breaks a rule that needs no state.
    pub fn parse(&self) -> Result<Transaction, Rejection> {
        Transaction::parse(self.text)
    }

    /// Whether it is this transaction, down to the signatures.
    ///
    /// The id alone does not say so: in the formats before 2.0 it does not cover the fulfilments.
    pub fn is(&self, transaction: &Transaction) -> bool {
        self.id == transaction.id() && self.text == transaction.to_json().as_bytes()
    }
}

/// What surrounds the transactions of an encoded block is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// There are more bytes than a block may have.
    #[error("{0} bytes are more than {BLOCK_BYTES_MAX}")]
    TooLong(usize),
    /// The bytes end within the block.
    #[error("the bytes end within the block")]
    Truncated,
    /// There are bytes after the block.
    #[error("{0} bytes follow the block")]
    Trailing(usize),
    /// The format is unknown.
    #[error("format {0} is unknown")]
    Format(u8),
    /// The hash function is unknown.
    #[error("hash function {0} is unknown")]
    IdHash(u8),
    /// The time does not have ten digits.
    #[error("the time {0} does not have ten digits")]
    Timestamp(u64),
    /// There are too many voters.
    #[error("{0} voters are more than {VOTERS_MAX}")]
    Voters(u16),
    /// There are too many transactions.
    #[error("{0} transactions are more than {BLOCK_TRANSACTIONS_MAX}")]
    Transactions(u16),
}

impl<'a> BlockFrame<'a> {
    /// Takes the compact encoding of a block apart ([`Block::encode`]).
    ///
    /// # Errors
    ///
    /// What is wrong first.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FrameError> {
        if bytes.len() > BLOCK_BYTES_MAX {
            return Err(FrameError::TooLong(bytes.len()));
        }
        let mut rest = Rest(bytes);
        let [format, id_hash] = rest.array()?;
        if format != FORMAT {
            return Err(FrameError::Format(format));
        }
        let id_hash = match id_hash {
            0 => IdHash::Sha3,
            1 => IdHash::Keccak,
            other => return Err(FrameError::IdHash(other)),
        };
        let node_pubkey = PublicKey::from_bytes(rest.array()?);
        let signature = Signature::from_bytes(rest.array()?);
        let seconds = u64::from_be_bytes(rest.array()?);
        let timestamp =
            Timestamp::from_seconds(seconds).map_err(|_| FrameError::Timestamp(seconds))?;
        let voters = rest.count(VOTERS_MAX, FrameError::Voters)?;
        let transactions = rest.count(BLOCK_TRANSACTIONS_MAX, FrameError::Transactions)?;
        let voters = (0..voters)
            .map(|_| rest.array().map(PublicKey::from_bytes))
            .collect::<Result<_, _>>()?;
        let transactions =
            (0..transactions).map(|_| rest.transaction()).collect::<Result<_, _>>()?;
        if !rest.0.is_empty() {
            return Err(FrameError::Trailing(rest.0.len()));
        }
        Ok(Self { id_hash, node_pubkey, signature, timestamp, voters, transactions })
    }

    /// When the block says that it was made.
    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// Who the block says made it.
    pub fn node_pubkey(&self) -> &PublicKey {
        &self.node_pubkey
    }

    /// What the block says that it appends.
    pub fn transactions(&self) -> &[FramedTransaction<'a>] {
        &self.transactions
    }

    /// Puts the block together. `transactions` are those of the frame, in its order.
    ///
    /// # Errors
    ///
    /// There are more or fewer of them, or one [is not](FramedTransaction::is) what the frame says.
    pub fn assemble(self, transactions: Vec<Arc<Transaction>>) -> Result<Block, DecodeError> {
        let (expected, found) = (self.transactions.len(), transactions.len());
        if expected != found {
            return Err(DecodeError::Count { expected, found });
        }
        let mut pairs = self.transactions.iter().zip(&transactions);
        if let Some(index) = pairs.position(|(framed, transaction)| !framed.is(transaction)) {
            return Err(DecodeError::Mismatch { index });
        }
        let Self { id_hash, node_pubkey, signature, timestamp, voters, .. } = self;
        let body = BlockBody { timestamp, transactions, node_pubkey, voters };
        Ok(Block::from_parts(body, id_hash, signature))
    }
}

/// The bytes that have not been read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], FrameError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(FrameError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(FrameError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn count(&mut self, max: usize, error: fn(u16) -> FrameError) -> Result<u16, FrameError> {
        let count = u16::from_be_bytes(self.array()?);
        if usize::from(count) > max { Err(error(count)) } else { Ok(count) }
    }

    fn transaction(&mut self) -> Result<FramedTransaction<'a>, FrameError> {
        let id = TransactionId::from_bytes(self.array()?);
        let length = u32::from_be_bytes(self.array()?) as usize;
        Ok(FramedTransaction { id, text: self.take(length)? })
    }
}
