//! The pages that answer, to the byte where the protocol has them.

use super::*;
use serde_json::json;
use tally_deal::account::{Page, Viewer};

/// The answer to a question about the account `null`, as the protocol shows it.
#[test]
fn the_page_of_a_failure() {
    let message = read(AccountAction::Status, "").unwrap();
    let refusal = asked_address(&message, Some("null"), NETWORK).unwrap_err();
    let page = Page::Failure(refusal.to_string());
    let html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n    <meta charset=\"UTF-8\">\n    \
                <meta name=\"author\" content=\"Bitcoin Payment Service\">\n</head>\n<body>\n\
                <pre>Hello!\n\nSorry, something went wrong and led to an error:\n\n\
                <font color=\"#C0392B\"><b>Invalid Bitcoin address: null</b></font>\n\n\
                -----\nThank you,\nPayments.net</pre>\n</body>\n</html>\n";
    assert_eq!(html.len(), 323);
    assert_eq!(
        hex::encode(tally_crypto::sha256(html.as_bytes())),
        "a81043e98ee31e485f9ac22e7e7c3cd0a2b044161d6ff47ecd5d2a41c27c750a"
    );
    assert_eq!(page.html(), html);
    assert_eq!(
        page.text(),
        "Hello!\n\nSorry, something went wrong and led to an error:\n\nInvalid Bitcoin address: null\n\n\
         -----\nThank you,\nPayments.net\n"
    );
    assert_eq!(page.json(), json!({"error": "Invalid Bitcoin address: null"}));
    assert_eq!(
        page.xml(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<reply>\n  \
         <error>Invalid Bitcoin address: null</error>\n</reply>\n"
    );
}

/// The help of the protocol, in four renderings.
#[test]
fn the_page_of_help() {
    let html = Page::Help.html();
    assert!(html.starts_with(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n    <meta charset=\"UTF-8\">\n    \
         <meta name=\"author\" content=\"Bitcoin Payment Service\">\n</head>\n<body>\n\
         <pre>\nBitcoin Payment Service.\n\nUsage: Send a message in accordance with the format.\n\n\
         Available actions: \n\n  <b>help</b>         : send this help\n"
    ));
    assert!(html.ends_with(
        "\n  &lt;signature&gt;  : bitcoin signature for message text (use private key)</pre>\n\n\
         </body>\n</html>\n"
    ));
    assert_eq!(
        hex::encode(tally_crypto::sha256(html.as_bytes())),
        include_str!("help.sha256").trim()
    );
    let text = Page::Help.text();
    assert!(text.starts_with("Bitcoin Payment Service.\n\nUsage"));
    assert!(text.contains("\n  help         : send this help\n"));
    assert!(
        text.contains("\n  [+|-]<url>   : add(+) or delete(-) URL; format: http[s]://<string>\n")
    );
    assert!(!text.contains("<b>") && !text.contains("&lt;"));
    assert_eq!(Page::Help.json(), json!({"help": text.trim_end()}));
    let xml = Page::Help.xml();
    assert!(xml.contains("<reply>\n  <help>Bitcoin Payment Service.\n"));
    assert!(xml.contains("[+|-]&lt;url&gt;"));
}

#[test]
fn the_page_of_an_account() {
    let mut account =
        opened(&format!("{ONE}\n{ONE_KEY}\nhttp://a.example/?a=1&b=2\nhttp://b.example"));
    account.record_sale(true);
    let page = AccountOutcome::Created(account.clone()).page(Viewer::Owner);
    assert_eq!(
        page.text(),
        format!(
            "Hello!\n\nNew account created:\n\n  address      : {ONE}\n  key          : {ONE_KEY}\n  \
             urltrusted   : http://a.example/?a=1&b=2\n  urltrusted   : http://b.example\n  \
             seller       : 1, 100%\n  customer     : 0, 0%\n  proven       : no\n  \
             created      : 2024-08-25 12:00:00 UTC\n  updated      : 2024-08-25 12:00:00 UTC\n\n\
             -----\nThank you,\nPayments.net\n"
        )
    );
    let html = page.html();
    assert!(html.contains("\n  <b>urltrusted</b>   : http://a.example/?a=1&amp;b=2\n"));
    assert_eq!(
        page.json(),
        json!({
            "address": ONE,
            "key": ONE_KEY,
            "bitmessage": [],
            "urlaccount": [],
            "urltrusted": ["http://a.example/?a=1&b=2", "http://b.example"],
            "seller": {"count": 1, "positive": 1, "rating": "1, 100%"},
            "customer": {"count": 0, "positive": 0, "rating": "0, 0%"},
            "proven": false,
            "created": "2024-08-25 12:00:00 UTC",
            "updated": "2024-08-25 12:00:00 UTC",
        })
    );
    assert_eq!(
        page.xml(),
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<account>\n  <address>{ONE}</address>\n  \
             <key>{ONE_KEY}</key>\n  <urltrusted>http://a.example/?a=1&amp;b=2</urltrusted>\n  \
             <urltrusted>http://b.example</urltrusted>\n  <seller>\n    <count>1</count>\n    \
             <positive>1</positive>\n    <rating>1, 100%</rating>\n  </seller>\n  <customer>\n    \
             <count>0</count>\n    <positive>0</positive>\n    <rating>0, 0%</rating>\n  </customer>\n  \
             <proven>false</proven>\n  <created>2024-08-25 12:00:00 UTC</created>\n  \
             <updated>2024-08-25 12:00:00 UTC</updated>\n</account>\n"
        )
    );
    let profile = account.profile();
    assert_eq!(profile["code"], ONE);
    assert_eq!(profile["urltrusted"], page.json()["urltrusted"]);
    assert_eq!(profile["seller"]["count"], 1);
    assert_eq!(profile["seller"]["positive"], 1);
}

#[test]
fn every_outcome_has_a_page() {
    let account = one();
    for (outcome, message) in [
        (AccountOutcome::Help, "Help"),
        (AccountOutcome::Status(account.clone()), "Account data"),
        (AccountOutcome::Created(account.clone()), "New account created"),
        (AccountOutcome::Added(account.clone()), "Account data added"),
        (AccountOutcome::Updated(account.clone()), "Account updated"),
        (AccountOutcome::Granted(account.clone()), "Access token issued"),
        (AccountOutcome::Deleted(account), "Account deleted"),
    ] {
        assert_eq!(outcome.message(), message);
        let page = outcome.page(Viewer::Other);
        assert_eq!(page.text().contains(message), outcome != AccountOutcome::Help, "{message}");
        assert!(page.html().starts_with("<!DOCTYPE html>\n"));
        assert!(page.json().is_object());
    }
}
