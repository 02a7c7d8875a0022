//! From payments on a node's chain to answers that are paid for.

use super::{
    directory::{Server, Settings, ask, refusal},
    node::Node,
    story::{ACCOUNT, PRICE, PROVIDER, Story, feip, fid, key},
};
use crate::support::eventually;
use serde_json::json;
use tally_apip_client::{Client, Code, Error, SignIn};

/// Signs in as soon as a payment lets it.
fn sign_in(server: &Server, user: u8) -> (Client, i64) {
    let signed_in = eventually("the payment", || {
        let signed_in = server.directory().sign_in(&key(user), SignIn::EncryptedKey);
        signed_in.map_err(|error| error.to_string())
    });
    (Client::new(server.directory().clone(), signed_in.session), signed_in.balance)
}

/// Goal: what a user pays is exactly what he can ask for. Method: a node's chain with a payment; each
/// answer costs its price to the satoshi, refusals nothing; at the end the session is gone; another
/// payment lets the user in again.
#[test]
fn payments_become_answers_until_they_are_used_up() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, sid) = Story::with_service();
    let node = Node::start(&story.chain);
    let settings = Settings::new(folder.path(), "node").on(&node).with("--sid", &sid.to_string());
    let server = settings.start();
    server.follows(&story.chain);
    let poor = refusal(server.directory().sign_in(&key(2), SignIn::EncryptedKey));
    assert_eq!(poor.code, Code::InsufficientBalance);
    let payment = poor.payment().expect("how to pay");
    assert_eq!(payment.account, fid(ACCOUNT).as_str());
    assert!(payment.buy_mark.contains(&sid.to_string()), "{payment:?}");

    // One satoshi more than four requests, sign-in included. The first payment is too small.
    story.buy(2, sid, 199_999);
    story.buy(2, sid, 400_001);
    let (client, balance) = sign_in(&server, 2);
    assert_eq!(balance, 400_001 - PRICE);
    let answer = ask(&client, "serviceSearch", "{}").unwrap();
    assert_eq!(answer.balance, 400_001 - 2 * PRICE);
    let nothing = ask(&client, "protocolSearch", "{}");
    let nothing = refusal(nothing);
    assert_eq!((nothing.code, nothing.balance), (Code::NoData, 400_001 - 3 * PRICE));
    let bad = refusal(ask(&client, "serviceByIds", "{}"));
    assert_eq!((bad.code, bad.balance), (Code::BadQuery, 400_001 - 3 * PRICE), "{bad:?}");
    assert!(bad.is_signed);
    assert_eq!(ask(&client, "serviceSearch", "{}").unwrap().balance, 1);

    let exhausted = refusal(ask(&client, "serviceSearch", "{}"));
    assert_eq!((exhausted.code, exhausted.balance), (Code::InsufficientBalance, 1));
    let gone = refusal(ask(&client, "serviceSearch", "{}"));
    assert_eq!(gone.code, Code::SessionUnknown);
    story.buy(2, sid, 200_000);
    let (client, balance) = sign_in(&server, 2);
    assert_eq!(balance, 200_001 - PRICE);
    assert_eq!(ask(&client, "serviceSearch", "{}").unwrap().balance, 1);
    server.stop();
}

/// Goal: what the chain takes back, the directory takes back; what it brings, queries see. Method: a
/// protocol is published and a payment made; both blocks are undone, then both come again.
#[test]
fn reorganisations_take_back_payments_and_records() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, sid) = Story::with_service();
    story.buy(2, sid, 1_000_000);
    story.buy(3, sid, 300_000);
    let node = Node::start(&story.chain);
    let settings = Settings::new(folder.path(), "node").on(&node).with("--sid", &sid.to_string());
    let server = settings.start();
    server.follows(&story.chain);
    let (client, _) = sign_in(&server, 2);
    let (other, _) = sign_in(&server, 3);
    let publish = feip(1, &json!({ "op": "publish", "sn": "1", "name": "Late" }));
    let search = r#"{"query":{"part":{"fields":["name"],"value":"Late"}}}"#;
    assert_eq!(refusal(ask(&client, "protocolSearch", search)).code, Code::NoData);

    let pid = story.write(PROVIDER, &publish);
    story.buy(3, sid, 5_000_000);
    server.follows(&story.chain);
    server.credits(&other, 5_300_000 - PRICE);
    let found = ask(&client, "protocolSearch", search).unwrap();
    assert!(found.text.contains(&pid.to_string()), "{}", found.text);
    assert_eq!(found.best_height, story.chain.height().0);
    story.mine_empty(3);
    // Spends of what is about to be taken back.
    for _ in 0..4 {
        ask(&other, "serviceSearch", "{}").unwrap();
    }

    story.reorganise(5);
    server.follows(&story.chain);
    server.credits(&other, 300_000 - 5 * PRICE);
    let below = refusal(ask(&other, "serviceSearch", "{}"));
    assert_eq!((below.code, below.balance), (Code::InsufficientBalance, 300_000 - 5 * PRICE));
    assert_eq!(refusal(ask(&client, "protocolSearch", search)).code, Code::NoData);
    assert_eq!(client.ping().unwrap().balance, 1_000_000 - 4 * PRICE, "who was not touched");

    let again = story.write(PROVIDER, &publish);
    story.buy(3, sid, 400_000);
    server.follows(&story.chain);
    let (_, balance) = sign_in(&server, 3);
    assert_eq!(balance, 700_000 - 6 * PRICE, "the debt was made up for");
    let found = ask(&client, "protocolSearch", search).unwrap();
    assert!(found.text.contains(&again.to_string()), "{}", found.text);
    server.stop();
}

/// Goal: a service that stops being offered, or that the chain does not have, is offered to nobody.
/// Method: the provider stops the service and recovers it; another server names a service that is
/// not there.
#[test]
fn a_service_that_is_not_there_is_suspended() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, sid) = Story::with_service();
    story.buy(2, sid, 1_000_000);
    let node = Node::start(&story.chain);
    let on = |name, sid: &str| Settings::new(folder.path(), name).on(&node).with("--sid", sid);
    let server = on("one", &sid.to_string()).start();
    let nobody = on("two", &"00".repeat(32)).start();
    server.follows(&story.chain);
    nobody.follows(&story.chain);
    let refused = nobody.directory().sign_in(&key(2), SignIn::EncryptedKey);
    assert_eq!(refusal(refused).code, Code::Suspended);
    let (client, _) = sign_in(&server, 2);
    for (op, answers) in [("stop", false), ("recover", true)] {
        story.write(PROVIDER, &feip(5, &json!({ "op": op, "sid": sid.to_string() })));
        server.follows(&story.chain);
        match ask(&client, "serviceSearch", "{}") {
            Ok(_) => assert!(answers, "{op}"),
            Err(Error::Refused(refusal)) => {
                assert_eq!((refusal.code, answers), (Code::Suspended, false), "{op}");
            }
            Err(error) => panic!("{op}: {error}"),
        }
    }
    server.stop();
    nobody.stop();
}
