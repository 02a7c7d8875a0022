//! A provider of the service: a filled directory, accounts with money, and the API over HTTP.

use super::{
    client::User,
    indexing::{self, Indexed},
    kinds::{Size, URL_HEAD},
};
use crate::{memory, web::Web};
use anyhow::{Result, ensure};
use std::{path::Path, sync::Arc, time::Instant};
use tally_accounts::{Accounts, EmbeddedAccounts, Session, SessionKey, contract};
use tally_apip_api::{ApipApi, ApipConfig};
use tally_crypto::{fch, sha256x2};
use tally_http::Guard;
use tally_storage::Store;
use tally_storage_rocksdb::{DataFolder, Memory, RocksStore};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Memory of the directory's database, as the server has it.
pub(crate) const MEMORY: Memory = Memory::LARGE;
/// Money of each user, in satoshis: more requests than any run makes.
const BALANCE: u64 = 1_000_000_000_000;
/// Up to this size the directory is opened once more, to see how long that takes.
const REOPENED_MAX: Size = Size::Million;

/// A provider and its users.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) web: Web,
    pub(crate) users: Vec<User>,
    pub(crate) start: Start,
    pub(crate) accounts: Arc<dyn Accounts>,
    _folder: TempDir,
}

/// How a directory was filled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) size: Size,
    pub(crate) indexed: Indexed,
    /// Seconds that opening it again takes, which fills the index from the store; unless it has
    /// too many ratings for a short run.
    pub(crate) reopened: Option<f64>,
    /// What this process has in memory more than before.
    pub(crate) grown_bytes: u64,
}

impl Provider {
    /// Fills a directory in a new folder and serves it to so many users.
    pub(crate) fn start(
        runtime: &Runtime,
        folder: &Path,
        size: Size,
        users: usize,
    ) -> Result<Self> {
        let scratch = tempfile::tempdir_in(folder)?;
        let before = memory::resident_bytes();
        let store = open(&scratch.path().join("directory"), tally_apip_node::TABLES, MEMORY)?;
        let (mut directory, mut indexed) = indexing::records(runtime, &store, size.ratings())?;
        let mut reopened = None;
        if size <= REOPENED_MAX {
            drop(directory);
            let asked = Instant::now();
            directory = indexing::open(&store)?;
            reopened = Some(asked.elapsed().as_secs_f64());
            // While it follows, a directory looks only now and then how much memory it needs.
            indexed.index_bytes = directory.status().tables.iter().map(|table| table.bytes).sum();
            indexing::catch_up(runtime, &directory)?;
        }
        let grown_bytes = memory::resident_bytes().saturating_sub(before);
        let start = Start { size, indexed, reopened, grown_bytes };
        println!("{}", start.one_line());
        let store = open(&scratch.path().join("accounts"), tally_accounts::TABLES, Memory::SMALL)?;
        let accounts: Arc<dyn Accounts> = Arc::new(EmbeddedAccounts::open(store)?);
        let users = runtime.block_on(sign_in(&*accounts, users))?;
        let config = ApipConfig { url_heads: vec![URL_HEAD.to_owned()], ..ApipConfig::default() };
        let api = ApipApi::new(directory, Arc::clone(&accounts), config)?;
        let web = runtime.block_on(Web::start(|_| api.service(Guard::default())))?;
        Ok(Self { web, users, start, accounts, _folder: scratch })
    }

    /// Returns how many requests the users have paid.
    pub(crate) fn paid(&self, runtime: &Runtime) -> Result<u64> {
        let left = (0..self.users.len()).map(|number| {
            let balance = runtime.block_on(self.accounts.balance(&fid(number)))?;
            Ok(BALANCE - u64::try_from(balance.0)?)
        });
        left.sum()
    }
}

impl Start {
    fn one_line(&self) -> String {
        format!(
            "{} ratings: {:.0} records/s, {:.0} bytes of memory each; opened again in {:.1} s",
            self.size.ratings(),
            self.indexed.per_second(),
            self.grown_bytes as f64 / self.indexed.documents as f64,
            self.reopened.unwrap_or(0.0),
        )
    }
}

/// Gives users money and sessions.
async fn sign_in(accounts: &dyn Accounts, count: usize) -> Result<Vec<User>> {
    let mut users = vec![];
    for number in 0..count {
        let key = sha256x2([b"session", &number.to_le_bytes()[..]].concat());
        let order = contract::order(&fid(number), number as u64, 1, BALANCE);
        ensure!(accounts.credit(order).await?, "two users are paid by one output");
        let session =
            Session { key: SessionKey::new(key), fid: fid(number), expires_ms: u64::MAX / 2 };
        let name = session.name().to_string();
        let is_opened = contract::open_session(accounts, session, 0).await?;
        ensure!(is_opened, "two sessions have one name");
        users.push(User { name, key, nonce: 1, seed: number as u64 * 1_000_003 });
    }
    Ok(users)
}

fn fid(number: usize) -> tally_primitives::Fid {
    let hash = sha256x2([b"user", &number.to_le_bytes()[..]].concat());
    let hash = hash.first_chunk().expect("a hash has more than 20 bytes");
    fch::fid_of_hash(fch::AddressVersion::MAIN_P2PKH, hash)
}

/// Opens a database in a folder of its own.
pub(crate) fn open(
    path: &Path,
    tables: &[tally_storage::Table],
    memory: Memory,
) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(RocksStore::open_with(DataFolder::lock(path)?, tables, memory)?))
}
