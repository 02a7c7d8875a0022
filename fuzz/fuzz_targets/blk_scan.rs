//! Block files: reading any bytes ends without a panic; what is found lies in them in order, and a
//! scan that goes on where another stopped finds the rest.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use tally_chain::utxo::script::op_return;
use tally_chain_utxo::{Network, RecordScan, decode_block};
use tally_primitives::BlockNumber;

fuzz_target!(|input: (bool, Option<[u8; 8]>, &[u8])| {
    let (may_grow, key, bytes) = input;
    let network = Network::FREECASH_REGTEST;
    let mut scan = RecordScan::new(Cursor::new(bytes), network.magic, key, 0, may_grow)
        .expect("bytes in memory can be read");
    let mut end = 0;
    while let Some(record) = scan.next_record().expect("bytes in memory can be read") {
        assert!(record.offset >= end + 8);
        end = record.offset + u64::from(record.length);
    }
    assert!(end <= scan.position() && scan.position() <= bytes.len() as u64);
    assert!(may_grow || scan.position() == bytes.len() as u64);
    if let Ok(block) = decode_block(bytes, BlockNumber(0)) {
        for output in block.transactions.iter().flat_map(|transaction| &transaction.outputs) {
            op_return(&output.script);
            network.address(&output.script);
        }
    }
});
