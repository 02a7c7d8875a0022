//! Blocks and headers from their bytes. With `encode` and `transaction`, the only place that knows
//! the library of Bitcoin's formats.

use bitcoin::{TxMerkleNode, block::Header, consensus::encode::deserialize, hashes::Hash};
use std::error::Error;
use tally_chain::utxo::{Block, OutPoint, Output, Transaction};
use tally_primitives::{BlockId, BlockNumber, Satoshi, Txid};

/// The longest block that is read, in bytes. Freecash allows 1 million, Bitcoin 4 million.
pub const BLOCK_BYTES_MAX: usize = 4_000_000;

/// Length of a header, in bytes.
pub(crate) const HEADER_BYTES: usize = 80;

/// Bytes are not a block.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The block is longer than any network allows.
    #[error("the block has {0} bytes, more than {BLOCK_BYTES_MAX}")]
    TooLong(usize),
    /// The bytes do not have the form of a block.
    #[error("the bytes are not a block")]
    Malformed(#[source] Box<dyn Error + Send + Sync>),
    /// The header names other transactions than those that follow it.
    #[error("the transactions are not those that the header of block {0} names")]
    Transactions(BlockId),
}

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeaderFacts {
    pub(crate) id: BlockId,
    pub(crate) previous: BlockId,
    /// The number of hashes that finding it took on average.
    pub(crate) work: u128,
    /// Whether its id is as small as the header itself demands.
    pub(crate) is_proven: bool,
}

/// Reads a header.
pub(crate) fn read_header(bytes: &[u8; HEADER_BYTES]) -> Option<HeaderFacts> {
    let header: Header = deserialize(bytes).ok()?;
    Some(HeaderFacts {
        id: BlockId::from_hash(header.block_hash().to_byte_array()),
        previous: BlockId::from_hash(header.prev_blockhash.to_byte_array()),
        work: work(&header),
        is_proven: header.validate_pow(header.target()).is_ok(),
    })
}

/// No chain's whole work reaches 2^128: Bitcoin's is below 2^97.
fn work(header: &Header) -> u128 {
    let bytes = header.work().to_be_bytes();
    let (high, low) = bytes.split_at(16);
    let low = low.try_into().map(u128::from_be_bytes).unwrap_or(u128::MAX);
    if high.iter().any(|byte| *byte != 0) { u128::MAX } else { low }
}

/// Reads a block in the form in which nodes store and send it, and checks that the header names
/// the transactions. `height` is the caller's knowledge: blocks do not hold it in a form that all
/// have.
///
/// Takes Bitcoin's blocks with and without witnesses, and Freecash's, which never have any.
///
/// # Errors
///
/// [`BlockError`].
pub fn decode_block(bytes: &[u8], height: BlockNumber) -> Result<Block, BlockError> {
    if bytes.len() > BLOCK_BYTES_MAX {
        return Err(BlockError::TooLong(bytes.len()));
    }
    let block: bitcoin::Block =
        deserialize(bytes).map_err(|error| BlockError::Malformed(Box::new(error)))?;
    let id = BlockId::from_hash(block.header.block_hash().to_byte_array());
    let txids: Vec<bitcoin::Txid> = block.txdata.iter().map(|each| each.compute_txid()).collect();
    let root = bitcoin::merkle_tree::calculate_root(txids.iter().map(|txid| txid.to_raw_hash()));
    if root.map(TxMerkleNode::from_raw_hash) != Some(block.header.merkle_root) {
        return Err(BlockError::Transactions(id));
    }
    Ok(Block {
        id,
        previous: BlockId::from_hash(block.header.prev_blockhash.to_byte_array()),
        height,
        time: u64::from(block.header.time),
        transactions: block
            .txdata
            .into_iter()
            .zip(txids)
            .map(|(transaction, txid)| facts(transaction, txid))
            .collect(),
    })
}

pub(crate) fn facts(transaction: bitcoin::Transaction, txid: bitcoin::Txid) -> Transaction {
    let is_coinbase = transaction.is_coinbase();
    let inputs = transaction.input.iter().map(|input| OutPoint {
        txid: Txid::from_hash(input.previous_output.txid.to_byte_array()),
        vout: input.previous_output.vout,
    });
    Transaction {
        txid: Txid::from_hash(txid.to_byte_array()),
        inputs: if is_coinbase { Vec::new() } else { inputs.collect() },
        outputs: transaction
            .output
            .into_iter()
            .map(|output| Output {
                value: Satoshi(output.value.to_sat()),
                script: output.script_pubkey.into_bytes(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Network,
        encode::{Made, first_block, mined_block},
    };

    /// Goal: Freecash may hold more than Bitcoin ever will. Method: an output of 72 million coins.
    #[test]
    fn amounts_are_not_limited_to_those_of_bitcoin() {
        let value = Satoshi(72_000_000 * Satoshi::COIN.0);
        let made = Made::coinbase(1, vec![Output { value, script: vec![0x51] }]);
        let txid = made.txid();
        let raw = mined_block(Network::FREECASH.genesis, 1_600_000_000, vec![made]);
        let block = decode_block(&raw, BlockNumber(1)).unwrap();
        assert_eq!(block.transactions[0].outputs[0].value, value);
        assert_eq!((block.transactions[0].txid, block.previous), (txid, Network::FREECASH.genesis));
        assert_eq!((block.height, block.time), (BlockNumber(1), 1_600_000_000));
        assert!(block.transactions[0].inputs.is_empty());
    }

    #[test]
    fn what_is_no_block_is_refused() {
        let raw = first_block(&Network::FREECASH);
        let mut other = raw.clone();
        *other.last_mut().unwrap() ^= 1;
        let error = decode_block(&other, BlockNumber(0)).unwrap_err();
        assert!(matches!(error, BlockError::Transactions(_)), "{error}");
        let longer = [&raw[..], &[0]].concat();
        let error = decode_block(&longer, BlockNumber(0)).unwrap_err();
        assert!(matches!(error, BlockError::Malformed(_)), "{error}");
        let error = decode_block(&vec![0; BLOCK_BYTES_MAX + 1], BlockNumber(0)).unwrap_err();
        assert!(matches!(error, BlockError::TooLong(4_000_001)), "{error}");
    }

    /// Goal: work is what it says. Method: known difficulties, and headers that prove nothing.
    #[test]
    fn headers_say_their_work() {
        for (network, work) in [(Network::FREECASH, 0x1_0001_0001), (Network::FREECASH_REGTEST, 2)]
        {
            let raw = first_block(&network);
            let facts = read_header(raw.first_chunk().unwrap()).unwrap();
            assert!(facts.is_proven);
            assert_eq!((facts.id, facts.work), (network.genesis, work));
        }
        let mut raw = first_block(&Network::FREECASH);
        raw[79] ^= 1;
        assert!(!read_header(raw.first_chunk().unwrap()).unwrap().is_proven);
        // Targets of nothing, and beyond all numbers.
        for bits in [0_u32, 0x0180_0001, 0xff7f_ffff, 0x0100_0000] {
            raw[72..76].copy_from_slice(&bits.to_le_bytes());
            read_header(raw.first_chunk().unwrap()).unwrap();
        }
    }
}
