//! What an index keeps for each field.

use std::ops::Bound;

use roaring::RoaringBitmap;
use tally_fcdsl::{Kind, words};

use crate::{
    document::{DocumentError, is_number},
    hits::{Set, Union},
    node::Node,
    numbers::Numbers,
    postings::bitmap_bytes,
    terms::Terms,
};

#[derive(Debug)]
pub(crate) enum FieldIndex {
    Keywords(Box<Keywords>),
    Words(Box<Words>),
    Numbers(Box<Numbers>),
    Leaves(Box<Leaves>),
}

/// Values of a [`Kind::Keyword`].
#[derive(Debug)]
pub(crate) struct Keywords {
    pub(crate) terms: Terms,
    /// Rows without a value.
    pub(crate) absent: RoaringBitmap,
    /// Rows with several.
    pub(crate) several: RoaringBitmap,
}

/// Values of a [`Kind::Text`].
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) terms: Terms,
    /// Rows with a value; it may have no words.
    pub(crate) present: RoaringBitmap,
}

/// Values of a [`Kind::Object`]: those that [`tally_fcdsl::leaves`] shows. A term is the number of a
/// leaf's path (see [`Leaves::start`]) and its value.
#[derive(Debug)]
pub(crate) struct Leaves {
    pub(crate) values: Terms,
    pub(crate) words: Terms,
    /// For each path the rows that have something there, and not only below.
    paths: Terms,
    /// Rows that have any leaf.
    pub(crate) present: RoaringBitmap,
}

/// What a document has in one field, as terms and numbers.
#[derive(Debug, Default)]
pub(crate) struct Values {
    terms: Vec<u32>,
    words: Vec<u32>,
    paths: Vec<u32>,
    numbers: Vec<i64>,
    is_present: bool,
}

impl FieldIndex {
    /// Without `with_grams`, looking for a part of a keyword means looking at all keywords.
    pub(crate) fn new(kind: Kind, with_grams: bool) -> Self {
        match kind {
            Kind::Keyword => Self::Keywords(Box::new(Keywords {
                terms: Terms::new(with_grams),
                absent: RoaringBitmap::new(),
                several: RoaringBitmap::new(),
            })),
            Kind::Text => Self::Words(Box::new(Words {
                terms: Terms::new(true),
                present: RoaringBitmap::new(),
            })),
            Kind::Long | Kind::Float | Kind::Boolean => Self::Numbers(Box::default()),
            Kind::Object => Self::Leaves(Box::new(Leaves {
                values: Terms::new(true),
                words: Terms::new(true),
                paths: Terms::new(false),
                present: RoaringBitmap::new(),
            })),
        }
    }

    /// The values of a document's member, as terms that are known from now on.
    pub(crate) fn intern(&mut self, kind: Kind, value: &Node) -> Result<Values, DocumentError> {
        let mut values = Values::default();
        match self {
            Self::Numbers(_) => {
                debug_assert!(is_number(kind));
                value.scalars(&mut |scalar| values.numbers.extend(number(kind, scalar)));
            }
            Self::Keywords(keywords) => {
                for text in texts(value) {
                    values.terms.push(keywords.terms.intern(&text)?);
                }
            }
            Self::Words(field) => {
                for text in texts(value) {
                    values.is_present = true;
                    for word in words(&text) {
                        values.words.push(field.terms.intern(&word)?);
                    }
                }
            }
            Self::Leaves(leaves) => leaves.intern(value, &mut values)?,
        }
        for list in [&mut values.terms, &mut values.words, &mut values.paths] {
            list.sort_unstable();
            list.dedup();
        }
        Ok(values)
    }

    /// Takes the values of the next row.
    pub(crate) fn push(&mut self, row: u32, values: &Values) {
        if let Self::Numbers(numbers) = self {
            numbers.push(&values.numbers);
        } else {
            self.insert(row, values);
        }
    }

    /// Takes other values of a row.
    pub(crate) fn replace(&mut self, row: u32, old: &Values, new: &Values) {
        if let Self::Numbers(numbers) = self {
            numbers.replace(row, &new.numbers);
        } else {
            self.clear(row, old);
            self.insert(row, new);
        }
    }

    fn insert(&mut self, row: u32, values: &Values) {
        match self {
            Self::Numbers(_) => {}
            Self::Keywords(keywords) => {
                values.terms.iter().for_each(|term| keywords.terms.insert(*term, row));
                match values.terms.len() {
                    0 => _ = keywords.absent.insert(row),
                    1 => {}
                    _ => _ = keywords.several.insert(row),
                }
            }
            Self::Words(field) => {
                values.words.iter().for_each(|term| field.terms.insert(*term, row));
                if values.is_present {
                    field.present.insert(row);
                }
            }
            Self::Leaves(leaves) => {
                values.terms.iter().for_each(|term| leaves.values.insert(*term, row));
                values.words.iter().for_each(|term| leaves.words.insert(*term, row));
                values.paths.iter().for_each(|term| leaves.paths.insert(*term, row));
                if values.is_present {
                    leaves.present.insert(row);
                }
            }
        }
    }

    /// Forgets the values of a row, which stays.
    pub(crate) fn clear(&mut self, row: u32, values: &Values) {
        match self {
            Self::Numbers(numbers) => numbers.clear(row),
            Self::Keywords(keywords) => {
                values.terms.iter().for_each(|term| keywords.terms.remove(*term, row));
                keywords.absent.remove(row);
                keywords.several.remove(row);
            }
            Self::Words(field) => {
                values.words.iter().for_each(|term| field.terms.remove(*term, row));
                field.present.remove(row);
            }
            Self::Leaves(leaves) => {
                values.terms.iter().for_each(|term| leaves.values.remove(*term, row));
                values.words.iter().for_each(|term| leaves.words.remove(*term, row));
                values.paths.iter().for_each(|term| leaves.paths.remove(*term, row));
                leaves.present.remove(row);
            }
        }
    }

