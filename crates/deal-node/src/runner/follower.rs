//! What the chain says, told to the deals.
//!
//! A block's facts are stored before the position moves behind the block, and facts can be told
//! again: so after a crash the block is read again, and nothing is missed or counted twice.

use super::{RunError, listener::Listener};
use crate::core::{Core, read_failed};
use crate::index::{BlockTouch, Touch};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, atomic::Ordering},
};
use tally_chain::utxo::{Block, OutPoint, Start, Update};
use tally_deal::{DealCode, Fact, Time};
use tally_deal_store::{
    ChainPosition, Commit, CommitError, DealFilter, Expected, Put, RECENT_BLOCKS_MAX,
    SECRET_BYTES_MAX, SecretChange, Version,
};
use tally_primitives::{BlockId, BlockNumber, Satoshi, Txid};
use zeroize::Zeroizing;

/// Blocks without anything for a deal after which the position is stored all the same.
const QUIET_BLOCKS: u64 = 100;

/// Blocks that lie upon new coins, their own included, before they can be spent.
const MATURITY: u64 = 100;

/// New coins that are remembered at most; who mines to deals' addresses more often has to wait for
/// the operator.
const NEW_COINS_MAX: usize = SECRET_BYTES_MAX / NEW_COIN_BYTES_MAX;

/// The most bytes of one of them as it is stored.
const NEW_COIN_BYTES_MAX: usize = 384;

/// The secret under which new coins are remembered until they can be spent.
const NEW_COINS: &str = "deal-node/new-coins";

/// Deals read at once.
const PAGE: usize = 256;

/// Reads the chain.
#[derive(Debug)]
pub(crate) struct Follower {
    core: Arc<Core>,
    listener: Arc<Listener>,
    version: Option<Version>,
    recent: VecDeque<(BlockNumber, BlockId)>,
    tip: Option<BlockNumber>,
    new_coins: Vec<NewCoin>,
    new_coins_at: Expected,
    /// Blocks read since the position was stored.
    unstored: u64,
}

/// Money that a miner made at a deal's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct NewCoin {
    code: DealCode,
    txid: Txid,
    vout: u32,
    value: u64,
    height: u64,
    time: u64,
}

impl NewCoin {
    fn fact(&self) -> Fact {
        Fact::Confirmed {
            outpoint: OutPoint { txid: self.txid, vout: self.vout },
            value: Satoshi(self.value),
            height: BlockNumber(self.height),
            time: Time(self.time),
        }
    }
}

impl Follower {
    /// Reads how far the chain was read.
    pub(crate) async fn load(core: Arc<Core>, listener: Arc<Listener>) -> Result<Self, RunError> {
        let now_ms = core.clock.now_ms();
        let position = core.store.position().await.map_err(read_failed)?;
        let secret = core.store.secret(NEW_COINS, now_ms).await.map_err(read_failed)?;
        let (new_coins_at, new_coins) = match &secret {
            None => (Expected::Absent, vec![]),
            Some(secret) => {
                let coins = serde_json::from_slice(&secret.value)
                    .map_err(|_| RunError::Corrupt("the note of new coins"))?;
                (Expected::At(secret.version), coins)
            }
        };
        let version = position.as_ref().map(|position| position.version);
        let position = position.map(|position| position.value);
        let tip = position.as_ref().map(|position| position.height);
        let recent = position.map(|position| position.recent.into()).unwrap_or_default();
        core.tip.store(tip.map_or(0, |tip| tip.0), Ordering::Relaxed);
        Ok(Self { core, listener, version, recent, tip, new_coins, new_coins_at, unstored: 0 })
    }

