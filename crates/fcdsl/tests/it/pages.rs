//! Order, `last` and `after`.

use serde_json::{Value, json};

use crate::table::{answer, ids};

fn page(fcdsl: &Value) -> (Vec<String>, Value) {
    let answer = answer(fcdsl);
    assert_eq!(answer.total, 4, "of all pages");
    (ids(&answer), json!(answer.last))
}

#[test]
fn the_default_order_and_its_last() {
    let (found, last) = page(&json!({"size": 2}));
    assert_eq!((found, last), (vec!["s2".into(), "s1".into()], json!(["1", "0.0", "s1"])));
    let (found, last) = page(&json!({"size": 2, "after": ["1", "0.0", "s1"]}));
    assert_eq!((found, last), (vec!["s3".into(), "s4".into()], json!(["0", "-Infinity", "s4"])));
    let (found, last) = page(&json!({"after": ["0", "-Infinity", "s4"]}));
    assert_eq!((found.len(), last), (0, json!(null)));
}

#[test]
fn missing_values_come_last_in_both_orders() {
    for order in ["asc", "desc"] {
        for field in ["tCdd", "tRate", "owner", "types", "params.sessionDays.keyword"] {
            let (found, _) = page(&json!({"sort": [{"field": field, "order": order}]}));
            assert_eq!(found.last().map(String::as_str), Some("s4"), "{field} {order}");
        }
    }
    let sort = |field, order| json!({"sort": [{"field": field, "order": order}]});
    assert_eq!(page(&sort("tCdd", "asc")).1, json!(["9223372036854775807"]));
    assert_eq!(page(&sort("tCdd", "desc")).1, json!(["-9223372036854775808"]));
    assert_eq!(page(&sort("owner", "desc")).1, json!([null]));
}

#[test]
fn of_several_values_the_one_that_comes_first_counts() {
    let first = |order| page(&json!({"size": 1, "sort": [{"field": "types", "order": order}]}));
    assert_eq!(first("desc"), (vec!["s1".into()], json!(["FEIP"])));
    // Here s1 and s3 agree, and the page's end is between them: the id follows.
    assert_eq!(first("asc"), (vec!["s1".into()], json!(["APIP", "s1"])));
}

/// A page's end between documents that agree in all columns loses none: `last` has the id behind
/// the columns then, and only then.
#[test]
fn ties_at_a_pages_end_are_not_skipped() {
    let sort = json!([{"field": "active", "order": "desc"}]);
    let (found, last) = page(&json!({"size": 1, "sort": sort}));
    assert_eq!((found, &last), (vec!["s1".into()], &json!(["1", "s1"])));
    let (found, last) = page(&json!({"size": 1, "sort": sort, "after": last}));
    assert_eq!((found, last), (vec!["s2".into()], json!(["1"])));
    // Without the id all that agree are skipped.
    let (found, _) = page(&json!({"size": 1, "sort": sort, "after": ["1"]}));
    assert_eq!(found, ["s3"]);
}

#[test]
fn every_size_of_pages_shows_each_document_once() {
    for sort in [json!(null), json!([{"field": "active"}]), json!([{"field": "owner"}])] {
        for size in 1..=5 {
            let mut fcdsl = json!({"sort": sort, "size": size});
            let mut seen = Vec::new();
            loop {
                let (found, last) = page(&fcdsl);
                if last.is_null() {
                    break;
                }
                seen.extend(found);
                fcdsl["after"] = last;
            }
            seen.sort_unstable();
            assert_eq!(seen, ["s1", "s2", "s3", "s4"], "{sort} {size}");
        }
    }
}

#[test]
fn without_a_sort_there_is_no_last() {
    let (found, last) = page(&json!({"sort": []}));
    assert_eq!((found.join(" "), last), ("s1 s2 s3 s4".into(), json!(null)));
}
