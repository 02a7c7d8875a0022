//! `kill -9` of a server that keeps its data on disk.

use super::{
    directory::{Settings, ask},
    node::Node,
    story::{PRICE, Story, key},
};
use crate::support::eventually;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tally_chain_utxo::{Layout, LoggedEntry, RecordReader};

/// The exit code for data that cannot be used. Source: docs/configuration.md.
const DATA: i32 = 5;

/// Every `OP_RETURN` of the first 900,000 blocks.
pub(super) fn real_records() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/feip/tests/vectors/chain_opreturn.byte")
}

/// The height of the last of them.
fn last_height(path: &Path) -> u64 {
    let mut reader = RecordReader::new(fs::File::open(path).unwrap(), Layout::Detect);
    let entries = std::iter::from_fn(|| reader.next_entry().unwrap());
    let height = |entry| match entry {
        LoggedEntry::Record(record) => record.height.0,
        LoggedEntry::RolledBackTo(height) => height.0,
    };
    entries.map(height).last().unwrap()
}

/// Goal: indexing goes on where it was, and gives what one run gives. Method: the file of real
/// records comes in parts; the server is killed after the first, while it opens its data, and while
/// it reads the rest; in the end histories and states are those of a server that read the file at
/// once.
#[test]
fn indexing_goes_on_after_kills() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(real_records()).unwrap();
    let file = folder.path().join("opreturn0.byte");
    fs::write(&file, &bytes[..bytes.len() / 3]).unwrap();
    let with = |settings: Settings, file: &Path| settings.with("--records", file.to_str().unwrap());
    let settings = with(Settings::new(folder.path(), "killed"), &file);
    let server = settings.start();
    eventually("records", || match &server.best()["height"] {
        height if height.as_u64() > Some(0) => Ok(()),
        other => Err(other.to_string()),
    });
    let settings = server.kill();
    for (part, last_words) in [(bytes.len() / 2, "opening the data"), (bytes.len(), "ready")] {
        fs::write(&file, &bytes[..part]).unwrap();
        // A server says that it is ready and reads on.
        let mut process = settings.begin(&[]);
        eventually(last_words, || {
            let written = process.written();
            if written.contains(last_words) { Ok(()) } else { Err(written) }
        });
        process.kill();
    }
    let server = settings.start();
    let whole = with(Settings::new(folder.path(), "whole"), &real_records()).start();
    let height = last_height(&real_records());
    for one in [&server, &whole] {
        one.reaches(height);
    }
    settings.clone().refuses(DATA, "used by another running instance");
    let user = key(2);
    let (left, right) = (server.sign_in(&user), whole.sign_in(&user));
    for endpoint in ["cidHistory", "serviceOpHistory", "serviceSearch", "cidInfoSearch"] {
        let all = |client: &tally_apip_client::Client| -> Vec<String> {
            let pages = client.pages(endpoint.parse().unwrap(), None);
            pages.flat_map(|page| page.unwrap().items().unwrap()).map(|i| i.to_string()).collect()
        };
        let (left, right) = (all(&left), all(&right));
        assert!(!left.is_empty());
        assert!(left == right, "{endpoint}: {} and {} rows", left.len(), right.len());
    }
    server.stop();
    whole.stop();
}

/// Goal: sessions and balances outlive a kill, and so does following. Method: a user pays and asks;
/// the server is killed, a block comes meanwhile, and the same session goes on.
#[test]
fn balances_and_sessions_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, sid) = Story::with_service();
    story.buy(2, sid, 1_000_000);
    let node = Node::start(&story.chain);
    let settings = Settings::new(folder.path(), "node").on(&node).with("--sid", &sid.to_string());
    let server = settings.start();
    server.follows(&story.chain);
    let client = eventually("the payment", || {
        let form = tally_apip_client::SignIn::EncryptedKey;
        let signed_in = server.directory().sign_in(&key(2), form);
        signed_in.map_err(|error| error.to_string())
    });
    assert_eq!(client.balance, 1_000_000 - PRICE);
    let client = tally_apip_client::Client::new(server.directory().clone(), client.session);
    let paid = ask(&client, "serviceSearch", "{}").unwrap();
    assert_eq!(paid.balance, 1_000_000 - 2 * PRICE);
    let settings = server.kill();
    story.buy(2, sid, 500_000);
    let server = settings.start();
    server.follows(&story.chain);
    let client = server.with_session_of(&client);
    server.credits(&client, 1_500_000 - 2 * PRICE);
    let paid = ask(&client, "serviceSearch", "{}").unwrap();
    assert_eq!((paid.balance, paid.total), (1_500_000 - 3 * PRICE, 1));
    server.stop();
}
