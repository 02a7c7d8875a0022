//! Messages about deals: reading, checking, and the text that goes on.

use proptest::prelude::*;
use tally_deal::{
    CheckedRequest, Document, FeedbackStatus, Kind, Network, Order, PrivateKey, Refusal, Request,
    Scheme, SchemeName, ServiceKeys, Time,
    message_signature::{Header, sign},
};

const KEY1: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const KEY2: &str = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
/// The addresses of the private keys 1 and 2.
const ONE: &str = "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r";
const TWO: &str = "mg8Jz5776UdyiYcBb9Z873NTozEiADRW5H";

/// The request of the protocol's description.
const DESCRIBED: &str = r#"{
  "order": "create",
  "type": "Prepaid",
  "at": "http://placard.zr-code.com",
  "date": "2022-04-11 11:14:46 UTC",
  "seller": {
    "address": "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK"
  },
  "customer": {
    "address": "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm"
  },
  "payment": {
    "until": "2022-04-12 11:14:46 UTC",
    "sum": 0.00001
  }
}"#;

/// What the module sends on for it, with the keys G and 2G.
const SENT_ON: &str = "\
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
    until: 2022-04-12 11:14:46 UTC
    address: 2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65
    sum: 0.00001 tBTC
  feedback:
    leave-before: 2022-04-12 11:14:46 UTC";

fn service() -> Scheme {
    Scheme::Service(ServiceKeys::from_texts(&[KEY1, KEY2]).unwrap())
}

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

/// The moment of the description's answer.
fn now() -> Time {
    time("2022-04-11 11:15:08 UTC")
}

fn check(document: Document, now: Time) -> Result<CheckedRequest, Refusal> {
    Request::read(document, Network::Test)?.check(now, &service())
}

fn check_yaml(text: &str, now: Time) -> Result<CheckedRequest, String> {
    check(Document::from_yaml(text).unwrap(), now).map_err(|refusal| refusal.to_string())
}

/// The end-to-end vector: length, hash and text of what is sent on.
#[test]
fn the_request_of_the_description() {
    let document = Document::from_json(DESCRIBED.as_bytes(), None).unwrap();
    let checked = check(document, now()).unwrap();
    assert_eq!(checked.text, SENT_ON);
    assert_eq!(checked.text.len(), 392);
    assert_eq!(
        hex::encode(tally_crypto::sha256(&checked.text)),
        "9ce70d7630e8dd9f28847b69ea764d0787e4a4da00807493d7d75a45c0f686a3"
    );
    assert_eq!(checked.code.to_string(), "20ab96cf6cb32eba7e98c92c958c8c176ebd25c0");
    let address = checked.payment_address.address.as_str();
    assert_eq!(address, "2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65");
    let request = &checked.request;
    assert_eq!(request.payment_address.as_deref(), Some(address));
    assert_eq!(request.document.to_yaml(), checked.text);
    assert_eq!((request.order, request.terms.kind), (Order::Create, Kind::Prepaid));
    assert_eq!((request.scheme, &request.feedback), (SchemeName::Service, &None));
}

