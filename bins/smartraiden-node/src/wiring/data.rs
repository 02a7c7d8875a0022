use std::{path::Path, sync::Arc};
use tally_channel_node::TABLES;
use tally_daemon::{Failure, Place};
use tally_primitives::NodeAddress;
use tally_storage::Store;

/// Opens the store of one node.
pub(super) fn open(data: &Place, node: NodeAddress) -> Result<Arc<dyn Store>, Failure> {
    let place = match data {
        Place::Memory => Place::Memory,
        Place::Folder(folder) => {
            // The original's layout: several nodes can share a folder.
            let name = node.to_string()[2..10].to_lowercase();
            Place::Folder(folder.join(name))
        }
    };
    place.open(TABLES, database)
}

#[cfg(feature = "rocksdb")]
fn database(path: &Path) -> anyhow::Result<Arc<dyn Store>> {
    use tally_storage_rocksdb::{DataFolder, RocksStore};
    Ok(Arc::new(RocksStore::open(DataFolder::lock(path)?, TABLES)?))
}

#[cfg(not(feature = "rocksdb"))]
fn database(_: &Path) -> anyhow::Result<Arc<dyn Store>> {
    anyhow::bail!("this build lacks the feature rocksdb")
}
