use super::{IDENTITY, IDENTITY_KEY, SCHEMA, read, write};
use crate::StartError;
use serde::{Deserialize, Serialize};
use tally_primitives::{Address, ChainId, NodeAddress};
use tally_storage::{Batch, Durability, Store, schema};

/// Whose data a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The chain its channels are on.
    pub(crate) chain: ChainId,
    /// The registry its tokens are in.
    pub(crate) registry: Address,
    /// The node whose key signed in them.
    pub(crate) node: NodeAddress,
    /// Names the data towards peers: drawn when it was created.
    pub(crate) epoch: u64,
}

/// Makes sure that `store` belongs to this node, and marks an empty one.
///
/// # Errors
///
/// [`StartError`] if the data is another node's, chain's or program's; nothing was written then.
pub(crate) fn claim(
    store: &dyn Store,
    chain: ChainId,
    registry: Address,
    node: NodeAddress,
) -> Result<Identity, StartError> {
    schema::prepare(store, &SCHEMA)?;
    let Some(found) = read::<Identity>(store, IDENTITY, IDENTITY_KEY)? else {
        let epoch = getrandom::u64()?;
        let identity = Identity { chain, registry, node, epoch };
        let mut batch = Batch::new();
        write(&mut batch, IDENTITY, IDENTITY_KEY, &identity);
        store.commit(batch, Durability::Synced)?;
        return Ok(identity);
    };
    if found.node != node {
        return Err(StartError::OtherNode { found: found.node, expected: node });
    }
    if found.chain != chain {
        return Err(StartError::OtherChain { found: found.chain, expected: chain });
    }
    if found.registry != registry {
        return Err(StartError::OtherRegistry { found: found.registry, expected: registry });
    }
    Ok(found)
}
