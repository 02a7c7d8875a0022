use super::{
    block::{Executed, MinedBlock, SignedTransaction, assemble},
    execute,
    failure::Failure,
    pool::Pool,
    state::{State, Undo, View},
};
use alloy_consensus::{Header, Transaction as _, TxEnvelope};
use alloy_eips::eip1559::BaseFeeParams;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256, logs_bloom};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::sync::broadcast;

/// Gas of one block, as on today's main networks.
pub(crate) const BLOCK_GAS_LIMIT: u64 = 30_000_000;

/// What the first block charges per gas: 1 gwei.
const BASE_FEE_FIRST: u64 = 1_000_000_000;

/// What clients are told to tip per gas: 1 gwei, as go-ethereum does on an idle chain.
pub(crate) const TIP_SUGGESTED: u64 = 1_000_000_000;

/// Blocks that can be taken back. Tests go a few dozen deep; older changes are forgotten.
const UNDO_BLOCKS: usize = 1024;

/// News that a slow subscriber may lag behind before it misses some.
const NEWS_BOUND: usize = 1024;

/// A change of the newest block, for subscriptions.
#[derive(Debug, Clone)]
pub(crate) enum News {
    Connected(Arc<MinedBlock>),
    Removed(Arc<MinedBlock>),
}

/// The chain: blocks, the newest state, what waits, and what can be taken back.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) id: u64,
    pub(crate) blocks: Vec<Arc<MinedBlock>>,
    pub(crate) state: State,
    pub(crate) pool: Pool,
    pub(crate) news: broadcast::Sender<News>,
    by_hash: HashMap<B256, u64>,
    places: HashMap<B256, (u64, usize)>,
    /// The changes of the newest blocks, newest last.
    undo: VecDeque<Vec<Undo>>,
    snapshots: Vec<Snapshot>,
    /// Counts the blocks ever made and goes into each, so that no two have the same hash.
    made: u64,
    /// Whether a transaction gets its block at once.
    pub(crate) is_instant: bool,
}

#[derive(Debug)]
struct Snapshot {
    id: u64,
    at: B256,
    pool: Pool,
}

/// Whether transactions of undone blocks wait to be mined again, or never were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// They go back to the pool and into the first new block.
    Requeued,
    /// They are forgotten, as if they had never reached the new branch's producers.
    Dropped,
}

impl Chain {
    pub(crate) fn new(id: u64, accounts: &[(Address, U256)]) -> Self {
        let header = Header {
            gas_limit: BLOCK_GAS_LIMIT,
            base_fee_per_gas: Some(BASE_FEE_FIRST),
            timestamp: now_s(),
            ..post_merge_header()
        };
        let genesis = Arc::new(assemble(header, Vec::new()));
        let mut state = State::default();
        for (address, balance) in accounts {
            state.set_balance(*address, *balance);
        }
        Self {
            id,
            by_hash: HashMap::from([(genesis.hash, 0)]),
            blocks: vec![genesis],
            state,
            pool: Pool::default(),
            news: broadcast::Sender::new(NEWS_BOUND),
            places: HashMap::new(),
            undo: VecDeque::new(),
            snapshots: Vec::new(),
            made: 0,
            is_instant: false,
        }
    }

    pub(crate) fn head(&self) -> &Arc<MinedBlock> {
        self.blocks.last().expect("the first block is never taken back")
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { state: &self.state, blocks: &self.blocks }
    }

    pub(crate) fn block_by_hash(&self, hash: B256) -> Option<&Arc<MinedBlock>> {
        self.by_hash.get(&hash).and_then(|number| self.block(*number))
    }

    pub(crate) fn block(&self, number: u64) -> Option<&Arc<MinedBlock>> {
        usize::try_from(number).ok().and_then(|number| self.blocks.get(number))
    }

    /// Returns the block of a mined transaction and its index there.
    pub(crate) fn place(&self, transaction: B256) -> Option<(&Arc<MinedBlock>, usize)> {
        let (number, index) = self.places.get(&transaction)?;
        self.block(*number).map(|block| (block, *index))
    }

