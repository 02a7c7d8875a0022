use crate::{
    directory, key, only,
    scripted::{Given, Received, SESSION_KEY, Scripted},
};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use tally_apip_client::{
    Code, Directory, Error, Options, Payment, SessionKeyError, SignIn, SignedIn,
};
use tally_crypto::{
    ecies::{self, Format},
    fch::{AddressVersion, recover_message},
};

const PUBLIC_KEY: &str = "030be1d7e633feb2338a74a860e76d893bac525f35a5813cb7b21e27ba1bc8312a";
const FID: &str = "FEk41Kqjar45fLDriztUDTUkdki7mmcjWK";

fn encrypted(format: Format, plaintext: &[u8]) -> String {
    ecies::encrypt(format, &key().public_key(), plaintext, [7; 48])
}

/// Signs in at a server that answers with these data; returns also what it received.
fn sign_in(form: SignIn, data: Value) -> (Result<SignedIn, Error>, Received) {
    let server = Scripted::start(move |request| {
        Given::answer(request, 0, json!({ "balance": 2000, "data": data }))
    });
    let result = directory(&server).sign_in(&key(), form);
    (result, only(&server))
}

/// Checks what all requests to sign in have in common, and returns the members of the body.
fn members(request: &Received, tail: &str, names: &[&str]) -> Value {
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", tail));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let sign = request.header("Sign").unwrap();
    assert_eq!(recover_message(request.body.as_bytes(), sign), Ok(key().public_key()));
    let body = request.json();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let time = body["time"].as_u64().unwrap();
    assert!(time <= now && now - time < 60_000, "{time}");
    assert!(body["nonce"].as_i64().is_some_and(|nonce| nonce > 0), "{body}");
    let url = body["url"].as_str().unwrap();
    assert_eq!(url, format!("http://{}{tail}", request.header("host").unwrap()));
    let mut expected = names.to_vec();
    expected.sort_unstable();
    let found: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(found, expected);
    body
}

/// Goal: the early form, with the key in either format and in each wrapping that servers use.
#[test]
fn a_key_comes_encrypted_in_any_format() {
    let wrapped = format!("{{\"secretKey\":\"{SESSION_KEY}\"}}");
    for (format, plaintext) in [
        (Format::Fipa9, SESSION_KEY.as_bytes()),
        (Format::Bitcore, SESSION_KEY.as_bytes()),
        (Format::Bitcore, wrapped.as_bytes()),
        (Format::Ftsp17, &hex::decode(SESSION_KEY).unwrap()),
    ] {
        let data = json!({
            "sessionKeyEncrypted": encrypted(format, plaintext),
            "sessionDays": 365,
            "startTime": 1_677_571_541_895_u64,
        });
        let (signed_in, request) = sign_in(SignIn::EncryptedKey, data);
        let SignedIn { session, balance, best_height } = signed_in.unwrap();
        assert_eq!(session.name(), &SESSION_KEY[..12]);
        assert_eq!(hex::encode(*session.expose()), SESSION_KEY);
        assert_eq!(session.expires_ms(), Some(1_677_571_541_895 + 365 * 86_400_000));
        assert!(session.is_over());
        assert_eq!((balance, best_height), (2000, 1_735_063));
        let names = ["url", "time", "nonce", "pubKey"];
        let body = members(&request, "/APIP/apip1/v1/signIn", &names);
        assert_eq!(body["pubKey"], PUBLIC_KEY);
        assert_eq!(request.header("FID"), None);
    }
}

