//! Documents that come, change and go.

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use tally_fcdsl::{Schema, Search};
use tally_fcdsl_index::{DocumentError, Index};

use crate::{
    compare::{all_pages, expected, index_of, rules},
    documents::{ENTITIES, HISTORY, document, query},
};

#[derive(Clone, Debug)]
enum Change {
    Put(Value),
    Remove(prop::sample::Index),
    RemoveNewest(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (0..30_usize).prop_flat_map(document).prop_map(Change::Put),
        1 => any::<prop::sample::Index>().prop_map(Change::Remove),
        1 => (1..6_usize).prop_map(Change::RemoveNewest),
    ]
}

fn make(index: &mut Index, documents: &mut Vec<Value>, change: Change) {
    match change {
        Change::Put(document) => {
            index.put(&document.to_string()).expect("a document");
            match documents.iter_mut().find(|known| known["id"] == document["id"]) {
                Some(known) => *known = document,
                None => documents.push(document),
            }
        }
        Change::Remove(which) if !documents.is_empty() => {
            let gone = documents.remove(which.index(documents.len()));
            assert!(index.remove(gone["id"].as_str().expect("an id")));
        }
        Change::Remove(_) => assert!(!index.remove("none")),
        Change::RemoveNewest(count) => {
            for _ in 0..count {
                let Some(gone) = documents.pop() else { return };
                assert!(index.remove(gone["id"].as_str().expect("an id")));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..Default::default() })]

    /// Whatever happened before, the index answers as one that was filled with the documents that
    /// are there.
    #[test]
    fn changes_leave_no_trace(changes in vec(change(), 1..120), queries in vec(query(), 6)) {
        for schema in [&ENTITIES, &HISTORY] as [&'static Schema; 2] {
            let (mut index, mut documents) = (Index::new(schema), Vec::new());
            for change in &changes {
                make(&mut index, &mut documents, change.clone());
            }
            prop_assert_eq!(index.len(), documents.len());
            for query in &queries {
                all_pages(&index, schema, &documents, query);
            }
            for document in &documents {
                let text = document.to_string();
                prop_assert_eq!(index.get(document["id"].as_str().unwrap()), Some(text));
            }
        }
    }
}

/// Pages that are followed while documents arrive: the new ones are not on them, and none is shown
/// twice or left out.
#[test]
fn pages_are_stable_while_documents_arrive() {
    let row = |n: usize| json!({"id": format!("{n:04}"), "height": n / 2, "count": n % 3});
    let mut index = index_of(&HISTORY, &(0..50).map(row).collect::<Vec<_>>());
    let sort = json!([{"field": "height"}, {"field": "count"}]);
    let mut query = json!({"sort": sort, "size": 7});
    let mut seen = Vec::new();
    for arriving in 50.. {
        let search = Search::parse(Some(&query), &rules(&HISTORY)).unwrap();
        let page = index.search(&search);
        seen.extend(page.ids);
        let Some(last) = page.last else { break };
        query["after"] = json!(last);
        index.put(&row(arriving).to_string()).unwrap();
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..50).map(|n| format!("{n:04}")).collect::<Vec<_>>());
}

/// Members keep their order and numbers their digits.
#[test]
fn documents_come_back_as_they_were() {
    let text = concat!(
        r#"{"rate":4.6666665,"id":"00ff","name":"a\"b\n","tags":["x",null,["y"]],"#,
        r#""other":{"z":1.50,"a":[true,-7,12345678901234567890123]},"active":false,"count":-0}"#
    );
    let mut index = Index::new(&ENTITIES);
    index.put(text).unwrap();
    assert_eq!(index.get("00ff").as_deref(), Some(text));
    assert_eq!(index.get("00FF"), None);
}

#[test]
fn what_cannot_be_taken_changes_nothing() {
    let mut index = index_of(&ENTITIES, &[json!({"id": "a", "name": "x"})]);
    assert!(matches!(index.put("{"), Err(DocumentError::Json(_))));
    assert!(matches!(index.put("[]"), Err(DocumentError::NoId)));
    assert!(matches!(index.put(r#"{"id":5}"#), Err(DocumentError::NoId)));
    let long = json!({"id": "a", "other": "x".repeat(70_000)}).to_string();
    assert!(matches!(index.put(&long), Err(DocumentError::TooLong)));
    assert_eq!((index.len(), index.get("a")), (1, Some(r#"{"id":"a","name":"x"}"#.into())));
}

/// Replacing one document again and again does not fill the memory.
#[test]
fn replaced_documents_are_cleared_away() {
    let mut index = Index::new(&ENTITIES);
    let document = |id: &str, n: usize| json!({"id": id, "name": format!("name {n}"), "desc": "word ".repeat(300), "count": n});
    index.put(&document("first", 0).to_string()).unwrap();
    let mut largest = 0;
    for n in 0..4_000 {
        index.put(&document("changing", n).to_string()).unwrap();
        largest = largest.max(index.bytes());
    }
    assert!(largest < 4 << 20, "{largest} bytes");
    let documents = [document("first", 0), document("changing", 3_999)];
    let search = Search::parse(Some(&json!({"sort": []})), &rules(&ENTITIES)).unwrap();
    assert_eq!(index.search(&search), expected(&search, &ENTITIES, &documents));
}
