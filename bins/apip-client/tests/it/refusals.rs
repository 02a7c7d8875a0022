use crate::{
    User,
    scripted::{Given, SESSION_KEY, Scripted},
};
use serde_json::{Value, json};

/// Asks a directory that refuses with a code; returns the exit code and what the user is told.
fn refused(code: u32, data: Value) -> (i32, String) {
    let server = Scripted::start(move |request| {
        if request.path.ends_with("signIn") {
            return Given::answer(request, 0, json!({ "data": { "sessionKey": SESSION_KEY } }));
        }
        Given::answer(request, code, json!({ "data": data })).signed()
    });
    let ended = User::signed_in(&server).run(&["query", "serviceSearch"]);
    assert_eq!(ended.out, "");
    assert!(ended.err.contains(&format!("code {code}: Failed")), "{ended:?}");
    (ended.code, ended.err)
}

#[test]
fn each_refusal_says_what_can_be_done() {
    let mark = r#"{"type":"APIP","data":{"op":"buy"}}"#;
    let payment = json!({ "account": "FUmo2eez6VK2s", "WriteInOpReturn": mark, "minPayment": 2 });
    for (code, data, exit, words) in [
        (1004, payment, 8, &["FUmo2eez6VK2s", mark, "at least 2 "][..]),
        (1004, Value::Null, 8, &["apip-client service"]),
        (1005, json!({ "requestedURL": "http://seen/x" }), 8, &["http://seen/x", "--url"]),
        (1006, json!({ "windowTime": "5000" }), 8, &["5 seconds", "clock"]),
        (1007, Value::Null, 8, &["try again"]),
        (1009, Value::Null, 5, &["apip-client sign-in"]),
        (1010, json!({ "maxSize": 100 }), 8, &["100 ids"]),
        (1011, Value::Null, 8, &[]),
        (1012, json!("sort[0].order is up"), 8, &["sort[0].order is up"]),
        (1012, json!({ "reason": "sort[0].order is up" }), 8, &["sort[0].order is up"]),
        (1013, json!({ "reason": "fcdsl is a number" }), 8, &["fcdsl is a number"]),
        (1012, Value::Null, 8, &["docs/fcdsl.md"]),
        (2020, Value::Null, 8, &[]),
    ] {
        let (found, text) = refused(code, data);
        assert_eq!(found, exit, "{text}");
        for word in words {
            assert!(text.contains(word), "{code}: {text}");
        }
    }
}

/// Goal: a server cannot write on the user's terminal.
#[test]
fn control_characters_of_a_server_are_not_shown() {
    let (_, text) = refused(1012, json!("\u{1b}[2Jgone\u{9b}"));
    assert!(text.contains("gone"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{9b}']), "{text:?}");
}

#[test]
fn what_is_no_directory_is_named() {
    let server = Scripted::start(|_| Given::plain("<html>hello</html>"));
    let user = User::new();
    let ended = user.run(&["sign-in", "--url", &server.head()]);
    assert_eq!(ended.code, 7, "{ended:?}");
    assert!(ended.err.contains("<html>hello"), "{ended:?}");
    let head = server.head();
    drop(server);
    let ended = user.run(&["sign-in", "--url", &head]);
    assert_eq!(ended.code, 7, "{ended:?}");
    assert!(ended.err.contains("no answer from"), "{ended:?}");
}

#[test]
fn a_plain_key_is_not_asked_for_over_a_network() {
    let ended =
        User::new().run(&["sign-in", "--form", "plain", "--url", "http://192.0.2.1:9/APIP/"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.err.contains("--form encrypted"), "{ended:?}");
}
