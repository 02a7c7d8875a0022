use std::sync::Arc;

use super::{BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, Block, BlockBody, VOTERS_MAX};
use crate::{
    BlockId, FormError, IdHash, NESTING_MAX, Rejection, Transaction,
    form::{HASH, KEY, SIGNATURE, TIME, document, elements, members, written},
    json::{Limits, NumberStyle, Value, canonical},
};

/// The longest JSON text of a block that is read, in bytes: room for one that somebody indented.
pub const BLOCK_JSON_BYTES_MAX: usize = 4 * BLOCK_BYTES_MAX;

/// A block wraps its transactions in this many lists and objects.
const DEPTH_OF_TRANSACTIONS: usize = 3;

/// A text is not the JSON form of a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Its form is wrong.
    #[error("the form of the block is wrong")]
    Form(#[from] FormError),
    /// A transaction is not one.
    #[error("block.transactions[{index}]")]
    Transaction {
        /// Its position.
        index: usize,
        /// What is wrong with it.
        #[source]
        rejection: Rejection,
    },
    /// The id is neither the SHA3-256 nor the Keccak-256 hash of the body.
    #[error("the id is {found}, the hash of the body is {expected}")]
    Id {
        /// The id.
        found: BlockId,
        /// The SHA3-256 hash.
        expected: BlockId,
    },
}

impl Block {
    /// Reads a block in its JSON form: all members, no others; the id is that of the body, by
    /// SHA3-256 or Keccak-256. The signature is not verified.
    ///
    /// # Errors
    ///
    /// What is wrong first.
    pub fn parse_json(text: &[u8]) -> Result<Self, BlockError> {
        let depth = DEPTH_OF_TRANSACTIONS + NESTING_MAX;
        let value = document(text, Limits { bytes: BLOCK_JSON_BYTES_MAX, depth })?;
        let [body_value, id, signature] = members(&value, ".", ["block", "id", "signature"])?;
        let found: BlockId = written(id, "id", HASH)?;
        let signature = written(signature, "signature", SIGNATURE)?;
        let body = body(body_value)?;
        let by_sha3 = Self::from_parts(body, IdHash::Sha3, signature);
        let expected = by_sha3.id();
        if found == expected {
            return Ok(by_sha3);
        }
        let by_keccak = Self::from_parts(by_sha3.body, IdHash::Keccak, signature);
        if found == by_keccak.id() {
            return Ok(by_keccak);
        }
        Err(BlockError::Id { found, expected })
    }

    /// The canonical JSON of the block.
    pub fn to_json(&self) -> String {
        let (body, id, signature) = (self.body.to_json(), self.id, self.signature);
        format!(r#"{{"block":{body},"id":"{id}","signature":"{signature}"}}"#)
    }
}

impl BlockBody {
    /// The canonical JSON of the body: what is hashed and signed. Holds the transactions whole, as
    /// [`Transaction::to_json`] writes them.
    pub fn to_json(&self) -> String {
        let transactions: usize = self.transactions.iter().map(|tx| tx.to_json().len() + 1).sum();
        let mut text = String::with_capacity(transactions + 48 * self.voters.len() + 160);
        text.push_str(r#"{"node_pubkey":""#);
        text.push_str(&self.node_pubkey.to_string());
        text.push_str(r#"","timestamp":""#);
        text.push_str(&self.timestamp.to_string());
        text.push_str(r#"","transactions":["#);
        let mut separator = "";
        for transaction in &self.transactions {
            text.push_str(separator);
            text.push_str(transaction.to_json());
            separator = ",";
        }
        text.push_str(r#"],"voters":["#);
        separator = "";
        for voter in &self.voters {
            text.push_str(separator);
            text.push_str(&format!(r#""{voter}""#));
            separator = ",";
        }
        text.push_str("]}");
        text
    }
}

fn body(value: &Value<'_>) -> Result<BlockBody, BlockError> {
    let names = ["node_pubkey", "timestamp", "transactions", "voters"];
    let [node_pubkey, timestamp, transactions, voters] = members(value, "block", names)?;
    let transactions = bounded(
        elements(transactions, "block.transactions")?,
        BLOCK_TRANSACTIONS_MAX,
        FormError::Expected { place: "block.transactions", expected: "at most 1000 of them" },
    )?;
    let voters = bounded(
        elements(voters, "block.voters")?,
        VOTERS_MAX,
        FormError::Expected { place: "block.voters", expected: "at most 256 of them" },
    )?;
    let voter = |value| written(value, "block.voters", KEY);
    Ok(BlockBody {
        node_pubkey: written(node_pubkey, "block.node_pubkey", KEY)?,
        timestamp: written(timestamp, "block.timestamp", TIME)?,
        voters: voters.iter().map(voter).collect::<Result<_, FormError>>()?,
        transactions: transactions
            .iter()
            .enumerate()
            .map(|(index, value)| transaction(index, value))
            .collect::<Result<_, BlockError>>()?,
    })
}

fn bounded<'v, 'a>(
    values: &'v [Value<'a>],
    max: usize,
    error: FormError,
) -> Result<&'v [Value<'a>], FormError> {
    if values.len() > max { Err(error) } else { Ok(values) }
}

fn transaction(index: usize, value: &Value<'_>) -> Result<Arc<Transaction>, BlockError> {
    // As it was written: its own format says how its numbers are hashed.
    let text = canonical(value, NumberStyle::Literal);
    let transaction = Transaction::parse(text.as_bytes());
    transaction.map(Arc::new).map_err(|rejection| BlockError::Transaction { index, rejection })
}
