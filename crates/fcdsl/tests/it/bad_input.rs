//! One test for each kind of bad input, each with its code.

use serde_json::{Value, json};
use tally_fcdsl::{Forced, Rules, SIZE_DEFAULT, Search, evaluate};

use crate::table::{RULES, SCHEMA, documents, hits, parse, refusal};

fn is_refused(code: u16, at: &str, fcdsl: &Value) {
    let (own, text) = refusal(fcdsl);
    assert_eq!(own, code, "{fcdsl}: {text}");
    assert!(text.starts_with(at), "{fcdsl}: {text} does not name {at}");
}

#[test]
fn a_member_of_the_wrong_json_type_is_1013() {
    let query = |clause: Value| json!({"query": clause});
    is_refused(1013, "fcdsl:", &json!([]));
    is_refused(1013, "fcdsl:", &json!("all"));
    is_refused(1013, "fcdsl.ids", &json!({"ids": "s1"}));
    is_refused(1013, "fcdsl.ids[0]", &json!({"ids": [["s1"]]}));
    is_refused(1013, "fcdsl.query", &query(json!([])));
    is_refused(1013, "fcdsl.query.terms", &query(json!({"terms": []})));
    is_refused(1013, "fcdsl.query.terms.fields", &query(json!({"terms": {"fields": "sid"}})));
    is_refused(1013, "fcdsl.query.part.value", &query(json!({"part": {"value": ["a"]}})));
    is_refused(1013, "fcdsl.query.exists", &query(json!({"exists": "sid"})));
    is_refused(1013, "fcdsl.query.range.gt", &query(json!({"range": {"gt": {}}})));
    is_refused(1013, "fcdsl.size", &json!({"size": [20]}));
    is_refused(1013, "fcdsl.sort", &json!({"sort": {"lastHeight": "asc"}}));
    is_refused(1013, "fcdsl.sort[0]", &json!({"sort": ["lastHeight"]}));
    is_refused(1013, "fcdsl.after", &json!({"after": "1"}));
}

#[test]
fn missing_ids_where_documents_are_fetched_by_id_are_1012() {
    let rules = Rules { needs_ids: true, default_sort: &[], ..RULES };
    for fcdsl in [None, Some(json!({})), Some(json!({"size": 1})), Some(json!({"ids": null}))] {
        let error = Search::parse(fcdsl.as_ref(), &rules).unwrap_err();
        assert_eq!((error.code(), error.to_string().contains("fcdsl.ids")), (1012, true));
    }
    let empty = json!({"ids": []});
    assert_eq!(Search::parse(Some(&empty), &rules).unwrap_err().code(), 1012);
    is_refused(1012, "fcdsl.ids", &empty);
    is_refused(1012, "fcdsl.ids[1]", &json!({"ids": ["s1", null]}));
}

#[test]
fn more_than_a_hundred_ids_are_1010() {
    let ids = |count: usize| json!({"ids": (0..count).map(|n| n.to_string()).collect::<Vec<_>>()});
    assert_eq!(parse(&ids(100)).unwrap().ids.map(|ids| ids.len()), Some(100));
    is_refused(1010, "fcdsl.ids", &ids(101));
}

#[test]
fn a_size_that_is_no_count_is_1012() {
    for size in
        [json!("abc"), json!("1.5"), json!(1.5), json!(""), json!(-1), json!("-1"), json!(true)]
    {
        is_refused(1012, "fcdsl.size", &json!({"size": size}));
    }
}

#[test]
fn another_word_for_an_order_is_1012() {
    for order in ["ascending", "ASC", ""] {
        let sort = json!({"sort": [{"field": "sid", "order": order}]});
        is_refused(1012, "fcdsl.sort[0].order", &sort);
    }
}

#[test]
fn sorting_by_what_has_no_order_is_1012() {
    for field in ["unknown", "desc", "params", "params.urlHead", "_score"] {
        is_refused(1012, "fcdsl.sort[0].field", &json!({"sort": [{"field": field}]}));
    }
    is_refused(1012, "fcdsl.sort[0].field", &json!({"sort": [{"order": "asc"}]}));
    assert!(parse(&json!({"sort": [{"field": "params.urlHead.keyword"}]})).is_ok());
}

#[test]
fn a_cursor_that_does_not_fit_is_1012() {
    is_refused(1012, "fcdsl.after", &json!({"sort": [], "after": ["1"]}));
    let sort = json!([{"field": "lastHeight"}, {"field": "active"}]);
    for after in [json!([]), json!(["1"]), json!(["1", "1", "s1", "x"]), json!(["1", "1", null])] {
        is_refused(1012, "fcdsl.after", &json!({"sort": sort, "after": after}));
    }
    for after in [json!(["abc", "1"]), json!(["1.5", "1"]), json!(["", "1"])] {
        is_refused(1012, "fcdsl.after[0]", &json!({"sort": sort, "after": after}));
    }
    for after in [json!(["1", "2"]), json!(["1", "yes"])] {
        is_refused(1012, "fcdsl.after[1]", &json!({"sort": sort, "after": after}));
    }
    for boolean in [json!("true"), json!(false), json!("1"), json!(0)] {
        assert!(parse(&json!({"sort": sort, "after": [7, boolean]})).is_ok());
    }
}

