//! What is behind the front: another server, or the embedded one.

use crate::access::Access;
use std::sync::Arc;
use tally_deal::{ServiceKeys, ServiceKeysError};
use tally_deal_node::{
    DealServer,
    module::{KeyService, Remote},
};
use tally_pgp::PublicKey;

/// What answers packages.
#[derive(Debug)]
pub(crate) enum Server {
    /// Another server.
    Remote(Front),
    /// The embedded one.
    Embedded(Embedded),
}

/// A module's way to other servers.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) remote: Arc<Remote>,
    pub(crate) keys: ServiceKeySource,
}

/// Where a module has the service's keys from.
#[derive(Debug, Clone)]
pub enum ServiceKeySource {
    /// The operator's configuration; and the keys that verify replies, if they are known.
    Configured(ServiceKeys, Vec<PublicKey>),
    /// The service itself.
    Service(Arc<KeyService>),
}

/// The embedded server and what the API keeps beside it.
#[derive(Debug)]
pub(crate) struct Embedded {
    pub(crate) server: DealServer,
    pub(crate) access: Access,
}

impl Front {
    /// Returns the keys that payment addresses are made of.
    pub(crate) fn service_keys(&self) -> Result<ServiceKeys, ServiceKeysError> {
        match &self.keys {
            ServiceKeySource::Configured(keys, _) => Ok(*keys),
            ServiceKeySource::Service(service) => service.view().service_keys(),
        }
    }

    /// Returns the keys that servers sign with.
    pub(crate) fn verifying_keys(&self) -> Vec<PublicKey> {
        match &self.keys {
            ServiceKeySource::Configured(_, keys) => keys.clone(),
            ServiceKeySource::Service(service) => service.view().verifying.clone(),
        }
    }
}
