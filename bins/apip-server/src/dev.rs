//! A directory for trying out: records of the real chain, a service of its own, and a user who has
//! paid for it.

use anyhow::Context;
use std::{collections::VecDeque, future, io, path::Path};
use tally_chain::{
    ChainError,
    utxo::{BoxFuture, Payment, Record, Records, Source, Update},
};
use tally_chain_utxo::{Layout, LoggedEntry, RecordReader, parse_json_records};
use tally_primitives::{BlockNumber, Fid, Satoshi, Txid};

/// Every `OP_RETURN` of Freecash's first 900,000 blocks, as the original's parser wrote them.
const CHAIN: &[u8] = include_bytes!("../../../crates/feip/tests/vectors/chain_opreturn.byte");
/// Records that make what the documents' samples show.
const SAMPLES: &str = include_str!("../../../crates/apip-node/fixtures/seed_samples.jsonl");

/// The user of the documents' samples, whose key they print.
const USER: &str = "FEk41Kqjar45fLDriztUDTUkdki7mmcjWK";
/// The provider: another key that was published as an example.
const PROVIDER: &str = "F86zoAvNaQxEuYyvQssV5WxEzapNaiDtTW";
/// What the user pays, the order of size of the samples' balances.
const PAID: Satoshi = Satoshi(400 * Satoshi::COIN.0);
/// Seconds from block to block.
const BLOCK_TIME: u64 = 60;

/// The id of the service that `--dev` gives.
pub(crate) fn sid() -> Txid {
    Txid::from_shown([0xde; 32])
}

/// A chain of records that ends with the service and the user's payment. After that nothing happens.
#[derive(Debug)]
pub(crate) struct DevSource {
    updates: VecDeque<Update>,
    head: BlockNumber,
}

impl DevSource {
    /// Reads the records of `file`, or those that the program brings.
    pub(crate) fn open(file: Option<&Path>, url_head: &str) -> anyhow::Result<Self> {
        let mut updates = VecDeque::new();
        let entries = match file {
            Some(path) => of_file(path).with_context(|| path.display().to_string())?,
            None => own_records()?,
        };
        for entry in entries {
            push(&mut updates, entry);
        }
        let (height, time) = updates.iter().rev().find_map(place).unwrap_or_default();
        push(&mut updates, LoggedEntry::Record(publication(url_head, height + 1, time)?));
        push(&mut updates, LoggedEntry::Record(payment(height + 2, time)?));
        let head = BlockNumber(height + 2);
        updates.push_back(Update::CaughtUp(head));
        Ok(Self { updates, head })
    }
}

impl Source for DevSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Update, ChainError>> {
        match self.updates.pop_front() {
            Some(update) => Box::pin(future::ready(Ok(update))),
            None => Box::pin(future::pending()),
        }
    }

    fn head(&self) -> Option<BlockNumber> {
        Some(self.head)
    }
}

fn own_records() -> anyhow::Result<Vec<LoggedEntry>> {
    let mut entries = of_bytes(CHAIN)?;
    entries.extend(parse_json_records(SAMPLES)?);
    Ok(entries)
}

fn of_file(path: &Path) -> anyhow::Result<Vec<LoggedEntry>> {
    let bytes = std::fs::read(path)?;
    let is_json = path.extension().is_some_and(|end| end == "json" || end == "jsonl");
    if is_json { Ok(parse_json_records(&String::from_utf8(bytes)?)?) } else { of_bytes(&bytes) }
}

fn of_bytes(bytes: &[u8]) -> anyhow::Result<Vec<LoggedEntry>> {
    let mut reader = RecordReader::new(bytes, Layout::Detect);
    let entries: io::Result<Vec<_>> =
        std::iter::from_fn(|| reader.next_entry().transpose()).collect();
    let at = reader.offset();
    entries.with_context(|| format!("at byte {at}"))
}

/// Adds what a file says to the updates, the records of a height together.
fn push(updates: &mut VecDeque<Update>, entry: LoggedEntry) {
    match entry {
        LoggedEntry::RolledBackTo(height) => updates.push_back(Update::RolledBackTo(height)),
        LoggedEntry::Record(record) => match updates.back_mut() {
            Some(Update::Records(records)) if records.height == record.height => {
                records.records.push(record);
            }
            Some(_) | None => updates.push_back(Update::Records(Records {
                height: record.height,
                time: record.time,
                records: vec![record],
            })),
        },
    }
}

/// Height and time of records.
fn place(update: &Update) -> Option<(u64, u64)> {
    match update {
        Update::Records(records) => Some((records.height.0, records.time)),
        Update::Block(_) | Update::RolledBackTo(_) | Update::CaughtUp(_) => None,
    }
}

/// The record with which the provider publishes the service.
fn publication(url_head: &str, height: u64, time: u64) -> anyhow::Result<Record> {
    let text = serde_json::json!({
        "type": "FEIP", "sn": "5", "ver": "2", "name": "Service",
        "data": {
            "op": "publish",
            "stdName": "Tallystick development directory",
            "desc": "The service of apip-server --dev.",
            "types": ["APIP"],
            "waiters": [PROVIDER],
            "params": {
                "urlHead": url_head, "account": PROVIDER, "currency": "fch",
                "pricePerRequest": "0.001", "minPayment": "10", "sessionDays": "365",
            },
        },
    });
    record(sid(), PROVIDER, height, time, text.to_string())
}

/// The payment with which the user orders it.
fn payment(height: u64, time: u64) -> anyhow::Result<Record> {
    let text = serde_json::json!({
        "type": "APIP", "sn": "1", "ver": "1", "name": "OpenAPI",
        "data": { "op": "buy", "sid": sid().to_string() },
    });
    let txid = Txid::from_shown([0xdf; 32]);
    let mut record = record(txid, USER, height, time + BLOCK_TIME, text.to_string())?;
    record.payments.push(Payment { vout: 0, to: fid(PROVIDER)?, value: PAID });
    Ok(record)
}

fn record(
    txid: Txid,
    signer: &str,
    height: u64,
    time: u64,
    text: String,
) -> anyhow::Result<Record> {
    Ok(Record {
        txid,
        height: BlockNumber(height),
        index: 1,
        time: time + BLOCK_TIME,
        signer: Some(fid(signer)?),
        recipient: None,
        cdd: 100,
        text: text.into_bytes(),
        payments: vec![],
    })
}

fn fid(text: &str) -> anyhow::Result<Fid> {
    text.parse().with_context(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the chain of `--dev` is the real one with two more records.
    #[test]
    fn the_chain_ends_with_a_service_and_a_payment() {
        let source = DevSource::open(None, "http://localhost:8080/APIP/").unwrap();
        let [.., Update::Records(service), Update::Records(payment), Update::CaughtUp(head)] =
            &Vec::from(source.updates)[..]
        else {
            panic!("the chain ends otherwise");
        };
        assert_eq!(service.records[0].txid, sid());
        assert_eq!(payment.records[0].payments[0].value, PAID);
        assert_eq!((payment.height, service.height.0 + 1), (*head, head.0));
    }

    #[test]
    fn a_file_that_holds_no_records_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("a.json", "{"), ("b.byte", "no records here")] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let error = DevSource::open(Some(&path), "http://a/").unwrap_err();
            assert!(format!("{error:#}").contains(name), "{error:#}");
        }
        let missing = folder.path().join("missing.json");
        assert!(DevSource::open(Some(&missing), "http://a/").is_err());
    }
}
