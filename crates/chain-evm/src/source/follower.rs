use super::{SourceSettings, genuine::GenuineContracts, hash_text, logs};
use crate::{
    abi::{ChannelManager, Registry},
    deployment::Deployment,
    rpc::{Endpoint, RpcFailure, calls::Head},
};
use alloy_primitives::{Address, B256};
use alloy_rpc_types_eth::Log;
use alloy_sol_types::SolEvent;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tally_chain::{Block, ChainError, ChainUpdate, KnownContracts, LoggedEvent, SourceStart};
use tally_primitives::{BlockHash, BlockNumber, BlockRef, BlockSpan, TransactionHash};

/// Blocks fetched in one round trip. Public servers take batches of a hundred.
const CHUNK: u64 = 100;

/// Blocks asked for at once when the contracts are read from old logs; halved where refused.
const SCAN_RANGE_MAX: u64 = 5_000;

/// How far behind the source must be to tell of its progress, and how often it does.
const PROGRESS_BEHIND: BlockSpan = BlockSpan(1_000);
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

const OPERATION: &str = "following the chain";

/// Why a step was not taken.
#[derive(Debug)]
pub(crate) enum Setback {
    /// Trying again may help.
    Temporary(RpcFailure),
    /// Nothing will.
    Final(ChainError),
}

impl From<RpcFailure> for Setback {
    fn from(failure: RpcFailure) -> Self {
        Self::Temporary(failure)
    }
}

