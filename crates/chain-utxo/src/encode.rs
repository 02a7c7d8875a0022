//! Blocks made here: the first ones of the networks, and those of the development chain.

use crate::{
    MalformedTransaction, Network,
    block::facts,
    network::{Chain, FirstHeader},
    transaction,
};
use bitcoin::{
    Amount, ScriptBuf, Sequence, TxIn, TxMerkleNode, TxOut, Witness,
    absolute::LockTime,
    block::Header,
    consensus::encode::{deserialize, serialize},
    hashes::Hash,
};
use tally_chain::utxo::{OutPoint, Output, Transaction};
use tally_primitives::{BlockId, Txid};

/// What headers demand where blocks are made on demand: every second hash will do.
const EASIEST_BITS: u32 = 0x207f_ffff;

/// The transaction of Freecash's first block: 25 coins each to the miner and the fund.
const FREECASH_FIRST: &str = "01000000010000000000000000000000000000000000000000000000000000000000\
    000000ffffffff4e04ffff001d0104465361746f736869204e616b616d6f746f206f70656e65642074686520646f6f\
    7220666f722066726565646f6d2e205765206861766520746f2066696e6420746865207761792effffffff0200f902\
    95000000001976a914f1704a9663c1e530f82ca1bc7ff52f0f65abc1ca88ac00f90295000000001976a914f1704a96\
    63c1e530f82ca1bc7ff52f0f65abc1ca88ac00000000";

/// Returns the first block of a network, as nodes store it.
///
/// # Panics
///
/// Never: the constants were tried.
pub(crate) fn first_block(network: &Network) -> Vec<u8> {
    let FirstHeader { chain, time, bits, nonce } = network.first_header;
    let transaction = match chain {
        Chain::Freecash => {
            let raw = hex::decode(FREECASH_FIRST).expect("the constant is hexadecimal");
            deserialize(&raw).expect("the constant is a transaction")
        }
        Chain::Bitcoin => first_transaction(bitcoin::Network::Bitcoin),
        Chain::BitcoinTest4 => first_transaction(bitcoin::Network::Testnet4),
    };
    serialize(&assemble(BlockId::default(), time, bits, nonce, vec![transaction]))
}

fn first_transaction(network: bitcoin::Network) -> bitcoin::Transaction {
    let block = bitcoin::constants::genesis_block(network);
    block.txdata.into_iter().next().expect("the first block has a transaction")
}

/// A transaction made here, unsigned, or by somebody else.
#[derive(Debug, Clone)]
pub(crate) struct Made(bitcoin::Transaction);

impl Made {
    /// A transaction that spends. Two that spend different outputs have different ids.
    pub(crate) fn spending(inputs: &[OutPoint], outputs: Vec<Output>) -> Self {
        let inputs = inputs.iter().map(|point| {
            let txid = bitcoin::Txid::from_byte_array(point.txid.to_hash());
            input(bitcoin::OutPoint { txid, vout: point.vout }, ScriptBuf::new())
        });
        Self::new(inputs.collect(), outputs)
    }

    /// The first transaction of a block; `salt` makes it unlike all others.
    pub(crate) fn coinbase(salt: u64, outputs: Vec<Output>) -> Self {
        let mut script = vec![8];
        script.extend(salt.to_le_bytes());
        Self::new(vec![input(bitcoin::OutPoint::null(), script.into())], outputs)
    }

    fn new(input: Vec<TxIn>, outputs: Vec<Output>) -> Self {
        let output = outputs.into_iter().map(|output| TxOut {
            value: Amount::from_sat(output.value.0),
            script_pubkey: output.script.into(),
        });
        Self(bitcoin::Transaction {
            version: bitcoin::transaction::Version::ONE,
            lock_time: LockTime::ZERO,
            input,
            output: output.collect(),
        })
    }

    /// A transaction that somebody else made.
    pub(crate) fn read(raw: &[u8]) -> Result<Self, MalformedTransaction> {
        transaction::read(raw).map(Self)
    }

    /// Returns the transactions of a block that was made here, the first one included.
    pub(crate) fn of_block(raw: &[u8]) -> impl Iterator<Item = Self> + use<> {
        let block: bitcoin::Block = deserialize(raw).expect("the block was made here");
        block.txdata.into_iter().map(Self)
    }

    pub(crate) fn txid(&self) -> Txid {
        Txid::from_hash(self.0.compute_txid().to_byte_array())
    }

    /// Returns it as nodes store it.
    pub(crate) fn raw(&self) -> Vec<u8> {
        serialize(&self.0)
    }

    pub(crate) fn facts(&self) -> Transaction {
        facts(self.0.clone(), self.0.compute_txid())
    }

    /// Its size in virtual bytes: a quarter of its weight, rounded up.
    pub(crate) fn vsize(&self) -> u64 {
        self.0.weight().to_vbytes_ceil()
    }

    /// Returns the first output that is worth less than spending it would cost, which nodes do not
    /// pass on.
    pub(crate) fn dust(&self) -> Option<u32> {
        let is_dust = |output: &TxOut| output.value < output.script_pubkey.minimal_non_dust();
        (0..).zip(&self.0.output).find(|(_, output)| is_dust(output)).map(|(vout, _)| vout)
    }
}

fn input(previous_output: bitcoin::OutPoint, script_sig: ScriptBuf) -> TxIn {
    TxIn { previous_output, script_sig, sequence: Sequence::MAX, witness: Witness::new() }
}

/// Makes a block with proof of work, such as it is: two tries on average.
pub(crate) fn mined_block(previous: BlockId, time: u32, transactions: Vec<Made>) -> Vec<u8> {
    let transactions = transactions.into_iter().map(|made| made.0).collect();
    let mut block = assemble(previous, time, EASIEST_BITS, 0, transactions);
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce = block.header.nonce.wrapping_add(1);
    }
    serialize(&block)
}

/// Puts a block together; its nonce may prove nothing.
fn assemble(
    previous: BlockId,
    time: u32,
    bits: u32,
    nonce: u32,
    transactions: Vec<bitcoin::Transaction>,
) -> bitcoin::Block {
    let hashes = transactions.iter().map(|each| each.compute_txid().to_raw_hash());
    let root = bitcoin::merkle_tree::calculate_root(hashes);
    let header = Header {
        version: bitcoin::block::Version::ONE,
        prev_blockhash: bitcoin::BlockHash::from_byte_array(previous.to_hash()),
        merkle_root: root.map_or(TxMerkleNode::all_zeros(), TxMerkleNode::from_raw_hash),
        time,
        bits: bitcoin::CompactTarget::from_consensus(bits),
        nonce,
    };
    bitcoin::Block { header, txdata: transactions }
}
