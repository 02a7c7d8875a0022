//! Carries out a search.

use tally_fcdsl::{Key, Kind, Last, Order, Search, Sort, Target};

use crate::{
    fields::{FieldIndex, Leaves, number_float},
    hits::Set,
    index::Index,
    node::Node,
    numbers::Numbers,
    page::Page,
    walk::{Cursor, Walk},
};

impl Index {
    /// Carries out a search.
    pub fn search(&self, search: &Search) -> Page {
        if let Some(ids) = &search.ids {
            return self.fetch(search, ids);
        }
        let hits = self.hits(search);
        let total = hits.len();
        // One more than the page holds, to see whether it ends among equals.
        let mut walk = Walk::new(self, search.size + 1);
        if search.sort.is_empty() {
            walk.rows.extend(hits.iter().take(search.size));
        } else {
            walk.walk(&hits, &search.sort, search.after.as_ref().map(Cursor::new));
        }
        let mut rows = walk.rows;
        let next = rows.get(search.size).copied();
        rows.truncate(search.size);
        let last = rows.last().filter(|_| !search.sort.is_empty()).map(|row| {
            let keys = self.keys(*row, &search.sort);
            let mut last: Last = keys.iter().map(Key::render).collect();
            if next.is_some_and(|next| self.keys(next, &search.sort) == keys) {
                last.push(Some(self.id(*row)));
            }
            last
        });
        self.page(total, &rows, last)
    }

    fn fetch(&self, search: &Search, ids: &[String]) -> Page {
        let rows: Vec<u32> = ids.iter().filter_map(|id| self.row(id)).collect();
        let rows = self.allowed(search.forced.as_ref(), rows);
        self.page(rows.len() as u64, &rows, None)
    }

    fn page(&self, total: u64, rows: &[u32], last: Option<Last>) -> Page {
        Page {
            total,
            documents: rows.iter().map(|row| self.text(*row)).collect(),
            ids: rows.iter().map(|row| self.id(*row)).collect(),
            last,
        }
    }

    pub(crate) fn keys(&self, row: u32, columns: &[Sort]) -> Vec<Key> {
        let is_number = |sort: &Sort| self.numbers(&sort.target).is_some();
        let members = if columns.iter().all(is_number) { Vec::new() } else { self.members(row) };
        columns.iter().map(|sort| self.key(row, &members, sort)).collect()
    }

    pub(crate) fn key(&self, row: u32, members: &[(String, Node)], sort: &Sort) -> Key {
        if let Some(numbers) = self.numbers(&sort.target) {
            let first = numbers.first(row, sort.order == Order::Asc);
            return match first {
                None => Key::missing(sort.kind, sort.order),
                Some(number) if sort.kind == Kind::Float => Key::Float(number_float(number)),
                Some(number) => Key::Long(number),
            };
        }
        let mut texts: Vec<Key> = Vec::new();
        match &sort.target {
            Target::Unknown => {}
            Target::Field(field) => {
                if let Some(value) = members_value(members, self.schema.fields[*field].name) {
                    value
                        .scalars(&mut |leaf| texts.push(Key::Text(leaf.as_text().map(Into::into))));
                }
            }
            Target::Leaf { field, path, .. } => {
                if let Some(value) = members_value(members, self.schema.fields[*field].name) {
                    value.leaves(&mut |at, leaf| {
                        if at == &**path {
                            texts.push(Key::Text(leaf.as_text().map(Into::into)));
                        }
                    });
                }
            }
        }
        let first = texts.into_iter().min_by(|one, two| one.compare(two, sort.order));
        first.unwrap_or(Key::Text(None))
    }

    pub(crate) fn numbers(&self, target: &Target) -> Option<&Numbers> {
        let Target::Field(field) = target else { return None };
        match &self.fields[*field] {
            FieldIndex::Numbers(numbers) => Some(numbers),
            FieldIndex::Keywords(_) | FieldIndex::Words(_) | FieldIndex::Leaves(_) => None,
        }
    }

    /// The rows of `set` that have no value at `path` itself.
    pub(crate) fn without_leaf(
        &self,
        set: &Set<'_>,
        leaves: &Leaves,
        path: &str,
        sort: &Sort,
    ) -> Set<'static> {
        let below = leaves.rows_below(path);
        let is_without =
            |row: &u32| self.keys(*row, std::slice::from_ref(sort)) == [Key::Text(None)];
        let rows = set.iter().filter(|row| !below.contains(*row) || is_without(row));
        Set::Few(rows.collect())
    }
}

fn members_value<'a>(members: &'a [(String, Node)], name: &str) -> Option<&'a Node> {
    members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}
