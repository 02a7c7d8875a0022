//! The files beside these tests.

use serde_json::Value;
use tally_chain::utxo::Record;
use tally_primitives::{BlockNumber, Txid};

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn json(name: &str) -> Value {
    serde_json::from_slice(&bytes(name)).unwrap()
}

/// The records of a JSON file; marks of rollbacks are left out. A few real records have coin-days
/// below zero, which count as none.
pub(crate) fn records(rows: &Value) -> Vec<Record> {
    let rows = rows.as_array().unwrap();
    rows.iter().filter(|row| row.get("txId").is_some()).map(record).collect()
}

fn record(row: &Value) -> Record {
    let number = |name: &str| row[name].as_u64().unwrap_or_else(|| panic!("{name} of {row}"));
    Record {
        txid: row["txId"].as_str().unwrap().parse().unwrap(),
        height: BlockNumber(number("height")),
        index: number("txIndex").try_into().unwrap(),
        time: number("time"),
        signer: row["signer"].as_str().map(|fid| fid.parse().unwrap()),
        recipient: row["recipient"].as_str().map(|fid| fid.parse().unwrap()),
        cdd: row["cdd"].as_i64().unwrap().try_into().unwrap_or(0),
        text: row["opReturn"].as_str().unwrap().as_bytes().to_vec(),
        payments: Vec::new(),
    }
}

/// The records of a file in the format of `opreturn*.byte`.
pub(crate) fn binary(name: &str) -> Vec<Record> {
    let file = bytes(name);
    let mut rest = &file[..];
    let mut records = Vec::new();
    while !rest.is_empty() {
        let length = i32::from_be_bytes(take(&mut rest)) as usize;
        let (txid, height, time) = (take(&mut rest), take(&mut rest), take(&mut rest));
        let index = i32::from_be_bytes(take(&mut rest));
        let (signer, recipient) = (take::<34>(&mut rest), take::<34>(&mut rest));
        let cdd = i64::from_be_bytes(take(&mut rest));
        let (text, after) = rest.split_at(length - 128);
        rest = after;
        let fid = |bytes: [u8; 34]| std::str::from_utf8(&bytes).unwrap().parse().ok();
        records.push(Record {
            txid: Txid::from_shown(txid),
            height: BlockNumber(u64::from_be_bytes(height)),
            index: index.try_into().unwrap(),
            time: u64::from_be_bytes(time),
            signer: fid(signer),
            recipient: fid(recipient),
            cdd: cdd.try_into().unwrap_or(0),
            text: text.to_vec(),
            payments: Vec::new(),
        });
    }
    records
}

fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (taken, after) = rest.split_at(N);
    *rest = after;
    taken.try_into().unwrap()
}
