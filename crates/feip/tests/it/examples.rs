//! The examples in the documents.

use crate::{
    support::{Chain, RATER},
    vectors,
};
use std::collections::BTreeMap;
use tally_feip::{Ignored, buy_mark};

/// Goal: each example is read as the kind of thing that it is. Method: each is applied to an empty
/// state, where publishing and stating succeed and operating finds nothing.
#[test]
fn examples_of_the_documents_are_read_as_what_they_are() {
    let examples = vectors::json("feip_doc_examples.json");
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let mut marks = 0;
    for example in examples.as_array().unwrap() {
        let record = &example["opReturn"];
        let text = record.to_string();
        marks += usize::from(buy_mark(text.as_bytes()).is_some());
        let outcome = match Chain::default().send_text(RATER, &text) {
            Ok(outcome) => {
                let row = outcome.history.unwrap();
                format!("{} {}", row.kind, row.op.word().unwrap_or("states"))
            }
            Err(Ignored::UnknownFamily) => "unknown family".to_owned(),
            Err(ignored) => {
                let sn = record["sn"].to_string();
                format!("{} {ignored}", sn.trim_matches('"'))
            }
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    let told: Vec<String> =
        outcomes.iter().map(|(outcome, times)| format!("{outcome}: {times}")).collect();
    // No operation finds what it names; codes of QR have no op; the versions of 2021 and 2026 have
    // ops and names of members that the present ones do not.
    let expected = [
        "0 not feip: 1",
        "1 missing: op: 2",
        "1 not feip: 1",
        "1 unknown entity: 11",
        "1 unknown op: 3",
        "15 missing: aid: 1",
        "15 missing: op: 2",
        "15 unknown entity: 9",
        "2 missing: codeId: 7",
        "2 missing: op: 2",
        "2 unknown entity: 8",
        "3 nothing registered: 3",
        "5 missing: op: 2",
        "5 unknown entity: 16",
        "9 missing: homepages: 1",
        "9 nothing registered: 3",
        "app publish: 4",
        "cid register: 6",
        "cid states: 7",
        "code publish: 4",
        "protocol publish: 3",
        "service publish: 8",
        "unknown family: 160",
    ];
    assert_eq!(told, expected);
    // One buys, one ignores.
    assert_eq!(marks, 2);
}
