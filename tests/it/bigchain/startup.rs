//! What the ledger's daemon is started with, refuses to start with, and shows of its settings.

use super::ledger::{Settings, create};
use crate::support::Client;
use std::fs;
use tally_ledger::Version;
use tungstenite::Message;

/// Exit codes. Source: docs/configuration.md.
const SETTINGS: i32 = 2;
const KEY: i32 = 3;
const FEDERATION: i32 = 4;
const DATA: i32 = 5;
const LISTEN: i32 = 6;

/// The key pair of the original's container images.
const PUBLIC: &str = "GW1nrdZm4mbVC8ePeiGWz6DqHexqewqy5teURVHi3RG4";
const PRIVATE: &str = "2kQgBtQnHoauw8QchKM7xYvEBW1QDoHzhBsCL9Vi1AzB";

/// Goal: each mistake ends the daemon with its own exit code and a message that says what to change.
/// Method: a node's settings with one of them wrong.
#[test]
fn mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let running = Settings::new(folder.path(), "node").start();
    let free = |settings: &Settings| {
        settings.clone().with("--server-bind", "127.0.0.1:0").with("--wsserver-port", "0")
    };
    let same_data = free(running.settings());
    same_data.refuses(&["start"], DATA, "used by another running instance");
    let other = Settings::new(folder.path(), "other");
    let taken = other.clone().with("--server-bind", running.api_at());
    taken.refuses(&["start"], LISTEN, "cannot listen");
    let settings = running.stop();
    for (settings, code, part) in [
        (other.clone().with("--server-bind", "0.0.0.0:0"), SETTINGS, "--allow-unauthenticated"),
        (other.clone().with("--colour", "red"), SETTINGS, "--colour"),
        (other.clone().with("--memory-store", ""), SETTINGS, "--data-dir"),
        (other.clone().with("--config", "/nowhere"), SETTINGS, "/nowhere"),
        (other.clone().with("--keyring", PUBLIC), KEY, "no keypair found"),
        (other.clone().with_variable("BIGCHAINDB_KEYPAIR_PUBLIC", PUBLIC), KEY, "keypair.private"),
        (
            free(&settings).with_variable("BIGCHAINDB_KEYPAIR_PRIVATE", PRIVATE),
            DATA,
            "holds the ledger's key: take BIGCHAINDB_KEYPAIR_PRIVATE away",
        ),
        (free(&settings).with("--genesis", "/nowhere"), FEDERATION, "/nowhere"),
        (other.clone().with("--genesis", "/nowhere"), FEDERATION, "/nowhere"),
        (
            other.clone().with_variable("BIGCHAINDB_WSSERVER_PORT", "high"),
            SETTINGS,
            "the variable BIGCHAINDB_WSSERVER_PORT: high is not a whole number",
        ),
        (
            other.clone().with_variable("BIGCHAINDB_PEER", "nobody"),
            SETTINGS,
            "the variable BIGCHAINDB_PEER: nobody is not KEY@HOST:PORT",
        ),
        (other.clone().with("--cors-origin", "foo"), SETTINGS, "--cors-origin"),
        (free(&settings).with("--keyring", PUBLIC), FEDERATION, "other members"),
        (
            other
                .clone()
                .with("--keyring", &format!("{PUBLIC}:{}", tally_crypto::base58::encode(&[7; 32])))
                .with_variable("BIGCHAINDB_KEYPAIR_PRIVATE", PRIVATE)
                .with("--listen-peers", "127.0.0.1:0"),
            FEDERATION,
            "genesis",
        ),
    ] {
        let written = settings.refuses(&["start"], code, part);
        assert!(!written.contains(PRIVATE), "the key is in {written}");
        assert!(!written.lines().any(|line| line == "ready"), "ready, and refused: {written}");
    }
    free(&settings).start();
}

/// Goal: the original's way to configure a node works word by word. Method: `configure` with the
/// answers of a user who takes the defaults, `show-config`, `export-my-pubkey`, and a start with
/// that file and some of the original's variables.
#[test]
fn configured_as_the_original_s_users_do() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::new(folder.path(), "node");
    let bare = settings.clone().without("--server-bind").without("--wsserver-port");
    let bare = bare.without("--log-format").without("--data-dir");
    bare.refuses(
        &["export-my-pubkey"],
        KEY,
        "This node's public key wasn't set anywhere so it can't be exported",
    );
    let said = bare.runs(&["-y", "configure", "mongodb"]);
    let file = folder.path().join(".bigchaindb");
    let written = format!("Configuration written to {}", file.display());
    for part in ["Generating keypair", &written, "Ready to go!"] {
        assert!(said.contains(part), "{said}");
    }
    let text = fs::read_to_string(&file).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let private = document["keypair"]["private"].as_str().unwrap();
    let public = document["keypair"]["public"].as_str().unwrap();
    // It is there now; standard input is at its end, so nobody says yes.
    bare.refuses(&["configure"], SETTINGS, "nothing was done");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    let shown = bare.runs(&["show-config"]);
    assert!(shown.contains(&"x".repeat(45)) && !shown.contains(private), "{shown}");
    assert_eq!(bare.runs(&["export-my-pubkey"]).trim(), public);
    let node = bare
        .with_variable("BIGCHAINDB_SERVER_BIND", "127.0.0.1:0")
        .with_variable("BIGCHAINDB_WSSERVER_PORT", "0")
        .with_variable("BIGCHAINDB_DATABASE_HOST", "localhost")
        .with_variable("BIGCHAINDB_DATABASE_NAME", "dev")
        .start();
    assert_eq!(node.key(), public);
    assert_eq!(node.api().get("/").expect(200)["public_key"], public);
    assert!(
        node.written().contains("BIGCHAINDB_DATABASE_HOST has no effect"),
        "{}",
        node.written()
    );
    assert!(!node.written().contains(private));
    assert!(folder.path().join(".bigchain-node/dev/store").exists());
}

