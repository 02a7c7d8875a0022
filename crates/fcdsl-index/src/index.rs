//! The documents of a table.

use roaring::RoaringBitmap;
use tally_fcdsl::{Field, Kind, Schema};

use crate::{
    arena::Arena,
    chunks::Chunks,
    document::{DocumentError, Shapes, field_of, pack, render, unpack, unpack_one},
    fields::{FieldIndex, Keywords, Values},
    memo::Memo,
    node::Node,
    postings::{ROWS_MAX, Rows, bitmap_bytes},
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
    shapes: Shapes,
    /// What dear conditions found since the last change.
    pub(crate) memo: Memo,
    /// Bytes of documents that were replaced or removed.
    garbage: usize,
    /// Bytes of documents that are there.
    kept: usize,
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
        let field = |(field, description): (usize, &Field)| {
            // Pieces of millions of hexadecimal ids would take more memory than everything else.
            FieldIndex::new(description.kind, !(schema.appended && field == id_field))
        };
        Self {
            schema,
            id_field,
            fields: schema.fields.iter().enumerate().map(field).collect(),
            live: RoaringBitmap::new(),
            dead: RoaringBitmap::new(),
            documents: Arena::default(),
            addresses: Chunks::default(),
            shapes: Shapes::default(),
            memo: Memo::default(),
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
        self.memo.clear();
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
                self.collect_garbage();
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
        self.memo.clear();
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
            self.fields.iter_mut().for_each(FieldIndex::pop);
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
        let sets = bitmap_bytes(&self.live) + bitmap_bytes(&self.dead) + self.memo.bytes();
        documents + fields + sets
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
        unpack(self.packed(row), &self.fields, &self.shapes)
    }

    pub(crate) fn id(&self, row: u32) -> String {
        match unpack_one(self.packed(row), self.id_field, &self.fields, &self.shapes) {
            Some(Node::Text(id)) => id,
            _ => String::new(),
        }
    }

    pub(crate) fn text(&self, row: u32) -> String {
        render(self.packed(row), &self.fields, &self.shapes)
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
    fn collect_garbage(&mut self) {
        if self.garbage < GARBAGE_MIN || self.garbage < self.kept * 2 {
            return;
        }
        let mut fresh = Self::new(self.schema);
        for row in (0..self.rows()).filter(|row| !self.dead.contains(*row)) {
            if fresh.put(&self.text(row)).is_err() {
                // Not to be expected, as less than all fitted. Nothing is lost: it is tried again
                // after as much garbage.
                self.garbage = 0;
                return;
            }
        }
        *self = fresh;
    }
}
