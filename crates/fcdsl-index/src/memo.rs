//! What dear conditions found, until the documents change: who pages through many hits pays for
//! finding them once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tally_fcdsl::{Block, Clause, Search};

use crate::{hits::Set, postings::bitmap_bytes};

/// Findings kept. Each is a bitmap at most, an eighth of a byte a row.
const KEPT: usize = 16;

/// The newest findings.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// The one asked for last comes first.
    findings: Mutex<VecDeque<Finding>>,
}

#[derive(Debug)]
struct Finding {
    query: Block,
    filter: Block,
    except: Block,
    forced: Option<Clause>,
    rows: Arc<Set<'static>>,
}

impl Finding {
    fn is_of(&self, search: &Search) -> bool {
        self.query == search.query
            && self.filter == search.filter
            && self.except == search.except
            && self.forced == search.forced
    }
}

impl Memo {
    /// What a search with the same conditions found.
    pub(crate) fn get(&self, search: &Search) -> Option<Arc<Set<'static>>> {
        let mut findings = self.lock();
        let place = findings.iter().position(|finding| finding.is_of(search))?;
        let finding = findings.remove(place)?;
        let rows = Arc::clone(&finding.rows);
        findings.push_front(finding);
        Some(rows)
    }

    /// Keeps what the conditions of `search` found, in place of what nobody asked for the longest.
    pub(crate) fn put(&self, search: &Search, rows: Set<'static>) {
        let finding = Finding {
            query: search.query.clone(),
            filter: search.filter.clone(),
            except: search.except.clone(),
            forced: search.forced.clone(),
            rows: Arc::new(rows),
        };
        let mut findings = self.lock();
        findings.truncate(KEPT - 1);
        findings.push_front(finding);
    }

    /// Forgets all: the documents have changed.
    pub(crate) fn clear(&mut self) {
        self.findings.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn bytes(&self) -> usize {
        let bytes = |finding: &Finding| match &*finding.rows {
            Set::Stretch(_) => 0,
            Set::Few(rows) => rows.len() * 4,
            Set::Many(rows) | Set::Within(rows, ..) => bitmap_bytes(rows),
        };
        self.lock().iter().map(bytes).sum()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Finding>> {
        // Nothing that is done behind the lock can leave it half done.
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tally_fcdsl::{Field, Forced, Kind, Rules, Schema};

    use super::*;
    use crate::Index;

    static SCHEMA: Schema = Schema {
        id: "id",
        fields: &[Field::new("id", Kind::Keyword), Field::new("n", Kind::Long)],
        appended: true,
    };

    fn search(query: &serde_json::Value) -> Search {
        let rules =
            Rules { schema: &SCHEMA, default_sort: &[], forced: Forced::None, needs_ids: false };
        Search::parse(Some(query), &rules).unwrap()
    }

    fn kept(index: &Index) -> usize {
        index.memo.lock().len()
    }

    /// Goal: what is kept is found again, never outlives a change, and is bounded.
    #[test]
    fn findings_are_kept_until_something_changes() {
        let mut index = Index::new(&SCHEMA);
        for row in 0..10_000 {
            index.put(&format!(r#"{{"id":"{row:08x}","n":{}}}"#, row * 7919 % 10_007)).unwrap();
        }
        let wide = search(&json!({"query": {"range": {"fields": ["n"], "gte": 1000}}}));
        let part = search(&json!({"query": {"part": {"fields": ["id"], "value": "0abc"}}}));
        let narrow = search(&json!({"query": {"terms": {"fields": ["n"], "values": [7]}}}));
        let first: Vec<_> = [&wide, &part, &narrow].map(|search| index.search(search)).into();
        assert_eq!(kept(&index), 2, "one row is found at once");
        let second: Vec<_> = [&wide, &part, &narrow].map(|search| index.search(search)).into();
        assert_eq!(first, second);
        assert_eq!(first[1].total, 1);

        index.put(r#"{"id":"f0abcf","n":5000}"#).unwrap();
        assert_eq!(kept(&index), 0);
        assert_eq!(index.search(&wide).total, first[0].total + 1);
        assert_eq!(index.search(&part).total, 2);
        assert!(index.remove("f0abcf"));
        assert_eq!(index.search(&wide).total, first[0].total);
        assert_eq!(index.search(&part).total, 1);

        for value in 0..3 * KEPT {
            let value = format!("{value:x}");
            index.search(&search(&json!({"query": {"part": {"fields": ["id"], "value": value}}})));
        }
        assert_eq!(kept(&index), KEPT);
    }
}
