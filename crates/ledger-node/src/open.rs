//! Opening what an earlier run left, or beginning a chain.

use crate::{
    Clock, GenesisError, NodeConfig, StartError, counters::Tallies, decided::Decided, fresh::Fresh,
    freshness::Freshness, genesis::make_genesis, ledger::Ledger, waiters::Waiters,
};
use std::sync::Arc;
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_ledger::{BLOCK_AHEAD_SECONDS_MAX, BlockContext, BlockId};
use tally_ledger_store::{Commit, CommitError, LedgerStore, ReadError};
use tally_storage::{Durability, Store};

/// Under these names the store keeps whose it is.
const KEY_NOTE: &str = "key";
const MEMBERS_NOTE: &str = "members";

/// Opens the ledger of a store, or begins one; refuses one of another node, chain or federation.
///
/// # Errors
///
/// [`StartError`]; a store that was refused is as it was.
pub(crate) fn open(
    config: &NodeConfig,
    key: SigningKey,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
) -> Result<Ledger, StartError> {
    let members = config.members(&key)?;
    // Later, batches of signatures rely on it.
    getrandom::fill(&mut [0; 32]).map_err(|_| StartError::Random)?;
    let store = LedgerStore::open(store)?;
    let genesis = match store.head(0)? {
        Some(head) => claim(config, &store, key.public_key(), &members, head.id)?,
        None => begin(config, &store, &key, &members, &*clock)?,
    };
    let decided = Decided::load(store.note(Decided::note())?.as_deref());
    let ledger = Ledger {
        decided,
        store,
        key,
        members,
        genesis,
        limits: config.limits,
        block_transactions_max: config.block_transactions_max,
        clock,
        waiters: Waiters::default(),
        fresh: Fresh::default(),
        freshness: Freshness::default(),
        tallies: Tallies::default(),
    };
    ledger.resume_decided()?;
    Ok(ledger)
}

/// Makes sure that a chain is the one that was asked for.
fn claim(
    config: &NodeConfig,
    store: &LedgerStore,
    key: PublicKey,
    members: &[PublicKey],
    found: BlockId,
) -> Result<BlockId, StartError> {
    if let Some(genesis) = &config.genesis
        && genesis.id() != found
    {
        return Err(StartError::OtherGenesis { expected: genesis.id(), found });
    }
    let owner = store.note(KEY_NOTE)?;
    if owner.as_deref() != Some(key.as_bytes()) {
        let owner = owner.and_then(|note| <[u8; 32]>::try_from(note).ok());
        return Err(StartError::OtherKey { owner: owner.map(PublicKey::from_bytes) });
    }
    if store.note(MEMBERS_NOTE)? != Some(written(members)) {
        return Err(StartError::OtherMembers);
    }
    Ok(found)
}

/// Begins a chain in an empty store, in one commit.
fn begin(
    config: &NodeConfig,
    store: &LedgerStore,
    key: &SigningKey,
    members: &[PublicKey],
    clock: &dyn Clock,
) -> Result<BlockId, StartError> {
    let genesis = match &config.genesis {
        Some(given) => given.clone(),
        None if members.len() > 1 => return Err(StartError::NoGenesis),
        None => make_genesis(key, members, clock.now()).map_err(|error| match error {
            GenesisError::Random => StartError::Random,
            GenesisError::Build(error) => StartError::Genesis(error),
        })?,
    };
    let context = BlockContext { members, parent: None, now: None };
    let verdict = genesis.check(&store.view(), &context, crate::ledger::entropy());
    verdict.map_err(ReadError::View)?.map_err(StartError::InvalidGenesis)?;
    let (id, time) = (genesis.id(), genesis.timestamp());
    let mut commit = Commit::new();
    commit
        .append(0, Arc::new(genesis))
        .note(KEY_NOTE, *key.public_key().as_bytes())
        .note(MEMBERS_NOTE, written(members));
    store.commit(commit, Durability::Synced)?;
    tracing::info!(block = %id, members = members.len(), "a chain begins");
    let ahead = time.seconds().saturating_sub(clock.now());
    if ahead > BLOCK_AHEAD_SECONDS_MAX {
        tracing::warn!(
            ahead,
            "the genesis block is some seconds ahead of this node's clock: until that has caught \
             up all blocks get its time"
        );
    }
    Ok(id)
}

/// Makes a ledger that was filled with blocks from elsewhere the one of this node: `members` are all
/// members of the federation, sorted, the node's `key` among them.
///
/// The caller has checked every block and appended it with its votes, and nobody else uses the
/// store. Everything committed before is synced by this.
///
/// # Errors
///
/// [`CommitError`]; the ledger belongs to nobody then.
pub fn adopt(
    store: &LedgerStore,
    key: PublicKey,
    members: &[PublicKey],
) -> Result<(), CommitError> {
    let mut commit = Commit::new();
    commit.note(KEY_NOTE, *key.as_bytes()).note(MEMBERS_NOTE, written(members));
    store.commit(commit, Durability::Synced).map(drop)
}

fn written(members: &[PublicKey]) -> Vec<u8> {
    members.iter().flat_map(|member| *member.as_bytes()).collect()
}
