//! What messages do to accounts.

use super::*;
use tally_deal::account::{AccountKey, Site, Standing, TOKEN_CODES_MAX, Urls, Viewer};
use tally_deal::{PrivateKey, Rating, message_signature};

const DAY: u64 = 86_400;

fn update_text() -> String {
    format!("2024-08-25\n{ONE}\nhttp://placard.zr-code.com\n{UPDATE_SIGNATURE}\n")
}

fn delete_text() -> String {
    format!("2024-08-25\n-account\n{DELETE_SIGNATURE}\n")
}

fn token_text() -> String {
    format!("nonce-42\n{TOKEN_SIGNATURE}\n")
}

#[test]
fn an_account_is_opened_once() {
    let account = opened(&format!("{EXAMPLE}\n{EXAMPLE_KEY}\n{PGP}\nhttp://a.example"));
    assert_eq!(account.address(), &address(EXAMPLE));
    assert_eq!(account.key().unwrap().to_string(), EXAMPLE_KEY);
    assert_eq!(account.pgp(), Some(PGP));
    assert_eq!(urls(account.urls(Urls::Trusted)), ["http://a.example"]);
    assert_eq!((account.created(), account.updated()), (NOON, NOON));
    assert!(!account.is_proven());
    let again = follow(Some(&account), AccountAction::New, EXAMPLE).unwrap_err();
    assert_eq!(again.to_string(), format!("Account already exists: {EXAMPLE}"));
    let mut message = read(AccountAction::New, "").unwrap();
    let own = address(ONE);
    let asked = Asked { address: &own, module: Some(account.address()), now: NOON };
    let created = apply(None, &message, &asked).unwrap();
    assert_eq!(created.changed().unwrap().module(), Some(account.address()));
    message = read(AccountAction::Status, "").unwrap();
    let shown = apply(Some(&account), &message, &asked).unwrap();
    assert_eq!(shown, AccountOutcome::Status(account));
    assert_eq!(shown.changed(), None);
}

/// Goal: a key is one that the address commits to, whatever the kind of the address.
#[test]
fn keys_belong_to_their_addresses() {
    let compressed: AccountKey = ONE_KEY.parse().unwrap();
    let long = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
                483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
    let long: AccountKey = long.parse().unwrap();
    assert_eq!(long.public_key(), compressed.public_key());
    for (text, of_compressed, of_long) in [
        ("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", true, false),
        ("1EHNa6Q4Jz2uvNExL497mE43ikXhwF6kZm", false, true),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", true, false),
        ("3JvL6Ymt8MVWiCNHC7oWU6nLeHNJKLZGLN", true, false),
        ("bc1pmfr3p9j00pfxjh0zmgp99y8zftmd3s5pmedqhyptwy6lm87hf5sspknck9", true, false),
        ("1KGJgFDmcgSLPzVPgWn5rJ4HtWPKpvSJrZ", false, false),
        ("3PDkDKktvtHc27jUHt4QKux3bCjAddxxHz", false, false),
    ] {
        let address = Address::parse(text, Network::Main).unwrap();
        assert_eq!(
            (compressed.is_of(&address), long.is_of(&address)),
            (of_compressed, of_long),
            "{text}"
        );
    }
    let refused = follow(None, AccountAction::New, &format!("{ONE}\n{EXAMPLE_KEY}")).unwrap_err();
    assert_eq!(refused.to_string(), format!("Bitcoin key does not belong to the address: {ONE}"));
}

#[test]
fn only_what_is_missing_is_added() {
    let account = one();
    let unknown = follow(None, AccountAction::Add, &format!("{ONE}\n{ONE_KEY}")).unwrap_err();
    assert_eq!(unknown.to_string(), format!("Account not found: {ONE}"));
    let later = NOON.plus(60);
    let added = follow_at(Some(&account), AccountAction::Add, ONE_KEY, later).unwrap();
    let account = added.changed().unwrap();
    assert_eq!(account.key().unwrap().to_string(), ONE_KEY);
    assert_eq!((account.created(), account.updated()), (NOON, later));
    let again = follow(Some(account), AccountAction::Add, ONE_KEY).unwrap_err();
    assert_eq!(again.to_string(), "There is nothing to add.");
    let added = follow(Some(account), AccountAction::Add, &format!("{ONE_KEY}\n{PGP}")).unwrap();
    let account = added.changed().unwrap();
    assert_eq!(account.pgp(), Some(PGP));
    let other = PGP.replace("AAAA", "CCCC");
    let refused = follow(Some(account), AccountAction::Add, &other).unwrap_err();
    assert_eq!(refused, AccountRefusal::NothingToAdd, "what is there is not replaced");
}