    /// Says where the source has to begin. A chain that was never read is read from its end, as no
    /// deal is paid before it is made; or from as far back as is remembered, if there are deals.
    pub(crate) async fn start(&mut self) -> Result<Start, RunError> {
        if let Some(height) = self.tip {
            // Facts of the blocks that come next may have been stored before the position was. If
            // those blocks were undone since, nobody will say so: the source begins below them.
            self.roll_back(height).await?;
        } else {
            let count = u16::try_from(RECENT_BLOCKS_MAX).unwrap_or(u16::MAX);
            let mut recent = self.core.relay.recent(count).await.map_err(RunError::Chain)?;
            if self.has_deals().await? {
                // They were made while the chain could not be reached, and may be paid by now.
                recent = recent.split_off(recent.len().saturating_sub(1));
            }
            let Some((height, _)) = recent.first().copied() else { return Ok(Start::Fresh) };
            self.core.tip.store(height.0, Ordering::Relaxed);
            self.tip = Some(height);
            self.recent = recent.into();
            // Where it began has to be known after a crash: what is undone may be below it.
            self.store(Commit::default()).await?;
        }
        let recent = self.recent.iter().copied().collect();
        Ok(self.tip.map_or(Start::Fresh, |height| Start::After { height, recent }))
    }

    async fn has_deals(&self) -> Result<bool, RunError> {
        let page = self.core.store.deals(&DealFilter::default(), None, 1).await;
        Ok(!page.map_err(read_failed)?.rows.is_empty())
    }

    /// Returns the last block's position.
    pub(crate) fn tip(&self) -> Option<BlockNumber> {
        self.tip
    }

    /// Returns the last block, if there was one.
    #[cfg(test)]
    pub(crate) fn newest(&self) -> Option<(BlockNumber, BlockId)> {
        self.recent.front().copied()
    }

    /// Takes the next news of the chain.
    pub(crate) async fn apply(&mut self, update: Update) -> Result<(), RunError> {
        match update {
            Update::Block(block) => self.block(&block).await,
            Update::RolledBackTo(height) => self.roll_back(height).await,
            Update::CaughtUp(height) => {
                if self.unstored > 0 {
                    self.store(Commit::default()).await?;
                }
                if self.tip.is_none() {
                    self.tip = Some(height);
                    self.core.tip.store(height.0, Ordering::Relaxed);
                }
                self.core.is_caught_up.store(true, Ordering::Release);
                self.core.look.notify_one();
                self.core.caught_up.notify_one();
                Ok(())
            }
            Update::Records(_) => Err(RunError::NotBlocks),
        }
    }

    async fn block(&mut self, block: &Block) -> Result<(), RunError> {
        self.core.is_caught_up.store(false, Ordering::Release);
        // Whoever paid a deal in this block knew of it before: so does this server from here on,
        // whichever server made the deal.
        self.listener.hear().await?;
        let touched = self.core.index().touched_by(block);
        let mut facts: BTreeMap<DealCode, Vec<Fact>> = BTreeMap::new();
        let mut is_changed = false;
        for (code, touches) in touched {
            for touch in touches {
                match self.fact(code, block, touch) {
                    Some(fact) => facts.entry(code).or_default().push(fact),
                    None => is_changed = true,
                }
            }
        }
        let is_ripe = |coin: &NewCoin| coin.height.saturating_add(MATURITY - 1) <= block.height.0;
        for coin in self.new_coins.iter().filter(|coin| is_ripe(coin)) {
            facts.entry(coin.code).or_default().push(coin.fact());
        }
        let before = self.new_coins.len();
        self.new_coins.retain(|coin| !is_ripe(coin));
        is_changed |= self.new_coins.len() != before;
        self.recent.push_front((block.height, block.id));
        self.recent.truncate(RECENT_BLOCKS_MAX);
        self.tip = Some(block.height);
        self.unstored += 1;
        self.tell(facts, is_changed).await?;
        self.core.tip.store(block.height.0, Ordering::Relaxed);
        Ok(())
    }

