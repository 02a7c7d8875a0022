//! Orders, each another one.

use anyhow::Result;
use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};
use tally_crypto::{base58, hash160};
use tally_deal::Time;

/// The site of all deals.
pub(crate) const SITE: &str = "http://shop.example";
/// Sellers, and as many customers.
pub(crate) const PARTIES: usize = 500;
/// The smallest sum, in satoshi: worth paying out.
const SUM_MIN: u64 = 100_000;

/// What may be ordered; whoever orders gets the next one.
#[derive(Debug)]
pub(crate) struct Orders {
    sellers: Vec<String>,
    customers: Vec<String>,
    next: AtomicU64,
}

impl Orders {
    pub(crate) fn new() -> Self {
        let of = |role: &str| (0..PARTIES).map(|number| address(role, number)).collect();
        Self { sellers: of("seller"), customers: of("customer"), next: AtomicU64::new(0) }
    }

    /// Returns the addresses of all parties.
    pub(crate) fn parties(&self) -> impl Iterator<Item = &String> {
        self.sellers.iter().chain(&self.customers)
    }

    /// Writes an order of this moment, as JSON. No two are of the same sum.
    pub(crate) fn write(&self, text: &mut String) -> Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let place = usize::try_from(number)?;
        let (seller, customer) =
            (&self.sellers[place % PARTIES], &self.customers[place / PARTIES % PARTIES]);
        let date = Time(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());
        let sum = SUM_MIN + number;
        let (coins, rest) = (sum / 100_000_000, sum % 100_000_000);
        text.clear();
        write!(
            text,
            r#"{{"type":"Prepaid","at":"{SITE}","date":"{date}","seller":{{"address":"{seller}"}},"customer":{{"address":"{customer}"}},"payment":{{"sum":{coins}.{rest:08}}}}}"#
        )?;
        Ok(())
    }
}

/// An address of the test networks, to which nobody has a key.
fn address(role: &str, number: usize) -> String {
    let mut bytes = vec![0x6f];
    bytes.extend_from_slice(&hash160(format!("{role} {number}")));
    base58::encode_check(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tally_deal::{Document, Network, Order, Request};

    /// Goal: every order makes another deal.
    #[test]
    fn orders_are_messages_of_different_deals() {
        let (orders, mut text) = (Orders::new(), String::new());
        let codes = (0..3).map(|_| {
            orders.write(&mut text).unwrap();
            let document = Document::from_json(text.as_bytes(), Some(Order::Create)).unwrap();
            Request::read(document, Network::Test).unwrap().terms.code().to_string()
        });
        let mut codes: Vec<String> = codes.collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 3);
    }
}