/// Goal: an account changes by the word of its owner only, and of the day.
#[test]
fn updates_are_signed() {
    let account = one();
    let text = update_text();
    let updated = follow(Some(&account), AccountAction::Update, &text).unwrap();
    let changed = updated.changed().unwrap();
    assert_eq!(urls(changed.urls(Urls::Trusted)), ["http://placard.zr-code.com"]);
    assert!(changed.is_proven());
    assert_eq!(updated.message(), "Account updated");
    // The fields of a form make the same text, so the same signature is good.
    let pairs = fields(&[
        ("address", ONE),
        ("date", "2024-08-25"),
        ("url[0]", "http://placard.zr-code.com"),
        ("sign", UPDATE_SIGNATURE),
    ]);
    let form = AccountMessage::from_fields(&pairs, AccountAction::Update, Some(ONE), NETWORK);
    assert_eq!(form.unwrap().text(), text);

    let refuse = |text: &str, now| {
        follow_at(Some(&account), AccountAction::Update, text, now).unwrap_err().to_string()
    };
    let unsigned = "The message is not signed by the account owner.";
    assert_eq!(refuse(&text.replace("placard", "pl4card"), NOON), unsigned);
    assert_eq!(refuse(&text.replace(UPDATE_SIGNATURE, DELETE_SIGNATURE), NOON), unsigned);
    assert_eq!(refuse(text.split(UPDATE_SIGNATURE).next().unwrap(), NOON), unsigned);
    let undated = text.replace("2024-08-25\n", "");
    assert_eq!(refuse(&undated, NOON), "Invalid format: key \"date\" cannot be empty.");
    for (now, is_good) in [
        (Time(1_724_457_600), true), // 2024-08-24 00:00:00
        (Time(1_724_457_599), false),
        (Time(1_724_457_600 + 3 * DAY - 1), true), // 2024-08-26 23:59:59
        (Time(1_724_457_600 + 3 * DAY), false),
    ] {
        let outcome = follow_at(Some(&account), AccountAction::Update, &text, now);
        assert_eq!(outcome.is_ok(), is_good, "{now}");
        if !is_good {
            assert_eq!(refuse(&text, now), "Message date expired: 2024-08-25");
        }
    }
    let unknown = follow(None, AccountAction::Update, &text).unwrap_err();
    assert_eq!(unknown.to_string(), format!("Account not found: {ONE}"));
    let other = opened(EXAMPLE);
    let message = read(AccountAction::Update, &text.replace(&format!("{ONE}\n"), "")).unwrap();
    let asked = Asked { address: other.address(), module: None, now: NOON };
    assert_eq!(apply(Some(&other), &message, &asked), Err(AccountRefusal::NotSigned));
}

/// Signs the lines with the key of [`ONE`].
fn signed(lines: &str) -> String {
    let key = PrivateKey::from_bytes(&{
        let mut bytes = [0; 32];
        bytes[31] = 1;
        bytes
    })
    .unwrap();
    let header = message_signature::Header::Compressed;
    format!("{lines}\n{}\n", message_signature::sign(&key, lines.as_bytes(), header))
}

#[test]
fn an_update_adds_replaces_and_removes() {
    let account = opened(&format!("{ONE}\nhttp://a.example\naccount:\nhttp://own.example"));
    let text = signed(&format!(
        "2024-08-25\n{ONE_KEY}\n{PGP}\nnew@mail.example\nBM-2cX8y9u9yEi3fdqQfndx9F6NdR5Hv79add\n\
         -http://a.example\n-http://never.example\n+http://b.example\nhttp://b.example\n\
         account:\n-http://own.example"
    ));
    let updated = follow(Some(&account), AccountAction::Update, &text).unwrap();
    let account = updated.changed().unwrap();
    assert_eq!(urls(account.urls(Urls::Trusted)), ["http://b.example"]);
    assert_eq!(account.urls(Urls::Account), []);
    assert_eq!(account.email(), Some("new@mail.example"));
    assert_eq!(account.bitmessages(), ["BM-2cX8y9u9yEi3fdqQfndx9F6NdR5Hv79add"]);
    assert_eq!((account.pgp(), account.key().is_some()), (Some(PGP), true));
    let nothing = follow(Some(account), AccountAction::Update, &signed("2024-08-25")).unwrap_err();
    assert_eq!(nothing.to_string(), "There is nothing to update.");
    let password = signed("2024-08-25\npassword: long enough");
    let message = read(AccountAction::Update, &password).unwrap();
    assert_eq!(message.password(), Some("long enough"));
    let updated = follow(Some(account), AccountAction::Update, &password).unwrap();
    assert_eq!(updated.changed().unwrap().password_hash(), None, "hashing is for others");
}

