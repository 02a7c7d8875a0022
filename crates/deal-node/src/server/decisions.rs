//! What is decided about deals beside the protocol's orders: disputes and their ends, what waits for
//! the operator, and signatures of the parties' own keys.

use super::DealServer;
use crate::{
    ServerError,
    core::{Telling, read_failed},
    escrow::{self, ImportError, OpenSettlement},
};
use tally_deal::{
    Actor, Address, Command, Deal, DealCode, Fact, Percent, PublicKey, Time, message_signature,
};

/// A party of a deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// Who sells.
    Seller,
    /// Who buys.
    Customer,
}

/// Who says how a dispute ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// The operator; the front has made sure.
    Operator,
    /// One of the configured arbiters, who has signed.
    Arbiter {
        /// The arbiter's address.
        address: Address,
        /// The signature of [`DealServer::resolution_text`].
        signature: String,
    },
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Decided {
    /// It was taken; the deal afterwards.
    Done(Box<Deal>),
    /// There is no such deal.
    Unknown,
    /// It is not for this one to decide, or the signature is wrong; what is to be said.
    Forbidden(String),
    /// The deal does not allow it; what is to be said.
    Refused(String),
}

impl DealServer {
    /// Returns what a party signs to begin a dispute: `dispute` and the payment address, and from
    /// the next line the reason.
    ///
    /// What parties sign to cancel or to leave feedback begins with the address itself, and the
    /// comments after it may be anything: so no signature for one is good for the other.
    pub fn dispute_text(payment_address: &Address, reason: &str) -> String {
        format!("dispute {payment_address}\n{reason}")
    }

    /// Returns what an arbiter signs to end a dispute: `resolution` and the payment address, and in
    /// the next line what part of the sum goes back to the customer.
    pub fn resolution_text(payment_address: &Address, refund: Percent) -> String {
        format!("resolution {payment_address}\n{refund}")
    }

    /// Begins a dispute for a party that has signed [`dispute_text`](Self::dispute_text).
    ///
    /// # Errors
    ///
    /// [`ServerError`].
    pub async fn dispute(
        &self,
        code: DealCode,
        party: Party,
        reason: &str,
        signature: &str,
    ) -> Result<Decided, ServerError> {
        let found = self.core.store.deal(code).await.map_err(read_failed)?;
        let Some(deal) = found.map(|found| found.value) else { return Ok(Decided::Unknown) };
        let (by, address, refusal) = match party {
            Party::Seller => {
                (Actor::Seller, &deal.terms().seller, "The deal is not signed by the seller.")
            }
            Party::Customer => {
                (Actor::Customer, &deal.terms().customer, "The deal is not signed by the customer.")
            }
        };
        let text = Self::dispute_text(deal.address(), reason);
        if message_signature::verify(address, text.as_bytes(), signature).is_err() {
            return Ok(Decided::Forbidden(refusal.to_owned()));
        }
        self.order(code, Command::Dispute { reason: reason.to_owned() }, by).await
    }

    /// Ends a dispute: a part of the sum goes back to the customer, the rest to the seller.
    ///
    /// # Errors
    ///
    /// [`ServerError`].
    pub async fn resolve(
        &self,
        code: DealCode,
        refund: Percent,
        authority: &Authority,
    ) -> Result<Decided, ServerError> {
        if let Authority::Arbiter { address, signature } = authority {
            let found = self.core.store.deal(code).await.map_err(read_failed)?;
            let Some(deal) = found.map(|found| found.value) else { return Ok(Decided::Unknown) };
            if !self.core.config.arbiters.contains(address) {
                return Ok(Decided::Forbidden("The address is not an arbiter's.".to_owned()));
            }
            let text = Self::resolution_text(deal.address(), refund);
            if message_signature::verify(address, text.as_bytes(), signature).is_err() {
                let reason = "The decision is not signed by the arbiter.";
                return Ok(Decided::Forbidden(reason.to_owned()));
            }
        }
        self.order(code, Command::Resolve { refund }, Actor::Arbiter).await
    }

    /// Tries settlements again that have failed; for operators.
    ///
    /// # Errors
    ///
    /// [`ServerError`].
    pub async fn retry(&self, code: DealCode) -> Result<Decided, ServerError> {
        self.order(code, Command::Retry, Actor::Operator).await
    }

    /// Hides a deal that has no money; for operators.
    ///
    /// # Errors
    ///
    /// [`ServerError`].
    pub async fn delete(&self, code: DealCode) -> Result<Decided, ServerError> {
        self.order(code, Command::Delete, Actor::Operator).await
    }

    /// Returns the settlements of a deal that wait for signatures of the parties' own keys.
    ///
    /// # Errors
    ///
    /// [`ServerError`].
    pub async fn open_settlements(
        &self,
        code: DealCode,
    ) -> Result<Option<Vec<OpenSettlement>>, ServerError> {
        match self.core.store.deal(code).await.map_err(read_failed)? {
            Some(deal) => escrow::list(&self.core, &deal.value).await.map(Some),
            None => Ok(None),
        }
    }

    /// Takes the signatures of a PSBT that somebody sends; they speak for themselves. Returns whose
    /// they are. With two signatures the settlement is sent.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; nothing has changed unless the server failed.
    pub async fn import_psbt(
        &self,
        code: DealCode,
        psbt: &str,
    ) -> Result<Vec<PublicKey>, ImportError> {
        escrow::import(&self.core, code, psbt).await
    }

    async fn order(
        &self,
        code: DealCode,
        command: Command,
        by: Actor,
    ) -> Result<Decided, ServerError> {
        let fact = Fact::Command { command, by, now: Time(self.core.clock.now()) };
        Ok(match self.core.tell(code, &[fact]).await? {
            Telling::Unknown => Decided::Unknown,
            Telling::Refused(_, refused) => Decided::Refused(refused.to_string()),
            Telling::Told(deal) => Decided::Done(deal),
        })
    }
}
