//! The ledger's JSON: reading any bytes ends without a panic, and canonical text in any style is
//! its own canonical text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tally_ledger::json::{Limits, NumberStyle, canonical, parse};

const LIMITS: Limits = Limits { bytes: 1 << 20, depth: 64 };

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = parse(bytes, LIMITS) else { return };
    for style in [NumberStyle::Literal, NumberStyle::RapidJson, NumberStyle::Python] {
        let text = canonical(&value, style);
        let again = parse(text.as_bytes(), LIMITS).expect("what was written can be read");
        assert_eq!(canonical(&again, style), text);
    }
});
