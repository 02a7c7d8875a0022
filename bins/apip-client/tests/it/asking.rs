use crate::{
    User,
    scripted::{Given, Received, SESSION_KEY, Scripted},
};
use serde_json::{Value, json};
use std::fs;

/// A directory where signing in works and queries are answered as a test says.
fn directory(mut answer: impl FnMut(&Received) -> Given + Send + 'static) -> Scripted {
    Scripted::start(move |request| {
        if request.path.ends_with("signIn") {
            let data = json!({ "sessionKey": SESSION_KEY });
            return Given::answer(request, 0, json!({ "data": data }));
        }
        answer(request)
    })
}

/// Goal: the question arrives as given, whichever way it is given.
#[test]
fn a_question_is_given_as_json_as_a_file_or_by_flags() {
    let server = directory(|request| Given::answer(request, 0, json!({ "data": [] })).signed());
    let user = User::signed_in(&server);
    let text = r#"{"query":{"terms":{"fields":["types"],"values":["APIP"]}},"size":"5"}"#;
    let file = user.home.path().join("question.json");
    fs::write(&file, text).unwrap();
    let ask = |arguments: &[&str], input| {
        let arguments = [&["query", "serviceSearch"], arguments].concat();
        let ended = user.run_with(&arguments, &[], input);
        assert_eq!(ended.code, 0, "{ended:?}");
        server.received().last().unwrap().json()["fcdsl"].clone()
    };
    let expected: Value = serde_json::from_str(text).unwrap();
    assert_eq!(ask(&[text], ""), expected);
    assert_eq!(ask(&["--file", file.to_str().unwrap()], ""), expected);
    assert_eq!(ask(&["--file", "-"], text), expected);
    assert_eq!(ask(&["--terms", "types=APIP", "--size=5"], ""), expected);
    assert_eq!(ask(&[], ""), Value::Null);
    let calls = server.received().len();
    for bad in ["[]", "{", "nonsense"] {
        let ended = user.run(&["query", "serviceSearch", bad]);
        assert_eq!(ended.code, 2, "{ended:?}");
    }
    assert_eq!(server.received().len(), calls);
}

/// Goal: numbers and the order of members are printed as they were sent.
#[test]
fn an_answer_is_printed_as_it_was_sent() {
    let body = |nonce: &Value| {
        format!(
            r#"{{"code":0,"message":"Success.","nonce":{nonce},"balance":5,"got":1,"total":6,"bestHeight":7,"data":{{"b":{{"tRate":4.0,"a":"x"}}}}}}"#
        )
    };
    let server = directory(move |request| Given::plain(body(&request.json()["nonce"])).signed());
    let user = User::signed_in(&server);
    let ended = user.run(&["query", "serviceByIds", "--id", "b"]);
    assert_eq!(ended.out, "{\n  \"b\": {\n    \"tRate\": 4.0,\n    \"a\": \"x\"\n  }\n}\n");
    assert_eq!(ended.err, "1 of 6; balance 5 satoshi, best height 7\n");
    let ended = user.run(&["query", "serviceByIds", "--id", "b", "--whole"]);
    let nonce = &server.received()[2].json()["nonce"];
    assert_eq!(ended.out, body(nonce) + "\n");
}

#[test]
fn everything_is_json_lines() {
    let server = directory(|request| {
        let after = &request.json()["fcdsl"]["after"];
        let first = after[0].as_str().map_or(0, |text| text.parse().unwrap());
        let items: Vec<_> = (first..5).take(2).map(|id| json!({ "id": id })).collect();
        let last = [(first + 2).to_string()];
        let members = json!({ "data": items, "got": items.len(), "total": 5, "last": last });
        Given::answer(request, 0, members).signed()
    });
    let user = User::signed_in(&server);
    let ended = user.run(&["all", "serviceSearch", "--size", "2", "--via", "app"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(ended.out, "{\"id\":0}\n{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n");
    assert_eq!(ended.err, "5 of 5; balance 35583028799 satoshi\n");
    let received = server.received();
    assert_eq!(received.len(), 4);
    assert_eq!(received[3].json()["fcdsl"], json!({ "size": "2", "after": ["4"] }));
    assert_eq!(received[3].json()["via"], "app");
}

#[test]
fn everything_of_nothing_is_no_line() {
    let server = directory(|request| Given::answer(request, 1011, json!({ "total": 0 })));
    let ended = User::signed_in(&server).run(&["all", "serviceSearch"]);
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (0, "", "0 of 0\n"));
}

#[test]
fn free_interfaces_need_no_session() {
    let server = Scripted::start(|request| {
        Given::answer(request, 0, json!({ "data": { "path": request.path } }))
    });
    let user = User::new();
    for (arguments, path) in [
        (&["service"][..], "/APIP/apip0/v1/getService"),
        (&["services"], "/APIP/freeGet/v1/getServices"),
        (&["services", "--id", "f656"], "/APIP/freeGet/v1/getServices?id=f656"),
        (&["apps", "--id", "x"], "/APIP/freeGet/v1/getApps?id=x"),
        (&["user", "C_armX"], "/APIP/freeGet/v1/getFidCid?id=C_armX"),
        (&["totals"], "/APIP/apip0/v1/totals"),
    ] {
        let ended = user.run_with(arguments, &[("APIP_URL", &server.head())], "");
        assert_eq!(ended.code, 0, "{ended:?}");
        assert_eq!(ended.out, format!("{{\n  \"path\": \"{path}\"\n}}\n"));
    }
    let ended = user.run(&["endpoints"]);
    assert!(ended.out.contains("apip4/v1/protocolSearch"), "{ended:?}");
}
