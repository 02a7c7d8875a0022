//! Files of records: real ones, growing ones, broken ones.

use crate::support::{POLL, append, catch_up, catch_up_to, failure, next, write};
use std::{collections::BTreeMap, fs, path::Path};
use tally_chain::utxo::{Record, Source, Start, Update};
use tally_chain_utxo::{
    Layout, LoggedEntry, RecordReader, RecordSettings, RecordSource, RecordWriter,
    parse_json_records,
};
use tally_primitives::{BlockNumber, Txid};

/// Two real publications of services and two real marks.
const REAL: &str = include_str!("../vectors/chain_feip5_2016618.json");

pub(crate) fn record(height: u64, index: u32, text: &str) -> Record {
    Record {
        txid: Txid::from_shown([index as u8; 32]),
        height: BlockNumber(height),
        index,
        time: height * 60,
        signer: "FEk41Kqjar45fLDriztUDTUdkki7mmcjWK".parse().ok(),
        recipient: None,
        cdd: height % 7,
        text: text.into(),
        payments: Vec::new(),
    }
}

fn encode(entries: &[LoggedEntry]) -> Vec<u8> {
    let mut writer = RecordWriter::new(Vec::new());
    entries.iter().for_each(|entry| writer.write(entry).unwrap());
    writer.into_inner()
}

fn logged(height: u64, index: u32) -> LoggedEntry {
    LoggedEntry::Record(record(height, index, &format!("{height}/{index}")))
}

fn mark(height: u64) -> LoggedEntry {
    LoggedEntry::RolledBackTo(BlockNumber(height))
}

fn after(height: u64) -> Start {
    Start::After { height: BlockNumber(height), recent: Vec::new() }
}

fn source(path: &Path, start: Start) -> RecordSource {
    RecordSource::start(RecordSettings { poll: POLL, ..RecordSettings::new(path) }, start)
}

/// `height/index` of each record, `<height` of each rollback, `=height` when caught up.
fn told(updates: &[Update]) -> Vec<String> {
    let mut told = Vec::new();
    for update in updates {
        match update {
            Update::Records(records) => {
                assert!(records.records.iter().all(|record| record.height == records.height));
                told.extend(records.records.iter().map(|record| {
                    assert_eq!(
                        record.text,
                        format!("{}/{}", record.height, record.index).as_bytes()
                    );
                    format!("{}/{}", record.height, record.index)
                }));
            }
            Update::RolledBackTo(height) => told.push(format!("<{height}")),
            Update::CaughtUp(height) => told.push(format!("={height}")),
            Update::Block(block) => panic!("no blocks here: {block:?}"),
        }
    }
    told
}

/// Goal: the bytes are those of the published form. Method: the first real record, put together by
/// hand from its description.
#[test]
fn the_binary_form_is_as_published() {
    let entries = parse_json_records(REAL).unwrap();
    let bytes = encode(&entries[..2]);
    let hand = [
        "00000084",
        "b526394e53c14463795d20aa9e5acb4f0cccdbace3381562659d092f49c88820",
        "00000000000065c2",
        "000000005e22efe2",
        "00000001",
        &hex::encode("FQXH8X7mwzg6K4WAH8CAGwq2c1eWpcUqej"),
        &hex::encode(" ".repeat(34)),
        "0000000000000005",
        &hex::encode("test"),
        "00000028",
        &hex::encode("Rollback........................"),
        "00000000001ec4f4",
    ];
    assert_eq!(hex::encode(&bytes), hand.concat());
    let mut reader = RecordReader::new(&bytes[..], Layout::Detect);
    assert_eq!(reader.next_entry().unwrap().as_ref(), Some(&entries[0]));
    assert_eq!(reader.offset(), 136);
    assert_eq!(reader.next_entry().unwrap(), Some(mark(2_016_500)));
    assert_eq!(reader.next_entry().unwrap(), None);
}

