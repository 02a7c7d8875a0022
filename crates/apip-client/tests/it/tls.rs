use crate::{
    key,
    scripted::{Given, Received, SESSION_KEY, serve},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};
use serde_json::json;
use std::{
    net::TcpListener,
    sync::Arc,
    thread::{JoinHandle, spawn},
};
use tally_apip_client::{Directory, Error, Options, SignIn, Trust, TrustError};

/// Serves one connection under a certificate of its own; returns the address and the certificate.
fn server() -> (String, String, JoinHandle<Option<Received>>) {
    let names = vec!["localhost".to_owned()];
    let certified = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.unwrap());
    let config = Arc::new(config.unwrap());
    let certificate = BASE64_STANDARD.encode(certified.cert.der());
    let certificate =
        format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
    let listener = TcpListener::bind("localhost:0").unwrap();
    let head = format!("https://localhost:{}/APIP/", listener.local_addr().unwrap().port());
    let thread = spawn(move || {
        let stream = listener.accept().unwrap().0;
        let connection = ServerConnection::new(config).unwrap();
        let data = json!({ "data": { "sessionKey": SESSION_KEY } });
        serve(StreamOwned::new(connection, stream), |request| {
            Given::answer(request, 0, data.clone())
        })
    });
    (head, certificate, thread)
}

fn sign_in(head: &str, trust: Trust) -> Result<(), Error> {
    let options = Options { trust, ..Options::default() };
    let directory = Directory::with_options(head.parse().unwrap(), options);
    directory.sign_in(&key(), SignIn::PlainKey { refresh: false }).map(drop)
}

/// Goal: a server is called only if its certificate is trusted; then it may send a key in clear
/// text, because nobody else reads it.
#[test]
fn a_certificate_has_to_be_trusted() {
    let (head, certificate, thread) = server();
    sign_in(&head, Trust::only(certificate.as_bytes()).unwrap()).unwrap();
    let request = thread.join().unwrap().unwrap();
    assert_eq!(request.json()["url"], format!("{head}apip0/v1/signIn"));

    for trust in [Trust::default(), Trust::only(certificate.as_bytes()).unwrap()] {
        let (head, _, thread) = server();
        let result = sign_in(&head, trust);
        assert!(matches!(result, Err(Error::Web { .. })), "{result:?}");
        assert!(thread.join().unwrap().is_none(), "a request reached a stranger");
    }
}

#[test]
fn texts_without_certificates_are_refused() {
    assert!(matches!(Trust::only(b""), Err(TrustError::Missing)));
    assert!(matches!(Trust::only(b"certificate"), Err(TrustError::Missing)));
    let cut = "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n";
    assert!(matches!(Trust::only(cut.as_bytes()), Err(TrustError::Malformed(_))));
}
