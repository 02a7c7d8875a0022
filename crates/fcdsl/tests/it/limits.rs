//! Sizes, defaults, caps, and what is read leniently.

use serde_json::json;
use tally_fcdsl::{
    CLAUSE_FIELDS_MAX, CLAUSE_VALUES_MAX, Clause, Order, SORT_COLUMNS_MAX, Search, VALUE_CHARS_MAX,
};

use crate::table::{RULES, hits, parse, refusal};

#[test]
fn sizes() {
    let sizes = [
        (json!(null), 20),
        (json!(0), 20),
        (json!("0"), 20),
        (json!(1), 1),
        (json!("100"), 100),
        (json!(101), 20),
        (json!("1000"), 20),
    ];
    for (given, size) in sizes {
        assert_eq!(parse(&json!({"size": given})).unwrap().size, size, "{given}");
    }
}

#[test]
fn without_a_query_everything_comes_in_the_default_order() {
    for fcdsl in [None, Some(json!(null)), Some(json!({})), Some(json!({"query": {}}))] {
        let search = Search::parse(fcdsl.as_ref(), &RULES).unwrap();
        let orders: Vec<Order> = search.sort.iter().map(|sort| sort.order).collect();
        assert_eq!(orders, [Order::Desc, Order::Desc, Order::Asc]);
        assert_eq!((search.size, search.query.clauses.len()), (20, 0));
    }
    let own = parse(&json!({"sort": [{"field": "tCdd"}]})).unwrap();
    assert_eq!((own.sort.len(), own.sort[0].order), (1, Order::Desc));
    assert_eq!(parse(&json!({"sort": []})).unwrap().sort, []);
}

#[test]
fn every_list_and_value_is_bounded() {
    let terms = |fields: usize, values: usize, chars: usize| {
        let (fields, value) = (vec!["sid"; fields], "x".repeat(chars));
        json!({"query": {"terms": {"fields": fields, "values": vec![value; values]}}})
    };
    let most = terms(CLAUSE_FIELDS_MAX, CLAUSE_VALUES_MAX, VALUE_CHARS_MAX);
    assert!(parse(&most).is_ok());
    for (fcdsl, at) in [
        (terms(CLAUSE_FIELDS_MAX + 1, 1, 1), "fcdsl.query.terms.fields"),
        (terms(1, CLAUSE_VALUES_MAX + 1, 1), "fcdsl.query.terms.values"),
        (terms(1, 1, VALUE_CHARS_MAX + 1), "fcdsl.query.terms.values[0]"),
        (json!({"query": {"exists": vec!["sid"; 33]}}), "fcdsl.query.exists"),
        (json!({"sort": vec![json!({"field": "sid"}); SORT_COLUMNS_MAX + 1]}), "fcdsl.sort"),
        (
            json!({"query": {"part": {"fields": ["sid"], "value": "x".repeat(257)}}}),
            "fcdsl.query.part.value",
        ),
        (
            json!({"query": {"range": {"fields": ["sid"], "lte": "x".repeat(257)}}}),
            "fcdsl.query.range.lte",
        ),
    ] {
        let (code, text) = refusal(&fcdsl);
        assert_eq!((code, text.starts_with(at)), (1012, true), "{text}");
    }
    // Characters, not bytes.
    let wide = json!({"match": {"fields": ["sid"], "value": "服".repeat(256)}});
    assert!(parse(&json!({"query": wide})).is_ok());
}

/// Goal: what is said twice is asked once. Method: 32 times the same field, and the same values
/// in other words.
#[test]
fn nothing_is_asked_twice() {
    let often = |name: &str| json!(vec![name; CLAUSE_FIELDS_MAX]);
    for (many, one) in [
        (
            json!({"part": {"fields": often("sid"), "value": "s"}}),
            json!({"part": {"fields": ["sid"], "value": "s"}}),
        ),
        (
            json!({"terms": {"fields": often("types"), "values": vec!["APIP"; 1024]}}),
            json!({"terms": {"fields": ["types"], "values": ["APIP"]}}),
        ),
        (
            json!({"equals": {"fields": often("tCdd"), "values": [7, "7", "7.0", 8]}}),
            json!({"equals": {"fields": ["tCdd"], "values": [7, 8]}}),
        ),
        (
            json!({"terms": {"fields": often("active"), "values": ["true", "TRUE", true]}}),
            json!({"terms": {"fields": ["active"], "values": [true]}}),
        ),
        (
            json!({"match": {"fields": often("desc"), "value": "a b a B"}}),
            json!({"match": {"fields": ["desc"], "value": "a b"}}),
        ),
        (
            json!({"range": {"fields": often("tCdd"), "gt": 5}}),
            json!({"range": {"fields": ["tCdd"], "gt": 5}}),
        ),
        (json!({"exists": often("sid")}), json!({"exists": ["sid"]})),
        (json!({"unexists": often("sid")}), json!({"unexists": ["sid"]})),
    ] {
        let [many, one] = [&many, &one].map(|block| parse(&json!({"query": block})).unwrap());
        assert_eq!(many, one);
    }
    let mixed = parse(&json!({"query": {"exists": ["sid", "types", "sid"]}})).unwrap();
    let Clause::All(tests) = &mixed.query.clauses[0] else { panic!("{mixed:?}") };
    assert_eq!(tests.len(), 2, "fields that differ are all asked");
    // The place of what is wrong is that in the request.
    let (_, text) =
        refusal(&json!({"query": {"part": {"fields": ["sid", "sid", "tCdd"], "value": "x"}}}));
    assert!(text.starts_with("fcdsl.query.part.fields[2]"), "{text}");
}

#[test]
fn scalars_may_have_other_json_types_and_unknown_members_are_ignored() {
    assert_eq!(hits(&json!({"terms": {"fields": ["tCdd"], "values": ["5", 152]}})), ["s2", "s3"]);
    assert_eq!(hits(&json!({"terms": {"fields": ["active"], "values": [false]}})), ["s3", "s4"]);
    let part = json!({"part": {"fields": ["stdName"], "value": "APIP", "isCaseInsensitive": true}});
    assert_eq!(hits(&part), ["s1"]);
    assert_eq!(hits(&json!({"nested": 1, "query": {"exists": 5}, "terms": null})).len(), 4);
}

#[test]
fn ids_put_everything_else_out_of_force() {
    let fcdsl = json!({
        "ids": ["s2", "s1", "s2"], "size": "many", "sort": [{"field": "desc"}], "after": ["1"],
        "query": {"range": {"fields": []}}
    });
    let search = parse(&fcdsl).unwrap();
    assert_eq!(search.ids, Some(vec!["s2".into(), "s1".into()]));
    assert!(search.sort.is_empty() && search.after.is_none() && search.query.clauses.is_empty());
}

#[test]
fn aliases_name_the_same_fields() {
    assert_eq!(hits(&json!({"terms": {"fields": ["birthTxId"], "values": ["s2"]}})), ["s2"]);
    assert_eq!(hits(&json!({"exists": ["localName"]})), ["s1"]);
    assert!(parse(&json!({"sort": [{"field": "birthTxId"}]})).is_ok());
}