    /// The header the next block would have, but for what its transactions decide.
    pub(crate) fn next_header(&self) -> Header {
        let parent = self.head();
        let base_fee = parent.header.next_block_base_fee(BaseFeeParams::ethereum());
        Header {
            parent_hash: parent.hash,
            number: parent.header.number + 1,
            gas_limit: BLOCK_GAS_LIMIT,
            base_fee_per_gas: base_fee,
            timestamp: now_s().max(parent.header.timestamp + 1),
            mix_hash: keccak256(parent.hash),
            extra_data: Bytes::copy_from_slice(&(self.made + 1).to_be_bytes()),
            ..post_merge_header()
        }
    }

    /// Takes a signed transaction; mines it at once if the chain mines on demand.
    pub(crate) fn submit(&mut self, envelope: TxEnvelope) -> Result<B256, Failure> {
        let signed = Arc::new(self.check(envelope)?);
        let hash = signed.hash;
        if self.places.contains_key(&hash) {
            return Err(Failure::already_known());
        }
        self.pool.add(signed)?;
        if self.is_instant {
            self.mine_waiting();
        }
        Ok(hash)
    }

    fn check(&self, envelope: TxEnvelope) -> Result<SignedTransaction, Failure> {
        if envelope.is_eip4844() || envelope.is_eip7702() {
            return Err(Failure::server("transaction type not supported"));
        }
        if let Some(id) = envelope.chain_id().filter(|id| *id != self.id) {
            let message = format!("invalid chain id for signer: have {id} want {}", self.id);
            return Err(Failure::server(message));
        }
        if envelope.gas_limit() > BLOCK_GAS_LIMIT {
            return Err(Failure::server("exceeds block gas limit"));
        }
        if envelope.max_priority_fee_per_gas().unwrap_or_default() > envelope.max_fee_per_gas() {
            return Err(Failure::server("max priority fee per gas higher than max fee per gas"));
        }
        let sender = recover(&envelope)?;
        let account = self.state.info(sender);
        if envelope.nonce() < account.nonce {
            return Err(Failure::server(format!(
                "nonce too low: next nonce {}, tx nonce {}",
                account.nonce,
                envelope.nonce()
            )));
        }
        let signed = SignedTransaction { hash: *envelope.tx_hash(), sender, envelope };
        let cost = signed.cost_max();
        if cost > account.balance {
            return Err(Failure::server(format!(
                "insufficient funds for gas * price + value: balance {}, tx cost {cost}, overshot {}",
                account.balance,
                cost - account.balance
            )));
        }
        Ok(signed)
    }

    /// Mines blocks until nothing waits that could be mined.
    pub(crate) fn mine_waiting(&mut self) {
        while self.pool.len() > 0 && !self.mine_if(false).is_empty() {}
    }

    /// Mines one block with what waits, which may be nothing.
    pub(crate) fn mine(&mut self) {
        self.mine_if(true);
    }

    /// Mines one block, unless it would be empty and must not be. Returns the hashes mined.
    fn mine_if(&mut self, even_if_empty: bool) -> Vec<B256> {
        let mut header = self.next_header();
        let base_fee = header.base_fee_per_gas.unwrap_or_default();
        let mut executed = Vec::new();
        let mut undo = Vec::new();
        while header.gas_limit - header.gas_used >= 21_000 {
            let Self { pool, state, .. } = self;
            let Some(signed) = pool.take_next(base_fee, |sender| state.info(sender).nonce) else {
                break;
            };
            if header.gas_used + signed.envelope.gas_limit() > header.gas_limit {
                // Full: the transaction is the first of the next block.
                let _ = self.pool.add(signed);
                break;
            }
            // A transaction that cannot run any more, for lack of money, is dropped.
            let Ok(run) = execute::transact(self.view(), self.id, &header, &signed) else {
                continue;
            };
            undo.push(self.state.apply(run.state));
            header.gas_used += run.result.tx_gas_used();
            executed.push(Executed {
                signed,
                success: run.result.is_success(),
                gas_used: run.result.tx_gas_used(),
                created: run.result.created_address(),
                logs: if run.result.is_success() { run.result.into_logs() } else { Vec::new() },
            });
        }
        if executed.is_empty() && !even_if_empty {
            return Vec::new();
        }
        let hashes = executed.iter().map(|executed| executed.signed.hash).collect();
        header.logs_bloom = logs_bloom(executed.iter().flat_map(|executed| &executed.logs));
        self.connect(assemble(header, executed), undo);
        hashes
    }

