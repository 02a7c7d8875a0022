//! From conditions to the set of rows that meet them.

use std::{borrow::Cow, ops::Bound};

use tally_fcdsl::{Check, Clause, Kind, Range, Search, Target, Test};

use crate::{
    fields::{FieldIndex, float_number},
    hits::{FEW_MAX, Set, Union},
    index::Index,
    numbers::{Found, Numbers},
    terms::Terms,
};

/// Hits that had to be put together are kept if they are more than one row in so many: it took time
/// then.
const LARGE: u64 = 256;

/// Sets that hits must be in all of, and in none of.
#[derive(Default)]
struct Sets<'a> {
    inside: Vec<Set<'a>>,
    outside: Vec<Set<'a>>,
}

impl Index {
    /// The rows that meet the conditions of `search`.
    pub(crate) fn hits(&self, search: &Search) -> Set<'_> {
        if let Some(known) = self.memo.get(search) {
            return Set::clone(&known);
        }
        let hits = self.find(search);
        let is_made = matches!(hits, Set::Many(Cow::Owned(_)));
        let is_large = hits.len() > FEW_MAX.max(u64::from(self.rows()) / LARGE);
        if is_made && is_large || self.looks_at_all_terms(search) {
            self.memo.put(search, hits.clone().into_owned());
        }
        hits
    }

    fn find(&self, search: &Search) -> Set<'_> {
        let mut sets = Sets::default();
        let blocks = [&search.query, &search.filter];
        let clauses = blocks.into_iter().flat_map(|block| &block.clauses);
        clauses.chain(&search.forced).for_each(|clause| self.require(clause, &mut sets));
        search.except.clauses.iter().for_each(|clause| self.exclude(clause, &mut sets));
        sets.inside.sort_by_key(Set::len);
        sets.outside.retain(|set| set.len() > 0);
        let hits = match sets.inside.into_iter().reduce(Set::and) {
            Some(hits) => hits,
            None if sets.outside.is_empty() => self.all(),
            // The same rows, ready to be combined with others.
            None => Set::Many(Cow::Borrowed(&self.live)),
        };
        let hits = sets.outside.iter().fold(hits, |hits, set| hits.minus(set));
        hits.minus(&Set::Many(Cow::Borrowed(&self.dead)))
    }

    /// Whether all terms of a field have to be looked at, of which there may be one for each row.
    fn looks_at_all_terms(&self, search: &Search) -> bool {
        let blocks = [&search.query, &search.filter, &search.except];
        let mut clauses = blocks.into_iter().flat_map(|block| &block.clauses);
        let is_dear = |test: &Test| {
            let (Target::Field(field), Check::Part(pattern)) = (&test.target, &test.check) else {
                return false;
            };
            let keywords = self.keywords(*field);
            keywords.is_some_and(|keywords| keywords.terms.looks_at_all(pattern))
        };
        clauses.any(|clause| match clause {
            Clause::Any(tests) | Clause::All(tests) | Clause::None(tests) => {
                tests.iter().any(is_dear)
            }
        })
    }

    /// Those of `rows` that meet `clause`.
    pub(crate) fn allowed(&self, clause: Option<&Clause>, mut rows: Vec<u32>) -> Vec<u32> {
        let mut sets = Sets::default();
        clause.into_iter().for_each(|clause| self.require(clause, &mut sets));
        rows.retain(|row| {
            sets.inside.iter().all(|set| set.contains(*row))
                && !sets.outside.iter().any(|set| set.contains(*row))
        });
        rows
    }

    /// All rows, removed ones included.
    fn all(&self) -> Set<'static> {
        Set::Stretch(0..self.rows())
    }

    fn require<'a>(&'a self, clause: &Clause, sets: &mut Sets<'a>) {
        match clause {
            Clause::Any(tests) => sets.inside.push(self.any(tests)),
            Clause::All(tests) => {
                for test in tests {
                    match self.rows_without(test) {
                        Some(without) => sets.outside.push(without),
                        None => sets.inside.push(self.rows_of(test)),
                    }
                }
            }
            Clause::None(tests) => {
                for test in tests {
                    match self.rows_without(test) {
                        Some(without) => sets.inside.push(without),
                        None => sets.outside.push(self.rows_of(test)),
                    }
                }
            }
        }
    }

    /// The rows that have no value, where those are what is kept and not those that have one.
    fn rows_without(&self, test: &Test) -> Option<Set<'_>> {
        let (Target::Field(field), Check::Present) = (&test.target, &test.check) else {
            return None;
        };
        let absent = match &self.fields[*field] {
            FieldIndex::Keywords(keywords) => &keywords.absent,
            FieldIndex::Numbers(numbers) => numbers.absent(),
            FieldIndex::Words(_) | FieldIndex::Leaves(_) => return None,
        };
        Some(Set::Many(Cow::Borrowed(absent)))
    }

    fn exclude<'a>(&'a self, clause: &Clause, sets: &mut Sets<'a>) {
        match clause {
            Clause::Any(tests) => sets.outside.push(self.any(tests)),
            Clause::All(tests) => {
                let each = tests.iter().map(|test| self.rows_of(test));
                sets.outside.push(each.reduce(Set::and).unwrap_or(self.all()));
            }
            Clause::None(tests) => sets.inside.push(self.any(tests)),
        }
    }

    fn any(&self, tests: &[Test]) -> Set<'_> {
        Set::union(tests.iter().map(|test| self.rows_of(test)).collect())
    }

    /// The rows that pass a test; rows removed may be among them.
    fn rows_of(&self, test: &Test) -> Set<'_> {
        let (field, leaf) = match &test.target {
            Target::Unknown => return Set::none(),
            Target::Field(field) => (*field, None),
            Target::Leaf { field, path, is_exact } => (*field, Some((path, *is_exact))),
        };
        let check = &test.check;
        let is_presence = *check == Check::Present;
        match (&self.fields[field], leaf) {
            (FieldIndex::Keywords(keywords), None) if is_presence => {
                self.all().minus(&Set::Many(Cow::Borrowed(&keywords.absent)))
            }
            (FieldIndex::Keywords(keywords), None) => rows_of_terms(&keywords.terms, "", check),
            (FieldIndex::Words(field), None) if is_presence => {
                Set::Many(Cow::Borrowed(&field.present))
            }
            (FieldIndex::Words(field), None) => rows_of_terms(&field.terms, "", check),
            (FieldIndex::Numbers(numbers), None) => {
                self.rows_of_numbers(numbers, self.schema.fields[field].kind, check)
            }
            (FieldIndex::Leaves(leaves), None) if is_presence => {
                Set::Many(Cow::Borrowed(&leaves.present))
            }
            (FieldIndex::Leaves(leaves), Some((path, _))) if is_presence => leaves.rows_below(path),
            (FieldIndex::Leaves(leaves), Some((path, is_exact))) => {
                let terms = if is_exact { &leaves.values } else { &leaves.words };
                rows_of_terms(terms, &leaves.start(path), check)
            }
            // An object has no value of its own, and nothing else has leaves.
            (FieldIndex::Leaves(_), None)
            | (FieldIndex::Keywords(_) | FieldIndex::Words(_) | FieldIndex::Numbers(_), Some(_)) => {
                Set::none()
            }
        }
    }

    fn rows_of_numbers<'a>(&self, numbers: &'a Numbers, kind: Kind, check: &Check) -> Set<'a> {
        let one = |value: i64| found(numbers.find(value, value));
        match check {
            Check::Present => self.all().minus(&Set::Many(Cow::Borrowed(numbers.absent()))),
            Check::Longs(longs) => Set::union(longs.iter().map(|long| one(*long)).collect()),
            Check::Floats(floats) => {
                let number = |bits: &u32| one(float_number(f32::from_bits(*bits)));
                Set::union(floats.iter().map(number).collect())
            }
            Check::Booleans(booleans) => {
                Set::union(booleans.iter().map(|boolean| one(i64::from(*boolean))).collect())
            }
            Check::Range(Range::Longs { min, max }) => found(numbers.find(*min, *max)),
            Check::Range(Range::Floats { lower, upper }) if kind == Kind::Float => {
                let number = |bits: u32| float_number(f32::from_bits(bits));
                let min = match lower.map(number) {
                    Bound::Included(min) => min,
                    Bound::Excluded(min) => min + 1,
                    Bound::Unbounded => i64::MIN,
                };
                let max = match upper.map(number) {
                    Bound::Included(max) => max,
                    Bound::Excluded(max) => max - 1,
                    Bound::Unbounded => i64::MAX,
                };
                found(numbers.find(min, max))
            }
            Check::Texts(_) | Check::Part(_) | Check::Range(_) => Set::none(),
        }
    }
}