    /// Makes a fact of a touch; new coins are remembered instead.
    fn fact(&mut self, code: DealCode, block: &Block, touch: BlockTouch) -> Option<Fact> {
        let BlockTouch { transaction, is_coinbase, touch } = touch;
        let height = block.height;
        match touch {
            Touch::Paid(outpoint, value) if is_coinbase => {
                let coin = NewCoin {
                    code,
                    txid: outpoint.txid,
                    vout: outpoint.vout,
                    value: value.0,
                    height: height.0,
                    time: block.time,
                };
                let is_known = self.new_coins.contains(&coin);
                if !is_known && self.new_coins.len() < NEW_COINS_MAX {
                    self.new_coins.push(coin);
                } else if !is_known {
                    tracing::error!(%code, txid = %outpoint.txid, "too many new coins to remember");
                }
                None
            }
            Touch::Paid(outpoint, value) => {
                Some(Fact::Confirmed { outpoint, value, height, time: Time(block.time) })
            }
            Touch::Spent(outpoint) => {
                Some(Fact::Spent { outpoint, by: transaction, height: Some(height) })
            }
        }
    }

    async fn roll_back(&mut self, height: BlockNumber) -> Result<(), RunError> {
        self.core.is_caught_up.store(false, Ordering::Release);
        tracing::info!(from = ?self.tip, to = height.0, "the chain was reorganised");
        let mut facts: BTreeMap<DealCode, Vec<Fact>> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.core.store.touched_above(height, after, PAGE).await;
            let page = page.map_err(read_failed)?;
            for deal in page.rows {
                facts.insert(deal.value.code(), vec![Fact::RolledBackTo(height)]);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let before = self.new_coins.len();
        self.new_coins.retain(|coin| coin.height <= height.0);
        let is_changed = self.new_coins.len() != before;
        self.recent.retain(|(known, _)| *known <= height);
        self.tip = Some(height);
        self.unstored += 1;
        self.tell(facts, is_changed).await?;
        // What is undone counts as undone even if nothing follows for a while.
        self.store(Commit::default()).await?;
        self.core.tip.store(height.0, Ordering::Relaxed);
        Ok(())
    }

    /// Tells deals facts, some at a time, the position together with the last ones.
    async fn tell(
        &mut self,
        facts: BTreeMap<DealCode, Vec<Fact>>,
        are_coins_changed: bool,
    ) -> Result<(), RunError> {
        let mut others = Commit::default();
        if are_coins_changed {
            let coins = serde_json::to_vec(&self.new_coins)
                .map_err(|_| RunError::Corrupt("the note of new coins"))?;
            others.secrets.push(SecretChange {
                name: NEW_COINS.to_owned(),
                expected: self.new_coins_at,
                value: Some((Zeroizing::new(coins), None)),
            });
        }
        if facts.is_empty() && !are_coins_changed && self.unstored < QUIET_BLOCKS {
            return Ok(());
        }
        self.core.tell_all(&facts).await?;
        self.store(others).await
    }

    /// Stores how far the chain was read.
    async fn store(&mut self, mut commit: Commit) -> Result<(), RunError> {
        let Some(height) = self.tip else { return Ok(()) };
        let value = ChainPosition { height, recent: self.recent.iter().copied().collect() };
        let expected = self.version.map_or(Expected::Absent, Expected::At);
        let has_coins = !commit.secrets.is_empty();
        commit.now_ms = self.core.clock.now_ms();
        commit.position = Some(Put { expected, value });
        match self.core.commit_patiently(commit).await {
            Ok(committed) => {
                self.version = Some(committed.version);
                if has_coins {
                    self.new_coins_at = Expected::At(committed.version);
                }
                self.unstored = 0;
                Ok(())
            }
            Err(CommitError::Conflict(_)) => Err(RunError::Deposed),
            Err(error) => Err(RunError::Server(crate::core::write_failed(error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many new coins as are remembered fit where they are stored, whatever they are.
    #[test]
    fn new_coins_fit_their_secret() {
        let coin = NewCoin {
            code: DealCode::from_bytes([255; 20]),
            txid: Txid::from_shown([255; 32]),
            vout: u32::MAX,
            value: u64::MAX,
            height: u64::MAX,
            time: u64::MAX,
        };
        let bytes = serde_json::to_vec(&vec![coin; NEW_COINS_MAX]).unwrap();
        assert!(bytes.len() <= SECRET_BYTES_MAX, "{} of {SECRET_BYTES_MAX}", bytes.len());
    }
}
