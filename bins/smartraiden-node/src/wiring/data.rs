use crate::{
    config::Data,
    failure::{Failure, Kind},
};
use anyhow::Context;
use std::{path::Path, sync::Arc};
use tally_channel_node::TABLES;
use tally_primitives::NodeAddress;
use tally_storage::{MemoryStore, Store};

/// Opens the store of one node.
pub(super) fn open(data: &Data, node: NodeAddress) -> Result<Arc<dyn Store>, Failure> {
    match data {
        Data::Memory => {
            tracing::warn!("the node's state is in memory only: it is lost when the daemon ends");
            Ok(Arc::new(MemoryStore::new(TABLES)))
        }
        Data::Below(folder) => {
            // The original's layout: several nodes can share a folder.
            let name = node.to_string()[2..10].to_lowercase();
            let folder = folder.join(name);
            open_folder(&folder)
                .with_context(|| format!("cannot open the data in {}", folder.display()))
                .map_err(Failure::of(Kind::Data))
        }
    }
}

#[cfg(feature = "rocksdb")]
fn open_folder(path: &Path) -> anyhow::Result<Arc<dyn Store>> {
    use tally_storage_rocksdb::{DataFolder, RocksStore};
    let folder = DataFolder::lock(path)?;
    tracing::info!(folder = %path.display(), "opening the data");
    Ok(Arc::new(RocksStore::open(folder, TABLES)?))
}

#[cfg(not(feature = "rocksdb"))]
fn open_folder(_: &Path) -> anyhow::Result<Arc<dyn Store>> {
    anyhow::bail!("this build lacks the feature rocksdb")
}
