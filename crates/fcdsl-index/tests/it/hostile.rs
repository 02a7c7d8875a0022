//! Documents that are written to do harm: what they cost is in proportion to their length.

use std::time::{Duration, Instant};

use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Value, json};
use tally_fcdsl::{LEAF_DEPTH_MAX, LEAF_PATH_BYTES_MAX, LEAF_VALUE_BYTES_MAX, LEAVES_MAX, Search};
use tally_fcdsl_index::Index;

use crate::{
    compare::{expected, index_of, rules},
    documents::{ENTITIES, HISTORY},
};

/// Longest text that the chain's records can have.
const RECORD_BYTES: usize = 4096;
/// Memory for each byte of a document, at the most: short values that nobody else has, each with
/// its entries in tables and lists.
const BYTES_PER_BYTE: usize = 64;
/// Memory that tables set aside at once, whatever is in them.
const BYTES_APART: usize = 8 << 20;

/// The same while there is little in them.
const BYTES_APART_SMALL: usize = 64 << 10;

fn index_with(schema: &'static tally_fcdsl::Schema, documents: &[String]) -> Index {
    let mut index = Index::new(schema);
    documents.iter().for_each(|document| index.put(document).expect("a document"));
    index
}

/// Records with such members, each as long as a record may be, or half of it.
fn records(count: usize, params: Params) -> Vec<String> {
    let document = |number: usize| {
        let text = json!({"id": format!("{number:08}"), "params": params(number)}).to_string();
        assert!((RECORD_BYTES / 2..=RECORD_BYTES).contains(&text.len()), "{} bytes", text.len());
        text
    };
    (0..count).map(document).collect()
}

type Params = fn(usize) -> Value;

/// What makes most of few bytes: names that nobody else has, of dots, long, above many values;
/// short members; many words; characters that nobody else has.
const KINDS: [(&str, Params); 8] = [
    ("path of dots", |n| json!({format!("{n:04}{}", ".".repeat(3900)): 1})),
    (
        "short path of dots",
        |n| json!({format!("{n:04}{}", ".".repeat(120)): ["x".repeat(1000), "y".repeat(1000)]}),
    ),
    ("long path, many words", |n| json!({long_name(n, 1900): two_letters(660)})),
    ("longest path, many words", |n| {
        let name = long_name(n, LEAF_PATH_BYTES_MAX);
        json!({name: [two_letters(300), two_letters(600)[900..].to_owned(), two_letters(900)[1800..].to_owned()]})
    }),
    ("dots above many numbers", |n| {
        let values: Vec<_> = (0..900).map(|value| value % 10).collect();
        json!({format!("{n:04}{}", ".".repeat(2000)): values})
    }),
    ("long name above many members", |n| {
        let members = (0..400).map(|member| (format!("{member:x}"), json!(member % 10)));
        json!({long_name(n, LEAF_PATH_BYTES_MAX - 4): members.collect::<Map<_, _>>()})
    }),
    ("many members", |n| {
        let members = (0..380).map(|member| (format!("{:x}", n * 380 + member), json!(1)));
        Value::Object(members.collect())
    }),
    ("new characters", |n| {
        let text = |part: usize| -> String {
            let first = (n * 4 + part) * 300;
            let char = |at: usize| char::from_u32(0x3400 + ((first + at * 7919) % 0x6a00) as u32);
            (0..300).filter_map(char).collect()
        };
        json!({"a": text(0), "b": text(1), "c": text(2), "d": text(3)})
    }),
];

/// A name of this number's own.
fn long_name(number: usize, bytes: usize) -> String {
    format!("{number:04}{}", "p".repeat(bytes - 4))
}

fn two_letters(count: usize) -> String {
    let letter = |number: usize| char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[number % 36]);
    (0..count).flat_map(|number| [letter(number / 36), letter(number), ' ']).collect()
}

/// Goal: nobody fills the memory, or keeps the processor busy, with a few records. Method: two
/// hundred records of each kind that makes most of few bytes; memory is compared with their length,
/// and time with a hundred times of what it should be.
#[test]
fn no_record_costs_more_than_a_multiple_of_its_length() {
    for (kind, params) in KINDS {
        let documents = records(200, params);
        let length: usize = documents.iter().map(String::len).sum();
        let started = Instant::now();
        let bytes = index_with(&ENTITIES, &documents).bytes();
        assert!(
            bytes <= length * BYTES_PER_BYTE + BYTES_APART,
            "{kind}: {bytes} bytes of memory for {length} bytes"
        );
        assert!(started.elapsed() < Duration::from_secs(60), "{kind}");
    }
}

