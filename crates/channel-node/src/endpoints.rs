use crate::{
    PeerEndpoint, RequestError,
    commit::Group,
    effect::Effect,
    store::{ENDPOINTS, load},
};
use std::collections::BTreeMap;
use tally_net::PeerAddress;
use tally_primitives::NodeAddress;
use tally_storage::{KeyRange, Store, StoreError};

/// Who said where a peer listens; the last outweighs the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    /// The peer itself, on the chain.
    Chain,
    /// The node's configuration.
    Configuration,
    /// The operator, while the node ran.
    Operator,
}

/// Where peers listen.
///
/// An operator's word outweighs the configuration, and the configuration what peers publish on
/// the chain. Only the last is stored: an operator's list ends with the process, so that it never
/// outweighs a newer configuration. A wrong address costs a dial, no more: peers prove who they
/// are. So what a reorganisation undoes is kept until the peer publishes again.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    known: BTreeMap<NodeAddress, BTreeMap<Origin, PeerAddress>>,
}

impl Endpoints {
    /// Reads what was stored and adds the configuration.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of the store. What is configured but not usable is logged.
    pub(crate) fn load(store: &dyn Store, configured: &[PeerEndpoint]) -> Result<Self, StoreError> {
        let mut endpoints = Self::default();
        load(store, ENDPOINTS, KeyRange::all(), |entry| {
            let undecodable =
                || StoreError::Undecodable { table: ENDPOINTS, key: entry.key.clone() };
            let node = entry.key.as_slice().try_into().map_err(|_| undecodable())?;
            let text = std::str::from_utf8(&entry.value).map_err(|_| undecodable())?;
            let address = text.parse().map_err(|_| undecodable())?;
            endpoints.set(NodeAddress::new(node), Origin::Chain, address);
            Ok(())
        })?;
        for PeerEndpoint { node, endpoint } in configured {
            match endpoint.parse() {
                Ok(address) => endpoints.set(*node, Origin::Configuration, address),
                Err(error) => {
                    tracing::warn!(%node, endpoint, %error, "a configured peer cannot be used");
                }
            }
        }
        Ok(endpoints)
    }

    /// Tells the transport all there is to know.
    pub(crate) fn locate_all(&self, group: &mut Group) {
        for node in self.known.keys() {
            self.locate(*node, group);
        }
    }

    /// Takes in what a node published.
    pub(crate) fn published(&mut self, node: NodeAddress, endpoint: &str, group: &mut Group) {
        let address: PeerAddress = match endpoint.parse() {
            Ok(address) => address,
            Err(error) => {
                tracing::debug!(%node, %error, "a node published what cannot be dialled");
                return;
            }
        };
        group.batch.put(ENDPOINTS, *node.as_bytes(), address.as_str());
        self.set(node, Origin::Chain, address);
        self.locate(node, group);
    }

    /// Replaces what the operator said.
    ///
    /// # Errors
    ///
    /// [`RequestError::InvalidEndpoint`]; nothing changed.
    pub(crate) fn replace_operators(
        &mut self,
        peers: &[PeerEndpoint],
        group: &mut Group,
    ) -> Result<(), RequestError> {
        let mut given = BTreeMap::new();
        for PeerEndpoint { node, endpoint } in peers {
            let address: PeerAddress =
                endpoint.parse().map_err(|_| RequestError::InvalidEndpoint(endpoint.clone()))?;
            given.insert(*node, address);
        }
        let before: Vec<NodeAddress> = self
            .known
            .iter()
            .filter(|(_, origins)| origins.contains_key(&Origin::Operator))
            .map(|(node, _)| *node)
            .collect();
        for node in before {
            self.known.entry(node).or_default().remove(&Origin::Operator);
            self.locate(node, group);
        }
        for (node, address) in given {
            self.set(node, Origin::Operator, address);
            self.locate(node, group);
        }
        Ok(())
    }

    /// Says whether `node` published exactly this.
    pub(crate) fn is_published(&self, node: NodeAddress, endpoint: &str) -> bool {
        let published = self.known.get(&node).and_then(|origins| origins.get(&Origin::Chain));
        published.is_some_and(|address| address.as_str() == endpoint)
    }

    fn set(&mut self, node: NodeAddress, origin: Origin, address: PeerAddress) {
        self.known.entry(node).or_default().insert(origin, address);
    }

    fn locate(&self, node: NodeAddress, group: &mut Group) {
        let best = self.known.get(&node).and_then(|origins| origins.values().next_back());
        group.effects.push(Effect::Locate(node, best.cloned()));
    }
}

#[cfg(test)]
mod tests;
