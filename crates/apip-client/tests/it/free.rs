use crate::{
    directory,
    scripted::{Given, Scripted},
};
use serde_json::{Value, json};
use tally_apip_client::{Code, Error};

/// Goal: each free interface is where the documents say, and is asked without any header of a user.
#[test]
fn free_interfaces_are_asked_plainly() {
    let server = Scripted::start(|request| Given::answer(request, 0, json!({ "data": {} })));
    let directory = directory(&server);
    directory.ping().unwrap();
    directory.service().unwrap();
    directory.totals().unwrap();
    directory.services(None).unwrap();
    directory.services(Some("f656")).unwrap();
    directory.apps(Some("a b&c=d")).unwrap();
    directory.user("C_armX").unwrap();
    let requests = server.received();
    let paths: Vec<_> = requests.iter().map(|request| request.path.as_str()).collect();
    let expected = [
        "/APIP/ping",
        "/APIP/apip0/v1/getService",
        "/APIP/apip0/v1/totals",
        "/APIP/freeGet/v1/getServices",
        "/APIP/freeGet/v1/getServices?id=f656",
        "/APIP/freeGet/v1/getApps?id=a%20b%26c%3Dd",
        "/APIP/freeGet/v1/getFidCid?id=C_armX",
    ];
    assert_eq!(paths, expected);
    for request in &requests {
        assert_eq!(request.method, "GET");
        assert_eq!((request.header("Sign"), request.header("SessionName")), (None, None));
    }
}

/// Goal: early servers answer with the data alone.
#[test]
fn bare_data_are_an_answer() {
    let data = json!([{ "sid": "f656", "stdName": "ApipServer" }]);
    let text = data.to_string();
    let server = Scripted::start(move |_| Given::plain(text.clone()));
    let reply = directory(&server).services(None).unwrap();
    assert_eq!(reply.data_as::<Value>().unwrap(), data);
    assert_eq!(reply.items().unwrap().len(), 1);
    assert_eq!((reply.balance, reply.got, reply.last), (0, 0, None));
}

#[test]
fn closed_doors_are_an_error() {
    let closed = "Sorry, the freeGet APIs were closed.";
    let server = Scripted::start(move |_| Given::plain(closed));
    let error = directory(&server).totals().unwrap_err();
    assert!(error.to_string().contains(closed), "{error}");
    let server = Scripted::start(|request| Given::answer(request, 2001, json!({})));
    let error = directory(&server).totals().unwrap_err();
    assert_eq!(error.refusal().map(|refusal| refusal.code), Some(Code::FreeGetClosed));
    let server = Scripted::start(|_| Given { status: 404, ..Given::plain("not found") });
    let error = directory(&server).totals().unwrap_err();
    assert!(matches!(error, Error::Status { status: 404, .. }), "{error}");
}