/// JSON of any form: deep, wide, with names of dots and of nothing.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-c .]{0,40}".prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        (0..1200_usize).prop_map(|bytes| Value::from("ab ".repeat(bytes / 3))),
    ];
    leaf.prop_recursive(24, 300, 12, |inner| {
        let name = prop_oneof![
            3 => "[a-c]{0,2}",
            1 => "[a.]{0,6}",
            1 => "\\PC{0,5}",
            1 => (0..200_usize).prop_map(|bytes| "d".repeat(bytes)),
        ];
        prop_oneof![
            2 => vec((name, inner.clone()), 0..12)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
            1 => vec(inner.clone(), 0..12).prop_map(Value::from),
            1 => inner.prop_map(|value| json!({"a": value})),
        ]
    })
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(48))]

    /// Whatever is in the documents, they come back, queries see the same of them as the plain
    /// evaluator, and the memory is in proportion to their length.
    #[test]
    fn any_params_are_taken(params in vec(any_value(), 1..12)) {
        let documents: Vec<Value> = (0..).zip(&params)
            .map(|(number, params): (usize, _)| json!({"id": format!("{number:08}"), "params": params}))
            .collect();
        let names = ["params", "params.a", "params.b", "params.a.a", "params.", "params.a.keyword",
            "params.c.keyword", "params..keyword"];
        for schema in [&ENTITIES, &HISTORY] as [&'static tally_fcdsl::Schema; 2] {
            let index = index_of(schema, &documents);
            let length: usize = documents.iter().map(|document| document.to_string().len()).sum();
            prop_assert!(index.bytes() <= length * BYTES_PER_BYTE + BYTES_APART_SMALL);
            for document in &documents {
                let id = document["id"].as_str().unwrap_or_default();
                prop_assert_eq!(index.get(id), Some(document.to_string()));
            }
            for name in names {
                for query in [
                    json!({"query": {"exists": [name]}}),
                    json!({"query": {"part": {"fields": [name], "value": "a"}}}),
                    json!({"query": {"part": {"fields": [name], "value": "ab"}}}),
                    json!({"query": {"range": {"fields": [name], "gte": "0", "lt": "b"}}}),
                    json!({"sort": [{"field": name}], "size": 5}),
                ] {
                    let Ok(search) = Search::parse(Some(&query), &rules(schema)) else { continue };
                    prop_assert_eq!(index.search(&search), expected(&search, schema, &documents), "{}", query);
                }
            }
        }
    }
}

/// Goal: what is beyond the bounds is in the document, and in no query's way. Method: a document at
/// each bound, and one behind it.
#[test]
fn what_is_beyond_the_bounds_is_shown_and_not_found() {
    let path = |bytes: usize| "p".repeat(bytes);
    let deep = |depth: usize| (0..depth).fold(json!("in"), |value, _| json!([value]));
    let many = |count: usize| [vec!["out"; count - 1], vec!["in"]].concat();
    let pairs = [
        ("p", json!({"p": "in"}), json!({"q": "in"})),
        (
            &*path(LEAF_PATH_BYTES_MAX),
            json!({path(LEAF_PATH_BYTES_MAX): "in"}),
            json!({path(LEAF_PATH_BYTES_MAX + 1): "in"}),
        ),
        (
            "v",
            json!({"v": format!("in{}", " ".repeat(LEAF_VALUE_BYTES_MAX - 2))}),
            json!({"v": format!("in{}", " ".repeat(LEAF_VALUE_BYTES_MAX - 1))}),
        ),
        ("d", json!({"d": deep(LEAF_DEPTH_MAX - 1)}), json!({"d": deep(LEAF_DEPTH_MAX)})),
        ("n", json!({"n": many(LEAVES_MAX)}), json!({"n": many(LEAVES_MAX + 1)})),
    ];
    for (name, at, beyond) in pairs {
        let documents =
            [json!({"id": "at", "params": at}), json!({"id": "beyond", "params": beyond})];
        let index = index_of(&ENTITIES, &documents);
        let field = format!("params.{name}");
        let query = json!({"query": {"terms": {"fields": [field], "values": ["in"]}}});
        let search = Search::parse(Some(&query), &rules(&ENTITIES)).expect("a query");
        let page = index.search(&search);
        assert_eq!(page, expected(&search, &ENTITIES, &documents));
        assert_eq!(page.ids, ["at"], "{name}");
        assert_eq!(index.get("beyond"), Some(documents[1].to_string()));
    }
}
