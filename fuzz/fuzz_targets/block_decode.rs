//! Ledger blocks and votes: reading any bytes ends without a panic, and what is accepted is written
//! back: blocks in the compact encoding and votes in canonical JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tally_ledger::{Block, BlockContext, BlockFrame, Layer, Vote};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(block) = Block::decode(bytes) {
        assert_eq!(block.encode(), bytes);
        assert_eq!(block.encoded_length(), bytes.len());
        check(&block);
    }
    if let Ok(frame) = BlockFrame::parse(bytes) {
        let length: usize = frame.transactions().iter().map(|framed| framed.text.len()).sum();
        assert!(length < bytes.len());
    }
    if let Ok(block) = Block::parse_json(bytes) {
        let again = Block::parse_json(block.to_json().as_bytes());
        assert_eq!(again.expect("what was written can be read"), block);
        check(&block);
    }
    if let Ok(vote) = Vote::parse(bytes) {
        let again = Vote::parse(vote.to_json().as_bytes());
        assert_eq!(again.expect("what was written can be read"), vote);
        let _ = vote.verify();
    }
});

/// Judges a block as a peer's proposal on an empty chain.
fn check(block: &Block) {
    let members = block.voters();
    for parent in [None, Some(block.timestamp())] {
        let context = BlockContext { members, parent, now: None };
        block.check(&Layer::default(), &context, [1; 32]).expect("memory can be read").ok();
    }
}