/// Goal: the answer that the first document prints.
#[test]
fn the_answer_of_the_document_is_read() {
    let vectors = include_str!("../../../crypto/vectors/apip.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let cipher = &vectors["ecies"][1]["cipherBase64"];
    let data = json!({ "sessionKeyEncrypted": cipher, "sessionDays": 365.0 });
    let session = sign_in(SignIn::EncryptedKey, data).0.unwrap().session;
    assert_eq!(session.name(), "d2c03bbc1ba1");
    assert!(!session.is_over(), "without a start it begins now");
}

#[test]
fn a_plain_key_comes_for_an_address() {
    for (refresh, names) in
        [(false, &["url", "time", "nonce"][..]), (true, &["url", "time", "nonce", "mode"])]
    {
        let data = json!({ "sessionKey": SESSION_KEY, "expireTime": 1_000 });
        let (signed_in, request) = sign_in(SignIn::PlainKey { refresh }, data);
        let session = signed_in.unwrap().session;
        assert_eq!((session.name(), session.expires_ms()), ("d2c03bbc1ba1", Some(1_000)));
        let body = members(&request, "/APIP/apip0/v1/signIn", names);
        assert_eq!(body.get("mode"), refresh.then_some(&json!("refresh")));
        assert_eq!(request.header("FID"), Some(FID));
    }
}

#[test]
fn a_cipher_comes_for_an_address() {
    let cipher = encrypted(Format::Ftsp17, SESSION_KEY.as_bytes());
    let data = json!({ "sessionKeyCipher": cipher, "expireTime": -1 });
    let (signed_in, request) = sign_in(SignIn::CipherKey { refresh: false }, data);
    let session = signed_in.unwrap().session;
    assert_eq!((session.name(), session.expires_ms()), ("d2c03bbc1ba1", None));
    members(&request, "/APIP/apip0/v1/signInEcc", &["url", "time", "nonce"]);
    assert_eq!(request.header("FID"), Some(FID));
}

/// Goal: on another network the same key has another address, and the directory knows that one.
#[test]
fn addresses_are_those_of_the_network() {
    let data = json!({ "sessionKey": SESSION_KEY, "expireTime": 1_000 });
    let server =
        Scripted::start(move |request| Given::answer(request, 0, json!({ "data": data.clone() })));
    let address_version = AddressVersion::TEST_P2PKH;
    let options = Options { address_version, ..Options::default() };
    let directory = Directory::with_options(server.head().parse().unwrap(), options);
    directory.sign_in(&key(), SignIn::PlainKey { refresh: false }).unwrap();
    let fid = key().public_key().fid(address_version);
    assert_ne!(fid.as_str(), FID);
    assert_eq!(only(&server).header("FID"), Some(fid.as_str()));
    assert_eq!(directory.fid(&key()), fid);
}

/// Goal: a key in clear text does not cross a network. Method: the address is one that nobody has,
/// so that a call would fail otherwise.
#[test]
fn a_plain_key_is_not_asked_for_where_others_could_read_it() {
    let directory = Directory::at("http://192.0.2.1:9/APIP/".parse().unwrap());
    let result = directory.sign_in(&key(), SignIn::PlainKey { refresh: false });
    assert!(matches!(result, Err(Error::NotPrivate(_))), "{result:?}");
}

#[test]
fn keys_that_cannot_be_used_are_refused() {
    let stranger = tally_crypto::fch::PrivateKey::from_bytes(&[1; 32]).unwrap().public_key();
    let foreign = ecies::encrypt(Format::Fipa9, &stranger, SESSION_KEY.as_bytes(), [7; 48]);
    let short = encrypted(Format::Fipa9, &SESSION_KEY.as_bytes()[2..]);
    let binary = encrypted(Format::Bitcore, &[0xff; 64]);
    for (data, error) in [
        (json!({}), "Missing"),
        (json!({ "sessionKeyEncrypted": foreign }), "Encrypted(Tag)"),
        (json!({ "sessionKeyEncrypted": "" }), "Encrypted(Malformed)"),
        (json!({ "sessionKeyEncrypted": "*" }), "Encrypted(Malformed)"),
        (json!({ "sessionKeyEncrypted": short }), "Malformed"),
        (json!({ "sessionKeyEncrypted": binary }), "Malformed"),
        (json!({ "sessionKeyCipher": "{}" }), "Encrypted(Malformed)"),
        (json!({ "sessionKey": "d2c03bbc" }), "Malformed"),
        (json!([]), "Malformed"),
        (json!({ "sessionKeyEncrypted": 7 }), "Malformed"),
    ] {
        let (result, _) = sign_in(SignIn::EncryptedKey, data.clone());
        let Err(Error::SessionKey(found)) = result else { panic!("{data}: {result:?}") };
        assert_eq!(format!("{found:?}"), error, "{data}");
        assert_eq!(found == SessionKeyError::Missing, error == "Missing");
    }
}

/// Goal: the user learns where to pay, in the words of early servers and of later ones.
#[test]
fn who_has_no_money_learns_where_to_pay() {
    let mark = "{\"type\":\"APIP\",\"data\":{\"op\":\"buy\",\"sid\":\"46c1\"}}";
    for (data, payment_min) in [
        (json!({ "account": FID, "WriteInOpReturn": mark }), None),
        (json!({ "sendTo": FID, "writeInOpReturn": mark, "minPayment": "1.0" }), Some("1.0")),
    ] {
        let server = Scripted::start(move |request| {
            Given::answer(request, 1004, json!({ "balance": 0, "data": data }))
        });
        let error = directory(&server).sign_in(&key(), SignIn::EncryptedKey).unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.code, Code::InsufficientBalance);
        let payment = Payment {
            account: FID.to_owned(),
            buy_mark: mark.to_owned(),
            payment_min: payment_min.map(str::to_owned),
        };
        assert_eq!(refusal.payment(), Some(payment));
        assert_eq!(error.to_string(), "the directory refused with code 1004: Failed");
    }
}

#[test]
fn an_old_answer_does_not_sign_in() {
    let server = Scripted::start(|request| {
        Given::answer(request, 0, json!({ "nonce": 0, "data": { "sessionKey": SESSION_KEY } }))
    });
    let result = directory(&server).sign_in(&key(), SignIn::EncryptedKey);
    assert!(matches!(result, Err(Error::OtherRequest { found: 0, .. })), "{result:?}");
}
