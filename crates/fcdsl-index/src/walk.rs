//! From a set of rows and an order to a page.
//!
//! The order is walked from the cursor on, group by group: a group is what has one value of the
//! first sort column, and is walked by the other columns in turn. So the work depends on the size of
//! the page and not on its number.

use std::{borrow::Cow, cmp::Ordering};

use roaring::RoaringBitmap;
use tally_fcdsl::{After, Key, Order, Sort, Target};

use crate::{
    fields::{FieldIndex, float_number},
    hits::Set,
    index::Index,
    numbers::Numbers,
    terms::Terms,
};

/// The rest of a cursor, from the column at hand on.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    keys: &'a [Key],
    id: Option<&'a str>,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(after: &'a After) -> Self {
        Self { keys: &after.keys, id: after.id.as_deref() }
    }

    fn split(self) -> (Option<&'a Key>, Self) {
        let (first, rest) =
            self.keys.split_first().map_or((None, &[][..]), |(key, rest)| (Some(key), rest));
        (first, Self { keys: rest, id: self.id })
    }
}

/// A page while it is being filled.
pub(crate) struct Walk<'a> {
    index: &'a Index,
    /// Rows wanted.
    count: usize,
    pub(crate) rows: Vec<u32>,
    /// Sets up to this size are sorted rather than looked up in the order: the order would have to
    /// be walked over `rows / size` entries for each row found.
    sorted_max: u64,
}

/// Sorting this many rows takes less than a tenth of a millisecond.
const SORTED_MIN: u64 = 128;

impl<'a> Walk<'a> {
    pub(crate) fn new(index: &'a Index, count: usize) -> Self {
        let sorted_max = u64::from(index.rows()).isqrt().max(SORTED_MIN);
        Self { index, count, rows: Vec::with_capacity(count), sorted_max }
    }

    fn is_done(&self) -> bool {
        self.rows.len() >= self.count
    }

    /// Adds rows of `set` in order until there are enough.
    pub(crate) fn walk(&mut self, set: &Set<'_>, columns: &[Sort], cursor: Option<Cursor<'_>>) {
        let Some((sort, rest)) = columns.split_first() else { return self.ties(set, cursor) };
        let index = self.index;
        let numbers = index.numbers(&sort.target);
        if let Some(numbers) = numbers.filter(|numbers| numbers.is_rising()) {
            return self.rising(set, numbers, sort, rest, cursor);
        }
        if set.len() <= self.sorted_max {
            return self.sorted(set, columns, cursor);
        }
        if let Some(numbers) = numbers {
            return self.numbers(set, numbers, sort, rest, cursor);
        }
        match &sort.target {
            Target::Unknown => {}
            Target::Field(field) => {
                if let Some(keywords) = index.keywords(*field) {
                    let absent = || {
                        set.as_borrowed()
                            .and(Set::Many(Cow::Borrowed(&keywords.absent)))
                            .into_owned()
                    };
                    let may_differ = (!keywords.several.is_empty()).then_some(&keywords.several);
                    self.terms(set, (&keywords.terms, ""), columns, cursor, may_differ, &absent);
                }
            }
            Target::Leaf { field, path, .. } => {
                if let FieldIndex::Leaves(leaves) = &index.fields[*field] {
                    let absent = || index.without_leaf(set, leaves, path, sort);
                    let start = leaves.start(path);
                    let may_differ = Some(&leaves.present);
                    self.terms(set, (&leaves.values, &start), columns, cursor, may_differ, &absent);
                }
            }
        }
    }

    /// A column that rises from row to row: groups are stretches of rows.
    fn rising(
        &mut self,
        set: &Set<'_>,
        numbers: &Numbers,
        sort: &Sort,
        rest: &[Sort],
        cursor: Option<Cursor<'_>>,
    ) {
        let (from, inner) = split(cursor, sort);
        let is_ascending = sort.order == Order::Asc;
        // Before this row in ascending order, behind it in descending order, nothing is left.
        let mut place = match from {
            None if is_ascending => 0,
            None => self.index.rows(),
            Some(from) if is_ascending => numbers.stretch(from).start,
            Some(from) => numbers.stretch(from).end,
        };
        while !self.is_done() {
            let row = if is_ascending { set.next(place) } else { set.previous(place) };
            let Some(row) = row else { return };
            let value = numbers.rising(row);
            let stretch = numbers.stretch(value);
            let inner = inner.filter(|_| from == Some(value));
            if stretch.len() == 1 && inner.is_none() {
                self.rows.push(row);
            } else {
                self.walk(&set.as_borrowed().within(stretch.clone()), rest, inner);
            }
            place = if is_ascending { stretch.end } else { stretch.start };
        }
    }

