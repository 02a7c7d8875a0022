//! What the node keeps: one folder a ledger, with the store, the text index, the ordering engine's
//! journals and the block that begins the chain.

use crate::config::{Data, Federation};
use anyhow::{Context, anyhow};
use std::{
    collections::BTreeSet,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};
use tally_crypto::ed25519::PublicKey;
use tally_daemon::{Failure, Kind, Place};
use tally_ledger::Block;
use tally_ledger_store::{LedgerStore, TABLES};
use tally_storage::Store;

/// The parts of a ledger's folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    /// What the user calls the ledger.
    pub(crate) name: String,
}

impl Folder {
    /// Returns the folder of a ledger that is kept; an error for one in memory.
    pub(crate) fn of(data: &Data) -> Result<Self, Failure> {
        match data {
            Data::Folder { folder, name } => Ok(Self { path: folder.clone(), name: name.clone() }),
            Data::Memory => Err(Failure::settings(
                "a ledger in memory ends with its node: leave --memory-store away",
            )),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The database.
    pub(crate) fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    /// Where an import is put together before it becomes the database.
    pub(crate) fn import(&self) -> PathBuf {
        self.path.join("store.import")
    }

    /// The text index; can be made again.
    pub(crate) fn search(&self) -> PathBuf {
        self.path.join("search")
    }

    /// The ordering engine's journals.
    pub(crate) fn consensus(&self) -> PathBuf {
        self.path.join("consensus")
    }

    /// The block that begins the chain, as JSON.
    pub(crate) fn genesis(&self) -> PathBuf {
        self.path.join("genesis.json")
    }

    /// Says whether there is a ledger.
    pub(crate) fn exists(&self) -> bool {
        self.store().exists() || self.genesis().exists()
    }
}

/// Opens the store that a node runs on.
pub(crate) fn open(data: &Data) -> Result<Arc<dyn Store>, Failure> {
    let place = match data {
        Data::Memory => Place::Memory,
        Data::Folder { .. } => Place::Folder(Folder::of(data)?.store()),
    };
    place.open(TABLES, open_database)
}

/// Opens a ledger that must be there, for a command that looks at it.
pub(crate) fn open_existing(folder: &Folder) -> Result<LedgerStore, Failure> {
    let path = folder.store();
    if !path.exists() {
        let message = format!(
            "there is no ledger in {}: `bigchain-node start` begins one",
            folder.path().display()
        );
        return Err(Failure::new(Kind::Data, anyhow!(message)));
    }
    open_ledger(&path)
}

/// Opens or begins the ledger in a database folder.
pub(crate) fn open_ledger(path: &Path) -> Result<LedgerStore, Failure> {
    let store = Place::Folder(path.to_owned()).open(TABLES, open_database)?;
    LedgerStore::open(store)
        .with_context(|| format!("cannot open the ledger in {}", path.display()))
        .map_err(Failure::of(Kind::Data))
}

#[cfg(feature = "rocksdb")]
fn open_database(path: &Path) -> anyhow::Result<Arc<dyn Store>> {
    use tally_storage_rocksdb::{DataFolder, RocksStore};
    Ok(Arc::new(RocksStore::open(DataFolder::lock(path)?, TABLES)?))
}

#[cfg(not(feature = "rocksdb"))]
fn open_database(_: &Path) -> anyhow::Result<Arc<dyn Store>> {
    anyhow::bail!("this build lacks the feature rocksdb")
}

/// Makes sure that nobody uses a database folder, until the value is dropped.
#[cfg(feature = "rocksdb")]
pub(crate) fn lock(path: &Path) -> anyhow::Result<impl Drop + use<>> {
    struct Locked(Option<tally_storage_rocksdb::DataFolder>);
    impl Drop for Locked {
        fn drop(&mut self) {
            self.0.take();
        }
    }
    Ok(Locked(Some(tally_storage_rocksdb::DataFolder::lock(path)?)))
}

/// Returns all members of the federation, sorted.
pub(crate) fn members(federation: &Federation, own: PublicKey) -> Vec<PublicKey> {
    let members: BTreeSet<PublicKey> = federation.keyring.iter().copied().chain([own]).collect();
    members.into_iter().collect()
}

/// Reads a genesis file; `None` if there is none.
pub(crate) fn read_genesis(path: &Path) -> Result<Option<Block>, Failure> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let error = anyhow::Error::new(error);
            let error = error.context(format!("cannot read the genesis file {}", path.display()));
            return Err(Failure::new(Kind::Chain, error));
        }
    };
    Block::parse_json(&text)
        .map(Some)
        .with_context(|| format!("the genesis file {} is malformed", path.display()))
        .map_err(Failure::of(Kind::Chain))
}

/// Reads the genesis file that the settings name.
pub(crate) fn read_given_genesis(path: &Path) -> Result<Block, Failure> {
    read_genesis(path)?.ok_or_else(|| {
        let message = format!("there is no genesis file {} (--genesis)", path.display());
        Failure::new(Kind::Chain, anyhow!(message))
    })
}
