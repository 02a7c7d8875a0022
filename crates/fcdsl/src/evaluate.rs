//! Answers a search by looking at every document, rule by rule.

use std::{cmp::Ordering, ops::RangeBounds};

use serde_json::Value;

use crate::{
    clause::{Block, Check, Clause, Range, Test},
    cursor::{Key, Last},
    leaves::leaves,
    schema::{Kind, Schema, Target},
    search::{Search, Sort},
    words::words,
};

/// What a search finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Documents that meet the conditions, on all pages together.
    pub total: u64,
    /// Positions of the page's documents among those searched.
    pub rows: Vec<usize>,
    /// Where the page ends; absent without sort columns, for ids, and for an empty page.
    pub last: Option<Last>,
}

/// Carries out `search` over `documents`, which are in the order of insertion.
///
/// Looks at every document, and sorts all that match: for tests and for a handful of documents.
pub fn evaluate(search: &Search, schema: &Schema, documents: &[Value]) -> Answer {
    let view = View { schema, documents };
    match &search.ids {
        Some(ids) => view.fetch(search, ids),
        None => view.search(search),
    }
}

struct View<'a> {
    schema: &'a Schema,
    documents: &'a [Value],
}

impl View<'_> {
    fn fetch(&self, search: &Search, ids: &[String]) -> Answer {
        let is_allowed = |row: &usize| {
            search.forced.as_ref().is_none_or(|forced| self.holds(forced, &self.documents[*row]))
        };
        let position = |id: &String| (0..self.documents.len()).find(|row| self.id(*row) == *id);
        let rows: Vec<usize> = ids.iter().filter_map(position).filter(is_allowed).collect();
        Answer { total: rows.len() as u64, rows, last: None }
    }

    fn search(&self, search: &Search) -> Answer {
        let mut hits: Vec<(Vec<Key>, usize)> = (0..self.documents.len())
            .filter(|row| self.is_hit(search, &self.documents[*row]))
            .map(|row| (search.sort.iter().map(|sort| self.key(sort, row)).collect(), row))
            .collect();
        hits.sort_by(|one, two| self.compare(&search.sort, one, two));
        let total = hits.len() as u64;
        let begin = match &search.after {
            None => 0,
            Some(after) => {
                let is_before = |(keys, row): &(Vec<Key>, usize)| match compare_keys(
                    &search.sort,
                    keys,
                    &after.keys,
                ) {
                    Ordering::Less => true,
                    Ordering::Greater => false,
                    Ordering::Equal => self.is_up_to(after.id.as_deref(), *row),
                };
                hits.iter().filter(|hit| is_before(hit)).count()
            }
        };
        let page: Vec<_> = hits.iter().skip(begin).take(search.size).collect();
        let next = hits.get(begin + page.len());
        let last = page.last().filter(|_| !search.sort.is_empty()).map(|(keys, row)| {
            let mut last: Last = keys.iter().map(Key::render).collect();
            if next.is_some_and(|(next, _)| next == keys) {
                last.push(Some(self.id(*row)));
            }
            last
        });
        Answer { total, rows: page.into_iter().map(|(_, row)| *row).collect(), last }
    }

    /// Whether a document that agrees with the cursor in all columns is not behind it.
    fn is_up_to(&self, id: Option<&str>, row: usize) -> bool {
        let Some(id) = id else { return true };
        if !self.schema.appended {
            return self.id(row).as_str() <= id;
        }
        match (0..self.documents.len()).find(|row| self.id(*row) == id) {
            Some(cursor) => row <= cursor,
            // The document is gone: it was one of the newest, and so is all behind it.
            None => true,
        }
    }

    fn compare(
        &self,
        sort: &[Sort],
        (one, first): &(Vec<Key>, usize),
        (two, second): &(Vec<Key>, usize),
    ) -> Ordering {
        compare_keys(sort, one, two).then_with(|| {
            // Without sort columns too: the order of insertion.
            if self.schema.appended || sort.is_empty() {
                first.cmp(second)
            } else {
                self.id(*first).cmp(&self.id(*second))
            }
        })
    }

    fn id(&self, row: usize) -> String {
        self.documents[row][self.schema.id].as_str().unwrap_or_default().to_owned()
    }

    fn is_hit(&self, search: &Search, document: &Value) -> bool {
        let all = |block: &Block| block.clauses.iter().all(|clause| self.holds(clause, document));
        let any = |block: &Block| block.clauses.iter().any(|clause| self.holds(clause, document));
        search.forced.as_ref().is_none_or(|forced| self.holds(forced, document))
            && all(&search.query)
            && all(&search.filter)
            && !any(&search.except)
    }

    fn holds(&self, clause: &Clause, document: &Value) -> bool {
        let holds = |test: &Test| self.is_met(test, document);
        match clause {
            Clause::Any(tests) => tests.iter().any(holds),
            Clause::All(tests) => tests.iter().all(holds),
            Clause::None(tests) => !tests.iter().any(holds),
        }
    }

    fn is_met(&self, test: &Test, document: &Value) -> bool {
        let Some(kind) = self.schema.kind(&test.target) else { return false };
        if let (Target::Leaf { field, path, .. }, Check::Present) = (&test.target, &test.check) {
            return self.has_leaf(*field, path, document);
        }
        let values = self.values(&test.target, document);
        match kind {
            Kind::Keyword => texts(&values).iter().any(|text| text_fits(&test.check, text)),
            Kind::Text if test.check == Check::Present => !texts(&values).is_empty(),
            Kind::Text => {
                let texts = texts(&values);
                texts.iter().flat_map(|text| words(text)).any(|word| text_fits(&test.check, &word))
            }
            Kind::Long => values
                .iter()
                .filter_map(|value| long(value))
                .any(|long| long_fits(&test.check, long)),
            Kind::Boolean => values
                .iter()
                .filter_map(|value| boolean(value))
                .any(|boolean| boolean_fits(&test.check, boolean)),
            Kind::Float => values
                .iter()
                .filter_map(|value| float(value))
                .any(|float| float_fits(&test.check, float)),
            // An object itself has no values; it is there if anything is in it.
            Kind::Object => test.check == Check::Present && !values.is_empty(),
        }
    }

    /// Whether anything is at `path` or below it.
    fn has_leaf(&self, field: usize, path: &str, document: &Value) -> bool {
        let mut is_there = false;
        leaves(&document[self.schema.fields[field].name], &mut |leaf, _| {
            let below = leaf.strip_prefix(path);
            is_there |= below.is_some_and(|below| below.is_empty() || below.starts_with('.'));
        });
        is_there
    }

    /// The scalars that `target` names: members of arrays, and of arrays in arrays, each.
    fn values<'d>(&self, target: &Target, document: &'d Value) -> Vec<&'d Value> {
        let mut found = Vec::new();
        match target {
            Target::Unknown => {}
            Target::Field(field) => {
                let value = &document[self.schema.fields[*field].name];
                if self.schema.fields[*field].kind == Kind::Object {
                    leaves(value, &mut |_, leaf| found.push(leaf));
                } else {
                    scalars(value, &mut found);
                }
            }
            Target::Leaf { field, path, .. } => {
                leaves(&document[self.schema.fields[*field].name], &mut |leaf, value| {
                    if leaf == &**path {
                        found.push(value);
                    }
                });
            }
        }
        found
    }

    fn key(&self, sort: &Sort, row: usize) -> Key {
        let values = self.values(&sort.target, &self.documents[row]);
        let keys: Vec<Key> = match sort.kind {
            Kind::Long => values.iter().filter_map(|value| long(value)).map(Key::Long).collect(),
            Kind::Boolean => values
                .iter()
                .filter_map(|value| boolean(value))
                .map(|boolean| Key::Long(i64::from(boolean)))
                .collect(),
            Kind::Float => values.iter().filter_map(|value| float(value)).map(Key::Float).collect(),
            Kind::Keyword | Kind::Text | Kind::Object => {
                texts(&values).into_iter().map(|text| Key::Text(Some(text.into()))).collect()
            }
        };
        // The least in ascending order, the greatest in descending order: what comes first.
        let first = keys.into_iter().min_by(|one, two| one.compare(two, sort.order));
        first.unwrap_or_else(|| Key::missing(sort.kind, sort.order))
    }
}

