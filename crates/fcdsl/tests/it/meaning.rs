//! What each clause means for each kind of field, and how clauses and blocks combine.

use serde_json::{Value, json};

use crate::table::{answer, hits, ids};

fn terms(field: &str, value: &str) -> Vec<String> {
    hits(&json!({"terms": {"fields": [field], "values": [value]}}))
}

fn part(field: &str, value: &str, is_case_insensitive: bool) -> Vec<String> {
    let fold = is_case_insensitive.to_string();
    hits(&json!({"part": {"fields": [field], "value": value, "isCaseInsensitive": fold}}))
}

fn matches(field: &str, value: &str) -> Vec<String> {
    hits(&json!({"match": {"fields": [field], "value": value}}))
}

fn range(field: &str, bounds: Value) -> Vec<String> {
    let mut range = bounds;
    range["fields"] = json!([field]);
    hits(&json!({"range": range}))
}

const NONE: [&str; 0] = [];

#[test]
fn terms_of_each_kind() {
    assert_eq!(terms("stdName", "Swap"), ["s2"]);
    assert_eq!(terms("stdName", "swap"), NONE);
    assert_eq!(terms("types", "APIP"), ["s1", "s3"]);
    assert_eq!(terms("desc", "server"), ["s1"]);
    assert_eq!(terms("desc", "Server"), NONE, "words are lower-cased, the value is not");
    assert_eq!(terms("desc", "server for"), NONE);
    assert_eq!(terms("tCdd", "152"), ["s2"]);
    assert_eq!(terms("tCdd", "152.0"), ["s2"]);
    assert_eq!(terms("tCdd", "152.5"), NONE);
    assert_eq!(terms("tRate", "4.5"), ["s2", "s3"]);
    assert_eq!(terms("active", "true"), ["s1", "s2"]);
    assert_eq!(terms("params.urlHead", "localhost"), ["s1"]);
    assert_eq!(terms("params.urlHead.keyword", "http://localhost/APIP/"), ["s1"]);
    assert_eq!(terms("params.home.a", "x"), ["s1"]);
    assert_eq!(terms("params", "x"), NONE);
}

#[test]
fn parts_of_each_kind() {
    assert_eq!(part("stdName", "Apip", false), ["s1"]);
    assert_eq!(part("stdName", "apip", false), NONE);
    assert_eq!(part("stdName", "apip", true), ["s1"]);
    assert_eq!(part("stdName", "*S*p", false), ["s2"]);
    assert_eq!(part("stdName", "W?l", false), ["s3"]);
    assert_eq!(part("stdName", "\\*b\\\\", false), ["s4"]);
    assert_eq!(part("localNames", "服", false), ["s1"]);
    assert_eq!(part("desc", "erie", false), ["s1"]);
    assert_eq!(part("desc", "server for", false), NONE, "within one word");
    assert_eq!(part("params.urlHead", "ocal", false), ["s1"]);
}

#[test]
fn matches_of_each_kind() {
    assert_eq!(matches("stdName", "Swap"), ["s2"]);
    assert_eq!(matches("stdName", "Swap Wallet"), NONE);
    assert_eq!(matches("desc", "SERVER coins, nothing"), ["s1", "s2"]);
    assert_eq!(matches("desc", ".,"), NONE);
    assert_eq!(matches("tCdd", "5"), ["s3"]);
    assert_eq!(matches("active", "false"), ["s3", "s4"]);
    assert_eq!(matches("params.sessionDays", "365"), ["s1"]);
}

#[test]
fn equals_and_unequals() {
    let equals =
        |field: &str, value: &str| hits(&json!({"equals": {"fields": [field], "values": [value]}}));
    assert_eq!(equals("tCdd", "5"), ["s3"]);
    assert_eq!(equals("tCdd", "5.5"), NONE);
    assert_eq!(equals("tRate", "4.50"), ["s2", "s3"]);
    assert_eq!(equals("params.sessionDays", "365"), ["s1"]);
    let unequals =
        json!({"unequals": {"fields": ["tCdd", "lastHeight"], "values": [5, 1_715_309]}});
    assert_eq!(hits(&unequals), ["s2", "s4"]);
}

#[test]
fn ranges_of_each_kind() {
    assert_eq!(range("stdName", json!({"gt": "Swap", "lte": "Wallet"})), ["s3"]);
    assert_eq!(range("stdName", json!({"gte": "a"})), ["s4"], "by bytes: capitals come first");
    assert_eq!(range("desc", json!({"gte": "series", "lt": "serve"})), ["s1"]);
    assert_eq!(range("tCdd", json!({"gt": "4.5", "lte": "152"})), ["s2", "s3"]);
    assert_eq!(range("tCdd", json!({"gt": 5, "gte": 5})), ["s2"]);
    assert_eq!(range("tCdd", json!({"gt": "9223372036854775807"})), NONE);
    assert_eq!(range("tCdd", json!({"lt": 5, "gt": 5})), NONE);
    assert_eq!(range("tRate", json!({"gte": 4.5})), ["s2", "s3"]);
    assert_eq!(range("tRate", json!({"lt": 4.5})), ["s1"]);
    assert_eq!(range("active", json!({"gt": "false"})), ["s1", "s2"]);
    assert_eq!(range("params.sessionDays", json!({"gte": "3", "lt": "4"})), ["s1"]);
    let both = json!({"range": {"fields": ["tCdd", "lastHeight"], "gt": 5}});
    assert_eq!(hits(&both), ["s2"], "all fields must be in the range");
}

#[test]
fn exists_and_unexists() {
    let exists = |fields: Value| hits(&json!({"exists": fields}));
    assert_eq!(exists(json!(["localNames"])), ["s1"], "null is no value");
    assert_eq!(exists(json!(["types"])), ["s1", "s3"], "an empty list is none either");
    assert_eq!(exists(json!(["desc", "tCdd"])), ["s1", "s2", "s3"], "an empty text is one");
    assert_eq!(exists(json!(["params"])), ["s1"]);
    assert_eq!(exists(json!(["params.home"])), ["s1"]);
    assert_eq!(exists(json!(["params.hom"])), NONE);
    assert_eq!(hits(&json!({"unexists": ["types", "params.home.a"]})), ["s2", "s4"]);
}

#[test]
fn fields_and_values_of_a_clause_are_alternatives() {
    let terms = json!({"terms": {"fields": ["stdName", "owner"], "values": ["Swap", "FPL44"]}});
    assert_eq!(hits(&terms), ["s1", "s2", "s3"]);
    let part = json!({"part": {"fields": ["stdName", "types"], "value": "PIP"}});
    assert_eq!(hits(&part), ["s1", "s3"]);
}

#[test]
fn clauses_of_a_block_must_all_hold_and_of_except_none() {
    let owner = json!({"fields": ["owner"], "values": ["FPL44"]});
    let active = json!({"fields": ["active"], "value": "true"});
    let all = json!({"terms": owner, "match": active});
    assert_eq!(hits(&all), ["s1"]);
    let found = |fcdsl: Value| ids(&answer(&fcdsl));
    assert_eq!(found(json!({"query": {"terms": owner}, "filter": {"match": active}})), ["s1"]);
    assert_eq!(found(json!({"except": all})), ["s4"], "one clause is enough to exclude");
    assert_eq!(found(json!({"except": {"exists": ["types", "params"]}})), ["s2", "s3", "s4"]);
    assert_eq!(found(json!({"except": {"unexists": ["types"]}})), ["s1", "s3"]);
}
