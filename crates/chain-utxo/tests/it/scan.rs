//! The scanner of block files, the reader of records and the reader of blocks, on any bytes.

use crate::support::grow;
use proptest::prelude::*;
use std::io::Cursor;
use tally_chain::utxo::Record;
use tally_chain::utxo::script::op_return;
use tally_chain_utxo::{
    DevChain, Layout, LoggedEntry, Network, RecordReader, RecordScan, RecordWriter, decode_block,
    write_record,
};
use tally_primitives::{BlockNumber, Txid};

const NETWORK: Network = Network::FREECASH_REGTEST;

fn scan(bytes: &[u8], key: Option<[u8; 8]>, may_grow: bool) -> (Vec<(u64, u32)>, u64) {
    let mut scan = RecordScan::new(Cursor::new(bytes), NETWORK.magic, key, 0, may_grow).unwrap();
    let mut found = Vec::new();
    while let Some(record) = scan.next_record().unwrap() {
        found.push((record.offset, record.length));
    }
    (found, scan.position())
}

/// Bytes that look like a file: magics, lengths, zeros and blocks, in pieces.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let chain = DevChain::new(NETWORK);
    grow(&chain, 3);
    let mut record = Vec::new();
    write_record(&mut record, NETWORK.magic, &chain.raw_blocks()[2]).unwrap();
    let piece = prop_oneof![
        Just(NETWORK.magic.to_vec()),
        Just(vec![0; 40]),
        any::<u8>().prop_map(|byte| vec![byte; 1]),
        any::<u16>().prop_map(|length| u32::from(length).to_le_bytes().to_vec()),
        any::<u32>().prop_map(|length| length.to_le_bytes().to_vec()),
        (0..record.len()).prop_map({
            let record = record.clone();
            move |cut| record[..cut].to_vec()
        }),
        Just(record),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Any bytes are scanned to an end without a panic; what is found lies in them, in order.
    #[test]
    fn any_file_is_scanned(bytes in pieces(), key: Option<[u8; 8]>, may_grow: bool) {
        let (found, position) = scan(&bytes, key, may_grow);
        let mut end = 0;
        for (offset, length) in found {
            prop_assert!(offset >= end + 8);
            end = offset + u64::from(length);
        }
        prop_assert!(end <= position && position <= bytes.len() as u64);
        prop_assert!(may_grow || position == bytes.len() as u64);
    }

    /// Goal: nothing is missed, however a file grows. Method: scan a file cut anywhere and go on
    /// from there: together that finds what a scan of the whole finds, and every block in it.
    #[test]
    fn a_file_that_grew_is_scanned_on(
        gaps in prop::collection::vec(0..70_usize, 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let chain = DevChain::new(NETWORK);
        grow(&chain, gaps.len() as u64);
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for (raw, gap) in chain.raw_blocks().iter().zip(&gaps) {
            write_record(&mut bytes, NETWORK.magic, raw).unwrap();
            expected.push(((bytes.len() - raw.len()) as u64, raw.len() as u32));
            bytes.extend(vec![0; *gap]);
        }
        prop_assert_eq!(&scan(&bytes, None, false).0, &expected);
        let cut = cut.index(bytes.len());
        let (mut found, position) = scan(&bytes[..cut], None, true);
        let whole = Cursor::new(&bytes[..]);
        let mut rest = RecordScan::new(whole, NETWORK.magic, None, position, true).unwrap();
        while let Some(record) = rest.next_record().unwrap() {
            found.push((record.offset, record.length));
        }
        prop_assert_eq!(found, expected);
    }

    /// Any bytes are refused as a block, or are one, without a panic.
    #[test]
    fn any_block_is_read(
        position in any::<prop::sample::Index>(),
        value: u8,
        cut in any::<prop::sample::Index>(),
    ) {
        let chain = DevChain::new(NETWORK);
        grow(&chain, 2);
        let raw = chain.raw_blocks().remove(2);
        let whole = decode_block(&raw, BlockNumber(2)).unwrap();
        prop_assert!(decode_block(&raw[..cut.index(raw.len())], BlockNumber(2)).is_err());
        let mut changed = raw.clone();
        changed[position.index(raw.len())] = value;
        if let Ok(block) = decode_block(&changed, BlockNumber(2)) {
            prop_assert_eq!(block.id == whole.id, changed == raw);
        }
    }

    /// Any bytes are read as records without a panic, or refused; the place is never beyond them.
    #[test]
    fn any_record_file_is_read(
        mut bytes in prop::collection::vec(any::<u8>(), 0..600),
        length in prop_oneof![Just(40_i32), 100..300_i32, any::<i32>()],
    ) {
        if let Some(first) = bytes.first_chunk_mut() {
            *first = length.to_be_bytes();
        }
        for layout in [Layout::Detect, Layout::Plain, Layout::Extended] {
            let mut reader = RecordReader::new(&bytes[..], layout);
            while let Ok(Some(_)) = reader.next_entry() {}
            prop_assert!(reader.offset() <= bytes.len() as u64);
        }
        op_return(&bytes);
    }
}

proptest! {
    /// What is written is read back, and a text's first byte does not mislead if the layout is told.
    #[test]
    fn records_are_read_back(
        (height, time, cdd) in (0..=i64::MAX as u64, 0..=i64::MAX as u64, 0..=i64::MAX as u64),
        index in 0..=i32::MAX as u32,
        signer in prop::option::of("[1-9A-Za-z]{1,34}"),
        text in prop::collection::vec(any::<u8>(), 0..200),
        mark in 0..=i64::MAX as u64,
    ) {
        let record = Record {
            txid: Txid::from_shown([7; 32]),
            height: BlockNumber(height),
            index,
            time,
            signer: signer.and_then(|signer| signer.parse().ok()),
            recipient: None,
            cdd,
            text,
            payments: Vec::new(),
        };
        let entries =
            [LoggedEntry::Record(record), LoggedEntry::RolledBackTo(BlockNumber(mark))];
        let mut writer = RecordWriter::new(Vec::new());
        entries.iter().for_each(|entry| writer.write(entry).unwrap());
        let bytes = writer.into_inner();
        let mut reader = RecordReader::new(&bytes[..], Layout::Plain);
        for entry in entries {
            prop_assert_eq!(reader.next_entry().unwrap(), Some(entry));
        }
        prop_assert_eq!(reader.next_entry().unwrap(), None);
        prop_assert_eq!(reader.offset(), bytes.len() as u64);
    }
}

/// Goal: a file made to be slow is not: time is linear. Method: megabytes of magics that no block
/// follows, and of lengths that point far ahead.
#[test]
fn hostile_files_take_linear_time() {
    let magics = NETWORK.magic.repeat(1 << 18);
    let marks = [&NETWORK.magic[..], &100_000_u32.to_le_bytes(), &[1; 4]].concat().repeat(1 << 16);
    for bytes in [magics, marks] {
        for may_grow in [false, true] {
            let began = std::time::Instant::now();
            assert_eq!(scan(&bytes, None, may_grow).0, []);
            assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
        }
    }
}
