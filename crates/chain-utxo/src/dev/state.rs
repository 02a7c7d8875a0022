//! The blocks of the development chain and what is unspent after them.

use super::{
    Coin, DevBlock, DevError, DevTransaction,
    pool::{Pool, Rules},
    transaction::DevOutput,
};
use crate::{
    Network,
    block::decode_block,
    encode::{Made, first_block, mined_block},
};
use std::collections::BTreeMap;
use tally_chain::utxo::{Block, OutPoint, Output, script::carrier};
use tally_primitives::{BlockId, BlockNumber, Fid, Satoshi, Txid};

/// The most bytes of waiting transactions that one block takes; all networks allow as much.
const PENDING_BYTES_MAX: usize = 900_000;
/// What the faucet's transactions pay; more than the least for their size.
const FAUCET_FEE: Satoshi = Satoshi(1_000);
/// What the faucet's coins come from, as far as their spending says: no transaction has this id.
const FAUCET: Txid = Txid::from_shown([0xfa; 32]);

#[derive(Debug)]
pub(super) struct State {
    blocks: Vec<Stored>,
    unspent: BTreeMap<OutPoint, Unspent>,
    /// Where each transaction is.
    places: BTreeMap<Txid, BlockNumber>,
    /// Counts changes; no block is made twice because it counts blocks that were undone too.
    version: u64,
    pool: Pool,
    /// How many coins the faucet gave.
    given: u32,
}

#[derive(Debug, Clone)]
struct Stored {
    id: BlockId,
    raw: Vec<u8>,
    time: u64,
    made: Vec<OutPoint>,
    spent: Vec<(OutPoint, Unspent)>,
}

#[derive(Debug, Clone)]
struct Unspent {
    owner: Option<Fid>,
    value: Satoshi,
    time: u64,
    /// Its place in the order in which outputs were made.
    age: (usize, u32),
}

