//! What the daemon is started with, refuses to start with, and shows of its settings.

use super::server::{FORM, Settings, now};
use crate::support::bitcoind::Bitcoind;
use serde_json::json;
use std::{fs, path::PathBuf};
use tally_deal::message_signature::{Header, sign};

/// Exit codes. Source: docs/configuration.md.
const SETTINGS: i32 = 2;
const KEY: i32 = 3;
const DATA: i32 = 5;
const LISTEN: i32 = 6;
const SERVER: i32 = 7;

const KEY1: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const KEY2: &str = "0000000000000000000000000000000000000000000000000000000000000002";
const KEY3: &str = "0000000000000000000000000000000000000000000000000000000000000003";

/// Goal: each mistake ends the daemon with its own exit code and a message that says what to change.
/// Method: a server's settings with one of them wrong.
#[test]
fn mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let bare = Settings::new(folder.path(), "bare");
    let good = bare
        .clone()
        .with("--network", "regtest")
        .with("--node-url", "http://127.0.0.1:1")
        .with("--node-user", "user")
        .with_variable("DEAL_NODE_PASSWORD", "password");
    let dev = Settings::dev(folder.path(), "dev");
    let front = Settings::front(folder.path(), "front", "localhost");
    let slip = folder.path().join("slip");
    fs::write(&slip, "[{\"client_id\": \"shop\", \"client_secret\": \"tiny-secret\"}]").unwrap();
    let slip = slip.to_str().unwrap();
    let running = good.start();
    let host = running.url().strip_prefix("http://").unwrap().to_owned();
    good.clone()
        .with("--data-dir", "")
        .without("--data-dir")
        .with("--memory-store", "true")
        .with("--api-address", &host)
        .refuses(LISTEN, "cannot listen");
    good.refuses(DATA, "cannot open the data");
    let settings = running.stop();
    settings.clone().with_variable("DEAL_KEY_PASSPHRASE", "wrong").refuses(KEY, "passphrase");
    let others = settings.clone().with("--service-key1", KEY1).with("--service-key2", KEY2);
    others.refuses(KEY, "other service keys");
    for (settings, code, part) in [
        (bare.clone(), SETTINGS, "--node-url"),
        (good.clone().with("--colour", "red"), SETTINGS, "--colour"),
        (good.clone().with("--network", "mars"), SETTINGS, "--network"),
        (good.clone().with("--config", "/nowhere"), SETTINGS, "/nowhere"),
        (good.clone().with("--esplora-url", "http://127.0.0.1:1"), SETTINGS, "exclude"),
        (good.clone().with("--dev", "true"), SETTINGS, "--data-dir"),
        (good.clone().with("--memory-store", "true"), SETTINGS, "--data-dir"),
        (good.clone().with("--service-key1", KEY1), SETTINGS, "--service-key2"),
        (good.clone().with("--service-key1", "0"), SETTINGS, "--service-key1"),
        (good.clone().with("--service-fee", "1%"), SETTINGS, "service_fee"),
        (good.clone().with("--fixed-time", "noon"), SETTINGS, "--fixed-time"),
        (good.clone().with("--pgp-key-file", "/nowhere"), SETTINGS, "/nowhere"),
        (good.clone().with("--allow-server", "localhost"), SETTINGS, "--server"),
        (good.clone().with("--clients-file", slip), SETTINGS, "client 1: client_secret"),
        (good.clone().with("--api-token-file", slip), SETTINGS, "--clients-file"),
        (
            good.clone().with("--module-address", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"),
            SETTINGS,
            "--module-address",
        ),
        (good.clone().with_variable("DEAL_CONFIRMATIONS", "many"), SETTINGS, "DEAL_CONFIRMATIONS"),
        (good.clone().with_variable("DEAL_KEY_PASSPHRASE", ""), SETTINGS, "DEAL_KEY_PASSPHRASE"),
        (
            good.clone().with_variable("DEAL_POSTGRES_URL", "postgres://x@127.0.0.1:1/none"),
            SERVER,
            "the shared deals",
        ),
        (dev.clone().with("--data-dir", "/nowhere"), SETTINGS, "--data-dir"),
        (dev.clone().with("--node-url", "http://127.0.0.1:1"), SETTINGS, "--node-url"),
        (
            dev.clone().with("--api-address", "0.0.0.0:0").with("--needs-login", "false"),
            SETTINGS,
            "--allow-unauthenticated",
        ),
        (front.clone().with("--node-url", "http://127.0.0.1:1"), SETTINGS, "--node-url"),
        (front.clone().with("--server", "http://user@host"), SETTINGS, "--server"),
        (front.clone().with("--api-address", "0.0.0.0:0"), SETTINGS, "--allow-unauthenticated"),
        (front.clone().with("--network", "main"), SETTINGS, "--server-key-file"),
    ] {
        let written = settings.refuses(code, part);
        assert!(!written.contains("tiny-secret"), "{written}");
    }
    settings.start().stop();
}

/// Requires that no file of the data holds what nobody may read there.
fn keeps_no_secret(data: PathBuf) {
    let mut files = vec![data];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for secret in ["correct horse battery", "swordfish-7", KEY3] {
            let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!is_there, "{secret} is in {}", path.display());
        }
        let raw = hex::decode(KEY3).unwrap();
        assert!(!bytes.windows(32).any(|part| part == raw), "a key is in {}", path.display());
    }
}

