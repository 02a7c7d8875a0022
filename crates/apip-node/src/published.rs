use crate::{
    Content, INDEX_TABLES, ServiceTerms, TableId, TermsError,
    changes::{IndexChanges, RowChange},
    lock::{lock, read, try_read, write},
    records::Tip,
};
use std::{
    sync::{Arc, Mutex, RwLock, RwLockWriteGuard},
    time::{Duration, Instant},
};
use tally_fcdsl::{Last, Search};
use tally_fcdsl_index::Index;
use tally_feip::{Entity, EntityKey, HistoryRow, Kind};
use tally_primitives::{BlockId, BlockNumber, Txid};

/// The block that an answer is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Best {
    /// Up to this height everything is in the directory.
    pub height: BlockNumber,
    /// The block; `None` with a source of records.
    pub id: Option<BlockId>,
    /// The block's time, or that of the last record, Unix seconds.
    pub time: u64,
}

/// What a search found, all of one block.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Documents that meet the conditions, on all pages together.
    pub total: u64,
    /// The page: ids, in the order of the documents.
    pub ids: Vec<String>,
    /// The page: JSON texts.
    pub documents: Vec<String>,
    /// Where the page ends; absent without sort columns, for ids, and for an empty page.
    pub last: Option<Last>,
    /// The block; `None` if nothing was indexed yet.
    pub best: Option<Best>,
}

/// What is known about the service of the directory's operator.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnService {
    /// None is configured: everything is free.
    NotConfigured,
    /// No service of that id is in the directory (yet).
    Unknown {
        /// The id.
        sid: Txid,
    },
    /// It is in the directory.
    Known {
        /// The id.
        sid: Txid,
        /// Its JSON text, as a search finds it.
        document: String,
        /// What the record says about money and sessions, or what is wrong with it.
        terms: Result<ServiceTerms, TermsError>,
    },
}

/// What can be asked for, always of one block.
///
/// A search holds the tables as long as it takes, and whoever publishes waits for it; so what else
/// is asked is answered from a copy of its own, whose lock is held for a moment only.
#[derive(Debug)]
pub(crate) struct Published {
    service: Option<Txid>,
    tables: RwLock<Tables>,
    /// Written while `tables` is locked for writing, after them: nobody learns of a block that
    /// cannot be searched yet.
    summary: RwLock<Arc<Summary>>,
    weights: Mutex<Weights>,
}

/// What is known without a look into the tables.
#[derive(Debug)]
struct Summary {
    best: Option<Best>,
    own: Arc<OwnService>,
    /// Documents of each table.
    lengths: Vec<u64>,
}

/// How much memory the tables need. To know it, all lists of an index have to be gone through, so
/// it is looked up from time to time and not by whoever asks.
#[derive(Debug, Default)]
struct Weights {
    bytes: Vec<u64>,
    measured: Option<Instant>,
}

/// Time between two looks at how much memory the tables need.
const WEIGH_EVERY: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Tables {
    all: Vec<Index>,
    best: Option<Best>,
}

/// A document for the index.
#[derive(Debug)]
pub(crate) struct Document {
    table: TableId,
    id: Box<str>,
    /// JSON; `None` if the document is not there any more.
    text: Option<String>,
}

impl Document {
    pub(crate) fn of_entity(entity: &Entity) -> Self {
        Self::entity(&entity.key, Some(entity.to_text()))
    }

    pub(crate) fn of_row(row: &HistoryRow) -> Self {
        Self::row(row.kind, &row.txid, Some(row.to_text()))
    }

    fn entity(key: &EntityKey, text: Option<String>) -> Self {
        Self { table: TableId::of(key.kind, Content::Entities), id: key.id.clone(), text }
    }

    fn row(kind: Kind, txid: &Txid, text: Option<String>) -> Self {
        Self { table: TableId::of(kind, Content::History), id: txid.to_string().into(), text }
    }
}

impl Tables {
    /// Puts a document into its table, or takes it out.
    ///
    /// A document that the index cannot hold, because of its size or of a number in it, or because
    /// the index is full, is left out and told: nothing that somebody writes into the chain may stop
    /// the others' documents.
    fn put(&mut self, Document { table, id, text }: &Document) {
        let index = &mut self.all[table.position()];
        let Some(text) = text else {
            index.remove(id);
            return;
        };
        if let Err(error) = index.put(text) {
            // What was there under this id is of an older block.
            index.remove(id);
            let table = table.table().name;
            tracing::warn!(table, %id, %error, "a document cannot be searched");
        }
    }
}

impl Tables {
    fn search(&self, table: TableId, search: &Search) -> Answer {
        let page = self.all[table.position()].search(search);
        Answer {
            total: page.total,
            ids: page.ids,
            documents: page.documents,
            last: page.last,
            best: self.best,
        }
    }
}

impl From<Tip> for Best {
    fn from(tip: Tip) -> Self {
        Self { height: BlockNumber(tip.height), id: tip.block, time: tip.time }
    }
}

impl Published {
    pub(crate) fn new(service: Option<Txid>) -> Self {
        let own = service.map_or(OwnService::NotConfigured, |sid| OwnService::Unknown { sid });
        let all: Vec<Index> = INDEX_TABLES.iter().map(|table| Index::new(&table.schema)).collect();
        let summary = Summary { best: None, own: Arc::new(own), lengths: vec![0; all.len()] };
        Self {
            service,
            tables: RwLock::new(Tables { all, best: None }),
            summary: RwLock::new(Arc::new(summary)),
            weights: Mutex::default(),
        }
    }

