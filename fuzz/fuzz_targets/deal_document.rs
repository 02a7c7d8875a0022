//! Messages about deals: reading any YAML, JSON or text of their parts ends without a panic, what is
//! accepted is written as text that says the same, and what a module sends on has the same terms and
//! the same payment address.
//!
//! The first byte picks what the rest is: YAML, JSON, a change of one member of a good message, or
//! the text of a moment, a sum, an address or a rating.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tally_deal::{
    Address, Document, Network, Order, Rating, Request, Scheme, ServiceKeys, Sum, Time,
};

const GOOD: &str = "\
deal:
  order: create
  type: Prepaid
  at: http://placard.zr-code.com
  date: 2022-04-11 11:14:46 UTC
  seller:
    address: n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK
  customer:
    address: 2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm
  payment:
    sum: 0.00001 tBTC";

const PATHS: [&str; 16] = [
    "order",
    "type",
    "at",
    "date",
    "seller.address",
    "seller.rating",
    "seller.signature",
    "customer.address",
    "customer.signature",
    "payment.address",
    "payment.until",
    "payment.sum",
    "feedback.leave-before",
    "feedback.status",
    "feedback.refund",
    "feedback.comments",
];

static SCHEME: LazyLock<Scheme> = LazyLock::new(|| {
    let keys = [
        "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
    ];
    Scheme::Service(ServiceKeys::from_texts(&keys).expect("both are points"))
});

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let order = Order::ALL.get(usize::from(first / 4 % 16)).copied();
    match first % 4 {
        0 => {
            if let Ok(document) = Document::from_yaml(rest) {
                check(document);
            }
        }
        1 => {
            if let Ok(document) = Document::from_json(rest, order) {
                check(document);
            }
        }
        2 => {
            let mut document = Document::from_yaml(GOOD).expect("it is a message");
            let path = PATHS[usize::from(first / 4 % 16)];
            document.set(path, String::from_utf8_lossy(rest));
            check(document);
        }
        _ => texts(&String::from_utf8_lossy(rest)),
    }
});

fn check(document: Document) {
    let text = document.to_yaml();
    // A text may have been short with escapes that are long when they are written.
    if text.len() <= Document::BYTES_MAX {
        let again = Document::from_yaml(&text).expect("what was written is read");
        assert_eq!(again.to_yaml(), text);
    }
    let Ok(request) = Request::read(document, Network::Test) else { return };
    let now = request.terms.date;
    let terms = request.terms.clone();
    match request.check(now, &SCHEME) {
        Ok(checked) => {
            assert_eq!(checked.code, terms.code());
            let document = Document::from_yaml(&checked.text).expect("what goes on is read");
            let again = Request::read(document, Network::Test).expect("it was understood before");
            assert_eq!(again.terms, terms);
            let again = again.check(now, &SCHEME).expect("it was taken before");
            assert_eq!(again.text, checked.text);
            assert_eq!(again.payment_address, checked.payment_address);
        }
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
}

fn texts(text: &str) {
    if let Ok(time) = text.parse::<Time>() {
        assert_eq!(time.to_string().parse(), Ok(time));
    }
    if let Ok(sum) = Sum::parse(text, Network::Test) {
        assert_eq!(Sum::parse(&sum.text(Network::Test), Network::Test), Ok(sum));
    }
    if let Ok(address) = Address::parse_any(text) {
        assert_eq!(Address::parse_any(address.as_str()), Ok(address));
    }
    if let Ok(rating) = text.parse::<Rating>() {
        let shown = rating.to_string();
        assert_eq!(shown.parse::<Rating>().map(|again| again.to_string()), Ok(shown));
    }
}
