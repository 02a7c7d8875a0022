//! Understanding the words of a message.

use super::{FeedbackWords, Refusal, Request};
use crate::{Address, Document, Network, Order, Sum, Terms, Time};
use std::str::FromStr;

impl Request {
    /// Reads a message about a deal that is paid on `network`.
    ///
    /// What is missing and has a default gets it: the time to pay ends an hour after the date, the
    /// time for feedback a day after it.
    ///
    /// # Errors
    ///
    /// [`Refusal`] for the first member that is missing, then for the first that is not understood.
    pub fn read(document: Document, network: Network) -> Result<Self, Refusal> {
        let order = order(&document)?;
        let terms = terms(&document, network)?;
        let words = Words(&document);
        Ok(Self {
            order,
            terms,
            scheme: words.parsed("payment.scheme")?.unwrap_or_default(),
            seller_rating: words.parsed("seller.rating")?,
            customer_rating: words.parsed("customer.rating")?,
            seller_signature: words.owned("seller.signature")?,
            customer_signature: words.owned("customer.signature")?,
            payment_address: words.owned("payment.address")?,
            feedback: feedback(words)?,
            document,
        })
    }
}

/// Reads the order, after everything that a message needs was found in it.
fn order(document: &Document) -> Result<Order, Refusal> {
    let words = Words(document);
    let text = words.required("order")?;
    for path in ["type", "at", "date", "seller.address", "customer.address", "payment.sum"] {
        words.required(path)?;
    }
    let order: Order = text.parse()?;
    if order == Order::Cancel {
        words.required("seller.signature")?;
    }
    if order == Order::Feedback {
        words.required("customer.signature")?;
    }
    if order.is_request() && order != Order::Create {
        words.required("payment.address")?;
    }
    Ok(order)
}

fn terms(document: &Document, network: Network) -> Result<Terms, Refusal> {
    let words = Words(document);
    let kind = words.required("type")?.parse()?;
    let url = words.required("at")?;
    if !is_url(url) {
        return Err(Refusal::Url(crate::text::excerpt(url)));
    }
    let date: Time = words.required("date")?.parse()?;
    let seller = words.required("seller.address")?;
    let customer = words.required("customer.address")?;
    let refused = |text| crate::text::excerpt(text);
    Ok(Terms {
        network,
        kind,
        url: url.to_owned(),
        date,
        seller: Address::parse_any(seller).map_err(|_| Refusal::SellerAddress(refused(seller)))?,
        customer: Address::parse_any(customer)
            .map_err(|_| Refusal::CustomerAddress(refused(customer)))?,
        until: words
            .parsed("payment.until")?
            .unwrap_or_else(|| date.plus(Terms::UNTIL_DEFAULT_SECONDS)),
        sum: Sum::parse(words.required("payment.sum")?, network)?,
        leave_before: words
            .parsed("feedback.leave-before")?
            .unwrap_or_else(|| date.plus(Terms::LEAVE_BEFORE_DEFAULT_SECONDS)),
    })
}

fn feedback(words: Words<'_>) -> Result<Option<FeedbackWords>, Refusal> {
    let status = words.parsed("feedback.status")?;
    let refund = words.get("feedback.refund")?;
    let comments = words.owned("feedback.comments")?;
    if status.is_none() && refund.is_none() && comments.is_none() {
        return Ok(None);
    }
    let refund = refund
        .map(|text| text.parse().map_err(|_| Refusal::Refund(crate::text::excerpt(text))))
        .transpose()?;
    Ok(Some(FeedbackWords { status: status.unwrap_or_default(), refund, comments }))
}

/// A web address in one line. It is hashed, compared and shown, never fetched.
fn is_url(text: &str) -> bool {
    let start = text.bytes().position(|byte| byte == b':').map_or("", |colon| &text[..colon]);
    let rest = text.get(start.len()..).and_then(|rest| rest.strip_prefix("://"));
    ["http", "https"].iter().any(|scheme| scheme.eq_ignore_ascii_case(start))
        && rest.is_some_and(|rest| !rest.is_empty())
        && text.len() <= Request::URL_BYTES_MAX
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// The texts of a document.
#[derive(Clone, Copy)]
struct Words<'a>(&'a Document);

impl<'a> Words<'a> {
    fn get(self, path: &str) -> Result<Option<&'a str>, Refusal> {
        Ok(self.0.text(path)?)
    }

    fn required(self, path: &str) -> Result<&'a str, Refusal> {
        self.get(path)?.ok_or_else(|| Refusal::Empty(self.0.name(path)))
    }

    fn owned(self, path: &str) -> Result<Option<String>, Refusal> {
        Ok(self.get(path)?.map(str::to_owned))
    }

    fn parsed<T: FromStr>(self, path: &str) -> Result<Option<T>, Refusal>
    where
        Refusal: From<T::Err>,
    {
        Ok(self.get(path)?.map(str::parse).transpose()?)
    }
}