#[test]
fn a_clause_without_fields_or_values_is_1012() {
    for clause in ["terms", "equals", "unequals"] {
        let at = format!("fcdsl.query.{clause}");
        for body in [
            json!({}),
            json!({"fields": [], "values": ["1"]}),
            json!({"values": ["1"]}),
            json!({"fields": ["tCdd"]}),
            json!({"fields": ["tCdd"], "values": []}),
            json!({"fields": ["tCdd"], "values": [null]}),
        ] {
            is_refused(1012, &at, &json!({"query": {clause: body}}));
        }
    }
    for clause in ["part", "match"] {
        let at = format!("fcdsl.filter.{clause}");
        for body in [json!({}), json!({"fields": ["sid"]}), json!({"value": "a"})] {
            is_refused(1012, &at, &json!({"filter": {clause: body}}));
        }
    }
    for clause in ["exists", "unexists"] {
        is_refused(1012, &format!("fcdsl.except.{clause}"), &json!({"except": {clause: []}}));
    }
    is_refused(1012, "fcdsl.query.range.fields", &json!({"query": {"range": {"gt": 1}}}));
}

#[test]
fn a_range_without_a_bound_is_1012() {
    is_refused(1012, "fcdsl.query.range", &json!({"query": {"range": {"fields": ["tCdd"]}}}));
}

#[test]
fn equals_of_what_is_no_number_is_1012() {
    for (field, value) in [("tCdd", "abc"), ("sid", "s1"), ("tCdd", "NaN"), ("tRate", "inf")] {
        let equals = json!({"equals": {"fields": [field], "values": ["1", value]}});
        is_refused(1012, "fcdsl.query.equals.values[1]", &json!({"query": equals}));
    }
    let boolean = json!({"equals": {"fields": ["active"], "values": [1]}});
    is_refused(1012, "fcdsl.query.equals", &json!({"query": boolean}));
}

#[test]
fn part_of_a_number_or_a_boolean_is_1012() {
    for field in ["tCdd", "tRate", "active"] {
        let part = json!({"part": {"fields": ["sid", field], "value": "1"}});
        is_refused(1012, "fcdsl.query.part.fields[1]", &json!({"query": part}));
    }
    let part = json!({"part": {"fields": ["sid"], "value": "1", "isCaseInsensitive": "yes"}});
    is_refused(1012, "fcdsl.query.part.isCaseInsensitive", &json!({"query": part}));
}

#[test]
fn a_value_that_is_no_number_of_a_number_field_is_1012() {
    for (field, value) in [("tCdd", "abc"), ("tRate", "4,5"), ("active", "1"), ("tRate", "1e39")] {
        let terms = json!({"terms": {"fields": [field], "values": [value]}});
        is_refused(1012, "fcdsl.query.terms.values[0]", &json!({"query": terms}));
        let matches = json!({"match": {"fields": [field], "value": value}});
        is_refused(1012, "fcdsl.query.match.value", &json!({"query": matches}));
        let range = json!({"range": {"fields": [field], "gt": value}});
        is_refused(1012, "fcdsl.query.range.gt", &json!({"query": range}));
    }
}

#[test]
fn an_unknown_field_is_no_error_but_matches_nothing() {
    let fields = json!(["unknown", "params.none", "sid.x"]);
    assert!(hits(&json!({"terms": {"fields": fields, "values": ["s1", 1]}})).is_empty());
    assert!(hits(&json!({"part": {"fields": fields, "value": ""}})).is_empty());
    assert!(hits(&json!({"match": {"fields": fields, "value": "s1"}})).is_empty());
    assert!(hits(&json!({"equals": {"fields": fields, "values": [1]}})).is_empty());
    assert!(hits(&json!({"range": {"fields": ["sid", "unknown"], "gte": ""}})).is_empty());
    assert!(hits(&json!({"exists": ["sid", "unknown"]})).is_empty());
    assert_eq!(hits(&json!({"unexists": ["unknown"]})).len(), 4);
    assert_eq!(hits(&json!({"unequals": {"fields": ["unknown"], "values": [1]}})).len(), 4);
}

/// What a client writes into a block that the endpoint sets is dropped, even if it makes no sense;
/// only its JSON types must be right.
#[test]
fn a_forced_block_is_dropped_silently() {
    let nonsense = json!({"range": {"fields": ["tCdd"]}});
    let found = |forced, fcdsl: &Value| {
        let rules = Rules { forced, ..RULES };
        let search = Search::parse(Some(fcdsl), &rules).unwrap();
        crate::table::ids(&evaluate(&search, &SCHEMA, &documents()))
    };
    let filter = Forced::Filter { field: "op", value: "rate" };
    let except = Forced::Except { field: "op", value: "rate" };
    assert_eq!(found(filter, &json!({"filter": nonsense})), ["s2", "s3"]);
    assert_eq!(found(except, &json!({"except": nonsense})), ["s1", "s4"]);
    assert_eq!(found(except, &json!({"ids": ["s3", "s1", "s2"]})), ["s1"]);
    assert_eq!(found(filter, &json!({"ids": ["s3", "s1", "s2"]})), ["s3", "s2"]);
    let rules = Rules { forced: filter, ..RULES };
    assert_eq!(Search::parse(Some(&json!({"filter": 1})), &rules).unwrap_err().code(), 1013);
    let search = Search::parse(None, &Rules { forced: except, ..RULES }).unwrap();
    assert_eq!((search.size, search.sort.len()), (SIZE_DEFAULT, 3));
}
