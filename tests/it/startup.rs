//! What a daemon refuses to start with, and what it shows of its settings.

use crate::support::{Network, accounts, chain::Chain, daemon::Settings};

/// Exit codes. Source: docs/configuration.md.
const SETTINGS: i32 = 2;
const KEY: i32 = 3;
const CHAIN: i32 = 4;
const DATA: i32 = 5;
const LISTEN: i32 = 6;

/// Goal: each mistake ends the daemon with its own exit code and a message that says what to change,
/// and leaves the data as it was. Method: one node's settings with one of them wrong; at the end the
/// right ones work again.
#[test]
fn mistakes_are_named() {
    let net = Network::start(2);
    let running = net.daemon(1);
    let anywhere = running
        .settings()
        .clone()
        .with("--api-address", "127.0.0.1:0")
        .with("--listen-address", "127.0.0.1:0");
    refuses(&anywhere, DATA, "used by another running instance");
    let same_api =
        anywhere.clone().with("--api-address", running.settings().value("--api-address"));
    refuses(&same_api, LISTEN, "cannot listen");
    let mut running = running;
    assert!(running.terminate().success());
    for (settings, code, part) in [
        (
            anywhere.clone().with("--password-file", &net.file("other-password", "guessed\n")),
            KEY,
            "wrong password",
        ),
        (anywhere.clone().with("--password-file", "/nowhere"), KEY, "/nowhere"),
        (anywhere.clone().without("--password-file"), KEY, "--password-file"),
        (anywhere.clone().with("--address", &accounts::address(9)), KEY, "no key of"),
        (
            anywhere.clone().with("--eth-rpc-endpoint", "ftp://127.0.0.1"),
            SETTINGS,
            "--eth-rpc-endpoint",
        ),
        (anywhere.clone().without("--eth-rpc-endpoint"), SETTINGS, "--eth-rpc-endpoint"),
        (
            anywhere.clone().with("--registry-contract-address", &accounts::address(9)),
            CHAIN,
            "no contract at",
        ),
        (anywhere.clone().with("--api-address", "0.0.0.0:0"), SETTINGS, "--allow-unauthenticated"),
        (anywhere.clone().with("--reveal-timeout", "40"), SETTINGS, "--reveal-timeout"),
        (anywhere.clone().with("--colour", "red"), SETTINGS, "--colour"),
    ] {
        refuses(&settings, code, part);
    }
    let registry = net.chain.deploy_again().registry.to_string();
    refuses(&anywhere.clone().with("--registry-contract-address", &registry), DATA, "registry");

    // The same contracts at the same addresses, on a chain with another number.
    let folder = tempfile::tempdir().unwrap();
    let other = Chain::start_numbered(folder.path(), 31_337_002);
    assert_eq!(other.deployment().registry, net.chain.deployment().registry);
    let url = format!("ws://{}", other.anvil().address());
    refuses(&anywhere.clone().with("--eth-rpc-endpoint", &url), DATA, "chain 31337002");

    running.start_again();
}

/// Goal: a token guards an API, and is in none of what the daemon writes. Method: a node with a token
/// and other secrets in its settings; its help, its settings and its log are searched for them.
#[test]
fn secrets_stay_secret() {
    let net = Network::start(1);
    let token = "a-bearer-token-of-this-test";
    let url = format!("ws://{}/?key=the-url-s-secret", net.chain.anvil().address());
    let settings = net
        .settings(1)
        .without("--eth-rpc-endpoint")
        .with_variable("SMARTRAIDEN_ETH_RPC_ENDPOINT", &url)
        .with_variable("SMARTRAIDEN_API_TOKEN", token);
    let node = settings.clone().with("--verbosity", "5").start();
    node.api().get("/api/1/address").refused(401, "bearer token");
    assert_eq!(node.api().get("/healthz").status, 200);
    let authorised = node.api().with_token(token);
    assert_eq!(authorised.get("/api/1/address").expect(200)["our_address"], node.address());
    authorised.get(&format!("/api/1/channels/{}", node.address())).refused(404, "channel");
    let log = node.written();
    drop(node);

    let (help_ended, help) = settings.run(&["--help"]);
    let (show_ended, shown) = settings.run(&["config", "show"]);
    assert!(help_ended.success() && show_ended.success(), "{help}{shown}");
    assert!(help.contains("--keystore-path") && help.contains("SMARTRAIDEN_API_TOKEN"), "{help}");
    assert!(shown.contains("settle-timeout = 40"), "{shown}");
    let password = settings.password();
    let key = hex::encode([1; 32]);
    for (what, text) in [("log", &log), ("help", &help), ("settings", &shown)] {
        for secret in [token, "the-url-s-secret", password.as_str(), key.as_str()] {
            assert!(!text.contains(secret), "{secret} is in the {what}: {text}");
        }
    }
}

fn refuses(settings: &Settings, code: i32, part: &str) {
    let (ended, written) = settings.refusal();
    assert_eq!(ended, code, "{written}");
    assert!(written.contains(part), "{part:?} is not in {written}");
    assert!(!written.contains(&settings.password()), "the password is in {written}");
}
