//! Who may say what: each test is the attack of somebody who may not.

use crate::support::{ONE, Site, TWO, key, own, sale, site, told};
use tally_deal::{
    Address, Network, Order, Percent,
    message_signature::{Header, sign},
};
use tally_deal_node::{
    AccountAction, Authority, DealCall, DealMessage, DealServer, Decided, Origin, Outcome, Party,
};
use tally_pgp::SecretKey;

/// The address of somebody else.
const MALLORY: &str = "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8";

/// What the server says to who shows no authority.
const NOT_SIGNED: &str = "The deal is not signed by the customer.";

/// What it says to who speaks for other deals.
const OTHERS: &str = "The deal was made by somebody else, and is not signed by the customer.";

/// What it says to who has it, for a deal that is not paid.
const TOO_EARLY: &str = "The deal is Created: complete is not possible.";

fn through(module: &str, fee: &str) -> Origin {
    let (module, fee) = (Some(module.to_owned()), Some(fee.to_owned()));
    Origin { module, fee, speaks_for_site: true, ..Origin::default() }
}

fn pgp(seed: u8) -> SecretKey {
    SecretKey::generate(&["a module".to_owned()], &[seed; 32], 1_600_000_000).unwrap()
}

/// Signs a message of the holder of key 1 about his account.
fn signed(text: &str) -> String {
    format!("{text}\n{}\n", sign(&key(1), text.as_bytes(), Header::Compressed))
}

impl Site {
    async fn sent(&self, order: Order, text: &str, origin: Origin) -> Outcome {
        let message = DealMessage::Text { text: text.to_owned(), order: Some(order) };
        self.server.deal(DealCall { message, origin, is_signed: false }).await.unwrap()
    }