/// The four kinds of bodies say the same.
#[test]
fn every_body_gives_the_same_text() {
    let fields = [
        ("type", "Prepaid"),
        ("order", "Create"),
        ("at", "http://placard.zr-code.com"),
        ("date", "2022-04-11 11:14:46 UTC"),
        ("seller_address", "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK"),
        ("customer_address", "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm"),
        ("payment_until", "2022-04-12 11:14:46 UTC"),
        ("payment_sum", "0.00001"),
        ("seller_rating", ""),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let by_fields = Document::from_fields(&fields, Some(Order::Create)).unwrap();
    assert_eq!(check(by_fields, now()).unwrap().text, SENT_ON);

    let body = "deal:\n  order: create\n  type: Prepaid\n  at: http://placard.zr-code.com\n  \
        date: 2022-04-11 11:14:46 UTC\n  seller:\n    address: n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK\n  \
        customer:\n    address: 2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm\n  payment:\n    sum: 0.00001\n    \
        until: 2022-04-12 11:14:46 UTC\n";
    for text in [body.to_owned(), body.replace("deal:", "BitDeal:"), body.replace('\n', "\r\n")] {
        assert_eq!(check_yaml(&text, now()).unwrap().text, SENT_ON);
    }
    let body = DESCRIBED.replace("create", "PAY").replace("0.00001", "\"1e-5\"");
    let by_path = Document::from_json(body.as_bytes(), Some(Order::Create)).unwrap();
    assert_eq!(check(by_path, now()).unwrap().text, SENT_ON);
    // What was sent on is a message itself, and gives the same again.
    assert_eq!(check_yaml(SENT_ON, now()).unwrap().text, SENT_ON);
}

/// Where the address stands depends on what the message had.
#[test]
fn the_order_of_members_in_the_payment() {
    let keys = |payment: &str| {
        let body = DESCRIBED.replace(r#""until": "2022-04-12 11:14:46 UTC","#, payment);
        let text = check(Document::from_json(body.as_bytes(), None).unwrap(), now()).unwrap().text;
        let payment = text.split_once("payment:\n").unwrap().1.split_once("  feedback").unwrap().0;
        let names = payment.lines().map(|line| line.trim().split(':').next().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys(r#""until": "2022-04-12 11:14:46 UTC","#), "until address sum");
    assert_eq!(keys(""), "address until sum");
    assert_eq!(keys(r#""address": "x","#), "address until sum");
    assert_eq!(keys(r#""address": "x", "until": "2022-04-12 11:14:46 UTC","#), "address until sum");
    let yaml = SENT_ON.replace("    address: 2Mv", "    sum: 1\n    address: 2Mv");
    assert!(Document::from_yaml(yaml).is_err(), "twice");
}

/// What the message leaves out gets its default, and moments and sum get their one text.
#[test]
fn defaults_and_normal_texts() {
    let body = "deal:\n  order: Create\n  type: postpayment\n  at: http://localhost:4999\n  \
        date: 2024-01-31T23:30:00Z\n  seller: {address: mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8}\n  \
        customer: {address: mjTbMV3cbjtGxYMKV2uKZpZt5v7LRp8TBJ}\n  payment: {sum: 0.50000000}\n  \
        extra: kept";
    let checked = check_yaml(body, time("2024-01-31 23:30:00 UTC")).unwrap();
    let expected = "\
deal:
  order: Create
  type: postpayment
  at: http://localhost:4999
  date: 2024-01-31 23:30:00 UTC
  seller:
    address: mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8
  customer:
    address: mjTbMV3cbjtGxYMKV2uKZpZt5v7LRp8TBJ
  payment:
    address: 2Mt2vKwxSPQvACXZ3aTg4oo3oYff96XG2U5
    until: 2024-02-01 00:30:00 UTC
    sum: 0.5 tBTC
  extra: kept
  feedback:
    leave-before: 2024-02-01 23:30:00 UTC";
    assert_eq!(checked.text, expected);
}

fn message(change: impl Fn(&mut Document)) -> String {
    let mut document = Document::from_yaml(SENT_ON).unwrap();
    change(&mut document);
    check(document, now()).unwrap_err().to_string()
}

#[test]
fn what_is_missing_is_named_in_order() {
    let mut document = Document::from_yaml("deal: {}").unwrap();
    for (path, text) in [
        ("order", "cancel"),
        ("type", "Prepaid"),
        ("at", "http://x"),
        ("date", "2022-04-11 11:14:46 UTC"),
        ("seller.address", ONE),
        ("customer.address", TWO),
        ("payment.sum", "1"),
        ("seller.signature", "x"),
        ("payment.address", "x"),
    ] {
        let refusal = check(document.clone(), now()).unwrap_err();
        assert_eq!(refusal.to_string(), format!("Invalid format: key \"{path}\" cannot be empty."));
        document.set(path, text);
    }
    assert_eq!(check(document.clone(), now()), Err(Refusal::NotSignedBySeller));
    document.set("order", "feedback");
    let refusal = check(document, now()).unwrap_err();
    assert_eq!(refusal, Refusal::Empty("customer.signature".to_owned()));
    let mut fields = vec![
        ("type".to_owned(), "Prepaid".to_owned()),
        ("at".to_owned(), "x".to_owned()),
        ("date".to_owned(), "x".to_owned()),
    ];
    for (name, value) in [
        ("seller_address", ONE),
        ("customer_address", TWO),
        ("payment_sum", "1"),
        ("seller_signature", "x"),
    ] {
        let document = Document::from_fields(&fields, Some(Order::Cancel)).unwrap();
        let refusal = check(document, now()).unwrap_err();
        assert_eq!(refusal.to_string(), format!("Invalid format: key \"{name}\" cannot be empty."));
        fields.push((name.to_owned(), value.to_owned()));
    }
}

#[test]
fn what_is_not_understood() {
    for (path, text, expected) in [
        ("order", "Buy", "Invalid deal order value: \"Buy\"."),
        ("type", "Paid", "Invalid order type value: \"paid\"."),
        ("at", "placard", "Invalid URL value: \"placard\"."),
        ("at", "ftp://x", "Invalid URL value: \"ftp://x\"."),
        ("at", "https://", "Invalid URL value: \"https://\"."),
        ("at", "http://a b", "Invalid URL value: \"http://a b\"."),
        ("at", "http://a\nb", "Invalid URL value: \"http://a\u{fffd}b\"."),
        ("date", "yesterday", "Invalid date value: \"yesterday\"."),
        (
            "payment.until",
            "2022-02-30 00:00:00 UTC",
            "Invalid date value: \"2022-02-30 00:00:00 UTC\".",
        ),
        ("feedback.leave-before", "x", "Invalid date value: \"x\"."),
        ("seller.address", "null", "Invalid seller address: null."),
        ("customer.address", "1", "Invalid customer address: 1."),
        ("payment.sum", "1 BTC", "Invalid payment sum value: \"1 BTC\"."),
        ("payment.scheme", "none", "Invalid payment scheme value: \"none\"."),
        ("seller.rating", "many", "Invalid rating value."),
        ("customer.rating", "1", "Invalid rating value."),
        ("feedback.status", "Fine", "Invalid feedback status value: \"fine\"."),
        ("feedback.refund", "half", "Invalid feedback refund value: \"half\"."),
        ("seller", "x", "Invalid format: key \"seller\" must be an object."),
        ("type.of", "x", "Invalid format: key \"type\" must be a text."),
    ] {
        assert_eq!(message(|document| document.set(path, text)), expected, "{path}");
    }
    let longest = format!("http://{}", "x".repeat(Request::URL_BYTES_MAX - 7));
    let mut document = Document::from_yaml(SENT_ON).unwrap();
    document.set("at", &longest);
    assert!(check(document, now()).is_ok());
    let long = format!("{longest}x");
    assert!(message(|document| document.set("at", &long)).starts_with("Invalid URL value: \"http"));
}

/// Each limit of time, on both sides.
#[test]
fn limits_of_time() {
    let date = time("2022-04-11 11:14:46 UTC");
    let create = |now| check_yaml(SENT_ON, now).map(drop);
    assert_eq!(create(date.minus(1)), Err("Invalid deal date.".to_owned()));
    assert_eq!(create(date), Ok(()));
    assert_eq!(create(date.plus(180)), Ok(()));
    assert_eq!(create(date.plus(181)), Err("Deal date expired.".to_owned()));

    let complete = SENT_ON.replace("order: create", "order: complete");
    let leave_before = time("2022-04-12 11:14:46 UTC");
    let complete = |now| check_yaml(&complete, now).map(drop);
    assert_eq!(complete(leave_before.minus(1)), Ok(()));
    assert_eq!(complete(leave_before), Ok(()));
    assert_eq!(complete(leave_before.plus(1)), Err("Date feedback expired.".to_owned()));

    let pay = SENT_ON.replace("order: create", "order: Pay");
    assert_eq!(check_yaml(&pay, Time::MAX).map(drop), Ok(()), "the chain decides");

    let until = time("2022-04-12 11:14:46 UTC");
    let cancel = signed(Order::Cancel, None);
    let cancel = |now| check(cancel.clone(), now).map(drop);
    assert_eq!(cancel(until), Ok(()));
    assert_eq!(cancel(until.plus(1)).unwrap_err().to_string(), "Deal cancellation expired.");
}

/// Goal: a deal ends in a time that a server can wait for, and not before it can be paid.
#[test]
fn limits_of_the_times_to_pay_and_for_feedback() {
    const DAY: u64 = 86_400;
    let date = time("2022-04-11 11:14:46 UTC");
    let create = |kind: &str, until: Time, leave_before: Time| {
        let mut document = Document::from_yaml(SENT_ON).unwrap();
        document.set("type", kind);
        document.set("payment.until", until.to_string());
        document.set("feedback.leave-before", leave_before.to_string());
        check(document, date).map(drop).map_err(|refusal| refusal.to_string())
    };
    let later = |days: u64| date.plus(days * DAY);
    let refused = |text: &str| Err(text.to_owned());
    let before = refused("The time to pay ends before the deal date.");
    let late = refused("The time to pay ends more than 90 days after the deal date.");
    let no_time = refused("The time for feedback ends before the time to pay.");
    let too_long = refused("The time for feedback ends more than 365 days after the deal date.");
    for kind in ["Prepaid", "Postpaid"] {
        assert_eq!(create(kind, date, date), Ok(()));
        assert_eq!(create(kind, date.minus(1), later(1)), before);
        assert_eq!(create(kind, later(90), later(365)), Ok(()));
        assert_eq!(create(kind, later(90).plus(1), later(365)), late);
        assert_eq!(create(kind, Time::MAX, Time::MAX), late);
        assert_eq!(create(kind, later(1), later(365).plus(1)), too_long);
        assert_eq!(create(kind, later(1), later(1)), Ok(()));
    }
    assert_eq!(create("Postpaid", later(2), later(2).minus(1)), no_time);
    assert_eq!(create("Prepaid", later(2), later(2).minus(1)), Ok(()), "nobody is waited for");
    // A deal that was made before has the times that it has.
    let text = SENT_ON.replace("order: create", "order: pay");
    assert_eq!(check_yaml(&text, Time::MAX).map(drop), Ok(()));
}

#[test]
fn results_are_no_requests() {
    let text = "Invalid \"order\" value for deal module.";
    for order in Order::ALL.into_iter().filter(|order| !order.is_request()) {
        assert_eq!(message(|document| document.set("order", order.as_str())), text);
    }
}

#[test]
fn addresses_of_another_network_or_deal() {
    let main = "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH";
    let text = message(|document| document.set("seller.address", main));
    assert_eq!(text, format!("Invalid Seller address: {main}."));
    let text = message(|document| document.set("customer.address", main));
    assert_eq!(text, format!("Invalid Customer address: {main}."));
    for address in ["x", main, ONE, "34qxD1jrwBLDhYUoZqbR7TBxXpRcDxX81T"] {
        let text = message(|document| {
            document.set("order", "pay");
            document.set("payment.address", address);
        });
        assert_eq!(text, format!("Invalid Payment address: {address}."));
    }
    // The address is right, and the terms are not.
    let text = message(|document| {
        document.set("order", "pay");
        document.set("payment.sum", "0.00002 tBTC");
    });
    assert_eq!(text, "Invalid Payment address: 2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65.");
}

/// Returns a message between the private keys 1 (seller) and 2 (customer), signed by both.
fn signed(order: Order, comments: Option<&str>) -> Document {
    let mut document = Document::from_yaml(SENT_ON).unwrap();
    document.set("seller.address", ONE);
    document.set("customer.address", TWO);
    let address = check(document.clone(), now()).unwrap().payment_address.address;
    document.set("order", order.as_str());
    document.set("payment.address", address.as_str());
    let mut text = address.to_string();
    if let Some(comments) = comments {
        document.set("feedback.comments", comments);
        text = format!("{text}\n{}", comments.replace("\r\n", "\n"));
    }
    for (number, path) in [(1, "seller.signature"), (2, "customer.signature")] {
        let mut bytes = [0; 32];
        bytes[31] = number;
        let key = PrivateKey::from_bytes(&bytes).unwrap();
        document.set(path, sign(&key, text.as_bytes(), Header::Compressed));
    }
    document
}

/// Comments that YAML has to quote, and one that a browser sent.
#[test]
fn both_parties_sign_the_address_and_the_comments() {
    let comments = [
        None,
        Some("out of stock"),
        Some("line one\nline two: #3\n- four"),
        Some("- жалоба \u{85}\n"),
        Some("by form\r\nin two lines"),
    ];
    for comments in comments {
        for (order, own, refusal) in [
            (Order::Cancel, "seller.signature", Refusal::NotSignedBySeller),
            (Order::Feedback, "customer.signature", Refusal::NotSignedByCustomer),
        ] {
            let document = signed(order, comments);
            let checked = check(document.clone(), now()).unwrap();
            assert!(
                checked.request.is_signed_by_seller() && checked.request.is_signed_by_customer()
            );
            assert_eq!(checked.text, document.to_yaml(), "nothing had to be put right");
            // By text, as a body of YAML would come.
            let again = check_yaml(&document.to_yaml(), now()).unwrap();
            assert_eq!(again, checked);

            let mut other = document.clone();
            other.set("feedback.comments", "something else");
            assert_eq!(check(other, now()), Err(refusal.clone()));
            let mut other = document.clone();
            let swapped = if own.starts_with("seller") { "customer" } else { "seller" };
            let text = document.text(&format!("{swapped}.signature")).unwrap().unwrap();
            other.set(own, text);
            assert_eq!(check(other, now()), Err(refusal.clone()));
            let mut other = document;
            other.set(own, "not base64");
            assert_eq!(check(other, now()), Err(refusal));
        }
    }
}

/// The signature of the protocol's vectors is one of the text that is asked for.
#[test]
fn the_text_that_is_signed() {
    let mut document = Document::from_yaml(SENT_ON).unwrap();
    document.set("payment.address", "2N6abv3qhgHQxvntfDzmmi4kHm14TadoBpu");
    document.set("seller.address", ONE);
    document.set("feedback.comments", "out of stock");
    document.set(
        "seller.signature",
        "ILMdx8I78AOnL2eu8uMRGgtc/plF3UcruYpBmvXkDWgNFIVyby30WZyVQUD+gTc7xaV0mOjN9F6QOfnRQyagmeA=",
    );
    let request = Request::read(document, Network::Test).unwrap();
    assert_eq!(request.signed_text(), "2N6abv3qhgHQxvntfDzmmi4kHm14TadoBpu\nout of stock");
    assert!(request.is_signed_by_seller());
    assert!(!request.is_signed_by_customer());
}

#[test]
fn feedback_has_words() {
    let mut document = Document::from_yaml(SENT_ON).unwrap();
    let words =
        |document: &Document| Request::read(document.clone(), Network::Test).unwrap().feedback;
    assert_eq!(words(&document), None);
    document.set("feedback.comments", "fine");
    let only_comments = words(&document).unwrap();
    assert_eq!(only_comments.status, FeedbackStatus::Positive);
    assert_eq!(only_comments.comments.as_deref(), Some("fine"));
    document.set("feedback.status", "NEGATIVE");
    document.set("feedback.refund", "50%");
    let all = words(&document).unwrap();
    assert_eq!(all.status, FeedbackStatus::Negative);
    assert_eq!(all.refund.unwrap().to_string(), "50%");
}

#[test]
fn escrow_is_chosen_by_the_message() {
    let document = |scheme: Option<&str>| {
        let mut document = Document::from_yaml(SENT_ON).unwrap();
        if let Some(scheme) = scheme {
            document.set("payment.scheme", scheme);
        }
        Request::read(document, Network::Test).unwrap()
    };
    let key = |text: &str| text.parse().unwrap();
    let escrow = Scheme::Escrow { seller: key(KEY1), customer: key(KEY2), arbiter: key(KEY1) };
    let checked = document(Some("escrow")).check(now(), &escrow).unwrap();
    assert!(checked.payment_address.address.as_str().starts_with("tb1q"));
    assert!(checked.text.contains("    scheme: escrow\n"), "{}", checked.text);
    // The choice is not part of the terms.
    assert_eq!(checked.code.to_string(), "20ab96cf6cb32eba7e98c92c958c8c176ebd25c0");
    let refusal = document(Some("escrow")).check(now(), &service()).unwrap_err();
    assert_eq!(refusal.to_string(), "The payment scheme \"escrow\" is not available.");
    assert!(document(None).check(now(), &escrow).is_err());
    let checked = document(Some("service")).check(now(), &service()).unwrap();
    assert_eq!(checked.payment_address.address.as_str(), "2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65");
}

/// A text that grows when it is quoted is refused before it goes on.
#[test]
fn what_goes_on_is_short_enough_to_be_read() {
    let comments = |text: &str, count: usize| {
        let fields = [("feedback_comments".to_owned(), text.repeat(count))];
        let comments = Document::from_fields(&fields, None).unwrap();
        let mut document = Document::from_yaml(SENT_ON).unwrap();
        document.set("feedback.comments", comments.text("feedback.comments").unwrap().unwrap());
        check(document, now()).map(|checked| checked.text.len())
    };
    assert!(comments("x", 48_000).unwrap() < Request::TEXT_BYTES_MAX);
    assert_eq!(comments("\u{1}", 16_000), Err(Refusal::TextTooLong));
    assert_eq!(comments("x", 60_000), Err(Refusal::TextTooLong));
}

/// Capitals of bech32 are written small, so that everybody who reads the text computes one address.
#[test]
fn addresses_go_on_in_their_one_text() {
    let native = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";
    let mut document = Document::from_yaml(SENT_ON).unwrap();
    document.set("seller.address", native.to_uppercase());
    let checked = check(document, now()).unwrap();
    assert!(checked.text.contains(&format!("address: {native}\n")));
    assert_eq!(check_yaml(&checked.text, now()).unwrap().payment_address, checked.payment_address);
}

/// Moments about that of the message, and any.
fn times() -> impl Strategy<Value = u64> {
    let date = time("2022-04-11 11:14:46 UTC").0;
    prop_oneof![3 => date..date + 400 * 86_400, 1 => 0..u64::pow(2, 35)]
}

proptest! {
    /// A message that was taken is taken again as it went on, with the same address: for `create`,
    /// and for the orders that follow.
    #[test]
    fn what_goes_on_is_understood_alike(
        kind in prop_oneof![Just("Prepaid"), Just("postpayment")],
        sum in "0\\.0[0-9]{0,6}[1-9]|[1-9][0-9]{0,6}(\\.[0-9]{0,8})?",
        symbol in prop_oneof![Just(""), Just(" tBTC")],
        until in proptest::option::of(times()), leave in proptest::option::of(times()),
        comments in proptest::option::of("(?s).{0,40}"), url in "https?://[!-~]{1,30}",
    ) {
        let mut document = Document::from_yaml(SENT_ON).unwrap();
        document.set("type", kind);
        document.set("at", url);
        document.set("payment.sum", format!("{sum}{symbol}"));
        for (path, time) in [("payment.until", until), ("feedback.leave-before", leave)] {
            document.remove(path);
            if let Some(time) = time {
                document.set(path, Time(time).to_string());
            }
        }
        if let Some(comments) = comments {
            document.set("feedback.comments", comments);
        }
        let Ok(checked) = check(document, now()) else { return Ok(()) };
        let again = check_yaml(&checked.text, now()).unwrap();
        prop_assert_eq!(&again.request.terms, &checked.request.terms);
        prop_assert_eq!(&again.payment_address, &checked.payment_address);
        let paid = checked.text.replacen("order: create", "order: pay", 1);
        let paid = check_yaml(&paid, Time(0)).unwrap();
        prop_assert_eq!(paid.code, checked.code);
    }

    /// Any change of one member ends in a message or a refusal with a text.
    #[test]
    fn no_text_is_too_much(
        path in prop_oneof![
            Just("order"), Just("type"), Just("at"), Just("date"), Just("seller.address"),
            Just("seller.rating"), Just("seller.signature"), Just("payment.address"),
            Just("payment.sum"), Just("payment.until"), Just("feedback.refund"), Just("feedback"),
        ],
        text in "(?s).{0,60}", order in 0..15_usize,
    ) {
        let mut document = signed(Order::ALL[order], None);
        document.set(path, text);
        if let Err(refusal) = check(document, now()) {
            prop_assert!(!refusal.to_string().is_empty());
        }
    }
}