    fn connect(&mut self, block: MinedBlock, undo: Vec<Undo>) {
        self.made += 1;
        self.by_hash.insert(block.hash, block.header.number);
        for (index, transaction) in block.transactions.iter().enumerate() {
            self.places.insert(transaction.signed.hash, (block.header.number, index));
        }
        self.undo.push_back(undo);
        if self.undo.len() > UNDO_BLOCKS {
            self.undo.pop_front();
        }
        let block = Arc::new(block);
        self.blocks.push(Arc::clone(&block));
        // Nobody may be listening.
        let _ = self.news.send(News::Connected(block));
    }

    /// Takes the newest block back and returns its transactions.
    fn disconnect(&mut self) -> Vec<Arc<SignedTransaction>> {
        let undo = self.undo.pop_back().expect("callers check how many blocks can be undone");
        for change in undo.into_iter().rev() {
            self.state.undo(change);
        }
        let block = self.blocks.pop().expect("every undo belongs to a block");
        self.by_hash.remove(&block.hash);
        let signed: Vec<_> = block.transactions.iter().map(|tx| Arc::clone(&tx.signed)).collect();
        for transaction in &signed {
            self.places.remove(&transaction.hash);
        }
        let _ = self.news.send(News::Removed(block));
        signed
    }

    /// Replaces the newest `depth` blocks by as many others.
    pub(crate) fn reorganise(&mut self, depth: u64, undone: Undone) -> Result<(), Failure> {
        self.take_back(depth, undone)?;
        for _ in 0..depth {
            self.mine();
        }
        Ok(())
    }

    /// Takes the newest `depth` blocks back.
    pub(crate) fn take_back(&mut self, depth: u64, undone: Undone) -> Result<(), Failure> {
        if depth > self.undo.len() as u64 {
            return Err(Failure::server("the chain is not that deep"));
        }
        let mut blocks: Vec<_> = (0..depth).map(|_| self.disconnect()).collect();
        if undone == Undone::Requeued {
            for signed in blocks.drain(..).rev().flatten() {
                // What is refused here could not be mined again anyway.
                let _ = self.pool.add(signed);
            }
        }
        Ok(())
    }

    /// Sets a balance; undone together with the newest block.
    pub(crate) fn set_balance(&mut self, address: Address, balance: U256) {
        let undo = self.state.set_balance(address, balance);
        if let Some(newest) = self.undo.back_mut() {
            newest.push(undo);
        }
    }

    /// Remembers the present and returns its name.
    pub(crate) fn snapshot(&mut self) -> u64 {
        let id = self.snapshots.last().map_or(1, |last| last.id + 1);
        let (at, pool) = (self.head().hash, self.pool.clone());
        self.snapshots.push(Snapshot { id, at, pool });
        id
    }

    /// Goes back to a snapshot and forgets it and all later ones. Returns whether it could.
    pub(crate) fn revert(&mut self, id: u64) -> bool {
        let Some(index) = self.snapshots.iter().position(|snapshot| snapshot.id == id) else {
            return false;
        };
        let Some(at) = self.by_hash.get(&self.snapshots[index].at) else { return false };
        let depth = self.head().header.number - at;
        if self.take_back(depth, Undone::Dropped).is_err() {
            return false;
        }
        self.pool = self.snapshots.swap_remove(index).pool;
        self.snapshots.retain(|snapshot| snapshot.id < id);
        true
    }
}

/// The fields that every block after the merge has, with nothing in them.
fn post_merge_header() -> Header {
    Header {
        withdrawals_root: Some(alloy_consensus::constants::EMPTY_WITHDRAWALS),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(alloy_eips::eip7685::EMPTY_REQUESTS_HASH),
        ..Header::default()
    }
}

fn recover(envelope: &TxEnvelope) -> Result<Address, Failure> {
    let signature = envelope.signature();
    let mut bytes = [0; 65];
    bytes[..32].copy_from_slice(&signature.r().to_be_bytes::<32>());
    bytes[32..64].copy_from_slice(&signature.s().to_be_bytes::<32>());
    bytes[64] = 27 + u8::from(signature.v());
    let digest = envelope.signature_hash();
    tally_crypto::recover(&digest, &tally_primitives::Signature(bytes))
        .map(|signer| signer.0)
        .map_err(|_| Failure::server("invalid sender"))
}

fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests;
