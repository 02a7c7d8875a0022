//! Messages: decoding any bytes ends without a panic, what is accepted is the one encoding of what
//! it says, and checking its signatures ends without a panic too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tally_channel::Message;
use tally_primitives::{ChainId, NodeAddress};

/// More than any message has.
const ROOM: usize = 400;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // Lengths are fixed by the kind and hard to guess: of a padded input one prefix has the right
    // one.
    let mut padded = [0; ROOM];
    let given = bytes.len().min(ROOM);
    padded[..given].copy_from_slice(&bytes[..given]);
    for length in 0..ROOM {
        check(&padded[..length]);
    }
});

fn check(bytes: &[u8]) {
    if let Ok(message) = Message::decode(bytes) {
        assert_eq!(message.encode(), bytes);
        assert_eq!(message.kind().length(), bytes.len());
        let (sender, receiver) = (NodeAddress::new([1; 20]), NodeAddress::new([2; 20]));
        let _ = message.verify(ChainId(1), sender, receiver);
    }
}
