use std::sync::Arc;
use tally_apip_node::{OwnService, ServiceTerms};
use tally_primitives::Txid;

/// What the provider has published of the service that this directory gives, for one request.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    service: Arc<OwnService>,
    finds_payments: bool,
}

impl Own {
    pub(crate) const fn new(service: Arc<OwnService>, finds_payments: bool) -> Self {
        Self { service, finds_payments }
    }

    /// Says whether the provider has named a service, known or not.
    pub(crate) fn is_named(&self) -> bool {
        *self.service != OwnService::NotConfigured
    }

    /// Says whether nothing may be served: a service is configured that is not on the chain, or was
    /// stopped or closed there, or whose terms cannot be read. What should cost is not given away.
    pub(crate) fn is_suspended(&self) -> bool {
        match &*self.service {
            OwnService::NotConfigured => false,
            OwnService::Unknown { .. } => true,
            OwnService::Known { terms, .. } => !terms.as_ref().is_ok_and(|terms| terms.is_active),
        }
    }

    /// Returns what the service costs; nothing if it is free for lack of a record.
    pub(crate) fn terms(&self) -> Option<&ServiceTerms> {
        match &*self.service {
            OwnService::NotConfigured | OwnService::Unknown { .. } => None,
            OwnService::Known { terms, .. } => terms.as_ref().ok(),
        }
    }

    /// Returns the service's id and its terms, if it can be bought: a payment that the directory
    /// cannot see would be lost.
    pub(crate) fn offer(&self) -> Option<(Txid, &ServiceTerms)> {
        match &*self.service {
            OwnService::Known { .. } if !self.finds_payments => None,
            OwnService::Known { sid, .. } => self.terms().map(|terms| (*sid, terms)),
            OwnService::NotConfigured | OwnService::Unknown { .. } => None,
        }
    }

    /// Returns the service as its interfaces show it.
    pub(crate) fn document(&self) -> Option<&str> {
        match &*self.service {
            OwnService::Known { document, .. } => Some(document),
            OwnService::NotConfigured | OwnService::Unknown { .. } => None,
        }
    }
}
