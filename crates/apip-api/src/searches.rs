//! Where searches run: none of them may keep the others, or anything else, from being answered.

use std::{sync::Arc, time::Duration};
use tally_apip_node::{Answer, Directory, IndexTable, TableId};
use tally_fcdsl::{Block, Check, Clause, Kind, Order, Search, Sort, Target, Test};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task, time,
};

/// Searches of an ordinary price that run at once: so many that processors are the limit, and so
/// few that threads are none.
const PLAIN_AT_ONCE: usize = 64;

/// Dear searches that run at once, see [`Weight::Dear`].
const DEAR_AT_ONCE: usize = 2;

/// Searches of a kind that wait for a place; further ones are refused at once, so that those that
/// wait leave room for other requests: half of what `tally_http` carries out at a time.
const IN_LINE: usize = tally_http::REQUESTS_MAX / 2;

/// How long a search waits for a place.
const WAIT: Duration = Duration::from_secs(5);

/// What a search costs, as far as can be told without carrying it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Some documents by their ids, or values are looked up and a page is read in the table's usual
    /// order: about as much as handing it to another thread.
    Light,
    /// The same in another order, in which what was found may lie far apart.
    Plain,
    /// All the values of a field may have to be looked at: parts and ranges of texts, and orders of
    /// what the schema does not name.
    Dear,
}

impl Weight {
    pub(crate) fn of(search: &Search, table: &IndexTable) -> Self {
        let schema = &table.schema;
        if search.ids.is_some() {
            return Self::Light;
        }
        let blocks = [&search.query, &search.filter, &search.except];
        let is_dear_sort =
            search.sort.iter().any(|sort| matches!(sort.target, Target::Leaf { .. }));
        if is_dear_sort || blocks.into_iter().any(|block| is_dear(block, schema)) {
            Self::Dear
        } else if is_usual(search, table) {
            Self::Light
        } else {
            Self::Plain
        }
    }
}

/// Says whether a search is in the order of those that name none.
fn is_usual(search: &Search, table: &IndexTable) -> bool {
    let IndexTable { schema, default_sort, .. } = table;
    let is_same = |(column, (name, order)): (&Sort, &(&str, Order))| {
        column.order == *order && column.target == schema.resolve(name)
    };
    search.sort.is_empty()
        || search.sort.len() == default_sort.len()
            && search.sort.iter().zip(*default_sort).all(is_same)
}

fn is_dear(block: &Block, schema: &tally_fcdsl::Schema) -> bool {
    let is_dear = |test: &Test| match &test.check {
        Check::Part(_) => true,
        Check::Range(_) => match schema.kind(&test.target) {
            Some(Kind::Keyword | Kind::Text | Kind::Object) => true,
            Some(Kind::Long | Kind::Float | Kind::Boolean) | None => false,
        },
        Check::Present
        | Check::Texts(_)
        | Check::Longs(_)
        | Check::Floats(_)
        | Check::Booleans(_) => false,
    };
    block.clauses.iter().any(|clause| match clause {
        Clause::Any(tests) | Clause::All(tests) | Clause::None(tests) => tests.iter().any(is_dear),
    })
}

/// There are more searches than can be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSearched {
    #[error("too many searches at a time; ask again in some seconds")]
    Busy,
    #[error("the search failed")]
    Failed,
}

/// The places where searches run.
#[derive(Debug)]
pub(crate) struct Searches {
    plain: Places,
    dear: Places,
}

/// Places of one kind, and the line before them.
#[derive(Debug)]
struct Places {
    places: Arc<Semaphore>,
    line: Semaphore,
    wait: Duration,
}

impl Default for Searches {
    fn default() -> Self {
        Self {
            plain: Places::new(PLAIN_AT_ONCE, IN_LINE, WAIT),
            dear: Places::new(DEAR_AT_ONCE, IN_LINE, WAIT),
        }
    }
}

impl Searches {
    /// Carries out a search without holding up the thread that answers requests.
    pub(crate) async fn run(
        &self,
        directory: &Arc<Directory>,
        table: TableId,
        search: Search,
    ) -> Result<Answer, NotSearched> {
        let places = match Weight::of(&search, table.table()) {
            Weight::Light => {
                // Even a short look at the tables may have to wait for them.
                if let Some(answer) = directory.try_search(table, &search) {
                    return Ok(answer);
                }
                &self.plain
            }
            Weight::Plain => &self.plain,
            Weight::Dear => &self.dear,
        };
        let directory = Arc::clone(directory);
        places.run(move || directory.search(table, &search)).await
    }
}

