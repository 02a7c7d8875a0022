//! The documents of a table.

use roaring::RoaringBitmap;
use tally_fcdsl::{Kind, Schema, words};

use crate::{
    arena::Arena,
    chunks::Chunks,
    document::{DocumentError, field_of, is_number, pack, render, unpack},
    node::Node,
    numbers::Numbers,
    postings::{ROWS_MAX, Rows, bitmap_bytes},
    terms::{Dictionary, Terms},
};

/// Documents of one table, indexed. Changes need `&mut`, so a reader sees all of a change or
/// nothing.
#[derive(Debug)]
pub struct Index {
    pub(crate) schema: &'static Schema,
    pub(crate) id_field: usize,
    /// One for each field of the schema.
    pub(crate) fields: Vec<FieldIndex>,
    /// Rows that have a document.
    pub(crate) live: RoaringBitmap,
    /// Rows whose document was removed.
    pub(crate) dead: RoaringBitmap,
    documents: Arena,
    /// Address of each row's document.
    addresses: Chunks<u32>,
    shapes: Dictionary,
    /// Bytes of documents that were replaced or removed.
    garbage: usize,
    /// Bytes of documents that are there.
    kept: usize,
}

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

/// Values of a [`Kind::Object`]. A term is a leaf's path (see [`leaf_start`]) and its value.
#[derive(Debug)]
pub(crate) struct Leaves {
    pub(crate) values: Terms,
    pub(crate) words: Terms,
    /// For each path the rows that have something there or below.
    pub(crate) paths: Terms,
    /// Rows that have any leaf.
    pub(crate) present: RoaringBitmap,
}

/// What a document has in one field, as terms and numbers.
#[derive(Debug, Default)]
struct Values {
    terms: Vec<u32>,
    words: Vec<u32>,
    paths: Vec<u32>,
    numbers: Vec<i64>,
    is_present: bool,
}

/// Garbage below this is not worth being collected.
const GARBAGE_MIN: usize = 1 << 20;

impl Index {
    /// An empty index.
    ///
    /// # Panics
    /// If the schema's id is not one of its fields, or not a [`Kind::Keyword`].
    pub fn new(schema: &'static Schema) -> Self {
        let id_field = schema.id_field();
        assert_eq!(schema.fields[id_field].kind, Kind::Keyword, "ids are keywords");
        let field = |(field, description): (usize, &tally_fcdsl::Field)| match description.kind {
            Kind::Keyword => {
                // Three-byte pieces of millions of hexadecimal ids would take more memory than
                // everything else.
                let with_grams = !(schema.appended && field == id_field);
                let terms = Terms::new(with_grams);
                let (absent, several) = <(RoaringBitmap, RoaringBitmap)>::default();
                FieldIndex::Keywords(Box::new(Keywords { terms, absent, several }))
            }
            Kind::Text => {
                let (terms, present) = (Terms::new(true), RoaringBitmap::new());
                FieldIndex::Words(Box::new(Words { terms, present }))
            }
            Kind::Long | Kind::Float | Kind::Boolean => FieldIndex::Numbers(Box::default()),
            Kind::Object => FieldIndex::Leaves(Box::new(Leaves {
                values: Terms::new(true),
                words: Terms::new(true),
                paths: Terms::new(false),
                present: RoaringBitmap::new(),
            })),
        };
        Self {
            schema,
            id_field,
            fields: schema.fields.iter().enumerate().map(field).collect(),
            live: RoaringBitmap::new(),
            dead: RoaringBitmap::new(),
            documents: Arena::default(),
            addresses: Chunks::default(),
            shapes: Dictionary::default(),
            garbage: 0,
            kept: 0,
        }
    }

    /// Takes a document: JSON text of an object whose id is in the schema's id member. It replaces
    /// the one of the same id, at its place in the order of insertion, or is added at the end.
    ///
    /// # Errors
    /// Why it cannot be taken; nothing has changed then.
    pub fn put(&mut self, document: &str) -> Result<(), DocumentError> {
        let Node::Object(members) = Node::parse(document)? else { return Err(DocumentError::NoId) };
        let id = members.iter().find(|(name, _)| name == self.schema.id);
        let Some((_, Node::Text(id))) = id else { return Err(DocumentError::NoId) };
        let known = self.row(id);
        if known.is_none() && self.rows() >= ROWS_MAX {
            return Err(DocumentError::Full);
        }
        let values = self.intern(&members)?;
        let packed = pack(&members, self.schema, &self.fields, &mut self.shapes)?;
        let address = self.documents.push(&packed)?;
        match known {
            Some(row) => {
                let (old, old_bytes) = (self.members(row), self.packed(row).len());
                let old = self.intern(&old)?;
                for ((field, old), new) in self.fields.iter_mut().zip(old).zip(values) {
                    field.replace(row, &old, &new);
                }
                self.addresses.set(row as usize, address);
                self.garbage += old_bytes;
                self.kept = self.kept + packed.len() - old_bytes;
                self.collect_garbage()?;
            }
            None => {
                let row = self.rows();
                self.addresses.push(address);
                self.live.insert(row);
                self.kept += packed.len();
                for (field, values) in self.fields.iter_mut().zip(values) {
                    field.push(row, &values);
                }
            }
        }
        Ok(())
    }

