//! The texts of messages, and what they are taken for.

use super::*;
use tally_deal::account::{AccountKey, FIELDS_MAX, LINE_BYTES_MAX, MESSAGE_BYTES_MAX, Urls};

fn of_fields(
    action: AccountAction,
    pairs: &[(&str, &str)],
) -> Result<AccountMessage, AccountRefusal> {
    AccountMessage::from_fields(&fields(pairs), action, Some(ONE), NETWORK)
}

/// Goal: the example of the protocol has one text, however it is sent.
#[test]
fn the_example_in_all_bodies() {
    let text = format!("{EXAMPLE}\n{EXAMPLE_KEY}\n");
    let form =
        of_fields(AccountAction::New, &[("address", EXAMPLE), ("key", EXAMPLE_KEY)]).unwrap();
    let turned =
        of_fields(AccountAction::New, &[("key", EXAMPLE_KEY), ("address", EXAMPLE)]).unwrap();
    let json = format!("{{\"address\": \"{EXAMPLE}\", \"key\":  \"{EXAMPLE_KEY}\"}}");
    let json =
        AccountMessage::from_json(json.as_bytes(), AccountAction::New, None, NETWORK).unwrap();
    let plain = read(AccountAction::New, text.trim_end()).unwrap();
    let windows = read(AccountAction::New, &text.replace('\n', "\r\n")).unwrap();
    for message in [form, turned, json, plain, windows] {
        assert_eq!(message.text(), text);
        assert_eq!(message.address(), Some(&address(EXAMPLE)));
    }
    assert!(EXAMPLE_KEY.parse::<AccountKey>().unwrap().is_of(&address(EXAMPLE)));
}

/// Goal: lines stand in one order, whatever the order of the fields.
#[test]
fn fields_have_a_fixed_order() {
    let signature = UPDATE_SIGNATURE;
    let bitmessages =
        ["BM-2cX8y9u9yEi3fdqQfndx9F6NdR5Hv79add", "BM-2cXtL92m3CavBKx8qsV2LbZtAU3eQxW2rB"];
    let message = of_fields(
        AccountAction::Update,
        &[
            ("sign", signature),
            ("url[1]", "-http://b.example"),
            ("url[0]", "http://a.example"),
            ("pgp", &PGP.replace('\n', "\r\n")),
            ("key", ONE_KEY),
            ("password", "long enough"),
            ("email", "a.b+c@mail.example"),
            ("bitmessage", bitmessages[0]),
            ("bitmessage[]", bitmessages[1]),
            ("flags", ""),
            ("captcha", "of a form"),
            ("address", ONE),
            ("date", "2024-08-25"),
        ],
    )
    .unwrap();
    let [first, second] = bitmessages;
    assert_eq!(
        message.text(),
        format!(
            "2024-08-25\n{ONE}\n{first}\n{second}\na.b+c@mail.example\npassword: long enough\n\
             {ONE_KEY}\n{PGP}\n-http://b.example\nhttp://a.example\n{signature}\n"
        )
    );
    assert_eq!(message.password(), Some("long enough"));
    assert_eq!(message.pgp(), Some(PGP));
    let signed = message.signed().unwrap();
    assert_eq!(format!("{}\n{signature}\n", signed.text), message.text());
    assert_eq!(signed.signature, signature);
    assert!(!format!("{message:?}").contains("long enough"), "passwords stay out of logs");
}

#[test]
fn lists_come_in_json_and_in_one_text() {
    let json = br#"{"url": ["http://a.example", "http://b.example"], "sign": null, "address": ""}"#;
    let json = AccountMessage::from_json(json, AccountAction::Update, None, NETWORK).unwrap();
    let one =
        of_fields(AccountAction::Update, &[("url", "http://a.example\r\nhttp://b.example\r\n")]);
    let text = "http://a.example\nhttp://b.example\n";
    assert_eq!((json.text(), one.unwrap().text()), (text, text));
    let string = br#"{"url": "http://a.example"}"#;
    let string = AccountMessage::from_json(string, AccountAction::Update, None, NETWORK).unwrap();
    assert_eq!(string.text(), "http://a.example\n");
}

