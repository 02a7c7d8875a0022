//! Blocks from memory, blocks from files and ready-made records make the same directory
//! (checklist 11). Blocks over RPC are the bytes of blocks in files, which the tests of the sources
//! compare.

use crate::support::*;
use serde_json::json;
use std::fs::File;
use tally_chain_utxo::{
    FilesSettings, FilesSource, LoggedEntry, RecordSettings, RecordSource, RecordWriter,
    write_record,
};
use tally_primitives::Satoshi;

fn busy_chain() -> Chain {
    let mut chain = Chain::new();
    chain.fund(&[user(1), user(2), user(3)], 20);
    chain.wait(40);
    let pid = chain.write(&user(1), &feip(1, json!({"op": "publish", "sn": "1", "name": "P"})));
    let sid = chain.write(&user(2), &feip(5, json!({"op": "publish", "stdName": "S"})));
    for (number, rate) in [(2, 1), (3, 4), (3, 5)] {
        let rating = feip(1, json!({"op": "rate", "pid": pid.to_string(), "rate": rate}));
        chain.write(&user(number), &rating);
        chain.wait(1);
    }
    chain.pay_and_write(
        &user(3),
        &feip(3, json!({"op": "register", "name": "three"})),
        Some((user(1), Satoshi(5))),
    );
    chain.write(&user(2), &feip(5, json!({"op": "close", "sid": sid.to_string()})));
    chain.mine_empty(2);
    chain
}

#[tokio::test]
async fn all_sources_make_the_same_directory() {
    let chain = busy_chain();
    let (_, from_memory) = chain.fresh(config()).await;
    let expected = everything(&from_memory);
    assert_eq!(expected.iter().map(|(_, documents)| documents.len()).sum::<usize>(), 3 + 7);

    let folder = tempfile::tempdir().unwrap();
    let network = chain.chain.network();
    let raw = chain.chain.raw_blocks();
    let mut file = File::create(folder.path().join("blk00000.dat")).unwrap();
    // Nodes store blocks as they come; here the second half came first.
    let (first, second) = raw.split_at(raw.len() / 2);
    for block in [&first[..1], second, &first[1..]].concat() {
        write_record(&mut file, network.magic, &block).unwrap();
    }
    drop(file);
    let directory = open(&store(), config());
    let settings = FilesSettings::new(network, folder.path());
    let source = FilesSource::start(settings, directory.start_point().unwrap()).unwrap();
    let follower = directory.follow(Box::new(source), None).unwrap();
    chain.reached_by(&directory).await;
    assert_eq!(everything(&directory), expected);
    stop(follower).await.unwrap();

    let records = chain.chain.records();
    let last = records.last().unwrap().height;
    let path = folder.path().join("opreturn0.byte");
    let mut writer = RecordWriter::new(File::create(&path).unwrap());
    for record in records {
        writer.write(&LoggedEntry::Record(record)).unwrap();
    }
    drop(writer);
    let directory = open(&store(), config());
    let mut settings = RecordSettings::new(path);
    settings.poll = std::time::Duration::from_millis(10);
    let source = RecordSource::start(settings, directory.start_point().unwrap());
    let follower = directory.follow(Box::new(source), None).unwrap();
    reached(&directory, |best| best.height == last).await;
    assert_eq!(everything(&directory), expected);
    stop(follower).await.unwrap();
}
