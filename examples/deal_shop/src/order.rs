//! What is sold, and whether the server has understood it.

use crate::server::Server;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use tally_deal::{Document, Network, PublicKey, Request, Scheme, ServiceKeys, Time};
use tally_pgp::{ServiceRecord, verify_clear};

/// The network of servers for trying out.
const NETWORK: Network = Network::Test;
const SITE: &str = "http://shop.example";
const SELLER: &str = "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK";
const CUSTOMER: &str = "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm";

/// An order: the money is to wait until the customer has the goods.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) date: Time,
    /// In coins.
    pub(crate) sum: &'static str,
}

impl Order {
    /// Makes an order of this moment: a server takes none that is older than three minutes.
    pub(crate) fn now(sum: &'static str) -> Self {
        Self { date: now(), sum }
    }

    /// The terms. All later messages repeat them: the payment address is made of them.
    pub(crate) fn create(&self) -> Value {
        json!({
            "type": "Postpaid",
            "at": SITE,
            "date": self.date.to_string(),
            "seller": {"address": SELLER},
            "customer": {"address": CUSTOMER},
            "payment": {"sum": self.sum},
        })
    }

    /// Lets the seller have the money.
    pub(crate) fn complete(&self, payment_address: &str) -> Value {
        let mut message = self.create();
        message["payment"]["address"] = payment_address.into();
        message["feedback"] = json!({"status": "Positive", "comments": "arrived the next day"});
        message
    }
}

/// Checks the server's signature of a deal, and that the money can only be asked for at the address
/// that the terms and the service's keys make. Returns the address.
///
/// A shop keeps the key that it got first, or compares its fingerprint with the published one.
pub(crate) fn check(server: &Server, signed: &str) -> Result<String> {
    let key = server.get("key/public?account=DEFAULT")?;
    let key = key["data"].as_str().context("the server shows no key")?;
    let key = tally_pgp::PublicKey::from_armored(key)?;
    let record = ServiceRecord::of_key(&key);
    let text = verify_clear(signed, &[key], now().0)?.text;

    let request = Request::read(Document::from_yaml(&text)?, NETWORK)?;
    let [key1, key2] = record.bitcoin_keys[..] else {
        anyhow::bail!("the service has {} Bitcoin keys", record.bitcoin_keys.len())
    };
    let keys = ServiceKeys {
        key1: PublicKey::from_bytes(&key1.0)?,
        key2: PublicKey::from_bytes(&key2.0)?,
    };
    let computed = request.terms.payment_address(&Scheme::Service(keys)).address.to_string();
    ensure!(request.payment_address == Some(computed.clone()), "the money would go elsewhere");
    Ok(computed)
}

fn now() -> Time {
    Time(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