/// Goal: settings may come from a file, are shown as one, and hold no secret; nor do the log and the
/// data. Method: what `config show` prints is read again; help, settings, log and data are searched
/// for the keys, the passphrase and the password.
#[test]
fn settings_are_shown_without_secrets() {
    let Some(node) = Bitcoind::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let keys =
        |settings: Settings| settings.with("--service-key1", KEY2).with("--service-key2", KEY3);
    let settings =
        keys(Settings::new(folder.path(), "server").on(&node)).with("--log-level", "debug");
    let (status, shown) = settings.run(&["config", "show"]);
    assert!(status.success(), "{shown}");
    assert!(shown.contains("network = \"regtest\""), "{shown}");
    let server = settings.start();
    server.is_caught_up();
    // The address of the private key 1.
    let address = "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r";
    let today = tally_deal::Time(now()).date();
    let account = format!("{today}\n{address}\na@shop.example\npassword: swordfish-7");
    let mut owner = [0; 32];
    owner[31] = 1;
    let owner = tally_deal::PrivateKey::from_bytes(&owner).unwrap();
    let signature = sign(&owner, account.as_bytes(), Header::Compressed);
    let opened = server.post("/account/new", "text/plain", &format!("{account}\n{signature}\n"));
    assert!(opened.result().0, "{}", opened.text);
    let login = &format!("grant_type=password&username={address}&password=swordfish-7");
    let token = server.send("POST", "/oauth2/token", &[("content-type", FORM)], login.as_bytes());
    let token = token.expect(200);
    let session = token["secret"].as_str().unwrap().to_owned();
    let written = server.written();
    let help = settings.run(&["--help"]).1;
    let settings = server.stop();
    let (_, password) = node.user();
    let secrets = [KEY2, KEY3, "correct horse battery", "swordfish-7", &session];
    for text in [&written, &help, &shown] {
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    for text in [&written, &shown] {
        assert!(!text.contains(password), "{password} is in {text}");
    }
    keeps_no_secret(folder.path().join("server"));

    let file = folder.path().join("deal.toml");
    fs::write(&file, &shown).unwrap();
    let shown_keys: Vec<&str> =
        shown.lines().filter(|line| line.starts_with("service-key")).collect();
    assert_eq!(shown_keys.len(), 2, "{shown}");
    let kept: String = shown
        .lines()
        .filter(|line| !line.starts_with("service-key"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&file, kept).unwrap();
    let by_file = Settings::new(folder.path(), "server")
        .without("--data-dir")
        .without("--api-address")
        .with("--config", file.to_str().unwrap())
        .with_variable("DEAL_NODE_PASSWORD", password);
    let server = by_file.start();
    assert_eq!(server.announced("network"), "regtest");
    server.stop();
    settings.start().stop();
}

/// Goal: strangers must say who they are, and programs with a secret get in. Method: a server that
/// needs a login; without one, with a token by the client's secret, by an assertion of a `service.json`
/// of a module in front, and with a wrong secret.
#[test]
fn strangers_log_in() {
    let folder = tempfile::tempdir().unwrap();
    let clients = folder.path().join("clients.json");
    let service = json!({ "type": "service_account", "issuers": ["accounts.shop.example"],
        "client_id": "shop", "client_secret": "a secret of the shop", "algorithm": "HS256",
        "token_uri": "/oauth2/token" });
    fs::write(&clients, json!([service]).to_string()).unwrap();
    let server = Settings::dev(folder.path(), "dev")
        .with("--needs-login", "true")
        .with("--clients-file", clients.to_str().unwrap())
        .with("--server-address", "127.0.0.1:0")
        .start();
    assert_eq!(server.get("/ping").status, 200);
    let refused = server.get("/deal/list");
    refused.refused(401, "Unauthorized.");
    assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"));
    let login = |secret: &str| {
        let body = format!("grant_type=client_credentials&client_id=shop&client_secret={secret}");
        server.send("POST", "/oauth2/token", &[("content-type", FORM)], body.as_bytes())
    };
    assert_eq!(login("another").status, 401);
    let token = login("a+secret+of+the+shop").expect(200);
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let listed = server.send("GET", "/api/v1/deal/list", &[("authorization", &bearer)], b"");
    assert_eq!(listed.expect(200), json!([]));
    let changed = format!("{bearer}x");
    let forged = server.send("GET", "/api/v1/deal/list", &[("authorization", &changed)], b"");
    assert_eq!(forged.status / 100, 4, "{}", forged.text);

    let file = folder.path().join("service.json");
    fs::write(&file, service.to_string()).unwrap();
    let module = Settings::front(folder.path(), "module", server.announced("modules"));
    let module = module.with("--oauth2-file", file.to_str().unwrap()).start();
    crate::support::eventually("the service's keys", || {
        let ready = module.send("GET", "/readyz", &[], b"");
        if ready.status == 200 { Ok(()) } else { Err(ready.text) }
    });
    let through = module.send("GET", "/api/v1/deal/list", &[("authorization", &bearer)], b"");
    assert_eq!(through.expect(200), json!([]));
    assert_eq!(module.get("/deal/list").status, 401);
    module.stop();
    server.stop();
}
