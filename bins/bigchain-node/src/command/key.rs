use crate::{config::Key, key};
use anyhow::anyhow;
use tally_daemon::{Failure, Kind};

/// Prints the node's public key.
pub(crate) fn export_public_key(key: &Key) -> Result<(), Failure> {
    match key::find(key)? {
        Some(key) => super::show(&format!("{}\n", key.public_key())),
        None => Err(Failure::new(
            Kind::Key,
            anyhow!("This node's public key wasn't set anywhere so it can't be exported"),
        )),
    }
}