/// Goal: a code is good for one token, and no signature given for another purpose is good for any.
#[test]
fn tokens_are_granted_once_for_a_code() {
    let account = one();
    let granted = follow(Some(&account), AccountAction::Token, &token_text()).unwrap();
    let AccountOutcome::Granted(account) = granted else { panic!("{granted:?}") };
    assert!(account.is_proven());
    let again = follow(Some(&account), AccountAction::Token, &token_text()).unwrap_err();
    assert_eq!(again.to_string(), "The code has been used.");
    let other = token_text().replace("nonce-42", "nonce-43");
    assert_eq!(
        follow(Some(&account), AccountAction::Token, &other),
        Err(AccountRefusal::NotSigned)
    );
    let none = follow(Some(&account), AccountAction::Token, "").unwrap_err();
    assert_eq!(none.to_string(), "Invalid format: key \"code\" cannot be empty.");

    // As the seller signs to cancel a deal, for all to see.
    let cancel = format!("{PAYMENT_ADDRESS}\n{CANCEL_SIGNATURE}");
    let refused = follow(Some(&account), AccountAction::Token, &cancel).unwrap_err();
    assert_eq!(refused.to_string(), format!("Invalid line: \"{PAYMENT_ADDRESS}\"."));
    for text in [update_text(), delete_text()] {
        assert!(follow(Some(&account), AccountAction::Token, &text).is_err());
    }

    let mut account = account;
    for number in 0..TOKEN_CODES_MAX {
        let granted =
            follow(Some(&account), AccountAction::Token, &signed(&format!("code {number}")));
        account = granted.unwrap().changed().unwrap().clone();
        let again =
            follow(Some(&account), AccountAction::Token, &signed(&format!("code {number}")));
        assert_eq!(again, Err(AccountRefusal::CodeUsed));
    }
}

/// Goal: a deleted account is gone for everybody, and leaves neither a better name nor usable codes.
#[test]
fn a_deleted_account_leaves_its_name() {
    let mut account = opened(&format!("{ONE}\n{ONE_KEY}\nhttp://a.example\na@mail.example"));
    account.record_sale(false);
    account.record_purchase(true);
    let granted = follow(Some(&account), AccountAction::Token, &token_text()).unwrap();
    let account = granted.changed().unwrap();
    let unmarked = follow(Some(account), AccountAction::Delete, &signed("2024-08-25")).unwrap_err();
    assert_eq!(unmarked.to_string(), "Invalid format: key \"flags\" cannot be empty.");
    let late = NOON.plus(3 * DAY);
    let late = follow_at(Some(account), AccountAction::Delete, &delete_text(), late).unwrap_err();
    assert_eq!(late.to_string(), "Message date expired: 2024-08-25");
    let deleted = follow(Some(account), AccountAction::Delete, &delete_text()).unwrap();
    let AccountOutcome::Deleted(left) = deleted else { panic!("{deleted:?}") };
    assert_eq!(left.deleted(), Some(NOON));
    assert!(left.key().is_none() && left.email().is_none() && left.urls(Urls::Trusted).is_empty());
    for (action, text) in [
        (AccountAction::Status, String::new()),
        (AccountAction::Add, ONE_KEY.to_owned()),
        (AccountAction::Update, update_text()),
        (AccountAction::Token, token_text()),
        (AccountAction::Delete, delete_text()),
    ] {
        let refused = follow(Some(&left), action, &text).unwrap_err();
        assert_eq!(refused, AccountRefusal::NotFound(address(ONE)), "{action}");
    }
    let reopened = follow(Some(&left), AccountAction::New, ONE).unwrap();
    let reopened = reopened.changed().unwrap();
    assert_eq!((reopened.deleted(), reopened.seller().count()), (None, 1));
    let again = follow(Some(reopened), AccountAction::Token, &token_text()).unwrap_err();
    assert_eq!(again, AccountRefusal::CodeUsed);
}

