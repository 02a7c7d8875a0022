//! Blocks from memory, blocks from files and ready-made records make the same directory
//! (checklist 11). Blocks over RPC are the bytes of blocks in files, which the tests of the sources
//! compare.

use crate::support::*;
use serde_json::json;
use std::{collections::HashMap, fs::File};
use tally_chain::utxo::{Block, OutPoint, Record, script::op_return};
use tally_chain_utxo::{
    FilesSettings, FilesSource, LoggedEntry, RecordSettings, RecordSource, RecordWriter,
    decode_block, write_record,
};
use tally_primitives::{BlockNumber, Fid, Satoshi};

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

/// Reads the records out of blocks as simply as it can be done.
fn records(blocks: &[Block], address: impl Fn(&[u8]) -> Option<Fid>) -> Vec<Record> {
    let mut outputs = HashMap::new();
    let mut records = vec![];
    for block in blocks {
        for transaction in &block.transactions {
            for (vout, output) in (0..).zip(&transaction.outputs) {
                let row = (output.value.0, address(&output.script), block.time);
                outputs.insert(OutPoint { txid: transaction.txid, vout }, row);
            }
        }
        for (index, transaction) in (0..).zip(&block.transactions) {
            let text = transaction.outputs.iter().find_map(|output| op_return(&output.script));
            let Some((first, text)) = transaction.inputs.first().zip(text) else { continue };
            let coin_days = |input: &OutPoint| {
                let (value, _, time) = &outputs[input];
                value * ((block.time - time) / DAY) / Satoshi::COIN.0
            };
            let signer = outputs[first].1.clone();
            let paid = transaction.outputs.iter().filter_map(|output| address(&output.script));
            records.push(Record {
                txid: transaction.txid,
                height: block.height,
                index,
                time: block.time,
                recipient: paid.into_iter().find(|to| Some(to) != signer.as_ref()),
                signer,
                cdd: transaction.inputs.iter().map(coin_days).sum(),
                text,
                payments: vec![],
            });
        }
    }
    records
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

    let blocks: Vec<Block> = (0..)
        .zip(&raw)
        .map(|(height, raw)| decode_block(raw, BlockNumber(height)).unwrap())
        .collect();
    let records = records(&blocks, |script| network.address(script));
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
