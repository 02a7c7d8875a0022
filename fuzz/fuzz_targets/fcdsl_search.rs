//! Queries of the directory: reading any JSON value ends without a panic, what is refused
//! has a code and names its place, and what is accepted is carried out on a few documents in pages
//! that end.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use tally_fcdsl::{Field, Forced, Kind, Order, Rules, Schema, Search, evaluate};

static SCHEMA: Schema = Schema {
    id: "id",
    fields: &[
        Field::new("id", Kind::Keyword),
        Field::with_aliases("names", &["name"], Kind::Keyword),
        Field::new("desc", Kind::Text),
        Field::new("height", Kind::Long),
        Field::new("rate", Kind::Float),
        Field::new("active", Kind::Boolean),
        Field::new("params", Kind::Object),
    ],
    appended: false,
};

const RULES: Rules<'_> = Rules {
    schema: &SCHEMA,
    default_sort: &[("active", Order::Desc), ("id", Order::Asc)],
    forced: Forced::None,
    needs_ids: false,
};

fn documents() -> Vec<Value> {
    vec![
        json!({"id": "a", "names": ["x", "y"], "desc": "some words", "height": 1, "rate": 0.5}),
        json!({"id": "b", "names": "x", "active": true, "params": {"a": {"b": 5}}}),
        json!({"id": "c", "height": 7, "active": false}),
    ]
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(object) = serde_json::from_str::<Value>(text) else { return };
    match Search::parse(Some(&object), &RULES) {
        Ok(search) => {
            let answer = evaluate(&search, &SCHEMA, &documents());
            assert!(answer.rows.len() <= search.size && answer.rows.len() as u64 <= answer.total);
            assert_eq!(answer.last.is_some(), !search.sort.is_empty() && !answer.rows.is_empty());
        }
        Err(error) => {
            assert!([1010, 1012, 1013].contains(&error.code()));
            assert!(!error.to_string().is_empty());
        }
    }
});
