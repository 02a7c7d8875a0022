use crate::{
    Ended, FID, User, WIF,
    scripted::{Given, SESSION_KEY, Scripted, sign},
};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt};
use tally_crypto::{
    ecies::{self, Format},
    fch::{AddressVersion, PrivateKey, recover_message},
};

/// Goal: signing in keeps a session that the next call signs with. Method: checks the signatures of
/// both requests against the bytes that arrived.
#[test]
fn a_session_is_kept_and_used() {
    let public_key = PrivateKey::from_wif(WIF).unwrap().public_key();
    let encrypted = ecies::encrypt(Format::Fipa9, &public_key, SESSION_KEY.as_bytes(), [3; 48]);
    let server = Scripted::start(move |request| match request.path.as_str() {
        "/APIP/apip1/v1/signIn" => {
            let data = json!({ "sessionKeyEncrypted": encrypted, "sessionDays": 365 });
            Given::answer(request, 0, json!({ "data": data }))
        }
        _ => Given::answer(request, 0, json!({ "data": [7] })).signed(),
    });
    let user = User::new();
    let key_file = user.home.path().join("key");
    fs::write(&key_file, WIF).unwrap();
    let key_file = key_file.to_str().unwrap();
    let arguments = ["sign-in", "--url", &server.head(), "--key-file", key_file];
    let ended = user.run_with(&arguments, &[], "");
    assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{ended:?}");
    let expected = format!("signed in at {} as {FID}", server.head());
    assert!(ended.err.contains(&expected), "{ended:?}");
    assert!(ended.err.contains("ends in 364 days"), "{ended:?}");
    let mode = fs::metadata(user.session_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let ended = user.run_with(&["query", "serviceSearch"], &[], "");
    assert_eq!((ended.code, ended.out.as_str()), (0, "[\n  7\n]\n"), "{ended:?}");
    let [signed_in, asked] = server.received().try_into().unwrap();
    let signature = recover_message(signed_in.body.as_bytes(), signed_in.header("Sign").unwrap());
    assert_eq!(signature, Ok(public_key));
    assert_eq!(signed_in.json()["pubKey"], public_key.to_string());
    assert_eq!(asked.header("SessionName"), Some(&SESSION_KEY[..12]));
    assert_eq!(asked.header("Sign"), Some(sign(asked.body.as_bytes()).as_str()));
    assert_eq!(asked.json()["url"], server.head() + "apip6/v1/serviceSearch");

    let ended = user.run(&["session"]);
    assert!(ended.out.contains(FID) && ended.out.contains(&SESSION_KEY[..12]), "{ended:?}");
    assert!(!ended.out.contains(&SESSION_KEY[..16]), "{ended:?}");
}

/// Goal: the address is that of the directory's network. Method: what the server is told.
#[test]
fn the_network_makes_the_address() {
    let server = plain(4_000_000_000_000);
    let user = User::new();
    let (head, key) = (server.head(), PrivateKey::from_wif(WIF).unwrap().public_key());
    let fid = key.fid(AddressVersion::TEST_P2PKH);
    let arguments = ["sign-in", "--form", "plain", "--network", "freecash-test", "--url", &head];
    let ended = user.run_with(&arguments, &[("APIP_KEY", WIF)], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.err.contains(fid.as_str()), "{ended:?}");
    let [signed_in] = server.received().try_into().unwrap();
    assert_eq!(signed_in.header("FID"), Some(fid.as_str()));
}

fn plain(expires: u64) -> Scripted {
    Scripted::start(move |request| {
        let data = json!({ "sessionKey": SESSION_KEY, "expireTime": expires });
        Given::answer(request, 0, json!({ "data": data })).signed()
    })
}

#[test]
fn a_session_that_has_ended_is_not_used() {
    let server = plain(1_000);
    let user = User::signed_in(&server);
    let ended = user.run(&["query", "serviceSearch"]);
    assert_eq!(ended.code, 5, "{ended:?}");
    assert!(ended.err.contains("sign in again"), "{ended:?}");
    assert_eq!(server.received().len(), 1);
    // The address is remembered.
    assert_eq!(user.run(&["sign-in", "--form", "cipher"]).code, 0);
    assert_eq!(server.received()[1].path, "/APIP/apip0/v1/signInEcc");
}

#[test]
fn a_session_is_good_for_its_directory_only() {
    let server = plain(u64::MAX >> 1);
    let other = plain(1);
    let user = User::signed_in(&server);
    let Ended { code, err, .. } = user.run(&["query", "serviceSearch", "--url", &other.head()]);
    assert_eq!(code, 5, "{err}");
    assert!(err.contains(&server.head()) && err.contains(&other.head()), "{err}");
    assert!(other.received().is_empty());
}

#[test]
fn without_key_session_or_address_the_user_is_told_what_to_give() {
    let server = plain(1);
    let user = User::new();
    for (arguments, code, word) in [
        (&["sign-in"][..], 2, "--url"),
        (&["sign-in", "--url", &server.head()], 3, "--key-file"),
        (&["sign-in", "--url", &server.head(), "--key-file", "none"], 3, "none"),
        (&["query", "serviceSearch"], 5, "sign-in"),
        (&["session"], 5, "sign-in"),
        (&["services"], 2, "--url"),
        (&["ping"], 2, "--url"),
        (&["sign-in", "--url", "localhost"], 2, "http://"),
        (&["ping", "--url", &server.head(), "--ca-file", "none"], 2, "none"),
        (&["ping", "--url", &server.head(), "--ca-file", "/dev/null"], 2, "no certificate"),
        (&["query", "nothing"], 2, "no known endpoint"),
    ] {
        let ended = user.run_with(arguments, &[], "");
        assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(word), "{arguments:?}: {ended:?}");
    }
    let wrong = user.run_with(
        &["sign-in", "--url", &server.head()],
        &[("APIP_KEY", &WIF.replace('R', "S"))],
        "",
    );
    assert_eq!(wrong.code, 3, "{wrong:?}");
    assert!(!wrong.err.contains(&WIF[10..20]), "{wrong:?}");
    assert!(server.received().is_empty());
}

/// Goal: a ping tells of the session if there is one, and is free of headers if there is none.
#[test]
fn ping_tells_of_the_session() {
    let server = plain(u64::MAX >> 1);
    let ended = User::new().run(&["ping", "--url", &server.head()]);
    assert!(ended.code == 0 && ended.err.contains("no session"), "{ended:?}");
    let user = User::signed_in(&server);
    let ended = user.run(&["ping"]);
    assert!(ended.code == 0 && ended.err.contains("35583028799 satoshi"), "{ended:?}");
    let received = server.received();
    let methods: Vec<_> = received.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["GET", "POST", "POST"]);
    assert_eq!(received[2].json().get("fcdsl"), None::<&Value>);
}