    /// Adds documents while the directory is loaded.
    pub(crate) fn load(&self, documents: &[Document]) {
        let mut tables = write(&self.tables);
        documents.iter().for_each(|document| tables.put(document));
    }

    /// Says where the loaded documents are from.
    pub(crate) fn loaded(&self, tip: Option<Tip>, own: Option<&Entity>) {
        let own = self.service.map(|sid| Arc::new(own_service(sid, own)));
        self.show(write(&self.tables), tip.map(Best::from), own);
        self.weigh();
    }

    /// Makes the changes of one step visible, all at once and together with the block they are of.
    pub(crate) fn publish(&self, changes: &IndexChanges, tip: Tip) {
        let own_key = self.service.map(|sid| EntityKey::published(Kind::Service, &sid));
        let mut own = None;
        if let (Some(sid), Some(now)) =
            (self.service, own_key.as_ref().and_then(|key| changes.entities.get(key)))
        {
            own = Some(Arc::new(own_service(sid, now.as_ref())));
        }
        // Texts are made before anybody has to wait.
        let entities = changes
            .entities
            .iter()
            .map(|(key, now)| Document::entity(key, now.as_ref().map(Entity::to_text)));
        let rows = changes.rows.iter().map(|change| match change {
            RowChange::Added(row) => Document::of_row(row),
            RowChange::Gone { kind, txid } => Document::row(*kind, txid, None),
        });
        let documents: Vec<Document> = entities.chain(rows).collect();
        let mut tables = write(&self.tables);
        documents.iter().for_each(|document| tables.put(document));
        self.show(tables, Some(tip.into()), own);
        self.weigh();
    }

    /// Says of which block the tables are from now on, and ends the change of them.
    fn show(
        &self,
        mut tables: RwLockWriteGuard<'_, Tables>,
        best: Option<Best>,
        own: Option<Arc<OwnService>>,
    ) {
        tables.best = best;
        let lengths = tables.all.iter().map(|index| index.len() as u64).collect();
        let own = own.unwrap_or_else(|| self.own());
        *write(&self.summary) = Arc::new(Summary { best, own, lengths });
    }

    /// Answers a search; waits while the tables change.
    pub(crate) fn search(&self, table: TableId, search: &Search) -> Answer {
        read(&self.tables).search(table, search)
    }

    /// Answers a search unless that would mean to wait.
    pub(crate) fn try_search(&self, table: TableId, search: &Search) -> Option<Answer> {
        try_read(&self.tables).map(|tables| tables.search(table, search))
    }

    pub(crate) fn document(&self, table: TableId, id: &str) -> Option<String> {
        read(&self.tables).all[table.position()].get(id)
    }

    pub(crate) fn best(&self) -> Option<Best> {
        self.summary().best
    }

    pub(crate) fn own(&self) -> Arc<OwnService> {
        Arc::clone(&self.summary().own)
    }

    /// Documents of each table.
    pub(crate) fn lengths(&self) -> Vec<u64> {
        self.summary().lengths.clone()
    }

    fn summary(&self) -> Arc<Summary> {
        Arc::clone(&read(&self.summary))
    }

    /// About how much memory each table needs, in bytes, as of not long ago.
    pub(crate) fn bytes(&self) -> Vec<u64> {
        lock(&self.weights).bytes.clone()
    }

    fn weigh(&self) {
        let is_due = |measured: Instant| measured.elapsed() >= WEIGH_EVERY;
        if lock(&self.weights).measured.is_none_or(is_due) {
            let bytes = read(&self.tables).all.iter().map(|index| index.bytes() as u64).collect();
            *lock(&self.weights) = Weights { bytes, measured: Some(Instant::now()) };
        }
    }
}

fn own_service(sid: Txid, entity: Option<&Entity>) -> OwnService {
    let Some(entity) = entity else { return OwnService::Unknown { sid } };
    let terms = ServiceTerms::of(entity);
    if let Err(error) = &terms {
        tracing::error!(
            %sid, %error,
            "the record of this directory's service cannot be understood; nothing that costs is \
             answered until it is updated on the chain"
        );
    }
    OwnService::Known { sid, document: entity.to_text(), terms }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tally_fcdsl::{Forced, Rules};

    /// Goal: a search that takes long keeps nothing waiting but searches and changes. Method: the
    /// tables are locked as a writer has them, by this very thread, which must not wait for itself.
    #[test]
    fn what_is_no_search_is_answered_while_the_tables_are_taken() {
        let sid = Txid::from_shown([7; 32]);
        let published = Published::new(Some(sid));
        let tip = Tip { height: 5, block: None, time: 0, undo_floor: 0, records: 0, accepted: 0 };
        published.publish(&IndexChanges::default(), tip);
        let table = TableId::of(Kind::Service, Content::Entities);
        let schema = &table.table().schema;
        let rules = Rules { schema, default_sort: &[], forced: Forced::None, needs_ids: false };
        let search = Search::parse(Some(&json!({ "ids": ["x"] })), &rules).unwrap();
        let taken = write(&published.tables);
        assert_eq!(published.best().map(|best| best.height), Some(BlockNumber(5)));
        assert_eq!(*published.own(), OwnService::Unknown { sid });
        assert_eq!(published.lengths(), vec![0; INDEX_TABLES.len()]);
        assert_eq!(published.try_search(table, &search), None, "who must not wait does not");
        drop(taken);
        let found = published.try_search(table, &search);
        assert_eq!(found, Some(published.search(table, &search)));
        assert_eq!(found.and_then(|found| found.best), published.best());
    }
}
