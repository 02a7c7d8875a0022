//! Who may say what: each test is the attack of somebody who may not.

use crate::support::{ONE, TWO, key, own, sale, site, told};
use tally_deal::{Address, Network, Order};
use tally_deal_node::{AccountAction, Origin};

/// The address of somebody else.
const MALLORY: &str = "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8";

fn through(module: &str, fee: &str) -> Origin {
    Origin { module: Some(module.to_owned()), fee: Some(fee.to_owned()), ..Origin::default() }
}

/// Goal: who makes the deal of others first does not decide what is taken of it. Method: the terms
/// of a shop's deal, made before it with another module, another fee, another scheme.
#[tokio::test]
async fn the_same_terms_are_no_other_deal() {
    let site = site(|config| {
        config.service_address = Some(Address::parse(TWO, Network::Regtest).unwrap());
        config.service_fee = "0.5%".parse().unwrap();
    });
    let terms = sale(&site, "Prepaid");
    let first = site.json(Order::Create, &terms, through(MALLORY, "10%")).await;
    assert!(first.success, "{}", first.message);
    let json = told(&first).1;
    assert_eq!(
        (json["module"]["address"].as_str(), json["module"]["fee"].as_str()),
        (Some(MALLORY), Some("10%"))
    );
    assert_eq!(
        (json["service"]["address"].as_str(), json["service"]["fee"].as_str()),
        (Some(TWO), Some("0.5%"))
    );
    let again = site.json(Order::Create, &terms, through(MALLORY, "10%")).await;
    assert!(again.success, "{}", again.message);
    for other in [through(ONE, "10%"), through(MALLORY, "0.1%"), Origin::default()] {
        let refused = site.json(Order::Create, &terms, other.clone()).await;
        assert!(!refused.success, "{other:?}");
        assert!(refused.message.contains("another module"), "{}", refused.message);
    }
    for (address, number) in [(ONE, 1), (TWO, 2)] {
        let text = format!("{address}\n{}\n", key(number).public_key());
        let opened = site.account(AccountAction::New, &text).await;
        assert!(opened.success, "{}", opened.message);
    }
    let plain = sale(&site, "Postpaid");
    let escrow = plain.replace("\"sum\"", "\"scheme\": \"escrow\", \"sum\"");
    assert!(site.json(Order::Create, &escrow, own()).await.success);
    let refused = site.json(Order::Create, &plain, own()).await;
    assert!(!refused.success);
    assert!(refused.message.contains("another scheme"), "{}", refused.message);
}
