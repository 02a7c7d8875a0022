//! The calls to the embedded server, with its failures as this API has them.

use crate::{error::ApiError, server::Embedded};
use tally_deal::{Document, Order, Request};
use tally_deal_node::{AccountCall, DealCall, DealMessage, Origin, Outcome};

impl Embedded {
    /// Answers a message about an account.
    pub(crate) async fn account(&self, call: AccountCall) -> Result<Outcome, ApiError> {
        Ok(self.server.account(call).await?)
    }

    /// Does what a module and a server do with a message: what a module would refuse is an error of
    /// the request, what a server would refuse an answer.
    pub(crate) async fn deal(
        &self,
        document: Document,
        origin: Origin,
        is_signed: bool,
    ) -> Result<Outcome, ApiError> {
        let refuse = |refusal: tally_deal::Refusal| ApiError::validation(refusal.to_string());
        let request = Request::read(document, self.server.config().network).map_err(refuse)?;
        let checked = self.server.check(request).await?;
        let message = DealMessage::Checked(Box::new(checked.map_err(refuse)?));
        self.tell(DealCall { message, origin, is_signed }).await
    }

    /// Answers the message of another module.
    pub(crate) async fn deal_text(
        &self,
        text: String,
        order: Option<Order>,
        origin: Origin,
    ) -> Result<Outcome, ApiError> {
        let message = DealMessage::Text { text, order };
        self.tell(DealCall { message, origin, is_signed: true }).await
    }

    /// Answers what is known of the deal that is paid at an address.
    pub(crate) async fn status(&self, address: &str, is_signed: bool) -> Result<Outcome, ApiError> {
        Ok(self.server.deal_status(address, is_signed).await?)
    }

    async fn tell(&self, call: DealCall) -> Result<Outcome, ApiError> {
        Ok(self.server.deal(call).await?)
    }
}
