//! Files of records, binary and JSON: reading any bytes ends without a panic, and what is accepted
//! is written back as an entry that says the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tally_chain_utxo::{Layout, LoggedEntry, RecordReader, RecordWriter, parse_json_records};

fuzz_target!(|bytes: &[u8]| {
    for layout in [Layout::Detect, Layout::Plain, Layout::Extended] {
        let mut reader = RecordReader::new(bytes, layout);
        while let Ok(Some(entry)) = reader.next_entry() {
            check(&entry);
        }
        assert!(reader.offset() <= bytes.len() as u64);
    }
    let text = String::from_utf8_lossy(bytes);
    parse_json_records(&text).unwrap_or_default().iter().for_each(check);
});

/// Whatever the form has room for comes back.
fn check(entry: &LoggedEntry) {
    let mut writer = RecordWriter::new(Vec::new());
    if writer.write(entry).is_ok() {
        let written = writer.into_inner();
        let mut reader = RecordReader::new(&written[..], Layout::Plain);
        let again = reader.next_entry().expect("what was written can be read");
        assert_eq!(again.as_ref(), Some(entry));
    }
}
