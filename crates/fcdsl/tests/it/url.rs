//! The form of a query that fits into a URL says the same as the object.

use serde_json::json;
use tally_fcdsl::Search;

use crate::table::{RULES, parse};

fn same(url: &str, fcdsl: &serde_json::Value) {
    let search = Search::parse_url(url, &RULES).unwrap_or_else(|error| panic!("{url}: {error}"));
    assert_eq!(search, parse(fcdsl).expect("a query"), "{url}");
}

#[test]
fn both_forms_say_the_same() {
    same("", &json!({}));
    same("ids=s1,s2", &json!({"ids": ["s1", "s2"]}));
    same(
        "terms=types,APIP,FEIP&size=5",
        &json!({"query": {"terms": {"fields": ["types"], "values": ["APIP", "FEIP"]}}, "size": 5}),
    );
    same(
        "part=stdName,desc,a%2Cb&match=desc,a+b",
        &json!({"query": {
            "part": {"fields": ["stdName", "desc"], "value": "a,b"},
            "match": {"fields": ["desc"], "value": "a b"}
        }}),
    );
    same(
        "range=tCdd,gt,5,lte,9&equals=tCdd,7&unequals=tCdd,8",
        &json!({"query": {
            "range": {"fields": ["tCdd"], "gt": 5, "lte": 9},
            "equals": {"fields": ["tCdd"], "values": [7]},
            "unequals": {"fields": ["tCdd"], "values": [8]}
        }}),
    );
    same(
        "exists=sid&unexists=params&sort=active,desc,sid,asc&after=1,%E6%9C%8D&other=x",
        &json!({
            "query": {"exists": ["sid"], "unexists": ["params"]},
            "sort": [{"field": "active", "order": "desc"}, {"field": "sid", "order": "asc"}],
            "after": ["1", "服"]
        }),
    );
}

#[test]
fn bad_urls_are_refused() {
    for (url, at) in [
        ("size=x", "fcdsl.size"),
        ("size=1&size=2", "size"),
        ("terms=a%2", "terms"),
        ("match=desc,%FF", "match"),
        ("part=stdName", "fcdsl.query.part.fields"),
        ("terms=", "fcdsl.query.terms.fields"),
        ("range=tCdd,above,5", "range.above"),
        ("range=tCdd,gt", "range.gt"),
        ("range=tCdd,gt,1,gt,2", "range.gt"),
        ("range=tCdd", "fcdsl.query.range"),
        ("sort=sid,up", "fcdsl.sort[0].order"),
        ("after=1", "fcdsl.after"),
    ] {
        let error = Search::parse_url(url, &RULES).unwrap_err();
        assert_eq!(error.code(), 1012, "{url}");
        assert!(error.to_string().starts_with(at), "{url}: {error}");
    }
}
