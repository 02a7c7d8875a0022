use crate::{
    Content, INDEX_TABLES, ServiceTerms, TableId, TermsError,
    changes::{IndexChanges, RowChange},
    lock::{lock, read, write},
    records::Tip,
};
use std::{
    sync::{Arc, Mutex, RwLock},
    time::{Duration, Instant},
};
use tally_fcdsl::{Last, Search};
use tally_fcdsl_index::{DocumentError, Index};
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
#[derive(Debug)]
pub(crate) struct Published {
    state: RwLock<State>,
    weights: Mutex<Weights>,
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
struct State {
    tables: Vec<Index>,
    best: Option<Best>,
    service: Option<Txid>,
    own: Arc<OwnService>,
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

impl State {
    /// Puts a document into its table, or takes it out.
    ///
    /// A document that the index cannot hold, because of its size or of a number in it, is left out
    /// and told: nothing that somebody writes into the chain may stop the others' documents.
    fn put(&mut self, Document { table, id, text }: &Document) -> Result<(), DocumentError> {
        let index = &mut self.tables[table.position()];
        let Some(text) = text else {
            index.remove(id);
            return Ok(());
        };
        match index.put(text) {
            Ok(()) => Ok(()),
            Err(DocumentError::Full) => Err(DocumentError::Full),
            Err(
                error @ (DocumentError::Json(_) | DocumentError::NoId | DocumentError::TooLong),
            ) => {
                index.remove(id);
                let table = table.table().name;
                tracing::warn!(table, %id, %error, "a document cannot be searched");
                Ok(())
            }
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
        let tables = INDEX_TABLES.iter().map(|table| Index::new(&table.schema)).collect();
        let state = RwLock::new(State { tables, best: None, service, own: Arc::new(own) });
        Self { state, weights: Mutex::default() }
    }

    /// Adds documents while the directory is loaded.
    pub(crate) fn load(&self, documents: &[Document]) -> Result<(), DocumentError> {
        let mut state = write(&self.state);
        documents.iter().try_for_each(|document| state.put(document))
    }

    /// Says where the loaded documents are from.
    pub(crate) fn loaded(&self, tip: Option<Tip>, own: Option<&Entity>) {
        let mut state = write(&self.state);
        state.best = tip.map(Best::from);
        if let Some(sid) = state.service {
            state.own = Arc::new(own_service(sid, own));
        }
        drop(state);
        self.weigh();
    }

    /// Makes the changes of one step visible, all at once and together with the block they are of.
    pub(crate) fn publish(&self, changes: &IndexChanges, tip: Tip) -> Result<(), DocumentError> {
        let service = read(&self.state).service;
        let own_key = service.map(|sid| EntityKey::published(Kind::Service, &sid));
        let mut own = None;
        if let (Some(sid), Some(now)) =
            (service, own_key.as_ref().and_then(|key| changes.entities.get(key)))
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
        let mut state = write(&self.state);
        documents.iter().try_for_each(|document| state.put(document))?;
        state.best = Some(tip.into());
        if let Some(own) = own {
            state.own = own;
        }
        drop(state);
        self.weigh();
        Ok(())
    }

    pub(crate) fn search(&self, table: TableId, search: &Search) -> Answer {
        let state = read(&self.state);
        let page = state.tables[table.position()].search(search);
        Answer {
            total: page.total,
            ids: page.ids,
            documents: page.documents,
            last: page.last,
            best: state.best,
        }
    }

    pub(crate) fn document(&self, table: TableId, id: &str) -> Option<String> {
        read(&self.state).tables[table.position()].get(id)
    }

    pub(crate) fn best(&self) -> Option<Best> {
        read(&self.state).best
    }

    pub(crate) fn own(&self) -> Arc<OwnService> {
        Arc::clone(&read(&self.state).own)
    }

    /// Documents of each table.
    pub(crate) fn lengths(&self) -> Vec<u64> {
        read(&self.state).tables.iter().map(|index| index.len() as u64).collect()
    }

    /// About how much memory each table needs, in bytes, as of not long ago.
    pub(crate) fn bytes(&self) -> Vec<u64> {
        lock(&self.weights).bytes.clone()
    }

    fn weigh(&self) {
        let is_due = |measured: Instant| measured.elapsed() >= WEIGH_EVERY;
        if lock(&self.weights).measured.is_none_or(is_due) {
            let bytes = read(&self.state).tables.iter().map(|index| index.bytes() as u64).collect();
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