/// Goal: a key is never lost, and a node that was started before it was configured goes on. Method:
/// `configure` after a start and once more; then with a key of its own in the variable, and a start
/// with a key that is not the ledger's.
#[test]
fn a_key_outlives_configure() {
    let folder = tempfile::tempdir().unwrap();
    let node = Settings::new(folder.path(), "node").start();
    let public = node.key().to_owned();
    let settings = node.stop();
    settings.runs(&["-y", "configure"]);
    assert_eq!(settings.runs(&["export-my-pubkey"]).trim(), public);
    let settings = settings.start().stop();

    let file = folder.path().join(".bigchaindb");
    let first = fs::read_to_string(&file).unwrap();
    // A key that is nowhere else stays too, and the other settings in a copy.
    fs::remove_file(settings.data().join("key")).unwrap();
    let changed = first.replace("\"keyring\": []", "\"keyring\": [ ]");
    fs::write(&file, &changed).unwrap();
    for number in 1..=2 {
        let said = settings.runs(&["-y", "configure"]);
        let copy = folder.path().join(format!(".bigchaindb.old.{number}"));
        assert!(said.contains(copy.to_str().unwrap()), "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), first);
    }
    assert_eq!(fs::read_to_string(folder.path().join(".bigchaindb.old.1")).unwrap(), changed);
    let other = settings.clone().with_variable("BIGCHAINDB_KEYPAIR_PRIVATE", PRIVATE);
    other.refuses(&["-y", "configure"], KEY, "move the file away");
    fs::write(&file, "{").unwrap();
    settings.refuses(&["-y", "configure"], SETTINGS, "move it away");
    assert_eq!(fs::read_to_string(&file).unwrap(), "{");

    fs::remove_file(&file).unwrap();
    other.runs(&["-y", "configure"]);
    let said = settings.refuses(&["start"], DATA, "another key");
    for part in [public.as_str(), PUBLIC, file.to_str().unwrap(), "--database-name"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

/// Goal: a token guards the API and the stream and is in nothing that the daemon writes. Method: a
/// node with a token; its help, settings and log are searched for it.
#[test]
fn secrets_stay_secret() {
    let folder = tempfile::tempdir().unwrap();
    let token = "a-bearer-token-of-this-test";
    let node = Settings::new(folder.path(), "node")
        .with_variable("BIGCHAINDB_API_TOKEN", token)
        .with_variable("BIGCHAINDB_KEYPAIR_PRIVATE", PRIVATE)
        .with("--log-level", "debug")
        .start();
    assert_eq!(node.api().get("/api/v1/").status, 401);
    assert_eq!(node.api().get("/healthz").status, 200);
    assert_eq!(node.api().with_token(token).get("/").expect(200)["public_key"], PUBLIC);
    let stream = format!("{}/api/v1/streams/valid_transactions", node.stream());
    assert!(tungstenite::connect(stream).is_err(), "the stream is open");
    let log = node.written();
    let settings = node.stop();
    let (help, shown) = (settings.runs(&["start", "--help"]), settings.runs(&["config", "show"]));
    let json = settings.runs(&["show-config"]);
    assert!(help.contains("BIGCHAINDB_API_TOKEN"), "{help}");
    for text in [&log, &help, &shown, &json] {
        for secret in [token, PRIVATE] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}

/// Goal: a ledger in memory serves and is forgotten; the stream tells what becomes valid, on its own
/// port and on the API's. Method: one transaction, heard by three listeners.
#[test]
fn the_stream_tells_what_becomes_valid() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::new(folder.path(), "node");
    let node = settings.without("--data-dir").with("--memory-store", "").start();
    let own = node.stream().to_owned();
    let on_api = format!("ws://{}", node.api_at());
    let mut listeners: Vec<_> = [
        format!("{own}/api/v1/streams/valid_transactions"),
        format!("{own}/api/v1/streams/valid_tx"),
        format!("{on_api}/api/v1/streams/valid_transactions"),
    ]
    .iter()
    .map(|url| tungstenite::connect(url).unwrap().0)
    .collect();
    let transaction = create(Version::Flat2_0, 1, 1);
    node.commits(&transaction);
    let id = transaction.id().to_string();
    for (listener, name) in listeners.iter_mut().zip(["transaction_id", "tx_id", "transaction_id"])
    {
        let text = loop {
            if let Message::Text(text) = listener.read().unwrap() {
                break text;
            }
        };
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((event[name].as_str(), event["asset_id"].as_str()), (Some(&*id), Some(&*id)));
    }
    // Nothing but the stream is served on its port.
    let stream = Client::new(&own.replace("ws://", "http://"));
    assert_eq!(stream.get("/api/v1/transactions").status, 404);
    assert!(node.settings().data().read_dir().is_err(), "something was written");
}
