//! A node that is alone, on a filled ledger.

use super::{
    cases::Size,
    fill::{bytes_below, fill},
    history::key,
};
use anyhow::{Context, Result};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tally_crypto::ed25519::SigningKey;
use tally_ledger_node::{LedgerNode, NodeConfig, NodeHandle, TABLES};
use tally_storage::Store;
use tally_storage_rocksdb::{DataFolder, Memory, RocksStore};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// As much as the daemon uses.
pub(crate) const MEMORY: Memory = Memory::LARGE;
/// How often is looked whether texts are indexed.
const PAUSE: Duration = Duration::from_millis(20);

/// A node that is alone, on a filled ledger.
#[derive(Debug)]
pub(crate) struct Solo {
    node: LedgerNode,
    pub(crate) handle: NodeHandle,
    pub(crate) start: Start,
    /// Removed last; absent if it is kept.
    _folder: Option<TempDir>,
}

/// What it took to get there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) size: Size,
    /// Zero if the ledger was there.
    pub(crate) fill: Duration,
    /// Of the database.
    pub(crate) disk_bytes: u64,
    /// From a closed database to a node that answers.
    pub(crate) open: Duration,
    /// Until all texts could be searched; zero if an earlier run had indexed them.
    pub(crate) index: Duration,
    pub(crate) index_bytes: u64,
}

impl Solo {
    /// Fills a ledger below `folder`, or takes the one that was kept there, and starts its node.
    pub(crate) fn start(runtime: &Runtime, folder: &Path, size: Size, keep: bool) -> Result<Self> {
        let scratch = (!keep).then(|| tempfile::tempdir_in(folder)).transpose()?;
        let path = match &scratch {
            Some(scratch) => scratch.path().join(size.name()),
            None => folder.join("ledger").join(size.name()),
        };
        let key = key("node", 0);
        let fill = prepare(runtime, &path, &key, size)
            .with_context(|| format!("{} cannot be filled", path.display()))?;
        let disk_bytes = bytes_below(&path.join("db"))?;
        let asked = Instant::now();
        let node = LedgerNode::start(config(&path), key, open(&path)?)?;
        let handle = node.handle();
        let open = asked.elapsed();
        let asked = Instant::now();
        runtime.block_on(indexed(&handle));
        let index = asked.elapsed();
        let index_bytes = bytes_below(&path.join("search"))?;
        let start = Start { size, fill, disk_bytes, open, index, index_bytes };
        println!("{}", start.one_line());
        Ok(Self { node, handle, start, _folder: scratch })
    }

    /// Stops the node in good order.
    pub(crate) fn stop(self, runtime: &Runtime) {
        self.handle.stop();
        drop(self.handle);
        runtime.block_on(self.node.stopped());
    }
}

impl Start {
    pub(crate) fn one_line(&self) -> String {
        format!(
            "{} transactions: filled in {:.1} s, {:.2} GB on disk; opened in {:.2} s; texts indexed in {:.1} s, {:.2} GB",
            self.size.transactions(),
            self.fill.as_secs_f64(),
            self.disk_bytes as f64 / 1e9,
            self.open.as_secs_f64(),
            self.index.as_secs_f64(),
            self.index_bytes as f64 / 1e9,
        )
    }
}

/// Makes a ledger with a genesis block, which the node does, and a history. The database is closed
/// afterwards.
fn prepare(runtime: &Runtime, path: &Path, key: &SigningKey, size: Size) -> Result<Duration> {
    let store = open(path)?;
    let node = LedgerNode::start(config(path), key.clone(), Arc::clone(&store))?;
    node.handle().stop();
    runtime.block_on(node.stopped());
    fill(store, key, size)
}

fn open(path: &Path) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(RocksStore::open_with(DataFolder::lock(path)?, TABLES, MEMORY)?))
}

fn config(path: &Path) -> NodeConfig {
    let search: PathBuf = path.join("search");
    NodeConfig { search_dir: Some(search), ..NodeConfig::default() }
}

/// Waits until the texts of all blocks can be searched.
async fn indexed(node: &NodeHandle) {
    // Else it would be visible some seconds later.
    node.freshen_search();
    loop {
        let status = node.status();
        if status.searchable_height == Some(status.height) {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
