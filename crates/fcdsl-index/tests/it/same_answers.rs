//! The index answers as the plain evaluator does.

use proptest::{collection::vec, prelude::*};
use serde_json::json;
use tally_fcdsl::{Schema, Search};

use crate::{
    compare::{all_pages, expected, index_of, rules},
    documents::{ENTITIES, HISTORY, documents, query},
};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(100))]

    /// All pages of random queries over random documents are those of the plain evaluator; following
    /// `last` shows each hit once.
    #[test]
    fn pages_are_the_same(documents in documents(40), queries in vec(query(), 12)) {
        for schema in [&ENTITIES, &HISTORY] {
            let index = index_of(schema, &documents);
            for query in &queries {
                all_pages(&index, schema, &documents, query);
            }
        }
    }
}

/// Larger tables, where sets are bitmaps and orders are walked.
#[test]
fn pages_of_larger_tables_are_the_same() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut accepted = 0;
    for schema in [&ENTITIES, &HISTORY] as [&'static Schema; 2] {
        for _ in 0..2 {
            let documents = documents(1200).new_tree(&mut runner).unwrap().current();
            let index = index_of(schema, &documents);
            for _ in 0..30 {
                let mut query = query().new_tree(&mut runner).unwrap().current();
                query["size"] = json!(97);
                accepted += u32::from(all_pages(&index, schema, &documents, &query));
            }
        }
    }
    assert!(accepted > 30, "most queries are accepted: {accepted} of 120");
}

/// A cursor that is no page's end leads to the same place too.
#[test]
fn any_cursor_leads_to_the_same_page() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    for schema in [&ENTITIES, &HISTORY] as [&'static Schema; 2] {
        let documents = documents(300).new_tree(&mut runner).unwrap().current();
        let index = index_of(schema, &documents);
        let columns = [("name", "alp"), ("count", "2"), ("rate", "0.25"), ("active", "1")];
        for (field, value) in columns.into_iter().chain([("height", "50"), ("id", "0000ffff")]) {
            for order in ["asc", "desc"] {
                for after in [json!([value]), json!([value, "00003dde"]), json!([null])] {
                    let query = json!({"sort": [{"field": field, "order": order}], "after": after});
                    let search = Search::parse(Some(&query), &rules(schema)).unwrap();
                    let page = index.search(&search);
                    assert_eq!(page, expected(&search, schema, &documents), "{query}");
                }
            }
        }
    }
}

/// Searches by id give the documents in the order asked, those that the endpoint allows.
#[test]
fn ids_are_fetched_in_their_order() {
    use tally_fcdsl::{Forced, Rules};
    let documents: Vec<_> =
        (0..9).map(|n| json!({"id": format!("id{n}"), "name": (["x", "y"][n % 2])})).collect();
    let index = index_of(&HISTORY, &documents);
    let query = json!({"ids": ["id5", "id0", "none", "id5", "id3"]});
    let ids = |forced| {
        let rules = Rules { forced, ..rules(&HISTORY) };
        let search = Search::parse(Some(&query), &rules).unwrap();
        let page = index.search(&search);
        assert_eq!(page, expected(&search, &HISTORY, &documents));
        assert_eq!((page.total, page.last), (page.ids.len() as u64, None));
        page.ids
    };
    assert_eq!(ids(Forced::None), ["id5", "id0", "id3"]);
    assert_eq!(ids(Forced::Filter { field: "name", value: "x" }), ["id0"]);
    assert_eq!(ids(Forced::Except { field: "name", value: "x" }), ["id5", "id3"]);
}
