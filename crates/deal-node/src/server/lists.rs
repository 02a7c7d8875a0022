//! Lists: deals, accounts, feedback, events, and the chain history of an address.

use super::DealServer;
use crate::{ServerError, core::read_failed, reply::deal_reply};
use serde::Serialize;
use tally_deal::{Address, Deal, DealCode, account::Account};
use tally_deal_store::{
    DealCursor, DealFilter, Event, EventId, FeedbackCursor, FeedbackFilter, FeedbackRecord, Page,
    Versioned,
};

/// What the chain has of an address, as far as this server looks at it.
///
/// *Source:* the reply to `bc/history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Transfers {
    /// The address's outputs, in the order of their transactions' ids.
    pub transfers: Vec<Transfer>,
}

/// An output and the transaction that spends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// Where it was made.
    pub received: Place,
    /// Where it was spent, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spent: Option<Place>,
    /// How much, in satoshi.
    pub value: u64,
}

/// A place in a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The transaction's id.
    pub hash: String,
    /// The height of its block; absent before one has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// The position among the outputs; of who spends, among its inputs is not known: 0.
    pub index: u32,
}

impl DealServer {
    /// Returns a deal.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn find_deal(&self, code: DealCode) -> Result<Option<Deal>, ServerError> {
        let found = self.core.store.deal(code).await.map_err(read_failed)?;
        Ok(found.map(|found| found.value))
    }

    /// Returns the deal that is paid at an address.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn find_deal_at(&self, payment_address: &str) -> Result<Option<Deal>, ServerError> {
        let found = self.core.store.deal_at(payment_address).await.map_err(read_failed)?;
        Ok(found.map(|found| found.value))
    }

    /// Returns a deal as a JSON object, with the members of the message and more.
    ///
    /// # Errors
    ///
    /// [`ServerError::Corrupt`].
    pub fn deal_json(&self, deal: &Deal) -> Result<String, ServerError> {
        deal_reply(deal, None, None, 0).map(|reply| reply.json)
    }

    /// Returns a page of deals, newest first.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn deals(
        &self,
        filter: &DealFilter,
        after: Option<DealCursor>,
        limit: usize,
    ) -> Result<Page<Deal, DealCursor>, ServerError> {
        let page = self.core.store.deals(filter, after, limit).await.map_err(read_failed)?;
        let rows = page.rows.into_iter().map(|found| found.value).collect();
        Ok(Page { rows, next: page.next })
    }

    /// Returns a page of the accounts that a module registered, by address.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn accounts(
        &self,
        module: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Account, String>, ServerError> {
        let page = self.core.store.accounts(module, after, limit).await.map_err(read_failed)?;
        let open = |found: Versioned<Account>| Some(found.value).filter(|a| a.deleted().is_none());
        Ok(Page { rows: page.rows.into_iter().filter_map(open).collect(), next: page.next })
    }

    /// Returns a page of feedback, newest first.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn feedback(
        &self,
        filter: &FeedbackFilter,
        after: Option<FeedbackCursor>,
        limit: usize,
    ) -> Result<Page<FeedbackRecord, FeedbackCursor>, ServerError> {
        self.core.store.feedback(filter, after, limit).await.map_err(read_failed)
    }

    /// Returns events after one, in order.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn events(&self, after: EventId, limit: usize) -> Result<Vec<Event>, ServerError> {
        self.core.store.events(after, limit).await.map_err(read_failed)
    }

    /// Returns events of a deal after one, in order.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn events_of(
        &self,
        code: DealCode,
        after: EventId,
        limit: usize,
    ) -> Result<Vec<Event>, ServerError> {
        self.core.store.events_of(code, after, limit).await.map_err(read_failed)
    }

    /// Returns what the chain has of an address, if a deal is paid there; nothing otherwise: other
    /// addresses are not looked at. `None` if it is no address of the server's network.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn history(&self, address: &str) -> Result<Option<Transfers>, ServerError> {
        let Ok(address) = Address::parse(address, self.core.config.network) else {
            return Ok(None);
        };
        let deal = self.find_deal_at(address.as_str()).await?;
        let outputs = deal.iter().flat_map(Deal::outputs).filter(|output| !output.is_gone);
        let transfers = outputs.map(|output| Transfer {
            received: Place {
                hash: output.outpoint.txid.to_string(),
                height: output.confirmation.map(|confirmation| confirmation.height.0),
                index: output.outpoint.vout,
            },
            spent: output.spend.map(|spend| Place {
                hash: spend.by.to_string(),
                height: Some(spend.height.0),
                index: 0,
            }),
            value: output.value.0,
        });
        Ok(Some(Transfers { transfers: transfers.collect() }))
    }
}