    /// Makes a deal through a module, and returns its text with another order.
    async fn made(&self, kind: &str, module: &str) -> impl Fn(&str) -> String + use<> {
        let made = self.json(Order::Create, &sale(self, kind), through(module, "1%")).await;
        assert!(made.success, "{}", made.message);
        let text = told(&made).0;
        move |word| text.replacen("order: Created", &format!("order: {word}"), 1)
    }
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

/// Goal: nobody speaks for a module whose address he does not hold. Method: an account that a
/// stranger opens for the module's address, with a PGP key of his.
#[tokio::test]
async fn the_owner_of_the_address_brings_the_key() {
    let site = site(|_| {});
    let message = site.made("Postpaid", ONE).await("complete");
    let (stranger, owner) = (pgp(1), pgp(2));
    let text = format!("{ONE}\n{}\n", stranger.public().to_armored().trim_end());
    let opened = site.account(AccountAction::New, &text).await;
    assert!(opened.success, "{}", opened.message);
    let forged = stranger.sign_clear(&message, site.now().0).unwrap();
    let refused = site.sent(Order::Complete, &forged, through(ONE, "1%")).await;
    assert!(!refused.success && refused.message != TOO_EARLY, "{}", refused.message);
    assert_eq!(site.server.public_key(ONE).await.unwrap(), None, "nobody's word");
    let armored = owner.public().to_armored();
    let update = format!("{}\n{ONE}\n{}", site.now().date(), armored.trim_end());
    let updated = site.account(AccountAction::Update, &signed(&update)).await;
    assert!(updated.success, "{}", updated.message);
    let good = owner.sign_clear(&message, site.now().0).unwrap();
    let heard = site.sent(Order::Complete, &good, through(ONE, "1%")).await;
    assert_eq!(heard.message, TOO_EARLY);
    let refused = site.sent(Order::Complete, &forged, through(ONE, "1%")).await;
    assert!(!refused.success && refused.message != TOO_EARLY, "{}", refused.message);
    let known = site.server.public_key(ONE).await.unwrap();
    assert_eq!(known.as_deref().map(str::trim_end), Some(armored.trim_end()));
}

/// Nobody elsewhere is the module within the process, whatever he signs.
#[tokio::test]
async fn the_own_module_is_nobody_elsewhere() {
    let address = Address::parse(ONE, Network::Regtest).unwrap();
    let site = site(|config| config.module_address = Some(address));
    let own = Origin { module: Some(ONE.to_owned()), ..own() };
    let made = site.json(Order::Create, &sale(&site, "Postpaid"), own).await;
    let message = told(&made).0.replacen("order: Created", "order: complete", 1);
    let module = pgp(1);
    let text = format!("{}\n{ONE}\n{}", site.now().date(), module.public().to_armored().trim_end());
    assert!(site.account(AccountAction::New, &signed(&text)).await.success);
    let message = module.sign_clear(&message, site.now().0).unwrap();
    let refused = "The module address is that of the server's own module.";
    let complete = site.sent(Order::Complete, &message, through(ONE, "1%")).await;
    assert_eq!(complete.message, refused);
    let create = site.json(Order::Create, &sale(&site, "Prepaid"), through(ONE, "1%")).await;
    assert_eq!(create.message, refused);
}

/// Goal: what a module has signed is what it ordered, and when. Method: its `pay` sent as a
/// `complete`, and a `complete` of an hour ago.
#[tokio::test]
async fn what_a_module_signed_is_what_it_ordered() {
    let site = site(|_| {});
    let order = site.made("Postpaid", ONE).await;
    let module = pgp(1);
    let text = format!("{}\n{ONE}\n{}", site.now().date(), module.public().to_armored().trim_end());
    let opened = site.account(AccountAction::New, &signed(&text)).await;
    assert!(opened.success, "{}", opened.message);
    let now = site.now().0;
    let pay = module.sign_clear(&order("pay"), now).unwrap();
    let refused = site.sent(Order::Complete, &pay, through(ONE, "1%")).await;
    assert_eq!(refused.message, "The signed message orders pay, not complete.");
    assert!(!refused.success);
    let complete = module.sign_clear(&order("complete"), now).unwrap();
    let heard = async || site.sent(Order::Complete, &complete, through(ONE, "1%")).await.message;
    assert_eq!(heard().await, TOO_EARLY);
    // A module signs what its clients send; one of them may be a party of the deal.
    let party = Origin { speaks_for_site: false, ..through(ONE, "1%") };
    let party = site.sent(Order::Complete, &complete, party).await;
    assert_eq!(party.message, NOT_SIGNED);
    site.clock.advance(600);
    assert_eq!(heard().await, TOO_EARLY);
    site.clock.advance(1);
    assert_eq!(heard().await, "The module has signed the message too long ago.");
    let early = module.sign_clear(&order("complete"), site.now().0 + 601).unwrap();
    let early = site.sent(Order::Complete, &early, through(ONE, "1%")).await;
    assert!(!early.success && early.message != TOO_EARLY, "{}", early.message);
}

/// Goal: a program speaks for the deals that it made, and for no others. Method: the deal of one
/// client, made again and completed by another, by a module elsewhere, and by the operator.
#[tokio::test]
async fn who_made_a_deal_completes_it() {
    let site = site(|_| {});
    let of = |name: &str| Origin { client: Some(name.to_owned()), ..own() };
    let terms = sale(&site, "Postpaid");
    let complete = async |order: &str, origin: Origin| {
        let message = order.replacen("order: Created", "order: complete", 1);
        site.text(&message, origin).await.message
    };
    let made = site.json(Order::Create, &terms, of("one")).await;
    let order = told(&made).0;
    assert!(site.json(Order::Create, &terms, of("one")).await.success, "asked again");
    for other in [of("two"), own()] {
        let again = site.json(Order::Create, &terms, other.clone()).await;
        assert_eq!(again.message, "The deal was made before, by somebody else.");
        assert_eq!(complete(&order, other).await, OTHERS);
    }
    assert_eq!(complete(&order, Origin { speaks_for_site: false, ..of("one") }).await, NOT_SIGNED);
    assert_eq!(complete(&order, of("one")).await, TOO_EARLY);
    assert_eq!(complete(&order, Origin { is_operator: true, ..own() }).await, TOO_EARLY);
    site.clock.advance(1);
    let foreign = site.made("Postpaid", ONE).await("complete");
    assert_eq!(complete(&foreign, of("one")).await, OTHERS);
    assert_eq!(complete(&foreign, Origin { is_operator: true, ..own() }).await, TOO_EARLY);
}

/// Goal: a signature of a party or of an arbiter means one thing. Method: the words of each sent as
/// those of the other.
#[tokio::test]
async fn signatures_of_decisions_mean_nothing_else() {
    let address = Address::parse(ONE, Network::Regtest).unwrap();
    let site = site(|config| config.arbiters = vec![address.clone()]);
    let made = site.json(Order::Create, &sale(&site, "Postpaid"), own()).await;
    let json = told(&made).1;
    let paid_at = Address::parse(json["payment"]["address"].as_str().unwrap(), Network::Regtest);
    let (paid_at, code) = (paid_at.unwrap(), json["code"].as_str().unwrap().parse().unwrap());
    let half: Percent = "50%".parse().unwrap();
    let (dispute, resolution) = (
        DealServer::dispute_text(&paid_at, "refund 50%"),
        DealServer::resolution_text(&paid_at, half),
    );
    assert_ne!(dispute, resolution);
    for text in [&dispute, &resolution] {
        // An opinion begins with the payment address, an account's message has no such line.
        let first = text.lines().next().unwrap();
        assert_ne!(first, paid_at.as_str(), "{text}");
        assert!(Address::parse(first, Network::Regtest).is_err(), "{text}");
    }
    let signed = |text: &str| sign(&key(1), text.as_bytes(), Header::Compressed);
    let disputed = async |signature: &str| {
        let decided = site.server.dispute(code, Party::Seller, "refund 50%", signature).await;
        decided.unwrap()
    };
    let resolved = async |text: &str| {
        let authority = Authority::Arbiter { address: address.clone(), signature: signed(text) };
        site.server.resolve(code, half, &authority).await.unwrap()
    };
    let opinions = ["dispute refund 50%", "refund 50%"].map(|words| format!("{paid_at}\n{words}"));
    for text in &opinions {
        assert!(matches!(disputed(&signed(text)).await, Decided::Forbidden(_)), "{text}");
        assert!(matches!(resolved(text).await, Decided::Forbidden(_)), "{text}");
    }
    assert!(matches!(disputed(&signed(&resolution)).await, Decided::Forbidden(_)));
    assert!(matches!(resolved(&dispute).await, Decided::Forbidden(_)));
    // Both are good for what they are, which is too early here.
    assert!(matches!(disputed(&signed(&dispute)).await, Decided::Refused(_)));
    assert!(matches!(resolved(&resolution).await, Decided::Refused(_)));
}