fn hopeless(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Setback {
    Setback::Final(ChainError::Permanent { operation: OPERATION, source: source.into() })
}

/// Walks along the chain, one chunk of blocks a step.
#[derive(Debug)]
pub(crate) struct Follower {
    endpoint: Endpoint,
    deployment: Deployment,
    settings: SourceSettings,
    /// Whether the server is known to be on the right chain; asked again after every failure.
    is_verified: bool,
    /// The contracts whose events count; `None` until they are read from the chain.
    contracts: Option<GenuineContracts>,
    /// The next block to deliver.
    next: BlockNumber,
    /// The newest blocks delivered, by number.
    remembered: BTreeMap<BlockNumber, BlockHash>,
    told_progress: Option<Instant>,
}

impl Follower {
    pub(crate) fn new(
        endpoint: Endpoint,
        deployment: Deployment,
        start: SourceStart,
        settings: SourceSettings,
    ) -> Self {
        let (next, remembered, known) = match start {
            SourceStart::Fresh => {
                let nothing = Some(KnownContracts::default());
                (deployment.first_block, BTreeMap::new(), nothing)
            }
            SourceStart::After { block, recent, known } => {
                let before = recent.iter().filter(|recent| recent.number < block.number);
                let blocks = before.chain([&block]).map(|block| (block.number, block.hash));
                (block.number.after(BlockSpan(1)), blocks.collect(), known)
            }
        };
        let until = next.before(BlockSpan(1));
        let contracts = known.map(|known| GenuineContracts::new(deployment, known, until));
        Self {
            endpoint,
            deployment,
            settings,
            is_verified: false,
            contracts,
            next,
            remembered,
            told_progress: None,
        }
    }

    /// Takes one step and returns the updates it gave, none if there is nothing new.
    ///
    /// Not cancel safe: a follower whose step was dropped must be dropped too.
    pub(crate) async fn advance(&mut self) -> Result<Vec<ChainUpdate>, Setback> {
        let result = self.step().await;
        if result.is_err() {
            self.is_verified = false;
        }
        result
    }

    async fn step(&mut self) -> Result<Vec<ChainUpdate>, Setback> {
        let newest = self.endpoint.newest().await?;
        self.verify(&newest).await?;
        if let Some(stranger) = self.replaced_by(&newest).await? {
            return self.roll_back(stranger).await;
        }
        let newest_number = newest.at().number;
        if newest_number < self.next.after(self.settings.confirmations) {
            return Ok(Vec::new());
        }
        let target = newest_number.before(self.settings.confirmations);
        let last = target.min(self.next.after(BlockSpan(CHUNK - 1)));
        let heads = self.endpoint.heads(self.next, last).await?;
        if let Some(first) = heads.first()
            && self.is_stranger(first)
        {
            return self.roll_back(first.clone()).await;
        }
        let heads = unbroken(heads, self.next);
        self.read_contracts().await?;
        let logs = logs::fetch(&self.endpoint, &heads, &newest).await?;
        self.tell_progress(target);
        heads
            .into_iter()
            .zip(logs)
            .map(|(head, logs)| self.connect(&head, &logs, newest_number))
            .collect()
    }

    /// Checks that the server is on the right chain and that the contracts are there.
    async fn verify(&mut self, newest: &Head) -> Result<(), Setback> {
        if self.is_verified || newest.at().number < self.deployment.first_block {
            return Ok(());
        }
        let chain_id = self.endpoint.chain_number().await?;
        if chain_id != self.deployment.chain_id.0 {
            let wanted = self.deployment.chain_id;
            return Err(hopeless(format!("the server is on chain {chain_id}, not {wanted}")));
        }
        self.is_verified = true;
        Ok(())
    }

    /// Says whether a block that follows the last one delivered follows another one.
    fn is_stranger(&self, head: &Head) -> bool {
        let at = head.at().number;
        let before = (at.0 > 0).then(|| self.remembered.get(&at.before(BlockSpan(1)))).flatten();
        before.is_some_and(|hash| *hash != head.parent())
    }

    /// Finds a block of another branch where one was delivered, if the newest block is not above
    /// the last one delivered. A server that only lags has the same blocks.
    async fn replaced_by(&self, newest: &Head) -> Result<Option<Head>, RpcFailure> {
        let at = newest.at();
        if at.number >= self.next {
            return Ok(None);
        }
        let Some((number, hash)) = self.remembered.range(..=at.number).next_back() else {
            return Ok(None);
        };
        let head = if *number == at.number {
            Some(newest.clone())
        } else {
            self.endpoint.heads(*number, *number).await?.into_iter().next()
        };
        Ok(head.filter(|head| head.at().hash != *hash))
    }

    /// Goes back to where the branch of `stranger` left the one delivered.
    async fn roll_back(&mut self, stranger: Head) -> Result<Vec<ChainUpdate>, Setback> {
        let mut child = stranger;
        let fork = loop {
            let lowest = self.remembered.first_key_value().map(|(number, _)| *number);
            let number = child.at().number;
            if number.0 == 0 || lowest.is_none_or(|lowest| number <= lowest) {
                let at = hash_text(child.at().hash);
                return Err(hopeless(format!(
                    "block {number} ({at}) is on a branch that left before all remembered blocks"
                )));
            }
            let below = number.before(BlockSpan(1));
            if self.remembered.get(&below) == Some(&child.parent()) {
                break BlockRef { number: below, hash: child.parent() };
            }
            let parent = self.endpoint.head_by_hash(child.parent()).await?;
            // A server that lost the parent meanwhile is on yet another branch: look again.
            let Some(parent) = parent else { return Ok(Vec::new()) };
            child = parent;
        };
        self.remembered.split_off(&fork.number.after(BlockSpan(1)));
        self.next = fork.number.after(BlockSpan(1));
        if let Some(contracts) = &mut self.contracts {
            contracts.roll_back(fork.number);
        }
        tracing::info!(fork = fork.number.0, "the chain was reorganised");
        Ok(vec![ChainUpdate::RolledBackTo(fork)])
    }

    /// Turns a block and its logs into an update.
    fn connect(
        &mut self,
        head: &Head,
        logs: &[Log],
        newest: BlockNumber,
    ) -> Result<ChainUpdate, Setback> {
        let at = head.at();
        let contracts = self.contracts.as_mut().ok_or_else(|| hopeless("contracts unknown"))?;
        let mut events = Vec::new();
        for log in logs {
            let event = contracts.read(log, at.number).map_err(hopeless)?;
            if let Some(event) = event {
                let log_index = log.log_index.unwrap_or_default();
                let transaction = TransactionHash(log.transaction_hash.unwrap_or_default());
                events.push(LoggedEvent { log_index, transaction, event });
            }
        }
        if self.remembered.is_empty() && at.number.0 > 0 {
            self.remembered.insert(at.number.before(BlockSpan(1)), head.parent());
        }
        self.remembered.insert(at.number, at.hash);
        while self.remembered.len() > self.settings.remembered.max(1) {
            self.remembered.pop_first();
        }
        self.next = at.number.after(BlockSpan(1));
        let (parent, timestamp_s) = (head.parent(), head.timestamp_s());
        Ok(ChainUpdate::Connected {
            block: Block { at, parent, timestamp_s, events },
            head: newest,
        })
    }

    /// Reads from old logs which contracts were made before the next block, unless that is known.
    async fn read_contracts(&mut self) -> Result<(), Setback> {
        if self.contracts.is_some() {
            return Ok(());
        }
        let nothing = KnownContracts::default();
        let mut contracts = GenuineContracts::new(self.deployment, nothing, self.next);
        let registry = [self.deployment.registry];
        let added = Registry::TokenAdded::SIGNATURE_HASH;
        for log in self.scan(&registry, added).await? {
            contracts.read(&log, self.block_of(&log)).map_err(hopeless)?;
        }
        let managers = contracts.managers();
        if !managers.is_empty() {
            for log in self.scan(&managers, ChannelManager::ChannelNew::SIGNATURE_HASH).await? {
                contracts.read(&log, self.block_of(&log)).map_err(hopeless)?;
            }
        }
        self.contracts = Some(contracts);
        Ok(())
    }

    fn block_of(&self, log: &Log) -> BlockNumber {
        log.block_number.map_or(self.next, BlockNumber)
    }

    /// Returns an event's logs of some contracts in all blocks before the next.
    async fn scan(&self, emitters: &[Address], event: B256) -> Result<Vec<Log>, Setback> {
        let mut found = Vec::new();
        let mut first = self.deployment.first_block;
        let mut span = SCAN_RANGE_MAX;
        while first < self.next {
            let last = first.after(BlockSpan(span - 1)).min(self.next.before(BlockSpan(1)));
            match self.endpoint.logs_of_range(first, last, emitters, &[event]).await {
                Ok(logs) => {
                    found.extend(logs.into_iter().filter(|log| !log.removed));
                    first = last.after(BlockSpan(1));
                }
                Err(RpcFailure::Refused(_)) if span > 1 => span = (span / 2).max(1),
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(found)
    }

    fn tell_progress(&mut self, target: BlockNumber) {
        if target.since(self.next) < PROGRESS_BEHIND {
            self.told_progress = None;
        } else if self.told_progress.is_none_or(|told| told.elapsed() > PROGRESS_EVERY) {
            tracing::info!(block = self.next.0, of = target.0, "catching up with the chain");
            self.told_progress = Some(Instant::now());
        }
    }
}

/// Keeps the blocks from the front that follow one another from `first` on; a server that changed
/// its branch halfway, or several servers behind one name, can give others.
fn unbroken(mut heads: Vec<Head>, first: BlockNumber) -> Vec<Head> {
    let mut expected = first;
    let mut parent = None;
    let follows = |head: &Head| {
        let is_next =
            head.at().number == expected && parent.is_none_or(|parent| parent == head.parent());
        parent = Some(head.at().hash);
        expected = expected.after(BlockSpan(1));
        is_next
    };
    let count = heads.iter().map(follows).take_while(|follows| *follows).count();
    heads.truncate(count);
    heads
}
