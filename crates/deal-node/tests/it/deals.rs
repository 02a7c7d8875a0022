//! Making deals, and what is said of them.

use crate::support::{ONE, TWO, own, sale, site, told};
use tally_deal::{
    Order,
    message_signature::{Header, sign},
};
use tally_deal_node::{AccountAction, Origin, Payload, Trust};
use tally_deal_store::{EventId, FeedbackFilter};
use tally_pgp::verify_clear;

/// The request of the protocol's description.
const DESCRIBED: &str = r#"{
  "type": "Prepaid",
  "at": "http://placard.zr-code.com",
  "date": "2022-04-11 11:14:46 UTC",
  "seller": { "address": "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK" },
  "customer": { "address": "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm" },
  "payment": { "until": "2022-04-12 11:14:46 UTC", "sum": 0.00001 }
}"#;

/// The description's answer, with the payment address of the keys 1 and 2.
const ANSWER: &str = "\
deal:
  order: Created
  type: Prepaid
  at: http://placard.zr-code.com
  date: 2022-04-11 11:14:46 UTC
  seller:
    address: n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK
    rating: 0, 0%
  customer:
    address: 2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm
    rating: 0, 0%
  payment:
    until: 2022-04-12 11:14:46 UTC
    address: 2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65
    sum: 0.00001 tBTC
  feedback:
    leave-before: 2022-04-12 11:14:46 UTC";

/// The description's example, word for word: the answer, its signature, the state afterwards, and
/// the same again.
#[tokio::test]
async fn the_example_of_the_description() {
    let site = site(|_| {});
    let outcome = site.json(Order::Create, DESCRIBED, own()).await;
    assert!(outcome.success);
    assert_eq!((outcome.action, outcome.message.as_str()), ("Created", "New deal submitted"));
    let (text, json) = told(&outcome);
    assert_eq!(text, ANSWER);
    assert_eq!(json["payment"]["address"], "2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65");
    assert_eq!(json["code"], "20ab96cf6cb32eba7e98c92c958c8c176ebd25c0");
    assert_eq!(json["state"], "Created");
    let Payload::Deal(reply) = &outcome.payload else { panic!("no deal") };
    let keys = [site.server.pgp_key().clone()];
    let verified = verify_clear(reply.payload(), &keys, site.now().0).unwrap();
    assert_eq!(verified.text, ANSWER);
    let again = site.json(Order::Create, DESCRIBED, own()).await;
    assert!(again.success);
    assert_eq!(again.message, "New deal submitted");
    let status = site.server.deal_status("2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65", true).await;
    let status = status.unwrap();
    assert_eq!((status.action, status.success), ("Status", true));
    assert_eq!(told(&status).0, ANSWER);
    let events = site.server.events(EventId(0), 10).await.unwrap();
    assert_eq!(events.len(), 1, "made once");
    assert_eq!(events[0].event.kind, "created");
    assert_eq!(*site.server.news().borrow(), EventId(1));
}

/// What is unknown, unpaid or not signed is refused, and says so.
#[tokio::test]
async fn refusals_name_the_reason() {
    let site = site(|_| {});
    let status = site.server.deal_status("null", false).await.unwrap();
    assert_eq!(status.message, "Invalid Payment address: null.");
    let status = site.server.deal_status(ONE, false).await.unwrap();
    assert_eq!(status.message, format!("Deal not found: {ONE}"));
    let made = site.json(Order::Create, &sale(&site, "Postpaid"), own()).await;
    let (text, json) = told(&made);
    let order = |word: &str| text.replacen("order: Created", &format!("order: {word}"), 1);
    let pay = site.text(&order("pay"), own()).await;
    assert_eq!((pay.success, pay.message.as_str()), (false, "The deal is not paid yet."));
    let complete = site.text(&order("complete"), own()).await;
    assert!(!complete.success);
    assert_eq!(complete.message, "The deal is Created: complete is not possible.");
    let stranger = Origin { is_own: true, ..Origin::default() };
    let complete = site.text(&order("complete"), stranger).await;
    assert_eq!(complete.message, "The deal is not signed by the customer.");
    let cancel = site.text(&order("cancel"), own()).await;
    let missing = "Invalid format: key \"seller.signature\" cannot be empty.";
    assert_eq!(cancel.message, missing);
    let address = json["payment"]["address"].as_str().unwrap();
    let other = order("pay").replace(address, ONE);
    let other = site.text(&other, own()).await;
    assert_eq!(other.message, format!("Invalid Payment address: {ONE}."));
    let unsigned = site.text(&order("pay"), Origin::default()).await;
    assert_eq!(unsigned.message, "The message is not signed by the module.");
    let broken = site.text("deal: [", own()).await;
    assert!(!broken.success);
}

/// A seller gives a deal up with its signature, once and again.
#[tokio::test]
async fn a_seller_cancels() {
    let site = site(|_| {});
    let made = site.json(Order::Create, &sale(&site, "Prepaid"), own()).await;
    let (text, json) = told(&made);
    let address = json["payment"]["address"].as_str().unwrap();
    let signed = format!("{address}\nout of stock");
    let signature = sign(&crate::support::key(1), signed.as_bytes(), Header::Compressed);
    let cancel = text.replacen("order: Created", "order: Cancel", 1).replacen(
        &format!("address: {ONE}"),
        &format!("address: {ONE}\n    signature: {signature}"),
        1,
    ) + "\n    comments: out of stock";
    for _ in 0..2 {
        let canceled = site.text(&cancel, own()).await;
        assert!(canceled.success, "{}", canceled.message);
        assert_eq!(canceled.action, "Canceled");
        assert!(told(&canceled).0.contains("comments: out of stock"));
    }
    let feedback = site.server.feedback(&FeedbackFilter::default(), None, 10).await.unwrap();
    assert!(feedback.rows.is_empty());
}

/// Goal: nobody's name is used by a site that the owner of the name does not trust. Method: each
/// rule, with and without accounts, and another origin.
#[tokio::test]
async fn sites_must_be_trusted() {
    let site = site(|config| config.trust = Trust::Registered);
    let made_here = sale(&site, "Prepaid");
    let create = || site.json(Order::Create, &made_here, own());
    let refused = create().await;
    assert_eq!(refused.message, format!("Seller is not registered: {ONE}"));
    for address in [ONE, TWO] {
        let text = format!("{address}\nhttp://shop.example\n");
        assert!(site.account(AccountAction::New, &text).await.success);
    }
    let elsewhere = Origin { site: Some("https://evil.example".to_owned()), ..own() };
    let refused = site.json(Order::Create, &sale(&site, "Prepaid"), elsewhere).await;
    assert_eq!(refused.message, "Seller does not trust the URL: http://shop.example");
    assert!(create().await.success);
    let other = sale(&site, "Prepaid").replace("shop.example", "other.example");
    let refused = site.json(Order::Create, &other, own()).await;
    assert_eq!(refused.message, "Seller does not trust the URL: http://other.example");
}
