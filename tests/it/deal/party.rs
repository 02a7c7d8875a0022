//! Who takes part in deals, and what they say.

use super::server::date;
use crate::support::bitcoind::Bitcoind;
use serde_json::{Value, json};

/// The site of the deals.
pub(crate) const SITE: &str = "http://shop.example";

/// Whoever an address belongs to; the wallet of a node signs for him.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) address: String,
}

impl Party {
    /// Somebody with an address of the node's wallet that can sign messages.
    pub(crate) fn new(node: &Bitcoind) -> Self {
        let address = node.rpc("getnewaddress", json!(["", "legacy"]));
        Self { address: address.as_str().unwrap().to_owned() }
    }

    /// Signs a text by the wallet.
    pub(crate) fn sign(&self, node: &Bitcoind, text: &str) -> String {
        let signature = node.rpc("signmessage", json!([self.address, text]));
        signature.as_str().unwrap().to_owned()
    }

    /// Returns the satoshi that came to the address in blocks.
    pub(crate) fn received(&self, node: &Bitcoind) -> u64 {
        received(node, &self.address)
    }
}

/// Returns the satoshi that came to an address of the wallet in blocks.
pub(crate) fn received(node: &Bitcoind, address: &str) -> u64 {
    satoshi(&node.rpc("getreceivedbyaddress", json!([address, 1])))
}

/// Reads coins as a node writes them.
pub(crate) fn satoshi(coins: &Value) -> u64 {
    let text = format!("{:.8}", coins.as_f64().unwrap());
    text.replace('.', "").parse().unwrap()
}

/// A deal as its site words it.
#[derive(Debug, Clone)]
pub(crate) struct Wording {
    pub(crate) kind: &'static str,
    pub(crate) date: u64,
    pub(crate) until: u64,
    pub(crate) leave_before: u64,
    pub(crate) seller: String,
    pub(crate) customer: String,
    pub(crate) sum: &'static str,
}

impl Wording {
    /// A deal that is made now, paid within an hour, and judged within a day.
    pub(crate) fn new(seller: &str, customer: &str, sum: &'static str, now: u64) -> Self {
        Self {
            kind: "Prepaid",
            date: now,
            until: now + 3600,
            leave_before: now + 86_400,
            seller: seller.to_owned(),
            customer: customer.to_owned(),
            sum,
        }
    }

    /// The same, paid out after the feedback.
    pub(crate) fn postpaid(self) -> Self {
        Self { kind: "Postpaid", ..self }
    }

    /// The message that makes the deal.
    pub(crate) fn message(&self) -> Value {
        json!({
            "type": self.kind,
            "at": SITE,
            "date": date(self.date),
            "seller": { "address": self.seller },
            "customer": { "address": self.customer },
            "payment": { "until": date(self.until), "sum": self.sum },
            "feedback": { "leave-before": date(self.leave_before) },
        })
    }

    /// A message about the deal that is paid at `address`.
    pub(crate) fn about(&self, address: &str) -> Value {
        let mut message = self.message();
        message["payment"]["address"] = address.into();
        message
    }
}
