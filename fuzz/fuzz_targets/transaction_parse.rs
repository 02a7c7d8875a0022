//! Ledger transactions: reading any bytes ends without a panic, and what is accepted is written as
//! text that says the same, has the same id and gives the same messages to sign.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tally_ledger::Transaction;

fuzz_target!(|bytes: &[u8]| {
    let _ = Transaction::from_trusted(bytes);
    if let Ok(transaction) = Transaction::parse(bytes) {
        let text = transaction.to_json().as_bytes();
        let again = Transaction::parse(text).expect("what was written can be read");
        let stored = Transaction::from_trusted(text).expect("what was written can be read");
        for other in [again, stored] {
            assert_eq!(other.to_json(), transaction.to_json());
            assert_eq!(other.id(), transaction.id());
            assert_eq!(other.inputs(), transaction.inputs());
            assert_eq!(other.outputs(), transaction.outputs());
            for index in 0..transaction.inputs().len() {
                assert_eq!(other.message(index), transaction.message(index));
            }
        }
        for (index, input) in transaction.inputs().iter().enumerate() {
            let _ = input.fulfillment.verify(&transaction.message(index), 0);
        }
    }
});