impl State {
    pub(super) fn new(network: &Network) -> Self {
        let mut state = Self {
            blocks: Vec::new(),
            unspent: BTreeMap::new(),
            places: BTreeMap::new(),
            version: 0,
            pool: Pool::default(),
            given: 0,
        };
        let raw = first_block(network);
        let block = decode_block(&raw, BlockNumber(0)).expect("the first block is a constant");
        state.append(network, &block, raw);
        state
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn height(&self) -> BlockNumber {
        BlockNumber(self.blocks.len() as u64 - 1)
    }

    /// Returns the newest block's time.
    pub(super) fn time(&self) -> u64 {
        self.blocks.last().map_or(0, |block| block.time)
    }

    pub(super) fn at(&self, height: BlockNumber) -> Option<(BlockId, Vec<u8>)> {
        let block = self.blocks.get(usize::try_from(height.0).ok()?)?;
        Some((block.id, block.raw.clone()))
    }

    pub(super) fn raw(&self, id: BlockId) -> Option<Vec<u8>> {
        self.blocks.iter().rev().find(|block| block.id == id).map(|block| block.raw.clone())
    }

    pub(super) fn all_raw(&self) -> Vec<Vec<u8>> {
        self.blocks.iter().map(|block| block.raw.clone()).collect()
    }

    pub(super) fn coins(&self, owner: &Fid) -> Vec<Coin> {
        let mut coins: Vec<_> =
            self.unspent.iter().filter(|(_, coin)| coin.owner.as_ref() == Some(owner)).collect();
        coins.sort_by_key(|(point, coin)| (coin.age, **point));
        coins
            .into_iter()
            .map(|(point, coin)| {
                let (value, time) = (coin.value, coin.time);
                Coin { point: *point, owner: owner.clone(), value, time }
            })
            .collect()
    }

    /// Undoes the newest blocks and adds others; on failure nothing changes.
    pub(super) fn replace(
        &mut self,
        network: &Network,
        depth: u64,
        blocks: Vec<DevBlock>,
    ) -> Result<Vec<Block>, DevError> {
        let height = self.height();
        if depth > height.0 {
            return Err(DevError::TooDeep { depth, height });
        }
        let undone = self.undo(depth);
        let returned = undone.iter().flat_map(|block| Made::of_block(&block.raw).skip(1)).collect();
        let mut made: Vec<Block> = Vec::new();
        for block in blocks {
            match self.mine(network, block) {
                Ok(block) => made.push(block),
                Err(error) => {
                    self.undo(made.len() as u64);
                    for stored in undone {
                        self.redo(network, stored.raw);
                    }
                    return Err(error);
                }
            }
        }
        self.renew_pool(returned);
        Ok(made)
    }

    /// Puts what waits into a block, as much as fits.
    pub(super) fn mine_pending(&mut self, network: &Network, time: u64) -> Result<Block, DevError> {
        let mut room = PENDING_BYTES_MAX;
        let fits = |made: &&Made| {
            let left = room.checked_sub(made.raw().len());
            room = left.unwrap_or(0);
            left.is_some()
        };
        let mut transactions: Vec<_> = self.pool.made().take_while(fits).cloned().collect();
        if network.sorts_transactions() {
            transactions.sort_by_key(Made::txid);
        }
        self.version += 1;
        let block = self.add_block(network, time, Vec::new(), transactions)?;
        self.renew_pool(Vec::new());
        Ok(block)
    }

    /// Takes a transaction into the pool, unless it is in a block already.
    pub(super) fn add_pending(&mut self, made: Made, rules: Rules) -> Result<Txid, DevError> {
        let txid = made.txid();
        if self.places.contains_key(&txid) {
            return Ok(txid);
        }
        let unspent = &self.unspent;
        self.pool.add(made, &|point| unspent.get(point).map(|coin| coin.value), rules)
    }

    /// Makes a coin out of nothing and a transaction that spends it.
    pub(super) fn give(&mut self, script: Vec<u8>, value: Satoshi) -> Result<Txid, DevError> {
        let point = OutPoint { txid: FAUCET, vout: self.given };
        let worth = Satoshi(value.0.saturating_add(FAUCET_FEE.0));
        let age = (self.blocks.len(), self.given);
        let coin = Unspent { owner: None, value: worth, time: self.time(), age };
        self.given += 1;
        self.unspent.insert(point, coin);
        let made = Made::spending(&[point], vec![Output { value, script }]);
        let given = self.add_pending(made, Rules::Block);
        if given.is_err() {
            self.unspent.remove(&point);
        }
        given
    }

    pub(super) fn build(network: &Network, transaction: &DevTransaction) -> Result<Made, DevError> {
        build(network, transaction)
    }

    /// Takes a transaction out of the pool, with all that spend its outputs.
    pub(super) fn evict(&mut self, txid: Txid) -> bool {
        self.pool.remove(txid)
    }

    pub(super) fn restore_pool(&mut self, pool: Pool) {
        self.pool = pool;
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Returns the height of the block that holds a transaction.
    pub(super) fn place(&self, txid: Txid) -> Option<BlockNumber> {
        self.places.get(&txid).copied()
    }

    /// Returns a transaction that waits or is in a block.
    pub(super) fn transaction(&self, txid: Txid) -> Option<Made> {
        let waiting = self.pool.get(txid).cloned();
        waiting.or_else(|| {
            let (_, raw) = self.at(*self.places.get(&txid)?)?;
            Made::of_block(&raw).find(|made| made.txid() == txid)
        })
    }

    fn renew_pool(&mut self, returned: Vec<Made>) {
        let unspent = &self.unspent;
        self.pool.renew(returned, &|point| unspent.get(point).map(|coin| coin.value));
    }

    /// Returns the blocks that were undone, the oldest first.
    fn undo(&mut self, depth: u64) -> Vec<Stored> {
        self.version += 1;
        let mut undone = Vec::new();
        for _ in 0..depth {
            let Some(block) = self.blocks.pop() else { break };
            // An output that was made and spent in the block comes back and goes again.
            self.unspent.extend(block.spent.iter().cloned());
            for point in &block.made {
                self.unspent.remove(point);
                self.places.remove(&point.txid);
            }
            undone.insert(0, block);
        }
        undone
    }

    fn redo(&mut self, network: &Network, raw: Vec<u8>) {
        let height = BlockNumber(self.blocks.len() as u64);
        let block = decode_block(&raw, height).expect("the block was in the chain");
        self.append(network, &block, raw);
    }

    fn mine(&mut self, network: &Network, block: DevBlock) -> Result<Block, DevError> {
        self.version += 1;
        let funded = block.funded.into_iter().map(|(to, value)| pay(network, to, value));
        let funded = funded.collect::<Result<_, _>>()?;
        let mut others = block
            .transactions
            .iter()
            .map(|transaction| build(network, transaction))
            .collect::<Result<Vec<_>, _>>()?;
        others.sort_by_key(Made::txid);
        self.add_block(network, block.time, funded, others)
    }

    fn add_block(
        &mut self,
        network: &Network,
        time: u64,
        funded: Vec<Output>,
        mut others: Vec<Made>,
    ) -> Result<Block, DevError> {
        let time = u32::try_from(time).map_err(|_| DevError::Time(time))?;
        let mut transactions = vec![Made::coinbase(self.version, funded)];
        transactions.append(&mut others);
        let previous = self.blocks.last().map(|block| block.id).unwrap_or_default();
        let raw = mined_block(previous, time, transactions);
        let height = BlockNumber(self.blocks.len() as u64);
        let block = decode_block(&raw, height).expect("the block was made by the same rules");
        self.check(&block)?;
        self.append(network, &block, raw);
        Ok(block)
    }

    /// Checks that everything spent is there, once, and is worth what is paid.
    fn check(&self, block: &Block) -> Result<(), DevError> {
        let mut fresh: BTreeMap<OutPoint, Satoshi> = BTreeMap::new();
        for transaction in &block.transactions {
            for (point, output) in outputs(transaction) {
                fresh.insert(point, output.value);
            }
        }
        let mut spent = std::collections::BTreeSet::new();
        for transaction in block.transactions.iter().skip(1) {
            let mut value: u128 = 0;
            for point in &transaction.inputs {
                let OutPoint { txid, vout } = *point;
                let known = self.unspent.get(point).map(|coin| coin.value);
                let coin = known.or_else(|| fresh.get(point).copied());
                match coin {
                    Some(coin) if spent.insert(*point) => value += u128::from(coin.0),
                    _ => return Err(DevError::Unspendable { txid, vout }),
                }
            }
            let paid: u128 =
                transaction.outputs.iter().map(|output| u128::from(output.value.0)).sum();
            if paid > value {
                let satoshi = |sum: u128| Satoshi(u64::try_from(sum).unwrap_or(u64::MAX));
                let (paid, spent) = (satoshi(paid), satoshi(value));
                return Err(DevError::Overspent { txid: transaction.txid, paid, spent });
            }
        }
        Ok(())
    }

    fn append(&mut self, network: &Network, block: &Block, raw: Vec<u8>) {
        self.version += 1;
        let mut made = Vec::new();
        let mut spent = Vec::new();
        for transaction in &block.transactions {
            self.places.insert(transaction.txid, block.height);
            for (point, output) in outputs(transaction) {
                let owner = network.address(&output.script);
                let age = (self.blocks.len(), point.vout);
                let coin = Unspent { owner, value: output.value, time: block.time, age };
                self.unspent.insert(point, coin);
                made.push(point);
            }
        }
        for point in block.transactions.iter().flat_map(|transaction| &transaction.inputs) {
            if let Some(coin) = self.unspent.remove(point) {
                spent.push((*point, coin));
            }
        }
        self.blocks.push(Stored { id: block.id, raw, time: block.time, made, spent });
    }
}

fn outputs(
    transaction: &tally_chain::utxo::Transaction,
) -> impl Iterator<Item = (OutPoint, &Output)> {
    let txid = transaction.txid;
    (0..).zip(&transaction.outputs).map(move |(vout, output)| (OutPoint { txid, vout }, output))
}

fn build(network: &Network, transaction: &DevTransaction) -> Result<Made, DevError> {
    let outputs = transaction.outputs.iter().map(|output| match output {
        DevOutput::Pay(to, value) => pay(network, to.clone(), *value),
        DevOutput::Record(text) => Ok(Output { value: Satoshi(0), script: carrier(text) }),
        DevOutput::Raw(script, value) => Ok(Output { value: *value, script: script.clone() }),
    });
    let outputs = outputs.collect::<Result<_, _>>()?;
    Ok(Made::spending(&transaction.inputs, outputs))
}

fn pay(network: &Network, to: Fid, value: Satoshi) -> Result<Output, DevError> {
    let script = network.script(&to).ok_or(DevError::Address(to))?;
    Ok(Output { value, script })
}