    /// Forgets the last row.
    pub(crate) fn pop(&mut self) {
        if let Self::Numbers(numbers) = self {
            numbers.pop();
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.bytes(),
            Self::Keywords(field) => {
                field.terms.bytes() + bitmap_bytes(&field.absent) + bitmap_bytes(&field.several)
            }
            Self::Words(field) => field.terms.bytes() + bitmap_bytes(&field.present),
            Self::Leaves(field) => {
                let terms = field.values.bytes() + field.words.bytes() + field.paths.bytes();
                terms + bitmap_bytes(&field.present)
            }
        }
    }
}

impl Leaves {
    fn intern(&mut self, value: &Node, values: &mut Values) -> Result<(), DocumentError> {
        let mut leaves = Vec::new();
        value.leaves(&mut |path, leaf| leaves.push((path.to_owned(), leaf.as_text())));
        for (path, text) in leaves {
            let Some(text) = text else { continue };
            values.is_present = true;
            let path = self.paths.intern(&path)?;
            values.paths.push(path);
            let start = start_of(path);
            values.terms.push(self.values.intern_behind(&start, &text)?);
            for word in words(&text) {
                values.words.push(self.words.intern_behind(&start, &word)?);
            }
        }
        Ok(())
    }

    /// What the terms of the values at `path` begin with; no term does if there is no such path.
    pub(crate) fn start(&self, path: &str) -> String {
        self.paths.find(path).map_or_else(|| "\0".to_owned(), start_of)
    }

    /// The rows that have something at `path` or below it.
    pub(crate) fn rows_below(&self, path: &str) -> Set<'_> {
        let mut rows = Union::default();
        if let Some(own) = self.paths.find(path) {
            rows.add(self.paths.rows(own));
        }
        // `/` is the character behind the dot.
        let (first, end) = (format!("{path}."), format!("{path}/"));
        let (first, end) = (Bound::Included(first.as_str()), Bound::Excluded(end.as_str()));
        self.paths.range(first, end, |below| rows.add(self.paths.rows(below)));
        rows.finish()
    }
}

/// The number of a path is shorter than the path, and the same for all rows.
fn start_of(path: u32) -> String {
    format!("{path}\0")
}

fn texts(value: &Node) -> Vec<String> {
    let mut texts = Vec::new();
    value.scalars(&mut |scalar| texts.extend(scalar.as_text()));
    texts
}

/// The number that stands for a value of a field of this kind.
fn number(kind: Kind, value: &Node) -> Option<i64> {
    match (kind, value) {
        (Kind::Long, Node::Long(long)) => Some(*long),
        (Kind::Boolean, Node::Boolean(boolean)) => Some(i64::from(*boolean)),
        // By way of a double, as every reader of JSON takes numbers.
        (Kind::Float, Node::Long(long)) => Some(float_number(*long as f64 as f32)),
        (Kind::Float, Node::Number(text)) => {
            let float = text.parse::<f64>().ok()? as f32;
            float.is_finite().then(|| float_number(float + 0.0))
        }
        _ => None,
    }
}

/// An integer that is in the same order as the floats. -0 counts as less than 0.
pub(crate) fn float_number(float: f32) -> i64 {
    let bits = float.to_bits().cast_signed();
    i64::from(if bits < 0 { bits ^ i32::MAX } else { bits })
}

/// The float of [`float_number`].
pub(crate) fn number_float(number: i64) -> f32 {
    let bits = i32::try_from(number).unwrap_or_default();
    f32::from_bits((if bits < 0 { bits ^ i32::MAX } else { bits }).cast_unsigned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tally_fcdsl::{Field, Forced, Rules, Schema, Search};

    use super::*;
    use crate::Index;

    const SCHEMA: Schema = Schema {
        id: "id",
        fields: &[Field::new("id", Kind::Keyword), Field::new("params", Kind::Object)],
        appended: false,
    };

    fn document(id: &str, value: usize) -> String {
        json!({"id": id, "params": {"a": format!("{value:0>1000}.")}}).to_string()
    }

    /// Goal: an index that is full goes on with what it has. Method: the room for values is closed
    /// after one mebibyte and filled; then documents are added, replaced, found and removed.
    #[test]
    fn a_full_index_serves_what_it_has() {
        let mut index = Index::new(&SCHEMA);
        index.put(&document("first", 0)).unwrap();
        let FieldIndex::Leaves(leaves) = &mut index.fields[1] else { panic!("an object") };
        leaves.values.close();
        let full =
            (1..2000).find(|value| index.put(&document(&format!("{value}"), *value)).is_err());
        let full = full.expect("two thousand values of 1,000 bytes do not fit");
        for id in ["new", "first"] {
            let result = index.put(&document(id, full));
            assert!(matches!(result, Err(DocumentError::Full)), "{id}: {result:?}");
        }
        assert_eq!((index.len(), index.get("new")), (full, None));
        assert_eq!(index.get("first"), Some(document("first", 0)));

        index.put(&document("new", 7)).expect("the value is known, so there is room");
        index.put(&document("first", 7)).expect("the value is known, so there is room");
        assert!(index.remove("8"), "what is there can be removed");
        let query = json!({"query": {"part": {"fields": ["params.a.keyword"], "value": "0007."}}});
        let rules =
            Rules { schema: &SCHEMA, default_sort: &[], forced: Forced::None, needs_ids: false };
        let page = index.search(&Search::parse(Some(&query), &rules).unwrap());
        assert_eq!(page.ids, ["first", "7", "new"]);
    }
}
