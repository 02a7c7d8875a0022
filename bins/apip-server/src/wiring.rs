//! Puts the libraries together.

use crate::{
    config::{Chain, Config},
    dev::DevSource,
};
use anyhow::Context;
use std::{path::Path, sync::Arc};
use tally_accounts::{Accounts, EmbeddedAccounts};
use tally_apip_node::Directory;
use tally_chain::utxo::{Source, Start};
use tally_chain_utxo::{FilesSource, NodeSource, RecordSource};
use tally_daemon::{Failure, HiddenText, Kind, Place, Postgres};
use tally_storage::{MemoryStore, Store, Table};

/// The folder of the directory's state, and the one of sessions and balances, below that of
/// `--data-dir`. The first can be made again from the chain, the second cannot.
const DIRECTORY: &str = "directory";
const ACCOUNTS: &str = "accounts";

/// Opens the directory, which may take some time.
pub(crate) fn directory(config: &Config) -> Result<Arc<Directory>, Failure> {
    let store: Arc<dyn Store> = match &config.data {
        // Nothing is lost with it, so nobody needs to be warned.
        Place::Memory => Arc::new(MemoryStore::new(tally_apip_node::TABLES)),
        Place::Folder(_) => open(&config.data, DIRECTORY, tally_apip_node::TABLES)?,
    };
    let directory = Directory::open(store, config.directory);
    Ok(Arc::new(directory.map_err(Failure::of(Kind::Data))?))
}

/// Opens the accounts.
pub(crate) async fn accounts(config: &Config) -> Result<Arc<dyn Accounts>, Failure> {
    if let Some(Postgres { url: HiddenText(url), connections }) = &config.postgres {
        return shared_accounts(url, *connections).await;
    }
    let store = open(&config.data, ACCOUNTS, tally_accounts::TABLES)?;
    let accounts = EmbeddedAccounts::open(store).context("cannot open the accounts");
    Ok(Arc::new(accounts.map_err(Failure::of(Kind::Data))?))
}

/// Starts reading the chain where the directory is.
pub(crate) fn source(config: &Config, start: Start) -> Result<Box<dyn Source>, Failure> {
    Ok(match config.chain.clone() {
        Chain::Dev { records } => {
            let head = config.interfaces.url_heads.first().map_or("", String::as_str);
            let source = DevSource::open(records.as_deref(), head).context("the records of --dev");
            Box::new(source.map_err(Failure::of(Kind::Chain))?)
        }
        Chain::Node(settings) => {
            let source = NodeSource::start(settings, start).context("--node-url");
            Box::new(source.map_err(Failure::of(Kind::Settings))?)
        }
        Chain::Files(settings) => {
            let source = FilesSource::start(settings, start).context("--block-files");
            Box::new(source.map_err(Failure::of(Kind::Chain))?)
        }
        Chain::Records(settings) => Box::new(RecordSource::start(settings, start)),
    })
}

fn open(place: &Place, name: &str, tables: &'static [Table]) -> Result<Arc<dyn Store>, Failure> {
    let place = match place {
        Place::Memory => Place::Memory,
        Place::Folder(folder) => Place::Folder(folder.join(name)),
    };
    place.open(tables, |path| database(path, tables))
}

#[cfg(feature = "rocksdb")]
fn database(path: &Path, tables: &'static [Table]) -> anyhow::Result<Arc<dyn Store>> {
    use tally_storage_rocksdb::{DataFolder, RocksStore};
    Ok(Arc::new(RocksStore::open(DataFolder::lock(path)?, tables)?))
}

#[cfg(not(feature = "rocksdb"))]
fn database(_: &Path, _: &'static [Table]) -> anyhow::Result<Arc<dyn Store>> {
    anyhow::bail!("this build lacks the feature rocksdb")
}

#[cfg(feature = "postgres")]
async fn shared_accounts(url: &str, connections: u32) -> Result<Arc<dyn Accounts>, Failure> {
    let accounts = tally_accounts_postgres::PostgresAccounts::connect(url, connections).await;
    let accounts = accounts.context("the shared accounts");
    Ok(Arc::new(accounts.map_err(Failure::of(Kind::Server))?))
}

#[cfg(not(feature = "postgres"))]
async fn shared_accounts(_: &str, _: u32) -> Result<Arc<dyn Accounts>, Failure> {
    Err(Failure::message(Kind::Server, "this build lacks the feature postgres"))
}
