//! Accounts: from the message to the answer.

use crate::support::{ONE, TWO, key, site};
use tally_deal::message_signature::{Header, sign};
use tally_deal_node::{AccountAction, Payload};
use zeroize::Zeroizing;

/// The example of the description: an address and its key, then the status, then the same again.
#[tokio::test]
async fn an_account_is_opened() {
    let site = site(|_| {});
    let text = "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8\n\
                02ef68c191984433c8a730b8fa48a47ec016a0727e6d26cc0982c8900b39354f61\n";
    let made = site.account(AccountAction::New, text).await;
    assert!(made.success, "{}", made.message);
    assert_eq!(made.action, "New");
    let again = site.account(AccountAction::New, text).await;
    assert!(!again.success);
    let status = site.account(AccountAction::Status, text).await;
    let Payload::Page(page) = &status.payload else { panic!("no page") };
    assert!(page.html().contains("mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8"));
    let unknown = site.account(AccountAction::Status, ONE).await;
    assert_eq!(unknown.message, format!("Account not found: {ONE}"));
}

/// What changes an account is signed, counts once for a token, and deletes for good.
#[tokio::test]
async fn owners_sign() {
    let site = site(|_| {});
    assert!(site.account(AccountAction::New, &format!("{ONE}\n")).await.success);
    let signed = |text: &str, number| {
        let signature = sign(&key(number), text.as_bytes(), Header::Compressed);
        format!("{text}\n{signature}\n")
    };
    let today = site.now().date();
    let update = format!("{today}\n{ONE}\nhttp://shop.example");
    let forged = site.account(AccountAction::Update, &signed(&update, 2)).await;
    assert!(!forged.success);
    let updated = site.account(AccountAction::Update, &signed(&update, 1)).await;
    assert!(updated.success, "{}", updated.message);
    let view = site.server.find_account(ONE).await.unwrap().unwrap();
    assert_eq!(view.profile["urltrusted"][0], "http://shop.example");
    let call = |text: String| tally_deal_node::AccountCall {
        action: Some(AccountAction::Token),
        address: Some(ONE.to_owned()),
        text,
        origin: crate::support::own(),
    };
    let token = site.server.account(call(signed("nonce-42", 1))).await.unwrap();
    assert_eq!(token.grant.as_deref(), Some(ONE), "{}", token.message);
    let again = site.server.account(call(signed("nonce-42", 1))).await.unwrap();
    assert_eq!((again.success, again.grant), (false, None));
    let delete = signed(&format!("{today}\n{ONE}\n-account"), 1);
    assert!(site.account(AccountAction::Delete, &delete).await.success);
    assert!(site.server.find_account(ONE).await.unwrap().is_none());
}

/// Passwords are kept as hashes and recognised; nobody has one by not having an account, or by having
/// opened that of somebody else.
#[tokio::test]
async fn passwords_open_accounts() {
    let site = site(|_| {});
    let made = async |text: String| {
        let made = site.account(AccountAction::New, &text).await;
        assert!(made.success, "{}", made.message);
    };
    let text = format!("{}\n{TWO}\npassword: correct horse battery", site.now().date());
    made(format!("{text}\n{}\n", sign(&key(2), text.as_bytes(), Header::Compressed))).await;
    made(format!("{ONE}\npassword: of a stranger\n")).await;
    let check = |address: &'static str, password: &str| {
        site.server.check_password(address, Zeroizing::new(password.to_owned()))
    };
    assert!(check(TWO, "correct horse battery").await.unwrap());
    assert!(!check(TWO, "battery horse correct").await.unwrap());
    assert!(!check(ONE, "correct horse battery").await.unwrap());
    assert!(!check(ONE, "of a stranger").await.unwrap());
    let update = format!("{}\n{ONE}\nhttp://shop.example", site.now().date());
    let signature = sign(&key(1), update.as_bytes(), Header::Compressed);
    let update = format!("{update}\n{signature}\n");
    assert!(site.account(AccountAction::Update, &update).await.success);
    assert!(!check(ONE, "of a stranger").await.unwrap(), "not by the owner's first signature");
    let view = site.server.find_account(TWO).await.unwrap().unwrap();
    assert!(view.account.password_hash().unwrap().starts_with("$argon2id$"));
}

/// The service's key names the service's Bitcoin keys, so that modules compute the same addresses.
#[tokio::test]
async fn the_key_service() {
    let site = site(|config| config.name = "BM-2cX8y9u9yEi3fdqQfndx9F6NdR5Hv79add".to_owned());
    let armored = site.server.public_key("default").await.unwrap().unwrap();
    let key = tally_pgp::PublicKey::from_armored(&armored).unwrap();
    let record = tally_pgp::ServiceRecord::of_key(&key);
    let keys: Vec<String> = record.bitcoin_keys.iter().map(ToString::to_string).collect();
    let service = site.server.service_keys();
    assert_eq!(keys, [service.key1.to_string(), service.key2.to_string()]);
    assert_eq!(record.servers.len(), 1);
    assert_eq!(site.server.public_key("nobody").await.unwrap(), None);
}