    /// Any other column of numbers.
    fn numbers(
        &mut self,
        set: &Set<'_>,
        numbers: &Numbers,
        sort: &Sort,
        rest: &[Sort],
        cursor: Option<Cursor<'_>>,
    ) {
        let (from, inner) = split(cursor, sort);
        let is_ascending = sort.order == Order::Asc;
        let missing = number_of(&Key::missing(sort.kind, sort.order)).unwrap_or_default();
        let absent = set.as_borrowed().and(Set::Many(Cow::Borrowed(numbers.absent())));
        let mut rows_left = set.len() - absent.len();
        for (value, rows) in numbers.walk(from, is_ascending) {
            if self.is_done() || rows_left == 0 {
                break;
            }
            if value == missing {
                continue;
            }
            let group = one_value(set.as_borrowed().and(rows.into()), numbers, value, is_ascending);
            rows_left -= group.len();
            if group.len() > 0 {
                self.walk(&group, rest, inner.filter(|_| from == Some(value)));
            }
        }
        if !self.is_done() {
            let same = numbers.walk(Some(missing), is_ascending).next();
            let same =
                same.filter(|(value, _)| *value == missing).map_or(Set::none(), |(_, rows)| {
                    one_value(set.as_borrowed().and(rows.into()), numbers, missing, is_ascending)
                });
            let group = Set::union(vec![absent, same]);
            self.walk(&group, rest, inner.filter(|_| from == Some(missing)));
        }
    }

    /// A column of texts: groups are terms that begin with `start`. Rows that may have several of
    /// them are in `may_differ`, `absent` finds those that have none.
    fn terms(
        &mut self,
        set: &Set<'_>,
        (terms, start): (&Terms, &str),
        columns: &[Sort],
        cursor: Option<Cursor<'_>>,
        may_differ: Option<&RoaringBitmap>,
        absent: &dyn Fn() -> Set<'static>,
    ) {
        let Some((sort, rest)) = columns.split_first() else { return };
        let (from, inner) = match cursor {
            None => (None, None),
            Some(cursor) => {
                let (key, inner) = cursor.split();
                (key, Some(inner))
            }
        };
        if from != Some(&Key::Text(None)) {
            let from = match from {
                Some(Key::Text(Some(text))) => Some(format!("{start}{text}")),
                Some(Key::Text(None) | Key::Long(_) | Key::Float(_)) | None => None,
            };
            for term in walk_terms(terms, start, from.as_deref(), sort.order) {
                if self.is_done() {
                    return;
                }
                let group = set.as_borrowed().and(terms.rows(term).into());
                if group.len() == 0 {
                    continue;
                }
                let text = terms.text(term);
                let Some(value) = text.strip_prefix(start) else { return };
                let group = match may_differ {
                    None => group,
                    Some(may_differ) => {
                        let key = [Key::Text(Some(value.into()))];
                        let is_first = |row: &u32| {
                            !may_differ.contains(*row)
                                || self.index.keys(*row, std::slice::from_ref(sort)) == key
                        };
                        Set::Few(group.iter().filter(is_first).collect())
                    }
                };
                let inner = inner.filter(|_| from.as_deref() == Some(text.as_str()));
                self.walk(&group, rest, inner);
            }
        }
        if !self.is_done() {
            let inner = inner.filter(|_| from == Some(&Key::Text(None)));
            self.walk(&absent(), rest, inner);
        }
    }

