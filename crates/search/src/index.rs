use crate::{
    Document, Hit, Kind, SearchError, query,
    words::{ANALYZER, analyzer},
};
use std::{
    fmt, fs,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tantivy::{
    DocAddress, Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument,
    TantivyError,
    collector::{Count, TopDocs},
    columnar::Column,
    directory::MmapDirectory,
    index::SegmentId,
    indexer::IndexWriterOptions,
    schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
};

/// Results of one search, also when all are asked for.
pub const HITS_MAX: usize = 20_000;

/// Results that can be passed over to read later ones. Finding a page costs memory for all before
/// it: 24 bytes each.
pub const OFFSET_MAX: usize = 100_000;

/// Memory for documents that were added and not committed. When they need more, they go to disk
/// before they are visible.
pub const WRITER_BYTES: usize = 32 << 20;

/// The folder inside the given one. Its name changes with the index's format, which so needs no
/// migration: an index of another format is not seen, and made again.
const FOLDER: &str = "text-1";

/// The fields that hold the id, eight bytes each.
const ID_FIELDS: [&str; 4] = ["id0", "id1", "id2", "id3"];
const HEIGHT_FIELD: &str = "height";

/// A full-text index. Clones share it; any number of threads may search while one writes.
#[derive(Clone)]
pub struct SearchIndex(Arc<Inner>);

struct Inner {
    fields: Fields,
    reader: IndexReader,
    writing: Mutex<Writing>,
}

struct Writing {
    writer: IndexWriter,
    cursor: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Fields {
    asset: Field,
    metadata: Field,
    id: [Field; 4],
    height: Field,
}

impl SearchIndex {
    /// Opens the index in the folder `dir`, or makes an empty one there. An index that is damaged
    /// is thrown away with a warning and made anew, with no cursor: the caller indexes again from
    /// the beginning.
    ///
    /// # Errors
    ///
    /// [`SearchError::Open`] if the folder cannot be made or read, or is in use.
    pub fn open(dir: &Path) -> Result<Self, SearchError> {
        let path = dir.join(FOLDER);
        let failed = |source| SearchError::Open { path: path.clone(), source };
        fs::create_dir_all(&path).map_err(|error| failed(error.into()))?;
        let directory = || MmapDirectory::open(&path).map_err(TantivyError::from);
        let opened = directory().and_then(open_in);
        let opened = match opened {
            Err(error) if is_damage(&error) => {
                tracing::warn!(path = %path.display(), %error, "search index made anew");
                fs::remove_dir_all(&path).map_err(|error| failed(error.into()))?;
                fs::create_dir_all(&path).map_err(|error| failed(error.into()))?;
                directory().and_then(open_in)
            }
            opened => opened,
        };
        opened.map_err(|error| failed(error.into()))
    }

    /// Makes an index that lives in memory.
    ///
    /// # Errors
    ///
    /// [`SearchError::Write`] if its thread cannot be started.
    pub fn in_memory() -> Result<Self, SearchError> {
        open_in(tantivy::directory::RamDirectory::create()).map_err(write_error)
    }

    /// Adds documents. They are found after the next [`commit`](Self::commit). A document without
    /// texts is left out; one that is added twice is found twice.
    ///
    /// # Errors
    ///
    /// [`SearchError::Write`]; everything since the last commit is forgotten then.
    pub fn add(&self, documents: &[Document]) -> Result<(), SearchError> {
        let mut writing = self.writing();
        let added = documents.iter().filter(|document| !document.texts.is_empty()).try_for_each(
            |document| writing.writer.add_document(self.0.fields.of(document)).map(|_| ()),
        );
        added.map_err(|error| forget(&mut writing.writer, error))
    }

    /// Makes what was added visible and durable, together with the cursor: how far the caller has
    /// come. Takes tens of milliseconds on a disk, so it is for many documents at once.
    ///
    /// # Errors
    ///
    /// [`SearchError::Write`]; everything since the last commit is forgotten then.
    pub fn commit(&self, cursor: u64) -> Result<(), SearchError> {
        let mut writing = self.writing();
        let committed = (|| {
            let mut prepared = writing.writer.prepare_commit()?;
            prepared.set_payload(&cursor.to_string());
            prepared.commit()
        })();
        committed.map_err(|error| forget(&mut writing.writer, error))?;
        writing.cursor = Some(cursor);
        self.0.reader.reload().map_err(read_error)
    }

    /// Returns the cursor of the last commit; `None` in an index that never had one.
    pub fn cursor(&self) -> Option<u64> {
        self.writing().cursor
    }

    /// Returns how many documents are visible.
    pub fn len(&self) -> u64 {
        self.0.reader.searcher().num_docs()
    }

    /// Says whether no document is visible.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Finds the documents of a kind that fit a query, best first.
    ///
    /// A document fits if it has any of the words. `"words in quotes"` must all be in it, one after
    /// the other; `-word` and `-"words in quotes"` must not. Words are compared without case,
    /// accents and English endings; those that say nothing ("the") are passed over. A query that
    /// asks for no word finds nothing.
    ///
    /// `limit` 0 means all; more than [`HITS_MAX`] are never returned. `offset` passes over so many.
    ///
    /// # Errors
    ///
    /// [`SearchError::TooManyWords`], [`SearchError::TooFar`] if `offset` is more than
    /// [`OFFSET_MAX`], [`SearchError::Read`].
    pub fn search(
        &self,
        kind: Kind,
        query: &str,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<Hit>, SearchError> {
        if offset > OFFSET_MAX {
            return Err(SearchError::TooFar);
        }
        let limit = if limit == 0 { HITS_MAX } else { limit.min(HITS_MAX) };
        let Some(query) = query::parse(query, self.0.fields.text(kind))? else {
            return Ok(vec![]);
        };
        let searcher = self.0.reader.searcher();
        // The collector takes memory for what it was asked for, not for what there is.
        let existing = searcher.search(&*query, &Count).map_err(read_error)?;
        let limit = limit.min(existing.saturating_sub(offset));
        if limit == 0 {
            return Ok(vec![]);
        }
        let best = TopDocs::with_limit(limit).and_offset(offset).order_by_score();
        let found = searcher.search(&*query, &best).map_err(read_error)?;
        hits(&searcher, &found).map_err(read_error)
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        // A panic while writing left at most documents that were never committed.
        self.0.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SearchIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchIndex").field("documents", &self.len()).finish_non_exhaustive()
    }
}

impl Fields {
    const fn text(&self, kind: Kind) -> Field {
        match kind {
            Kind::Asset => self.asset,
            Kind::Metadata => self.metadata,
        }
    }

    fn of(&self, document: &Document) -> TantivyDocument {
        let mut fields = TantivyDocument::default();
        for text in &document.texts {
            fields.add_text(self.text(document.kind), text);
        }
        let (parts, _) = document.id.as_chunks::<8>();
        for (field, part) in self.id.iter().zip(parts) {
            fields.add_u64(*field, u64::from_be_bytes(*part));
        }
        fields.add_u64(self.height, document.height);
        fields
    }
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(ANALYZER)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = TextOptions::default().set_indexing_options(indexing);
    let fields = Fields {
        asset: schema.add_text_field("asset", text.clone()),
        metadata: schema.add_text_field("metadata", text),
        id: ID_FIELDS.map(|name| schema.add_u64_field(name, FAST)),
        height: schema.add_u64_field(HEIGHT_FIELD, FAST),
    };
    (schema.build(), fields)
}

fn open_in(directory: impl Into<Box<dyn tantivy::Directory>>) -> tantivy::Result<SearchIndex> {
    let (schema, fields) = schema();
    let index = Index::open_or_create(directory, schema)?;
    index.tokenizers().register(ANALYZER, analyzer());
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    let options = IndexWriterOptions::builder()
        .memory_budget_per_thread(WRITER_BYTES)
        .num_worker_threads(1)
        .num_merge_threads(1)
        .build();
    let writer = index.writer_with_options(options)?;
    let cursor = index.load_metas()?.payload.and_then(|payload| payload.parse().ok());
    let writing = Mutex::new(Writing { writer, cursor });
    Ok(SearchIndex(Arc::new(Inner { fields, reader, writing })))
}

/// Says whether an index is beyond use, and not merely out of reach.
fn is_damage(error: &TantivyError) -> bool {
    matches!(
        error,
        TantivyError::DataCorruption(_)
            | TantivyError::IncompatibleIndex(_)
            | TantivyError::SchemaError(_)
            | TantivyError::OpenReadError(_)
    )
}

/// Drops what was added since the last commit, so that the index and its cursor agree.
fn forget(writer: &mut IndexWriter, error: TantivyError) -> SearchError {
    if let Err(error) = writer.rollback() {
        tracing::warn!(%error, "the search index cannot be rolled back");
    }
    write_error(error)
}

fn write_error(error: TantivyError) -> SearchError {
    SearchError::Write(error.into())
}

fn read_error(error: TantivyError) -> SearchError {
    SearchError::Read(error.into())
}

/// The columns of one segment that a hit is made of.
struct Columns {
    segment: SegmentId,
    id: [Column<u64>; 4],
    height: Column<u64>,
}

impl Columns {
    fn of(searcher: &Searcher, address: DocAddress) -> tantivy::Result<Self> {
        let segment = searcher.segment_reader(address.segment_ord);
        let columns = segment.fast_fields();
        let [a, b, c, d] = ID_FIELDS;
        Ok(Self {
            segment: segment.segment_id(),
            id: [columns.u64(a)?, columns.u64(b)?, columns.u64(c)?, columns.u64(d)?],
            height: columns.u64(HEIGHT_FIELD)?,
        })
    }

    fn hit(&self, doc: u32, score: f32) -> Hit {
        let mut id = [0; 32];
        for (part, column) in id.as_chunks_mut::<8>().0.iter_mut().zip(&self.id) {
            *part = column.first(doc).unwrap_or_default().to_be_bytes();
        }
        Hit { id, height: self.height.first(doc).unwrap_or_default(), score }
    }
}

fn hits(searcher: &Searcher, found: &[(f32, DocAddress)]) -> tantivy::Result<Vec<Hit>> {
    let mut opened: Vec<Columns> = Vec::new();
    let mut hits = Vec::with_capacity(found.len());
    for (score, address) in found {
        let segment = searcher.segment_reader(address.segment_ord).segment_id();
        let at = match opened.iter().position(|columns| columns.segment == segment) {
            Some(at) => at,
            None => {
                opened.push(Columns::of(searcher, *address)?);
                opened.len() - 1
            }
        };
        hits.push(opened[at].hit(address.doc_id, *score));
    }
    Ok(hits)
}

#[cfg(test)]
mod tests;
