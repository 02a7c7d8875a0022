use std::sync::Arc;

use super::{Block, BlockFrame, VOTERS_MAX, frame::FrameError};
use crate::{IdHash, Rejection};

/// The first byte of the encoding.
pub(super) const FORMAT: u8 = 1;
/// Format, hash function, maker, signature, time, and the two counts.
pub(super) const HEAD_BYTES: usize = 1 + 1 + 32 + 64 + 8 + 2 + 2;
/// A voter: its public key.
pub(super) const VOTER_BYTES: usize = 32;
/// What stands before the text of a transaction: its id and the length of the text.
pub(super) const TRANSACTION_HEAD_BYTES: usize = 32 + 4;

/// Bytes are not the compact encoding of a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// What surrounds the transactions is wrong.
    #[error("the frame of the block is wrong")]
    Frame(#[from] FrameError),
    /// A transaction is not one.
    #[error("transactions[{index}]")]
    Transaction {
        /// Its position.
        index: usize,
        /// What is wrong with it.
        #[source]
        rejection: Rejection,
    },
    /// A transaction is not the one whose id and text stand in the encoding, or its text is not the
    /// canonical one.
    #[error("transactions[{index}] is not written with its id and in its canonical text")]
    Mismatch {
        /// Its position.
        index: usize,
    },
    /// Another number of transactions was handed in than the block has.
    #[error("the block has {expected} transactions, not {found}")]
    Count {
        /// How many the block has.
        expected: usize,
        /// How many were handed in.
        found: usize,
    },
}

impl Block {
    /// The compact encoding, for the wire and the disk. Of two blocks that differ the encodings
    /// differ, and no other bytes decode to this block.
    ///
    /// Integers are big-endian: format (1 byte: 1) · hash function of the id (1: 0 SHA3-256,
    /// 1 Keccak-256) · maker (32) · signature (64) · seconds since the epoch (8) · number of voters
    /// (2) · number of transactions (2) · voters (32 each) · for each transaction its id (32), the
    /// length of its canonical text (4) and the text.
    ///
    /// # Panics
    ///
    /// The block has more than 65,535 voters or transactions, or a transaction of 4 GiB; no block
    /// that was decoded, drafted or checked has.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.encoded_length());
        bytes.push(FORMAT);
        bytes.push(match self.id_hash() {
            IdHash::Sha3 => 0,
            IdHash::Keccak => 1,
        });
        bytes.extend(self.node_pubkey().as_bytes());
        bytes.extend(self.signature().to_bytes());
        bytes.extend(self.timestamp().seconds().to_be_bytes());
        bytes.extend(count(self.voters().len()).to_be_bytes());
        bytes.extend(count(self.transactions().len()).to_be_bytes());
        for voter in self.voters() {
            bytes.extend(voter.as_bytes());
        }
        for transaction in self.transactions() {
            let text = transaction.to_json().as_bytes();
            let length = u32::try_from(text.len()).expect("a transaction is shorter than 4 GiB");
            bytes.extend(transaction.id().as_bytes());
            bytes.extend(length.to_be_bytes());
            bytes.extend(text);
        }
        bytes
    }

    /// The length of [`encode`](Self::encode), without encoding.
    pub fn encoded_length(&self) -> usize {
        let texts = self.transactions().iter().map(|tx| transaction_bytes(tx.to_json()));
        head_bytes(self.voters().len()) + texts.sum::<usize>()
    }

    /// Reads the compact encoding: at most [`BLOCK_BYTES_MAX`](super::BLOCK_BYTES_MAX) bytes, none
    /// left over, every transaction structurally valid and in canonical text. Computes the id; the
    /// signatures are not verified.
    ///
    /// A caller with several cores, or that knows some of the transactions, uses [`BlockFrame`].
    ///
    /// # Errors
    ///
    /// What is wrong first.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let frame = BlockFrame::parse(bytes)?;
        let parse = |(index, framed): (usize, &super::FramedTransaction<'_>)| {
            let parsed = framed.parse().map(Arc::new);
            parsed.map_err(|rejection| DecodeError::Transaction { index, rejection })
        };
        let transactions =
            frame.transactions().iter().enumerate().map(parse).collect::<Result<_, _>>()?;
        frame.assemble(transactions)
    }
}

/// Bytes of an encoding without its transactions.
pub(super) fn head_bytes(voters: usize) -> usize {
    HEAD_BYTES + VOTER_BYTES * voters
}

/// Bytes that a transaction of this text takes.
pub(super) fn transaction_bytes(text: &str) -> usize {
    TRANSACTION_HEAD_BYTES + text.len()
}

fn count(count: usize) -> u16 {
    u16::try_from(count).expect("a block has at most 1000 transactions and 256 voters")
}

const _: () = assert!(VOTERS_MAX <= u16::MAX as usize);