/// Goal: all forms of JSON and both layouts of the binary form say the same.
#[tokio::test]
async fn all_forms_say_the_same() {
    let entries = parse_json_records(REAL).unwrap();
    assert!(entries.len() >= 4, "{}", entries.len());
    let folder = tempfile::tempdir().unwrap();
    let object: serde_json::Value = serde_json::from_str(REAL).unwrap();
    let array = object["records"].as_array().unwrap();
    let lines: Vec<_> = array.iter().map(ToString::to_string).collect();
    let plain = encode(&entries);
    let mut extended = Vec::new();
    let mut reader = RecordReader::new(&plain[..], Layout::Plain);
    let mut start = 0;
    while reader.next_entry().unwrap().is_some() {
        let entry = &plain[start..reader.offset() as usize];
        start = reader.offset() as usize;
        if entry.len() == 44 {
            extended.extend(entry);
        } else {
            extended.extend((entry.len() as i32 + 4).to_be_bytes());
            extended.extend([&entry[4..132], &77_i64.to_be_bytes(), &entry[132..]].concat());
        }
    }
    let mut answers = Vec::new();
    for (name, bytes) in [
        ("object.json", REAL.as_bytes()),
        ("array.json", object["records"].to_string().as_bytes()),
        ("lines.jsonl", lines.join("\n").as_bytes()),
        ("plain0.byte", &plain),
        ("extended0.byte", &extended),
    ] {
        let path = folder.path().join(name);
        write(&path, bytes);
        answers.push(catch_up(&mut source(&path, Start::Fresh)).await);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    let records = |update: &Update| matches!(update, Update::Records(_));
    assert!(answers[0].iter().filter(|update| records(update)).count() >= 2);
}

/// Goal: a real file is read whole. Method: the main network's first 900,000 blocks.
#[tokio::test]
async fn real_records_are_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../feip/tests/vectors/chain_opreturn.byte");
    let mut source = source(Path::new(path), Start::Fresh);
    let (mut count, mut last) = (0, BlockNumber(0));
    let mut update = next(&mut source).await.unwrap();
    while let Update::Records(records) = update {
        assert!(records.height > last);
        last = records.height;
        count += records.records.len();
        assert!(records.records.iter().all(|record| record.signer.is_some()));
        update = next(&mut source).await.unwrap();
    }
    assert_eq!(update, Update::CaughtUp(last));
    assert_eq!((count, last), (19_235, BlockNumber(897_949)));
}

/// Goal: a block's records come together, once, when they are whole. Method: let the file grow by
/// halves of records and by files.
#[tokio::test]
async fn a_growing_file_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opreturn0.byte");
    let mut source = source(&path, Start::Fresh);
    let bytes = encode(&[logged(5, 1), logged(5, 2), logged(9, 1), logged(12, 1)]);
    let one = bytes.len() / 4;
    write(&path, &bytes[..one + 50]);
    assert_eq!(told(&catch_up(&mut source).await), ["5/1", "=5"]);
    // The rest of the block comes late: it is told again, whole.
    append(&path, &bytes[one + 50..2 * one]);
    assert_eq!(told(&catch_up(&mut source).await), ["<4", "5/1", "5/2", "=5"]);
    append(&path, &bytes[2 * one..]);
    assert_eq!(told(&catch_up_to(&mut source, BlockNumber(12)).await), ["9/1", "12/1", "=12"]);
    append(&path, &encode(&[mark(9), logged(10, 1)]));
    assert_eq!(told(&catch_up_to(&mut source, BlockNumber(10)).await), ["<9", "10/1", "=10"]);
    append(&folder.path().join("opreturn1.byte"), &encode(&[logged(11, 1)]));
    assert_eq!(told(&catch_up(&mut source).await), ["11/1", "=11"]);
    append(&folder.path().join("opreturn1.byte"), &encode(&[mark(11), mark(4), logged(6, 3)]));
    assert_eq!(told(&catch_up_to(&mut source, BlockNumber(6)).await), ["<4", "6/3", "=6"]);
    assert_eq!(source.head(), Some(BlockNumber(6)));
}

