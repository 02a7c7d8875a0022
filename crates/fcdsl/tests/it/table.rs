//! A table like that of services, and words for asking it.

use serde_json::{Value, json};
use tally_fcdsl::{
    Answer, Field, Forced, Kind, Order, QueryError, Rules, Schema, Search, evaluate,
};

pub(crate) const SCHEMA: Schema = Schema {
    id: "sid",
    fields: &[
        Field::new("sid", Kind::Keyword),
        Field::new("stdName", Kind::Keyword),
        Field::with_aliases("localNames", &["localName"], Kind::Keyword),
        Field::new("desc", Kind::Text),
        Field::new("types", Kind::Keyword),
        Field::new("owner", Kind::Keyword),
        Field::with_aliases("birthTxid", &["birthTxId"], Kind::Keyword),
        Field::new("lastHeight", Kind::Long),
        Field::new("tCdd", Kind::Long),
        Field::new("tRate", Kind::Float),
        Field::new("active", Kind::Boolean),
        Field::new("op", Kind::Keyword),
        Field::new("params", Kind::Object),
    ],
    appended: false,
};

pub(crate) const DEFAULT_SORT: &[(&str, Order)] =
    &[("active", Order::Desc), ("tRate", Order::Desc), ("sid", Order::Asc)];

pub(crate) const RULES: Rules<'_> =
    Rules { schema: &SCHEMA, default_sort: DEFAULT_SORT, forced: Forced::None, needs_ids: false };

pub(crate) fn documents() -> Vec<Value> {
    vec![
        json!({
            "sid": "s1", "stdName": "ApipServer", "localNames": ["API服务", "APIs"],
            "desc": "Server for the series API of APIP.", "types": ["APIP", "FEIP"],
            "owner": "FPL44", "birthTxid": "s1", "lastHeight": 1_715_309, "tCdd": 0, "tRate": 0.0,
            "active": true, "op": "publish",
            "params": {"urlHead": "http://localhost/APIP/", "sessionDays": 365, "home": {"a": "x"}}
        }),
        json!({
            "sid": "s2", "stdName": "Swap", "desc": "Swaps of coins", "types": [],
            "owner": "FJYN3", "birthTxid": "s2", "lastHeight": 2_016_618, "tCdd": 152,
            "tRate": 4.5, "active": true, "op": "rate"
        }),
        json!({
            "sid": "s3", "stdName": "Wallet", "localNames": null, "desc": "", "types": "APIP",
            "owner": "FPL44", "lastHeight": 1_914_168, "tCdd": 5, "tRate": 4.5, "active": false,
            "op": "rate"
        }),
        json!({"sid": "s4", "stdName": "a*b\\c", "active": false}),
    ]
}

pub(crate) fn parse(fcdsl: &Value) -> Result<Search, QueryError> {
    Search::parse(Some(fcdsl), &RULES)
}

pub(crate) fn answer(fcdsl: &Value) -> Answer {
    let search = parse(fcdsl).unwrap_or_else(|error| panic!("{fcdsl}: {error}"));
    evaluate(&search, &SCHEMA, &documents())
}

/// Ids of all hits, in the order of the documents.
pub(crate) fn hits(query: &Value) -> Vec<String> {
    ids(&answer(&json!({"query": query, "sort": [{"field": "sid", "order": "asc"}]})))
}

pub(crate) fn ids(answer: &Answer) -> Vec<String> {
    let documents = documents();
    answer
        .rows
        .iter()
        .map(|row| documents[*row]["sid"].as_str().expect("an id").to_owned())
        .collect()
}

/// The code and the text of what is wrong.
pub(crate) fn refusal(fcdsl: &Value) -> (u16, String) {
    match parse(fcdsl) {
        Ok(search) => panic!("{fcdsl} is accepted: {search:?}"),
        Err(error) => (error.code(), error.to_string()),
    }
}
