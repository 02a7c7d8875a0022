//! Deals to test with.

use tally_deal::{
    Address, Deal, Kind, Network, NewDeal, Payee, Policy, Rating, Scheme, ServiceKeys, Sum, Terms,
    Time,
};
use tally_primitives::Satoshi;

/// The date of all deals; the time to pay ends an hour later, the time for feedback a day later.
pub(super) const DATE: Time = Time(1_700_000_000);
pub(super) const UNTIL: Time = Time(DATE.0 + 3_600);
pub(super) const LEAVE_BEFORE: Time = Time(DATE.0 + 86_400);
/// What is to be paid.
pub(super) const SUM: u64 = 100_000;

const KEY1: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const KEY2: &str = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
const KEY3: &str = "02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9";

pub(super) fn address(text: &str) -> Address {
    Address::parse(text, Network::Test).unwrap()
}

pub(super) fn payee(address_text: &str, fee: &str) -> Payee {
    Payee { address: address(address_text), fee: fee.parse().unwrap() }
}

pub(super) fn service_keys() -> Scheme {
    Scheme::Service(ServiceKeys::from_texts(&[KEY1, KEY2]).unwrap())
}

pub(super) fn keys_of_the_parties() -> Scheme {
    let [seller, customer, arbiter] = [KEY1, KEY2, KEY3].map(|key| key.parse().unwrap());
    Scheme::Escrow { seller, customer, arbiter }
}

/// A deal whose module takes 0.1 % and whose service takes 500 satoshi.
pub(super) fn new_deal(kind: Kind, scheme: Scheme) -> NewDeal {
    let terms = Terms {
        network: Network::Test,
        kind,
        url: "https://shop.example".to_owned(),
        date: DATE,
        seller: address("n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK"),
        customer: address("2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm"),
        until: UNTIL,
        sum: Sum::from_satoshi(Satoshi(SUM)).unwrap(),
        leave_before: LEAVE_BEFORE,
    };
    NewDeal {
        payment: terms.payment_address(&scheme),
        terms,
        module: Some(payee("mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8", "0.1%")),
        service: Some(payee("mjTbMV3cbjtGxYMKV2uKZpZt5v7LRp8TBJ", "500")),
        created: DATE,
        seller_rating: Rating::default(),
        customer_rating: Rating::default(),
    }
}

pub(super) fn prepaid() -> Deal {
    Deal::new(new_deal(Kind::Prepaid, service_keys()), &Policy::default()).unwrap()
}

pub(super) fn postpaid() -> Deal {
    Deal::new(new_deal(Kind::Postpaid, service_keys()), &Policy::default()).unwrap()
}