#[test]
fn what_nobody_has_to_sign_is_checked_if_signed() {
    let text = signed(&format!("2024-08-25\n{ONE}\nhttp://a.example"));
    let created = follow(None, AccountAction::New, &text).unwrap();
    assert!(created.changed().unwrap().is_proven());
    let changed = text.replace("a.example", "b.example");
    assert_eq!(follow(None, AccountAction::New, &changed), Err(AccountRefusal::NotSigned));
    let undated = signed(&format!("{ONE}\nhttp://a.example"));
    assert_eq!(follow(None, AccountAction::New, &undated), Err(AccountRefusal::Missing("date")));
    let late = follow_at(None, AccountAction::New, &text, NOON.plus(2 * DAY)).unwrap_err();
    assert!(matches!(late, AccountRefusal::DateExpired(_)));
}

/// An account of [`ONE`] that a stranger opened with everything that can be brought.
fn opened_by_a_stranger() -> Account {
    let mut account = opened(&format!(
        "{ONE}\n{ONE_KEY}\n{PGP}\nstranger@mail.example\npassword: long enough\n\
         BM-2cX8y9u9yEi3fdqQfndx9F6NdR5Hv79add\nhttp://a.example"
    ));
    account.set_password_hash(Some("of a stranger".to_owned()));
    account
}

/// Goal: who opens an account for the address of somebody else cannot speak for it, and does not
/// get in.
#[test]
fn what_came_unsigned_is_not_trusted() {
    let account = opened_by_a_stranger();
    assert_eq!((account.pgp(), account.trusted_pgp()), (Some(PGP), None));
    let hashes = (account.password_hash(), account.trusted_password_hash());
    assert_eq!(hashes, (Some("of a stranger"), None));
    let added = follow(Some(&one()), AccountAction::Add, PGP).unwrap();
    let added = added.changed().unwrap();
    assert_eq!((added.pgp(), added.trusted_pgp()), (Some(PGP), None));

    let text = signed(&format!("2024-08-25\n{ONE}\n{PGP}\npassword: long enough"));
    let mut own = follow(None, AccountAction::New, &text).unwrap().changed().unwrap().clone();
    own.set_password_hash(Some("own".to_owned()));
    assert_eq!((own.trusted_pgp(), own.trusted_password_hash()), (Some(PGP), Some("own")));
}

/// Goal: the owner's first signature, for whatever purpose, does not make good what a stranger has
/// brought.
#[test]
fn the_first_signature_drops_what_came_unsigned() {
    let account = opened_by_a_stranger();
    let add = signed(&format!("2024-08-25\n{ONE_KEY}"));
    for (action, text) in [
        (AccountAction::Update, update_text()),
        (AccountAction::Token, token_text()),
        (AccountAction::Add, add),
    ] {
        let proven = follow(Some(&account), action, &text).unwrap();
        let proven = proven.changed().unwrap();
        assert!(proven.is_proven(), "{action}");
        assert_eq!((proven.pgp(), proven.password_hash(), proven.email()), (None, None, None));
        assert!(proven.bitmessages().is_empty(), "{action}");
        // The address commits to the key, and to trust a site moves no money.
        assert!(proven.key().is_some() && proven.trusts("http://a.example"), "{action}");
    }

    let own = PGP.replace("AAAA", "CCCC");
    for action in [AccountAction::Update, AccountAction::Add] {
        for brought in [own.as_str(), PGP] {
            let text = signed(&format!("2024-08-25\n{brought}"));
            let proven = follow(Some(&account), action, &text).unwrap();
            assert_eq!(proven.changed().unwrap().trusted_pgp(), Some(brought), "{action}");
        }
    }
    let text = signed("2024-08-25\nown@mail.example\nBM-2cUxn7bUQvbnSZwbXH1QFqWcxGGBnVbYSR");
    let proven = follow(Some(&account), AccountAction::Update, &text).unwrap();
    let mut proven = proven.changed().unwrap().clone();
    assert_eq!(proven.email(), Some("own@mail.example"));
    assert_eq!(proven.bitmessages(), ["BM-2cUxn7bUQvbnSZwbXH1QFqWcxGGBnVbYSR"]);
    // What a proven account has stays when the owner signs again.
    proven.set_password_hash(Some("own".to_owned()));
    let again = follow(Some(&proven), AccountAction::Update, &update_text()).unwrap();
    let again = again.changed().unwrap();
    assert_eq!((again.email(), again.trusted_password_hash()), (proven.email(), Some("own")));
}

