//! A node, its block files and a file of records are three ways to the same directory.

use super::{
    directory::{Server, Settings},
    node::Node,
    story::{PROVIDER, Story, feip, key},
};
use serde_json::json;
use std::{fs, path::Path};
use tally_chain_utxo::{DevChain, LoggedEntry, RecordWriter, write_record};

/// Goal: whatever the chain is read from, answers are the same. Method: a chain with records of all
/// families and a reorganisation; one server follows the node, one reads its block files, which
/// hold the undone block too, one reads the records; all endpoints give the same.
#[test]
fn node_files_and_records_give_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::new();
    let pid = story.write(PROVIDER, &feip(1, &json!({ "op": "publish", "sn": "1", "name": "P" })));
    let sid = story.write(2, &feip(5, &json!({ "op": "publish", "stdName": "S" })));
    story.wait(1);
    for (user, rate) in [(2, 1), (3, 4), (4, 5)] {
        let rating = json!({ "op": "rate", "pid": pid.to_string(), "rate": rate });
        story.write(user, &feip(1, &rating));
    }
    story.write(3, &feip(3, &json!({ "op": "register", "name": "three" })));
    story.write(4, "no record of anything");
    story.write(2, &feip(5, &json!({ "op": "update", "sid": sid.to_string(), "stdName": "T" })));
    let before = story.chain.raw_blocks();
    story.reorganise(1);
    story.write(2, &feip(5, &json!({ "op": "close", "sid": sid.to_string() })));

    let node = Node::start(&story.chain);
    let by_node = Settings::new(folder.path(), "node").on(&node).start();
    let blocks = block_files(&folder.path().join("blocks"), &story.chain, &before);
    let by_files = Settings::new(folder.path(), "files").with("--block-files", &blocks).start();
    let records = record_file(folder.path(), &story.chain);
    let by_records = Settings::new(folder.path(), "records").with("--records", &records).start();
    let last = story.chain.height().0;
    for server in [&by_node, &by_files] {
        server.follows(&story.chain);
    }
    by_records.reaches(last);
    let expected = everything(&by_node);
    assert!(expected.contains(&pid.to_string()) && expected.contains("three_"), "{expected}");
    assert!(!expected.contains("\"T\""), "an undone record is there: {expected}");
    assert!(expected.contains("\"op\":\"close\""), "{expected}");
    assert_eq!(everything(&by_files), expected);
    assert_eq!(everything(&by_records), expected);
    for server in [by_node, by_files, by_records] {
        server.stop();
    }
}

/// Returns all that a server can be asked for.
fn everything(server: &Server) -> String {
    let client = server.sign_in(&key(2));
    let mut answers = String::new();
    for family in ["protocol", "service", "cidInfo"] {
        let histories: &[&str] =
            if family == "cidInfo" { &[] } else { &["OpHistory", "RateHistory"] };
        for kind in ["Search"].iter().chain(histories) {
            let endpoint = format!("{family}{kind}").parse().expect("an endpoint");
            let reply = match client.query(&endpoint, None) {
                Ok(reply) => reply.data.expect("data").to_string(),
                Err(error) => error.refusal().expect("a refusal").code.number().to_string(),
            };
            answers.push_str(&format!("{endpoint}: {reply}\n"));
        }
    }
    let cids = client.query(&"cidHistory".parse().expect("an endpoint"), None);
    answers + &cids.expect("the history").data.expect("data").to_string()
}

/// Writes the files of a node that has seen other blocks before, as nodes write them.
fn block_files(folder: &Path, chain: &DevChain, before: &[Vec<u8>]) -> String {
    fs::create_dir(folder).unwrap();
    let mut bytes = vec![];
    let now = chain.raw_blocks();
    let undone = before.iter().filter(|block| !now.contains(block));
    for block in undone.chain(&now).collect::<Vec<_>>() {
        write_record(&mut bytes, chain.network().magic, block).unwrap();
    }
    fs::write(folder.join("blk00000.dat"), bytes).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// Writes the records of a chain as the parser would.
fn record_file(folder: &Path, chain: &DevChain) -> String {
    let mut writer = RecordWriter::new(vec![]);
    for record in chain.records() {
        writer.write(&LoggedEntry::Record(record)).unwrap();
    }
    let path = folder.join("opreturn0.byte");
    fs::write(&path, writer.into_inner()).unwrap();
    path.to_str().unwrap().to_owned()
}
