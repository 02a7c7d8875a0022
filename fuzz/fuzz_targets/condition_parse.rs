//! Conditions and fulfilments: parsing any text ends without a panic, what is accepted is the one
//! text of what it says, and judging it ends without a panic too.
//!
//! The first byte picks what the rest is: the payload of a fulfilment of some type, DER, or a text
//! as it is.

#![no_main]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use tally_conditions::{Condition, Encoding, Fulfillment, Kind};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    match Kind::ALL.get(usize::from(first % 16)) {
        Some(kind) => {
            let payload = URL_SAFE_NO_PAD.encode(rest);
            check(Encoding::Draft00, &format!("cf:{:x}:{payload}", kind.id()));
        }
        None if first % 2 == 0 => check(Encoding::Asn1, &URL_SAFE_NO_PAD.encode(rest)),
        None => {
            let text = String::from_utf8_lossy(rest);
            check(Encoding::Draft00, &text);
            check(Encoding::Asn1, &text);
        }
    }
});

fn check(encoding: Encoding, text: &str) {
    if let Ok(condition) = Condition::parse(encoding, text) {
        assert_eq!(condition.uri(), text);
    }
    if let Ok(fulfillment) = Fulfillment::parse(encoding, text) {
        assert_eq!(fulfillment.to_uri(), text);
        let condition = fulfillment.condition_uri();
        assert_eq!(Condition::parse(encoding, &condition).as_ref(), Ok(fulfillment.condition()));
        // No signature is verified: the equations are not what is fuzzed.
        let verdicts = vec![false; fulfillment.leaves().count()];
        assert_eq!(fulfillment.checks(b"message").len(), verdicts.len());
        let _ = fulfillment.is_satisfied(&verdicts, b"message", 0);
    }
}