#[test]
fn a_message_for_a_token_is_the_code_and_the_signature() {
    let pairs = [("sign", TOKEN_SIGNATURE), ("address", ONE), ("code", "nonce-42")];
    let message = of_fields(AccountAction::Token, &pairs).unwrap();
    assert_eq!(message.text(), format!("nonce-42\n{TOKEN_SIGNATURE}\n"));
    assert_eq!((message.code(), message.address()), (Some("nonce-42"), None));
    let pairs = [("address", EXAMPLE), ("code", "nonce-42"), ("sign", TOKEN_SIGNATURE)];
    let message = of_fields(AccountAction::Token, &pairs).unwrap();
    assert_eq!(message.text(), format!("nonce-42\n{EXAMPLE}\n{TOKEN_SIGNATURE}\n"));
    assert_eq!(message.address(), Some(&address(EXAMPLE)));
}

#[test]
fn the_action_is_guessed() {
    for (text, action) in [
        ("", AccountAction::Help),
        ("help", AccountAction::Help),
        ("Hello, what is this?", AccountAction::Help),
        ("STATUS", AccountAction::Status),
        (ONE, AccountAction::New),
        (&format!("bitcoin:{ONE}\n{ONE_KEY}\nhttp://a.example"), AccountAction::New),
        (ONE_KEY, AccountAction::Add),
        (PGP, AccountAction::Add),
        (&format!("2024-08-25\nhttp://a.example\n{UPDATE_SIGNATURE}"), AccountAction::Update),
        ("2024-08-25\nhttp://a.example", AccountAction::Update),
        (&format!("2024-08-25\n-account\n{DELETE_SIGNATURE}"), AccountAction::Delete),
        (&format!("nonce-42\n{TOKEN_SIGNATURE}"), AccountAction::Token),
    ] {
        let message = AccountMessage::from_text(text, None, NETWORK).unwrap();
        assert_eq!(message.action(), action, "{text}");
    }
    for (subject, action) in [
        ("new", Some(AccountAction::New)),
        (" Delete | please", Some(AccountAction::Delete)),
        ("Re: new", None),
        ("", None),
    ] {
        assert_eq!(AccountAction::of_subject(subject), action, "{subject}");
    }
    for action in AccountAction::ALL {
        assert_eq!(action.title().parse(), Ok(action));
        assert_eq!(action.to_string(), action.word());
    }
}

#[test]
fn headers_say_which_list_a_url_is_for() {
    let text = format!(
        "{ONE}\nhttp://a.example\naccount:\nhttp://b.example\nTRUSTED:\n+https://c.example:8080/x"
    );
    let account = opened(&text);
    assert_eq!(urls(account.urls(Urls::Trusted)), ["http://a.example", "https://c.example:8080/x"]);
    assert_eq!(urls(account.urls(Urls::Account)), ["http://b.example"]);
}

/// Goal: everything that is wrong is named.
#[test]
fn malformed_messages_are_refused() {
    use AccountAction::{Add, Delete, New, Token, Update};
    let main = "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH";
    let foreign_point = format!("02{}", "f".repeat(64));
    let cases: &[(AccountAction, String, &str)] = &[
        (New, "null".into(), "Invalid Bitcoin address: null"),
        (New, "bitcoin:null".into(), "Invalid Bitcoin address: null"),
        (New, main.into(), &format!("Invalid Bitcoin address: {main}")),
        (New, format!("{ONE}\nhello"), "Invalid line: \"hello\"."),
        (New, format!("{ONE}\n-account"), "Invalid line: \"-account\"."),
        (New, format!("{ONE}\n{ONE}"), "Invalid format: key \"address\" is given twice."),
        (New, format!("{ONE}\nhttp://"), "Invalid URL: http://"),
        (New, format!("{ONE}\n-http://a.example"), "Invalid URL: -http://a.example"),
        (New, format!("{ONE}\nhttp://a.example/<b>"), "Invalid URL: http://a.example/<b>"),
        (New, format!("{ONE}\nBM-0"), "Invalid Bitmessage address: BM-0"),
        (New, format!("{ONE}\na@b"), "Invalid e-mail address: a@b"),
        (New, format!("{ONE}\npassword: short"), "Invalid password."),
        (New, format!("{ONE}\n-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA"), "Invalid PGP key."),
        (Add, foreign_point.clone(), &format!("Invalid Bitcoin key: {foreign_point}")),
        (Add, "http://a.example".into(), "Invalid line: \"http://a.example\"."),
        (Update, "2024-02-30".into(), "Invalid date: 2024-02-30"),
        (Update, "2024-08-25 later".into(), "Invalid date: 2024-08-25 later"),
        (
            Update,
            format!("{UPDATE_SIGNATURE}\nhttp://a.example"),
            "The signature must be the last line.",
        ),
        (Delete, "2024-08-25\nhttp://a.example".into(), "Invalid line: \"http://a.example\"."),
        (Token, format!("a code\n2024-08-25\n{TOKEN_SIGNATURE}"), "Invalid line: \"2024-08-25\"."),
        (Token, format!("2024-08-25\n{TOKEN_SIGNATURE}"), "Invalid line: \"2024-08-25\"."),
        (Update, "a\u{7}b".into(), "Invalid format: control characters in the text."),
        (Update, "a\rb".into(), "Invalid format: control characters in the text."),
    ];
    for (action, text, refusal) in cases {
        let refused = read(*action, text).unwrap_err();
        assert_eq!(refused.to_string(), *refusal, "{text}");
    }
    for (pairs, refusal) in [
        (fields(&[("address", "null")]), "Invalid Bitcoin address: null"),
        (fields(&[("date", "a"), ("date", "b")]), "Invalid format: key \"date\" is given twice."),
        (fields(&[("password", "two\nlines, both long")]), "Invalid password."),
    ] {
        for action in [AccountAction::Status, New, Update] {
            let refused = AccountMessage::from_fields(&pairs, action, None, NETWORK);
            assert_eq!(refused.unwrap_err().to_string(), refusal);
        }
    }
    for json in [
        "",
        "[]",
        "{\"url\": 1.5}",
        "{\"key\": {}}",
        "{\"url\": [[]]}",
        "{\"a\": \"\", \"a\": \"\"}",
    ] {
        let refused = AccountMessage::from_json(json.as_bytes(), New, None, NETWORK);
        assert!(matches!(refused, Err(AccountRefusal::Json(_))), "{json}");
    }
}