fn found(found: Found<'_>) -> Set<'_> {
    match found {
        Found::Stretch(stretch) => Set::Stretch(stretch),
        Found::Set(set) => set,
    }
}

/// Rows of the terms that begin with `start` and whose rest passes the check.
fn rows_of_terms<'a>(terms: &'a Terms, start: &str, check: &Check) -> Set<'a> {
    let mut rows = Union::default();
    let mut add = |term| rows.add(terms.rows(term));
    match check {
        Check::Texts(texts) => {
            let found = texts.iter().filter_map(|text| terms.find(&format!("{start}{text}")));
            found.for_each(add);
        }
        Check::Part(pattern) => terms.part(start, pattern, add),
        Check::Range(Range::Texts { lower, upper }) => {
            let lower = lower.as_ref().map(|text| format!("{start}{text}"));
            let upper = upper.as_ref().map(|text| format!("{start}{text}"));
            let (lower, upper) = match start.strip_suffix('\0') {
                None => (lower, upper),
                Some(stem) => (
                    if lower == Bound::Unbounded { Bound::Included(start.into()) } else { lower },
                    if upper == Bound::Unbounded {
                        Bound::Excluded(format!("{stem}\u{1}"))
                    } else {
                        upper
                    },
                ),
            };
            let lower = lower.as_ref().map(String::as_str);
            terms.range(lower, upper.as_ref().map(String::as_str), &mut add);
        }
        Check::Present
        | Check::Longs(_)
        | Check::Floats(_)
        | Check::Booleans(_)
        | Check::Range(_) => {}
    }
    rows.finish()
}
