//! The index and the plain evaluator side by side.

use serde_json::{Value, json};
use tally_fcdsl::{Forced, Order, Rules, Schema, Search, evaluate};
use tally_fcdsl_index::{Index, Page};

pub(crate) const DEFAULT_SORT: &[(&str, Order)] = &[("height", Order::Desc), ("id", Order::Asc)];

pub(crate) fn rules(schema: &Schema) -> Rules<'_> {
    Rules { schema, default_sort: DEFAULT_SORT, forced: Forced::None, needs_ids: false }
}

pub(crate) fn index_of(schema: &'static Schema, documents: &[Value]) -> Index {
    let mut index = Index::new(schema);
    documents.iter().for_each(|document| index.put(&document.to_string()).expect("a document"));
    index
}

/// What the plain evaluator makes of it.
pub(crate) fn expected(search: &Search, schema: &Schema, documents: &[Value]) -> Page {
    let answer = evaluate(search, schema, documents);
    let rows = answer.rows.iter().map(|row| &documents[*row]);
    Page {
        total: answer.total,
        ids: rows
            .clone()
            .map(|document| document["id"].as_str().expect("an id").to_owned())
            .collect(),
        documents: rows.map(Value::to_string).collect(),
        last: answer.last,
    }
}

/// Compares all pages of a query; `false` if the query is refused.
pub(crate) fn all_pages(
    index: &Index,
    schema: &Schema,
    documents: &[Value],
    query: &Value,
) -> bool {
    let mut query = query.clone();
    let Ok(first) = Search::parse(Some(&query), &rules(schema)) else { return false };
    let total = evaluate(&first, schema, documents).total;
    let mut ids: Vec<String> = Vec::new();
    loop {
        let search = Search::parse(Some(&query), &rules(schema)).expect("what last says fits");
        let page = index.search(&search);
        assert_eq!(page, expected(&search, schema, documents), "{query}");
        assert_eq!(page.total, total, "{query}");
        ids.extend(page.ids);
        let Some(last) = page.last else { break };
        query["after"] = json!(last);
    }
    if !first.sort.is_empty() {
        let count = ids.len() as u64;
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((count, ids.len() as u64), (total, total), "each document once: {query}");
    }
    true
}