#[test]
fn a_proven_account_takes_no_unsigned_pgp_key() {
    let granted = follow(Some(&one()), AccountAction::Token, &token_text()).unwrap();
    let account = granted.changed().unwrap();
    for text in [PGP.to_owned(), format!("{ONE_KEY}\n{PGP}")] {
        let refused = follow(Some(account), AccountAction::Add, &text).unwrap_err();
        assert_eq!(refused, AccountRefusal::NotSigned);
    }
    let added = follow(Some(account), AccountAction::Add, ONE_KEY).unwrap();
    assert!(added.changed().unwrap().key().is_some());
    let added =
        follow(Some(account), AccountAction::Add, &signed(&format!("2024-08-25\n{PGP}"))).unwrap();
    assert_eq!(added.changed().unwrap().trusted_pgp(), Some(PGP));
    let nothing = follow(Some(&one()), AccountAction::Add, &signed("2024-08-25")).unwrap_err();
    assert_eq!(nothing, AccountRefusal::NothingToAdd);
}

#[test]
fn sites_are_trusted_with_their_folders() {
    let account = opened(&format!(
        "{ONE}\nhttp://a.example\nhttps://B.example:8443/shop/\naccount:\nhttp://own.example"
    ));
    for (url, is_trusted) in [
        ("http://a.example", true),
        ("HTTP://A.EXAMPLE:80/any/deal?id=1#top", true),
        ("http://a.example.", true),
        ("https://a.example", false),
        ("http://a.example:8080", false),
        ("http://a.example.org", false),
        ("http://sub.a.example", false),
        ("https://b.example:8443/shop", true),
        ("https://b.example:8443/shop/deal", true),
        ("https://b.example:8443/shopping", false),
        ("https://b.example:8443/shop/../other", false),
        ("https://b.example:8443/shop/%2E%2e/other", false),
        ("https://b.example:8443", false),
        ("http://a.example@evil.example", false),
        ("http://own.example", false),
        ("a.example", false),
        ("null", false),
        ("", false),
    ] {
        assert_eq!(account.trusts(url), is_trusted, "{url}");
    }
    assert!(account.trusts_origin("https://b.example:8443"));
    assert!(!account.trusts_origin("https://b.example"));
    assert!(!account.trusts_origin("null"));
    for bad in [
        "http://a:b",
        "http://a:0",
        "http://a:99999",
        "http://[::1",
        "http://[x]",
        "ftp://a",
        "http://ж",
    ] {
        assert!(bad.parse::<Site>().is_err(), "{bad}");
    }
    assert!("http://[::1]:80/x".parse::<Site>().is_ok());
}

#[test]
fn standings_look_back_on_a_hundred_deals() {
    let mut standing = Standing::default();
    assert_eq!(standing.rating(), Rating { count: 0, percent: 0 });
    for _ in 0..100 {
        standing.record(false);
    }
    assert_eq!(standing.rating(), Rating { count: 100, percent: 0 });
    for number in 1..=100 {
        standing.record(true);
        assert_eq!(standing.rating(), Rating { count: 100 + number, percent: number as u8 });
    }
    standing.record(false);
    assert_eq!(standing.rating(), Rating { count: 201, percent: 99 });
    assert_eq!((standing.count(), standing.positive()), (201, 100));
    let mut three = Standing::default();
    [true, true, false].into_iter().for_each(|is_good| three.record(is_good));
    assert_eq!(three.rating(), Rating { count: 3, percent: 66 });
}

/// Goal: what is stored is read back, and a hash does not get into logs.
#[test]
fn accounts_are_written_and_read() {
    let mut account = opened(&format!("{ONE}\n{ONE_KEY}\n{PGP}\nhttp://a.example\na@mail.example"));
    account.set_password_hash(Some("$argon2id$secret".to_owned()));
    account.record_sale(true);
    let text = serde_json::to_string(&account).unwrap();
    assert_eq!(serde_json::from_str::<Account>(&text).unwrap(), account);
    assert!(!format!("{account:?}").contains("argon2id"));
    for viewer in [Viewer::Owner, Viewer::Other] {
        let page = AccountOutcome::Status(account.clone()).page(viewer);
        for text in [page.html(), page.text(), page.xml(), page.json().to_string()] {
            assert!(!text.contains("argon2id"));
            assert_eq!(text.contains("a@mail.example"), viewer == Viewer::Owner);
        }
    }
}