fn compare_keys(sort: &[Sort], one: &[Key], two: &[Key]) -> Ordering {
    let columns = sort.iter().zip(one.iter().zip(two));
    columns.fold(Ordering::Equal, |so_far, (sort, (one, two))| {
        so_far.then_with(|| one.compare(two, sort.order))
    })
}

fn scalars<'d>(value: &'d Value, found: &mut Vec<&'d Value>) {
    match value {
        Value::Null | Value::Object(_) => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => found.push(value),
        Value::Array(items) => items.iter().for_each(|item| scalars(item, found)),
    }
}

fn texts(values: &[&Value]) -> Vec<String> {
    let text = |value: &&Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    values.iter().filter_map(text).collect()
}

fn long(value: &Value) -> Option<i64> {
    value.as_i64()
}

fn float(value: &Value) -> Option<f32> {
    let float = value.as_f64()? as f32;
    float.is_finite().then_some(float + 0.0)
}

fn boolean(value: &Value) -> Option<bool> {
    value.as_bool()
}

fn long_fits(check: &Check, long: i64) -> bool {
    match check {
        Check::Present => true,
        Check::Longs(longs) => longs.contains(&long),
        Check::Range(Range::Longs { min, max }) => (*min..=*max).contains(&long),
        Check::Texts(_)
        | Check::Floats(_)
        | Check::Booleans(_)
        | Check::Part(_)
        | Check::Range(_) => false,
    }
}

fn boolean_fits(check: &Check, boolean: bool) -> bool {
    match check {
        Check::Booleans(booleans) => booleans.contains(&boolean),
        Check::Present
        | Check::Texts(_)
        | Check::Longs(_)
        | Check::Floats(_)
        | Check::Part(_)
        | Check::Range(_) => long_fits(check, i64::from(boolean)),
    }
}

fn float_fits(check: &Check, float: f32) -> bool {
    match check {
        Check::Present => true,
        Check::Floats(floats) => floats.contains(&float.to_bits()),
        Check::Range(Range::Floats { lower, upper }) => {
            (lower.map(f32::from_bits), upper.map(f32::from_bits)).contains(&float)
        }
        Check::Texts(_)
        | Check::Longs(_)
        | Check::Booleans(_)
        | Check::Part(_)
        | Check::Range(_) => false,
    }
}

fn text_fits(check: &Check, text: &str) -> bool {
    match check {
        Check::Present => true,
        Check::Texts(texts) => texts.iter().any(|wanted| **wanted == *text),
        Check::Part(pattern) => pattern.matches(text),
        Check::Range(Range::Texts { lower, upper }) => {
            let bounds =
                (lower.as_ref().map(|bound| &**bound), upper.as_ref().map(|bound| &**bound));
            <(_, _) as RangeBounds<str>>::contains(&bounds, text)
        }
        Check::Longs(_) | Check::Floats(_) | Check::Booleans(_) | Check::Range(_) => false,
    }
}