/// Goal: what was undone before is not told to who is new, and is taken back from who saw it.
#[tokio::test]
async fn restarts_skip_what_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.byte");
    let entries =
        [logged(5, 1), logged(10, 1), logged(20, 1), mark(15), logged(17, 1), logged(30, 1)];
    write(&path, &encode(&entries));
    for (start, expected) in [
        (Start::Fresh, vec!["5/1", "10/1", "17/1", "30/1", "=30"]),
        (after(5), vec!["10/1", "17/1", "30/1", "=30"]),
        (after(10), vec!["17/1", "30/1", "=30"]),
        // Whoever has 20 saw what was undone; whoever has 17 may have.
        (after(20), vec!["<15", "17/1", "30/1", "=30"]),
        (after(17), vec!["<15", "17/1", "30/1", "=30"]),
        (after(30), vec!["=30"]),
        (after(99), vec!["=99"]),
    ] {
        let mut source = source(&path, start.clone());
        assert_eq!(told(&catch_up(&mut source).await), expected, "{start:?}");
    }
}

/// Goal: bytes that are no records end the source, and the place is named.
#[tokio::test]
async fn garbage_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let good = encode(&[logged(5, 1)]);
    let size = good.len();
    let mut bad_signer = good.clone();
    bad_signer[60] = b'!';
    let mut negative = good.clone();
    negative[36] = 0xff;
    let mut bad_mark = encode(&[mark(5)]);
    bad_mark[4] = b'r';
    let cases: Vec<(Vec<u8>, String)> = vec![
        (
            [&good, &b"\0\0\0\x7fxxxx"[..]].concat(),
            format!("byte {size} of {{}}: its length would be 127"),
        ),
        (b"\xff\xff\xff\xff".to_vec(), "byte 0 of {}: its length would be -1".to_owned()),
        (b"\x7f\0\0\0".to_vec(), "byte 0 of {}: its length would be 2130706432".to_owned()),
        (bad_signer, "byte 0 of {}: its signer is no address".to_owned()),
        (negative, "byte 0 of {}: its height is negative".to_owned()),
        (bad_mark, "byte 0 of {}: its length would be 40".to_owned()),
        (
            encode(&[logged(5, 1), logged(4, 1)]),
            format!("byte {size} of {{}}: its block 4 comes after block 5, without a rollback"),
        ),
    ];
    for (bytes, expected) in cases {
        let path = folder.path().join("bad.byte");
        write(&path, &bytes);
        let text = failure(&mut source(&path, Start::Fresh)).await;
        assert!(text.contains(&expected.replace("{}", &path.display().to_string())), "{text}");
    }
    // A cut record that nothing can complete any more.
    let path = folder.path().join("cut0.byte");
    write(&path, &good[..100]);
    write(&folder.path().join("cut1.byte"), &good);
    let text = failure(&mut source(&path, Start::Fresh)).await;
    assert!(text.contains("cut0.byte: it is cut, and another file follows"), "{text}");
    let path = folder.path().join("bad.json");
    write(&path, b"[\n{\"txId\": \"b526\"}]");
    let text = failure(&mut source(&path, Start::Fresh)).await;
    assert!(text.contains("line 2, column"), "{text}");
    assert!(text.contains("expected 64 hexadecimal digits"), "{text}");
    let entry = |height: u64| {
        let txid = "ab".repeat(32);
        format!(r#"{{"txId":"{txid}","height":{height},"time":1,"txIndex":1,"opReturn":""}}"#)
    };
    write(&path, format!("{}\n{}", entry(5), entry(4)).as_bytes());
    let text = failure(&mut source(&path, Start::Fresh)).await;
    assert!(text.contains("bad.json makes no sense: its block 4 comes after block 5"), "{text}");
    assert!(text.contains("entry 2 of"), "{text}");
    write(&path, b"{\"height\": 1}");
    let text = failure(&mut source(&path, Start::Fresh)).await;
    assert!(text.contains("missing field `txId`"), "{text}");
}