impl Places {
    fn new(places: usize, line: usize, wait: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), line: Semaphore::new(line), wait }
    }

    /// Runs what may take long on a thread of its own, as soon as there is a place.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotSearched> {
        let place = self.place().await?;
        let work = move || {
            let done = work();
            // Held until the work is done, also if nobody waits for it any more.
            drop(place);
            done
        };
        task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "a search failed");
            NotSearched::Failed
        })
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, NotSearched> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _in_line = self.line.try_acquire().map_err(|_| NotSearched::Busy)?;
        let place = time::timeout(self.wait, Arc::clone(&self.places).acquire_owned()).await;
        // The semaphore is never closed.
        place.map_err(|_| NotSearched::Busy)?.map_err(|_| NotSearched::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::sync::mpsc;
    use tally_apip_node::Content;
    use tally_fcdsl::{Forced, Rules};
    use tally_feip::Kind as Family;

    fn weight(fcdsl: &Value) -> Weight {
        let table = TableId::of(Family::Service, Content::History).table();
        let IndexTable { schema, default_sort, .. } = table;
        let rules = Rules { schema, default_sort, forced: Forced::None, needs_ids: false };
        Weight::of(&Search::parse(Some(fcdsl), &rules).unwrap(), table)
    }

    #[test]
    fn what_may_look_at_all_values_is_dear() {
        let range = |field: &str| json!({ "range": { "fields": [field], "gte": "1" } });
        let part = json!({ "part": { "fields": ["txId"], "value": "ab" } });
        for (fcdsl, expected) in [
            (json!({ "ids": ["x"] }), Weight::Light),
            (json!({}), Weight::Light),
            (json!({ "sort": [] }), Weight::Light),
            (json!({ "sort": [{ "field": "height" }] }), Weight::Plain),
            (json!({ "sort": [{ "field": "height" }, { "field": "index" }] }), Weight::Light),
            (
                json!({ "sort": [{ "field": "height", "order": "asc" }, { "field": "index" }] }),
                Weight::Plain,
            ),
            (json!({ "sort": [{ "field": "index" }, { "field": "height" }] }), Weight::Plain),
            (json!({ "query": range("height") }), Weight::Light),
            (json!({ "query": range("nothing") }), Weight::Light),
            (json!({ "query": { "terms": { "fields": ["op"], "values": ["x"] } } }), Weight::Light),
            (json!({ "except": range("txId") }), Weight::Dear),
            (json!({ "query": range("params.a") }), Weight::Dear),
            (json!({ "filter": part }), Weight::Dear),
            (json!({ "sort": [{ "field": "params.currency.keyword" }] }), Weight::Dear),
        ] {
            assert_eq!(weight(&fcdsl), expected, "{fcdsl}");
        }
    }

    /// Goal: searches that take for ever leave the thread to others, and their own kind is refused
    /// after a while. Method: one place, taken by work that waits for the test; one thread.
    #[tokio::test]
    async fn a_search_that_takes_long_holds_up_its_kind_only() {
        let wait = Duration::from_millis(50);
        let places = Arc::new(Places::new(1, 1, wait));
        let (release, held) = mpsc::channel::<()>();
        let (began, begins) = tokio::sync::oneshot::channel();
        let own = Arc::clone(&places);
        let long = tokio::spawn(async move {
            own.run(move || {
                began.send(()).unwrap();
                held.recv().unwrap();
            })
            .await
        });
        begins.await.unwrap();
        let (one, two) = tokio::join!(places.run(|| ()), places.run(|| ()));
        // One of them waited in line in vain, for the other there was no room in it.
        assert!(matches!((one, two), (Err(NotSearched::Busy), Err(NotSearched::Busy))));
        assert_eq!(places.line.available_permits(), 1, "who gave up has left the line");
        // Whoever asked goes away; the place is taken until the work ends.
        long.abort();
        assert!(long.await.unwrap_err().is_cancelled());
        assert!(matches!(places.run(|| ()).await, Err(NotSearched::Busy)));
        let waiting = Places { wait: Duration::from_secs(60), ..Places::new(0, 1, wait) };
        let waiting = Places { places: Arc::clone(&places.places), ..waiting };
        release.send(()).unwrap();
        assert_eq!(waiting.run(|| 7).await.unwrap(), 7, "then the next one has it");
        let panicked = places.run(|| panic!("on purpose")).await;
        assert!(matches!(panicked, Err::<(), _>(NotSearched::Failed)));
        assert_eq!(places.run(|| 8).await.unwrap(), 8, "a fault does not lose the place");
    }
}