    /// A small set: sorted as it is.
    fn sorted(&mut self, set: &Set<'_>, columns: &[Sort], cursor: Option<Cursor<'_>>) {
        let index = self.index;
        let compare = |one: &[Key], two: &[Key]| {
            columns.iter().zip(one.iter().zip(two)).fold(Ordering::Equal, |order, (sort, keys)| {
                order.then_with(|| keys.0.compare(keys.1, sort.order))
            })
        };
        let mut rows: Vec<(Vec<Key>, u32)> =
            set.iter().map(|row| (index.keys(row, columns), row)).collect();
        if let Some(cursor) = cursor {
            rows.retain(|(keys, _)| compare(keys, cursor.keys).is_ge());
        }
        rows.sort_by(|(one, _), (two, _)| compare(one, two));
        let mut rest = rows.as_slice();
        while let Some((keys, _)) = rest.first()
            && !self.is_done()
        {
            let end = rest.partition_point(|(other, _)| compare(other, keys).is_le());
            let (group, behind) = rest.split_at(end);
            let mut group: Vec<u32> = group.iter().map(|(_, row)| *row).collect();
            group.sort_unstable();
            let cursor = cursor
                .filter(|cursor| compare(keys, cursor.keys).is_eq())
                .map(|cursor| Cursor { keys: &[], id: cursor.id });
            self.ties(&Set::Few(Cow::Owned(group)), cursor);
            rest = behind;
        }
    }

    /// Rows that agree in all columns.
    fn ties(&mut self, set: &Set<'_>, cursor: Option<Cursor<'_>>) {
        let id = match cursor {
            None => None,
            Some(Cursor { id: None, .. }) => return,
            Some(Cursor { id, .. }) => id,
        };
        let wanted = self.count - self.rows.len();
        if self.index.schema.appended {
            let begin = match id.map(|id| self.index.row(id)) {
                None => 0,
                Some(Some(row)) => row + 1,
                // The document is gone: it was one of the newest, and so is all behind it.
                Some(None) => return,
            };
            let rest = set.as_borrowed().within(begin..self.index.rows().max(begin));
            self.rows.extend(rest.iter().take(wanted));
        } else if set.len() <= self.sorted_max {
            let mut ids: Vec<(String, u32)> =
                set.iter().map(|row| (self.index.id(row), row)).collect();
            ids.retain(|(own, _)| id.is_none_or(|id| own.as_str() > id));
            ids.sort_unstable();
            self.rows.extend(ids.into_iter().map(|(_, row)| row).take(wanted));
        } else if let Some(keywords) = self.index.keywords(self.index.id_field) {
            let terms = &keywords.terms;
            let rows = walk_terms(terms, "", id, Order::Asc)
                .filter(|term| id.is_none() || id.and_then(|id| terms.find(id)) != Some(*term))
                .filter_map(|term| Set::from(terms.rows(term)).next(0))
                .filter(|row| set.contains(*row));
            self.rows.extend(rows.take(wanted));
        }
    }
}

/// The number that a cursor begins with in the column, and its rest.
fn split<'a>(cursor: Option<Cursor<'a>>, sort: &Sort) -> (Option<i64>, Option<Cursor<'a>>) {
    let Some(cursor) = cursor else { return (None, None) };
    let (key, rest) = cursor.split();
    let missing = Key::missing(sort.kind, sort.order);
    (number_of(key.unwrap_or(&missing)), Some(rest))
}

fn number_of(key: &Key) -> Option<i64> {
    match key {
        Key::Long(long) => Some(*long),
        Key::Float(float) => Some(float_number(*float)),
        Key::Text(_) => None,
    }
}

/// The rows of `set` that are sorted by `value`, which they all have.
fn one_value<'s>(set: Set<'s>, numbers: &Numbers, value: i64, is_ascending: bool) -> Set<'s> {
    if !numbers.has_several() {
        return set;
    }
    let is_first = |row: &u32| numbers.first(*row, is_ascending) == Some(value);
    Set::Few(set.iter().filter(is_first).collect())
}

/// Terms that begin with `start`, in order, from the text `from` on.
fn walk_terms<'t>(
    terms: &'t Terms,
    start: &'t str,
    from: Option<&str>,
    order: Order,
) -> Box<dyn Iterator<Item = u32> + 't> {
    let begins = move |term: &u32| start.is_empty() || terms.text(*term).starts_with(start);
    match order {
        Order::Asc => {
            let place = terms.place(from.unwrap_or(start));
            Box::new(terms.order().forward(place).take_while(begins))
        }
        Order::Desc => {
            let (first, place) = match from {
                Some(from) => (terms.find(from), terms.place(from)),
                None if start.is_empty() => (None, terms.order().end()),
                None => {
                    let stem = start.strip_suffix('\0').unwrap_or(start);
                    (None, terms.place(&format!("{stem}\u{1}")))
                }
            };
            Box::new(first.into_iter().chain(terms.order().backward(place)).take_while(begins))
        }
    }
}