/// Goal: a file that comes later is waited for.
#[tokio::test]
async fn a_missing_file_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opreturn0.byte");
    let mut source = source(&path, after(3));
    tokio::time::timeout(POLL * 5, source.next()).await.unwrap_err();
    write(&path, &encode(&[logged(2, 1), logged(8, 1)]));
    let updates = catch_up_to(&mut source, BlockNumber(8)).await;
    assert_eq!(told(&updates), ["8/1", "=8"]);
}

#[test]
fn what_the_form_has_no_room_for_is_not_written() {
    let mut long = record(1, 1, "");
    long.signer = "F".repeat(35).parse().ok();
    let mut large = record(1, 1, "");
    large.height = BlockNumber(u64::MAX);
    let mut writer = RecordWriter::new(Vec::new());
    for entry in [long, large, record(1, 1, &"x".repeat(2 << 20))] {
        writer.write(&LoggedEntry::Record(entry)).unwrap_err();
    }
    assert!(writer.into_inner().is_empty());
}

mod law {
    use super::*;
    use proptest::prelude::*;

    /// The state after entries: the records by height.
    type State = BTreeMap<u64, Vec<Record>>;

    fn apply(state: &mut State, entry: &LoggedEntry) {
        match entry {
            LoggedEntry::Record(record) => {
                state.entry(record.height.0).or_default().push(record.clone());
            }
            LoggedEntry::RolledBackTo(height) => state.retain(|known, _| *known <= height.0),
        }
    }

    /// A log whose blocks are whole: steps up, and marks down.
    fn logs() -> impl Strategy<Value = Vec<Vec<LoggedEntry>>> {
        let step = prop_oneof![
            4 => (1..4_u64, 1..3_u32).prop_map(|(up, count)| (Some((up, count)), 0)),
            1 => (0..12_u64).prop_map(|down| (None, down)),
        ];
        prop::collection::vec(step, 1..40).prop_map(|steps| {
            let mut height = 20;
            let mut serial = 0;
            let mut blocks = Vec::new();
            for (up, down) in steps {
                match up {
                    Some((up, count)) => {
                        height += up;
                        serial += 1;
                        let text = |index| record(height, index, &format!("{serial}"));
                        blocks.push((0..count).map(|it| LoggedEntry::Record(text(it))).collect());
                    }
                    None => {
                        height -= down.min(height - 1);
                        blocks.push(vec![mark(height)]);
                    }
                }
            }
            blocks
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        /// Goal: whoever stopped anywhere ends with the records of the whole log, and whoever was
        /// never there ends with the same. Method: any log, any stop, against plain application.
        #[test]
        fn any_restart_ends_like_the_whole_log(
            blocks in logs(),
            stop in any::<prop::sample::Index>(),
        ) {
            let stop = stop.index(blocks.len() + 1);
            let mut state = State::new();
            let mut reached = 0;
            for entry in blocks[..stop].iter().flatten() {
                apply(&mut state, entry);
                reached = match entry {
                    LoggedEntry::Record(record) => record.height.0,
                    LoggedEntry::RolledBackTo(height) => reached.min(height.0),
                };
            }
            let mut whole = State::new();
            blocks.iter().flatten().for_each(|entry| apply(&mut whole, entry));
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log.byte");
            fs::write(&path, encode(&blocks.concat())).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            for (mut state, start) in
                [(State::new(), Start::Fresh), (state, if stop == 0 { Start::Fresh } else { after(reached) })]
            {
                let settings = RecordSettings {
                    poll: std::time::Duration::from_millis(1),
                    ..RecordSettings::new(&path)
                };
                let mut source = RecordSource::start(settings, start);
                runtime.block_on(async {
                    loop {
                        match next(&mut source).await.unwrap() {
                            Update::Records(records) => {
                                let old = state.insert(records.height.0, records.records);
                                assert!(old.is_none(), "told twice");
                                assert_eq!(state.keys().last(), Some(&records.height.0));
                            }
                            Update::RolledBackTo(height) => {
                                apply(&mut state, &LoggedEntry::RolledBackTo(height));
                            }
                            Update::CaughtUp(_) => break,
                            Update::Block(block) => panic!("{block:?}"),
                        }
                    }
                });
                prop_assert_eq!(&state, &whole);
            }
        }
    }
}
