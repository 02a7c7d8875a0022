use crate::{
    config::{Config, Key},
    key,
    ledger::{self, Folder},
};
use anyhow::{Context, anyhow};
use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_daemon::{Failure, Kind, Readers, say, write_whole};
use tally_ledger::{Block, BlockContext};
use tally_ledger_node::make_genesis;

/// Makes the ledger's folder and the block that begins the chain, or takes that of the federation.
pub(crate) fn init(config: &Config) -> Result<(), Failure> {
    let folder = Folder::of(&config.data)?;
    if folder.exists() {
        say("The database already exists.");
        say("If you wish to re-initialize it, first drop it.");
        say(&format!("Nothing was done: the ledger in {} stays.", folder.path().display()));
        return Ok(());
    }
    // Read first: a mistake must not leave a key behind.
    let given = config.federation.genesis.as_deref().map(ledger::read_given_genesis).transpose()?;
    let key = own_key(config)?;
    let members = ledger::members(&config.federation, key.public_key());
    let genesis = match given {
        Some(given) => {
            check(&given, &members)?;
            given
        }
        None => make(&key, &members)?,
    };
    let path = folder.genesis();
    write_whole(&path, &format!("{}\n", genesis.to_json()), Readers::Everybody)
        .with_context(|| format!("cannot write {}", path.display()))
        .map_err(Failure::of(Kind::Data))?;
    say(&format!("The chain begins with block {}", genesis.id()));
    if members.len() > 1 && config.federation.genesis.is_none() {
        say(&format!("Give this file to the other members: {}", path.display()));
        say("Each of them runs: bigchain-node init --genesis FILE");
    }
    Ok(())
}

/// Returns the node's key. A member of a federation must have one: the others know it.
pub(crate) fn own_key(config: &Config) -> Result<SigningKey, Failure> {
    let is_alone = config.federation.keyring.is_empty();
    match key::find(&config.key)? {
        Some(key) => Ok(key),
        None if is_alone => key::find_or_make(&config.key),
        None => {
            let place = match &config.key {
                Key::Kept(path) => format!(" in {}", path.display()),
                Key::Configured(_) | Key::Drawn => String::new(),
            };
            Err(Failure::new(
                Kind::Key,
                anyhow!(
                    "Can't start BigchainDB, no keypair found{place}. Did you run \
                     `bigchain-node configure`?"
                ),
            ))
        }
    }
}

fn make(key: &SigningKey, members: &[PublicKey]) -> Result<Block, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    make_genesis(key, members, now).map_err(Failure::of(Kind::Unexpected))
}

fn check(genesis: &Block, members: &[PublicKey]) -> Result<(), Failure> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy)
        .map_err(|error| Failure::new(Kind::Unexpected, anyhow!("no randomness: {error}")))?;
    let context = BlockContext { members, parent: None, now: None };
    let verdict = genesis.check_body(&context).and_then(|()| genesis.check_signatures(entropy));
    verdict
        .context(
            "the genesis block is not this federation's: --keyring must name the same members on \
             every node",
        )
        .map_err(Failure::of(Kind::Chain))
}

/// Deletes the ledger.
pub(crate) fn drop_ledger(config: &Config) -> Result<(), Failure> {
    let folder = Folder::of(&config.data)?;
    if !folder.path().exists() {
        say(&format!("Cannot drop database `{}`. The database does not exist.", folder.name));
        return Ok(());
    }
    let question = format!("Do you want to drop `{}` database?", folder.name);
    if !config.assumes_yes && !super::question::yes_or_no(&question)? {
        say("Nothing was done.");
        return Ok(());
    }
    delete(&folder)
        .with_context(|| format!("cannot drop the ledger in {}", folder.path().display()))
        .map_err(Failure::of(Kind::Data))
}

fn delete(folder: &Folder) -> anyhow::Result<()> {
    #[cfg(feature = "rocksdb")]
    let _in_use = if folder.store().exists() { Some(ledger::lock(&folder.store())?) } else { None };
    // The store is what makes it a ledger: if this is interrupted, the rest goes the next time.
    for part in [folder.store(), folder.path().to_owned()] {
        if part.exists() {
            fs::remove_dir_all(&part)?;
        }
    }
    Ok(())
}
