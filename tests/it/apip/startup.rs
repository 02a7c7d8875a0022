//! What the daemon is started with, refuses to start with, and shows of its settings.

use super::{
    crash::real_records,
    directory::Settings,
    node::Node,
    story::{Story, key},
};
use crate::support::eventually;
use std::fs;
use tally_apip_client::{Code, SignIn};

/// Exit codes. Source: docs/configuration.md.
const SETTINGS: i32 = 2;
const CHAIN: i32 = 4;
const DATA: i32 = 5;
const LISTEN: i32 = 6;
const SERVER: i32 = 7;

/// Goal: each mistake ends the daemon with its own exit code and a message that says what to change.
/// Method: a server's settings with one of them wrong.
#[test]
fn mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let records = real_records();
    let records = records.to_str().unwrap();
    let bare = Settings::new(folder.path(), "bare");
    let good = bare.clone().with("--records", records);
    let running = Settings::new(folder.path(), "running").with("--records", records).start();
    let taken = good.clone().with("--api-address", running.address());
    taken.refuses(LISTEN, "cannot listen");
    let same_data = running.settings().clone();
    let settings = running.stop();
    let other_rules = settings.clone().with("--rating-touches-last", "true");
    other_rules.refuses(DATA, "rat");
    for (settings, code, part) in [
        (bare.clone(), SETTINGS, "--node-url"),
        (good.clone().with("--colour", "red"), SETTINGS, "--colour"),
        (good.clone().with("--dev", "true"), SETTINGS, "--data-dir"),
        (good.clone().with("--memory-store", "true"), SETTINGS, "--data-dir"),
        (good.clone().with("--config", "/nowhere"), SETTINGS, "/nowhere"),
        (good.clone().with("--node-url", "http://127.0.0.1:1"), SETTINGS, "exclude"),
        (good.clone().with("--api-address", "0.0.0.0:0"), SETTINGS, "--allow-unauthenticated"),
        (good.clone().with("--url-head", "localhost"), SETTINGS, "localhost"),
        (good.clone().with("--sid", "abc"), SETTINGS, "abc"),
        (good.clone().with_variable("APIP_WINDOW_TIME", "long"), SETTINGS, "APIP_WINDOW_TIME"),
        (bare.clone().with("--block-files", "/nowhere"), CHAIN, "/nowhere"),
        (
            good.clone().with_variable("APIP_POSTGRES_URL", "postgres://x@127.0.0.1:1/none"),
            SERVER,
            "shared accounts",
        ),
    ] {
        settings.refuses(code, part);
    }
    same_data.start().stop();
}

/// Goal: a node of another network is noticed before anything is taken for granted. Method: a server
/// of Bitcoin on a node of Freecash.
#[test]
fn another_network_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&Story::new().chain);
    let settings = Settings::new(folder.path(), "node").on(&node).with("--network", "bitcoin");
    let mut process = settings.begin(&[]);
    let status = process.wait();
    assert_eq!(status.code(), Some(CHAIN), "{}", process.written());
    let written = process.written();
    assert!(written.contains("bitcoin") && !written.contains("panicked"), "{written}");
}

/// Goal: settings may come from a file, are shown as one, and hold no secret; nor does the log.
/// Method: what `config show` prints is read again; help, settings and log are searched.
#[test]
fn settings_are_shown_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let story = Story::new();
    let node = Node::start(&story.chain);
    let settings = Settings::new(folder.path(), "node").on(&node);
    let settings = settings.with("--log-level", "debug").with("--sid", &"ab".repeat(32));
    let (status, shown) = settings.run(&["config", "show"]);
    assert!(status.success(), "{shown}");
    assert!(shown.contains(&format!("sid = \"{}\"", "ab".repeat(32))), "{shown}");
    let file = folder.path().join("apip.toml");
    fs::write(&file, &shown).unwrap();
    let by_file = Settings::new(folder.path(), "node")
        .without("--data-dir")
        .without("--api-address")
        .with("--config", file.to_str().unwrap())
        .with_variable("APIP_NODE_PASSWORD", Node::PASSWORD);
    assert_eq!(by_file.run(&["config", "show"]).1, shown);
    let server = by_file.start();
    server.follows(&story.chain);
    let (written, help) = (server.written(), settings.run(&["--help"]).1);
    for text in [&written, &help, &shown] {
        assert!(!text.contains(Node::PASSWORD), "the password is in {text}");
    }
    assert!(help.contains("APIP_NODE_PASSWORD"), "{help}");
    server.stop();
}

/// Goal: a server that waits for its node serves meanwhile, and goes on when it comes. Method: a
/// node's address at which nobody listens yet cannot be chosen safely, so a node goes away.
#[test]
fn answers_go_on_while_the_node_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let story = Story::new();
    let node = Node::start(&story.chain);
    let server = Settings::new(folder.path(), "node").on(&node).start();
    server.follows(&story.chain);
    drop(node);
    eventually("the node to be missed", || {
        let written = server.written();
        if written.contains("WARN") { Ok(()) } else { Err(written) }
    });
    let signed_in = server.directory().sign_in(&key(2), SignIn::EncryptedKey).unwrap();
    assert_eq!((signed_in.balance, signed_in.best_height), (0, story.chain.height().0));
    assert_eq!(server.http().get("/healthz").status, 200);
    let unknown = server.directory().service().unwrap_err();
    assert_eq!(unknown.refusal().unwrap().code, Code::from(2008), "no service was named");
    server.stop();
}
