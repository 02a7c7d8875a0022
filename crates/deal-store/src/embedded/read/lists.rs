//! Lists of deals and of feedback, with filters.

use super::open_deal;
use crate::embedded::{
    rows::{self, damaged, unavailable},
    tables::{FEEDBACK, FEEDBACK_LISTS, FeedbackList, LISTS, List, read_cursor},
};
use crate::state_number;
use crate::{
    DealCursor, DealFilter, DealStoreError, EXAMINED_ROWS_MAX, FeedbackCursor, FeedbackFilter,
    FeedbackRecord, PAGE_ROWS_MAX, Page, Search, Versioned,
};
use tally_deal::{Deal, DealCode};
use tally_storage::{Direction, KeyRange, Store, Table};

/// Entries read at a time.
const SCAN_ROWS: usize = 256;

/// What is read of a list: entries of a table, newest first.
struct Part {
    table: Table,
    range: KeyRange,
}

impl Part {
    /// Hands entries to `look`, until it has what it wants, the part ends, or enough was looked at.
    /// Returns the last one if it is not known that the part has ended.
    fn each(
        mut self,
        store: &dyn Store,
        limit: usize,
        mut look: impl FnMut(u64, DealCode) -> Result<bool, DealStoreError>,
    ) -> Result<Option<(u64, DealCode)>, DealStoreError> {
        let (mut found, mut examined, mut last) = (0, 0, None);
        loop {
            let wanted = SCAN_ROWS.min(EXAMINED_ROWS_MAX - examined);
            let entries = store
                .scan(self.table, &self.range, Direction::Backward, wanted)
                .map_err(unavailable)?;
            let is_end = entries.len() < wanted;
            for entry in &entries {
                let (at, code) = read_cursor(&entry.key).ok_or_else(|| damaged(self.table))?;
                found += usize::from(look(at, code)?);
                last = Some((at, code));
                if found == limit {
                    return Ok(last);
                }
            }
            examined += entries.len();
            match entries.into_iter().next_back() {
                Some(entry) if !is_end && examined < EXAMINED_ROWS_MAX => {
                    self.range = self.range.resume_before(entry.key);
                }
                Some(_) if !is_end => return Ok(last),
                Some(_) | None => return Ok(None),
            }
        }
    }
}

pub(in crate::embedded) fn deals(
    store: &dyn Store,
    filter: &DealFilter,
    after: Option<DealCursor>,
    limit: usize,
) -> Result<Page<Versioned<Deal>, DealCursor>, DealStoreError> {
    let limit = limit.min(PAGE_ROWS_MAX);
    let search = Search::of(filter);
    if limit == 0 || search.is_impossible() {
        return Ok(Page { rows: vec![], next: None });
    }
    let word = search.rarest_word();
    let list = shortest(filter, word.as_deref());
    let mut range = KeyRange::prefix(list.prefix());
    let at = |date: u64| DealCursor { date, code: DealCode::from_bytes([0; 20]) };
    if let Some(before) = filter.before {
        range = range.resume_before(list.key(at(before)));
    }
    if let Some(after) = after {
        range = range.resume_before(list.key(after));
    }
    if let Some(since) = filter.since {
        let end = range.end().map_or_else(Vec::new, <[u8]>::to_vec);
        range = KeyRange::between(list.key(at(since)), end);
    }
    let mut found = vec![];
    let next = Part { table: LISTS, range }.each(store, limit, |_, code| {
        let row = rows::named_deal(store, code)?;
        // An entry may be one of a moment ago, or of more than the filter wants.
        let is_wanted = search.finds(&row.value.keys);
        if is_wanted {
            found.push(open_deal(row)?);
        }
        Ok(is_wanted)
    })?;
    Ok(Page { rows: found, next: next.map(|(date, code)| DealCursor { date, code }) })
}

/// The list that is likely to be the shortest of those that hold everything that the filter wants.
fn shortest<'a>(filter: &'a DealFilter, word: Option<&'a str>) -> List<'a> {
    if let Some(word) = word {
        return List::Word(word);
    }
    if let Some(module) = &filter.module {
        return List::Module(module);
    }
    if let Some(site) = &filter.site {
        return List::Site(site);
    }
    filter.state.map_or(List::All, |state| List::State(state_number(state)))
}

pub(in crate::embedded) fn feedback(
    store: &dyn Store,
    filter: &FeedbackFilter,
    after: Option<FeedbackCursor>,
    limit: usize,
) -> Result<Page<FeedbackRecord, FeedbackCursor>, DealStoreError> {
    let limit = limit.min(PAGE_ROWS_MAX);
    if limit == 0 {
        return Ok(Page { rows: vec![], next: None });
    }
    let list = match (&filter.customer, &filter.seller) {
        (Some(customer), _) => FeedbackList::Customer(customer),
        (None, Some(seller)) => FeedbackList::Seller(seller),
        (None, None) => FeedbackList::All,
    };
    let mut range = KeyRange::prefix(list.prefix());
    if let Some(after) = after {
        range = range.resume_before(list.key(after));
    }
    let mut found = vec![];
    let next = Part { table: FEEDBACK_LISTS, range }.each(store, limit, |_, code| {
        let row = rows::feedback(store, code)?.ok_or_else(|| damaged(FEEDBACK))?;
        let is_wanted = filter.finds(&row);
        if is_wanted {
            found.push(row);
        }
        Ok(is_wanted)
    })?;
    Ok(Page { rows: found, next: next.map(|(at_ms, code)| FeedbackCursor { at_ms, code }) })
}