#[test]
fn messages_are_bounded() {
    let long = "x".repeat(LINE_BYTES_MAX + 1);
    let much = "\n".repeat(MESSAGE_BYTES_MAX + 1);
    let sites: String = (0..500).map(|n| format!("http://{n}.example\n")).collect();
    let mails: String =
        ('A'..='L').map(|c| format!("BM-2cX8y9u9yEi3fdqQfndx9F6NdR5Hv79ad{c}\n")).collect();
    let mails = mails.replace(['I'], "i");
    let key = format!("{}\nAAAA\n{}", PGP.lines().next().unwrap(), "A\n".repeat(20_000));
    for (text, what) in
        [(&long, "bytes in a line"), (&much, "bytes"), (&sites, "url"), (&mails, "bitmessage")]
    {
        let refused = read(AccountAction::Update, text).unwrap_err();
        assert!(
            matches!(&refused, AccountRefusal::TooMany { what: found, .. } if *found == what),
            "{refused}"
        );
    }
    assert_eq!(read(AccountAction::Update, &key).unwrap_err(), AccountRefusal::InvalidPgp);
    let many = vec![("x".to_owned(), String::new()); FIELDS_MAX + 1];
    let refused = AccountMessage::from_fields(&many, AccountAction::New, None, NETWORK);
    assert!(matches!(refused, Err(AccountRefusal::TooMany { what: "fields", .. })));
    // A lasting limit of the account, not of one message.
    let full: String = (0..101).map(|n| format!("http://{n}.example\n")).collect();
    let refused = follow(None, AccountAction::New, &format!("{ONE}\n{full}")).unwrap_err();
    assert!(matches!(refused, AccountRefusal::TooMany { what: "url", max: 100 }));
}

/// Goal: questions may say anything; of a question about an account the first address counts.
#[test]
fn questions_may_say_anything() {
    let text = format!(
        "Dear all,\n\u{1}\r{}\nplease tell me about\n  bitcoin:{ONE}\n{EXAMPLE}",
        "-account"
    );
    let message = read(AccountAction::Status, &text).unwrap();
    assert_eq!(message.address(), Some(&address(ONE)));
    let message = read(AccountAction::Help, &text).unwrap();
    assert_eq!(message.address(), None);
    for action in [AccountAction::Status, AccountAction::Help] {
        assert_eq!(asked_address(&read(action, "").unwrap(), Some(ONE), NETWORK), Ok(address(ONE)));
        let refused = asked_address(&read(action, "").unwrap(), Some("null"), NETWORK).unwrap_err();
        assert_eq!(refused.to_string(), "Invalid Bitcoin address: null");
        let refused = asked_address(&read(action, "").unwrap(), None, NETWORK).unwrap_err();
        assert_eq!(refused.to_string(), "Invalid Bitcoin address: null");
    }
}
