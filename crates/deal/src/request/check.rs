//! Whether the order of a message may be carried out, and the message as it goes on.

use super::{CheckedRequest, Refusal, Request};
use crate::{
    Address, Document, Kind, Order, PaymentAddress, Scheme, Terms, Time, message_signature,
};

impl Request {
    /// Checks the message at the moment `now` and computes where the deal is paid.
    ///
    /// `scheme` has the keys for the scheme that the message asks for.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: first what the order does not allow, then missing signatures, then addresses.
    pub fn check(self, now: Time, scheme: &Scheme) -> Result<CheckedRequest, Refusal> {
        if scheme.name() != self.scheme {
            return Err(Refusal::OtherScheme(self.scheme));
        }
        self.check_order(now)?;
        self.check_networks()?;
        let payment_address = self.terms.payment_address(scheme);
        if self.order != Order::Create {
            self.check_payment_address(&payment_address)?;
        }
        let mut request = self;
        request.rewrite(&payment_address.address);
        let text = request.document.to_yaml();
        if text.len() > Self::TEXT_BYTES_MAX {
            return Err(Refusal::TextTooLong);
        }
        Ok(CheckedRequest { code: request.terms.code(), request, payment_address, text })
    }

    /// Says whether the seller has signed [`Self::signed_text`].
    pub fn is_signed_by_seller(&self) -> bool {
        self.is_signed(&self.terms.seller, self.seller_signature.as_deref())
    }

    /// Says whether the customer has signed [`Self::signed_text`].
    pub fn is_signed_by_customer(&self) -> bool {
        self.is_signed(&self.terms.customer, self.customer_signature.as_deref())
    }

    fn is_signed(&self, address: &Address, signature: Option<&str>) -> bool {
        let Some(signature) = signature else { return false };
        let text = self.signed_text();
        let is_of =
            |text: &str| message_signature::verify(address, text.as_bytes(), signature).is_ok();
        // Browsers send the line ends of a form as CR LF; wallets sign the text with LF.
        is_of(&text) || (text.contains('\r') && is_of(&text.replace("\r\n", "\n")))
    }

    fn check_order(&self, now: Time) -> Result<(), Refusal> {
        let terms = &self.terms;
        let refusal = match self.order {
            Order::Create => self.check_new(now).err(),
            Order::Pay => None,
            Order::Complete => (now > terms.leave_before).then_some(Refusal::FeedbackExpired),
            Order::Cancel if now > terms.until => Some(Refusal::CancellationExpired),
            Order::Cancel => (!self.is_signed_by_seller()).then_some(Refusal::NotSignedBySeller),
            Order::Feedback => {
                (!self.is_signed_by_customer()).then_some(Refusal::NotSignedByCustomer)
            }
            Order::Created
            | Order::Paid
            | Order::Completed
            | Order::Canceled
            | Order::Execute
            | Order::Executed
            | Order::Delete
            | Order::Deleted
            | Order::Fail
            | Order::Failed => Some(Refusal::NotARequest),
        };
        refusal.map_or(Ok(()), Err)
    }

    fn check_new(&self, now: Time) -> Result<(), Refusal> {
        let Terms { kind, date, until, leave_before, .. } = self.terms;
        if now < date {
            return Err(Refusal::DateInFuture);
        }
        if now.since(date) > Self::AGE_SECONDS_MAX {
            return Err(Refusal::DateExpired);
        }
        if until < date {
            return Err(Refusal::UntilBeforeDate);
        }
        if until > date.plus(Self::UNTIL_SECONDS_MAX) {
            return Err(Refusal::UntilTooLate);
        }
        // Silence until then pays the seller.
        if kind == Kind::Postpaid && leave_before < until {
            return Err(Refusal::LeaveBeforeUntil);
        }
        if leave_before > date.plus(Self::LEAVE_BEFORE_SECONDS_MAX) {
            return Err(Refusal::LeaveBeforeTooLate);
        }
        Ok(())
    }

    fn check_networks(&self) -> Result<(), Refusal> {
        let terms = &self.terms;
        if !terms.seller.is_for(terms.network) {
            return Err(Refusal::SellerNetwork(terms.seller.clone()));
        }
        if !terms.customer.is_for(terms.network) {
            return Err(Refusal::CustomerNetwork(terms.customer.clone()));
        }
        Ok(())
    }

    fn check_payment_address(&self, expected: &PaymentAddress) -> Result<(), Refusal> {
        let text = self.payment_address.as_deref().unwrap_or_default();
        if Address::parse(text, self.terms.network).as_ref() == Ok(&expected.address) {
            Ok(())
        } else {
            Err(Refusal::PaymentAddress(crate::text::excerpt(text)))
        }
    }

    /// Puts what was computed into the document.
    ///
    /// A new deal gets its payment address and what it left out; what is there keeps its place,
    /// except that the sum comes last in its group. Other messages only get moments, sum and
    /// addresses as the data string has them, so that whoever reads them computes the same address.
    fn rewrite(&mut self, payment_address: &Address) {
        let terms = &self.terms;
        let sum = terms.sum.text(terms.network);
        let values = [
            ("date", terms.date.to_string()),
            ("seller.address", terms.seller.to_string()),
            ("customer.address", terms.customer.to_string()),
            ("payment.address", payment_address.to_string()),
            ("payment.until", terms.until.to_string()),
            ("payment.sum", sum),
            ("feedback.leave-before", terms.leave_before.to_string()),
        ];
        let document: &mut Document = &mut self.document;
        let is_new = self.order == Order::Create;
        if is_new {
            document.remove("payment.sum");
        }
        for (path, text) in values {
            if is_new || matches!(document.text(path), Ok(Some(_))) {
                document.set(path, text);
            }
        }
        if is_new {
            self.payment_address = Some(payment_address.to_string());
        }
    }
}
