use super::lines::{self, Line};
use crate::{
    config::{Config, Key},
    key,
    ledger::{self, Folder},
};
use anyhow::{Context, anyhow, bail};
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::Path,
    sync::Arc,
};
use tally_crypto::ed25519::PublicKey;
use tally_daemon::{Failure, Kind, Readers, bar, say, write_whole};
use tally_ledger::{Block, BlockContext, BlockId, Status, Timestamp, Vote, elect};
use tally_ledger_node::adopt;
use tally_ledger_store::{Commit, LedgerStore};
use tally_storage::Durability;

/// Blocks between two syncs. An import that is interrupted begins anew, so it needs none in between;
/// this only keeps the last sync short.
const SYNC_EVERY: u64 = 256;

/// Reads blocks into a ledger that is not there yet. It becomes the node's when all of it was
/// checked; until then nothing is changed.
pub(crate) fn import(config: &Config, path: &Path) -> Result<(), Failure> {
    let folder = Folder::of(&config.data)?;
    if folder.exists() {
        let message = format!(
            "there is a ledger in {} already: drop it first, or give another --database-name",
            folder.path().display()
        );
        return Err(Failure::new(Kind::Data, anyhow!(message)));
    }
    let key = key_of_the_ledger(config)?;
    let members = ledger::members(&config.federation, key);
    refuse_together(&members)?;
    let result = import_into(&folder, path, key, &members);
    if result.is_err() {
        // What was read so far is worth nothing. If it cannot be removed, the next import does.
        drop(fs::remove_dir_all(folder.import()));
        // Goes only if nothing else is in it.
        drop(fs::remove_dir(folder.path()));
    }
    result
        .with_context(|| format!("cannot import {}", path.display()))
        .map_err(Failure::of(Kind::Data))
}

/// Returns the node's key, which must be there already: a ledger belongs to the key that made it, so a
/// new one could never own it.
fn key_of_the_ledger(config: &Config) -> Result<PublicKey, Failure> {
    if let Some(key) = key::find(&config.key)? {
        return Ok(key.public_key());
    }
    let place = match &config.key {
        Key::Kept(path) => path.display().to_string(),
        Key::Configured(_) | Key::Drawn => "the configuration".to_owned(),
    };
    Err(Failure::message(
        Kind::Key,
        format!(
            "a ledger belongs to the key that made it, and this node has none: copy the file `key` \
             of the exported node's data folder to {place} first"
        ),
    ))
}

/// Refuses for a member of a federation. Its blocks come with the proof that they are final, which is
/// with the ordering engines of the members and in no export: a federation of ledgers without them
/// could never agree on a block again.
fn refuse_together(members: &[PublicKey]) -> Result<(), Failure> {
    if members.len() == 1 {
        return Ok(());
    }
    let message = "only the ledger of a node that is alone can be imported. A member of a \
                   federation gets all blocks from the others: run `bigchain-node init --genesis \
                   FILE` with the federation's genesis.json, and start it";
    Err(Failure::new(Kind::Chain, anyhow!(message)))
}

fn import_into(
    folder: &Folder,
    path: &Path,
    key: PublicKey,
    members: &[PublicKey],
) -> anyhow::Result<()> {
    let mut from: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path)?))
    };
    let draft = folder.import();
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    let ledger = ledger::open_ledger(&draft).map_err(Failure::into_error)?;
    let count = read_all(&ledger, &mut from, members)?;
    adopt(&ledger, key, members)?;
    let genesis = ledger.block(0)?.ok_or_else(|| anyhow!("the first block is missing"))?;
    drop(ledger);
    write_whole(&folder.genesis(), &format!("{}\n", genesis.to_json()), Readers::Everybody)?;
    fs::rename(draft, folder.store())?;
    File::open(folder.path())?.sync_all()?;
    say(&format!("Imported {count} blocks"));
    Ok(())
}

fn read_all(
    ledger: &LedgerStore,
    from: &mut impl BufRead,
    members: &[PublicKey],
) -> anyhow::Result<u64> {
    let progress = bar("importing blocks", 0);
    let mut parent: Option<(BlockId, Timestamp)> = None;
    let mut height = 0;
    while let Some(Line { block, votes }) = lines::read(from, height)? {
        let id = block.id();
        check(ledger, &block, &votes, members, parent)
            .with_context(|| format!("line {}: block {id}", height + 1))?;
        parent = Some((id, block.timestamp()));
        let mut commit = Commit::new();
        commit.append(height, Arc::new(block));
        for vote in votes {
            commit.vote(vote);
        }
        let is_synced = height % SYNC_EVERY == 0;
        let durability = if is_synced { Durability::Synced } else { Durability::Buffered };
        ledger.commit(commit, durability)?;
        height += 1;
        progress.inc(1);
    }
    progress.finish_and_clear();
    if height == 0 {
        bail!("it is empty");
    }
    Ok(height)
}

fn check(
    ledger: &LedgerStore,
    block: &Block,
    votes: &[Vote],
    members: &[PublicKey],
    parent: Option<(BlockId, Timestamp)>,
) -> anyhow::Result<()> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).map_err(|error| anyhow!("no randomness: {error}"))?;
    let time = parent.map(|(_, time)| time);
    let context = BlockContext { members, parent: time, now: None };
    block.check(&ledger.view(), &context, entropy)??;
    for vote in votes {
        let is_member = members.contains(&vote.node_pubkey);
        if !is_member || vote.body.voting_for_block != block.id() {
            bail!("a vote by {} does not belong here", vote.node_pubkey);
        }
        vote.verify().with_context(|| format!("the vote by {}", vote.node_pubkey))?;
    }
    // A node that is alone stores each block but the first together with the vote that elects it.
    if parent.is_some() && elect(&block.id(), block.voters(), members, votes)? != Status::Valid {
        bail!("its votes do not say that it is valid");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