    /// Removes the document of this id; `false` if there is none. Removing the newest documents
    /// first leaves no trace of them but their terms.
    pub fn remove(&mut self, id: &str) -> bool {
        let Some(row) = self.row(id) else { return false };
        let (members, bytes) = (self.members(row), self.packed(row).len());
        // All terms of a document that is there are known, so nothing can be full.
        let Ok(values) = self.intern(&members) else { return false };
        for (field, values) in self.fields.iter_mut().zip(values) {
            field.clear(row, &values);
        }
        self.garbage += bytes;
        self.kept -= bytes;
        self.live.remove(row);
        self.dead.insert(row);
        while let Some(last) = self.rows().checked_sub(1)
            && self.dead.remove(last)
        {
            self.addresses.pop();
            self.fields.iter_mut().for_each(|field| field.pop(last));
        }
        true
    }

    /// The document of this id as JSON text.
    pub fn get(&self, id: &str) -> Option<String> {
        self.row(id).map(|row| self.text(row))
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.addresses.len() - usize::try_from(self.dead.len()).unwrap_or(usize::MAX)
    }

    /// Whether there is no document.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Estimate of the memory taken, in bytes.
    pub fn bytes(&self) -> usize {
        let fields: usize = self.fields.iter().map(FieldIndex::bytes).sum();
        let documents = self.documents.bytes() + self.addresses.bytes() + self.shapes.bytes();
        documents + fields + bitmap_bytes(&self.live) + bitmap_bytes(&self.dead)
    }

    /// One more than the greatest row.
    pub(crate) fn rows(&self) -> u32 {
        u32::try_from(self.addresses.len()).expect("rows are counted in 31 bits")
    }

    pub(crate) fn row(&self, id: &str) -> Option<u32> {
        let keywords = self.keywords(self.id_field)?;
        match keywords.terms.rows(keywords.terms.find(id)?) {
            Rows::One(row) => Some(row),
            Rows::None | Rows::Few(_) | Rows::Many(_) => None,
        }
    }

    pub(crate) fn keywords(&self, field: usize) -> Option<&Keywords> {
        match &self.fields[field] {
            FieldIndex::Keywords(keywords) => Some(keywords),
            FieldIndex::Words(_) | FieldIndex::Numbers(_) | FieldIndex::Leaves(_) => None,
        }
    }

    pub(crate) fn members(&self, row: u32) -> Vec<(String, Node)> {
        unpack(self.packed(row), self.schema, &self.fields, &self.shapes)
    }

    pub(crate) fn text(&self, row: u32) -> String {
        render(self.packed(row), self.schema, &self.fields, &self.shapes)
    }

    fn packed(&self, row: u32) -> &[u8] {
        self.documents.get(self.addresses.get(row as usize))
    }

    fn intern(&mut self, members: &[(String, Node)]) -> Result<Vec<Values>, DocumentError> {
        let mut all: Vec<Values> = self.fields.iter().map(|_| Values::default()).collect();
        for (name, value) in members {
            let Some(field) = field_of(self.schema, name) else { continue };
            let kind = self.schema.fields[field].kind;
            all[field] = self.fields[field].intern(kind, value)?;
        }
        Ok(all)
    }

    /// Builds everything anew once most of the documents' memory is of documents gone. That never
    /// happens to histories, which only lose the few rows of blocks undone.
    fn collect_garbage(&mut self) -> Result<(), DocumentError> {
        if self.garbage < GARBAGE_MIN || self.garbage < self.kept * 2 {
            return Ok(());
        }
        let mut fresh = Self::new(self.schema);
        for row in (0..self.rows()).filter(|row| !self.dead.contains(*row)) {
            fresh.put(&self.text(row))?;
        }
        *self = fresh;
        Ok(())
    }
}

impl FieldIndex {
    fn intern(&mut self, kind: Kind, value: &Node) -> Result<Values, DocumentError> {
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

    fn push(&mut self, row: u32, values: &Values) {
        if let Self::Numbers(numbers) = self {
            numbers.push(&values.numbers);
        } else {
            self.insert(row, values);
        }
    }

    fn replace(&mut self, row: u32, old: &Values, new: &Values) {
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
    fn clear(&mut self, row: u32, values: &Values) {
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
    fn pop(&mut self, _row: u32) {
        if let Self::Numbers(numbers) = self {
            numbers.pop();
        }
    }

    fn bytes(&self) -> usize {
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
        value.leaves("", &mut |path, leaf| leaves.push((path.to_owned(), leaf.as_text())));
        for (path, text) in leaves {
            let Some(text) = text else { continue };
            values.is_present = true;
            let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
            for end in ends {
                values.paths.push(self.paths.intern(&path[..end])?);
            }
            let start = leaf_start(&path);
            values.terms.push(self.values.intern(&format!("{start}{text}"))?);
            for word in words(&text) {
                values.words.push(self.words.intern(&format!("{start}{word}"))?);
            }
        }
        Ok(())
    }
}

/// What the terms of a leaf's values begin with. The length tells where the path ends, whatever
/// characters are in it.
pub(crate) fn leaf_start(path: &str) -> String {
    format!("{}\0{path}\0", path.len())
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
