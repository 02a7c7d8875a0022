use crate::{CONNECTION_EVICTION_GRACE, seldom::Seldom};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How long a new connection waits for a place before the next idle one is asked to go.
const EVICTION_INTERVAL: Duration = Duration::from_millis(50);

/// The connections that a server has. If all places are taken, the one that has been idle for the
/// longest goes, so that strangers who only hold connections open keep nobody out.
#[derive(Debug)]
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    held: Mutex<Held>,
    evicted: Seldom,
}

#[derive(Debug, Default)]
struct Held {
    entered: u64,
    by_number: BTreeMap<u64, Activity>,
}

/// What a connection does.
#[derive(Debug)]
struct Activity {
    /// Since when no request is carried out; `None` while one is, or if it is going already.
    idle_since: Option<Instant>,
    is_leaving: bool,
    leave: Arc<Notify>,
}

impl Connections {
    pub(crate) fn new(max: usize) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(max));
        Arc::new(Self { places, held: Mutex::default(), evicted: Seldom::default() })
    }

    /// Waits for a place. Cancel safe.
    pub(crate) async fn enter(self: &Arc<Self>) -> Place {
        let mut permit = Arc::clone(&self.places).try_acquire_owned().ok();
        let permit = loop {
            match permit {
                Some(permit) => break permit,
                None => self.evict(),
            }
            let waiting = Arc::clone(&self.places).acquire_owned();
            let waited = tokio::time::timeout(EVICTION_INTERVAL, waiting).await;
            permit = waited.ok().map(|permit| permit.expect("the semaphore is never closed"));
        };
        let leave = Arc::new(Notify::new());
        let mut held = self.held();
        let number = held.entered;
        held.entered += 1;
        let idle_since = Some(Instant::now());
        let activity = Activity { idle_since, is_leaving: false, leave: Arc::clone(&leave) };
        held.by_number.insert(number, activity);
        drop(held);
        Place { connections: Arc::clone(self), number, leave, _permit: permit }
    }

    /// Asks the connection to go that has been idle for the longest, if one is.
    fn evict(&self) {
        let mut held = self.held();
        let idle = held.by_number.values_mut().filter(|activity| !activity.is_leaving);
        let longest = idle.filter(|activity| activity.idle_since.is_some());
        let Some(activity) = longest.min_by_key(|activity| activity.idle_since) else { return };
        activity.is_leaving = true;
        activity.leave.notify_one();
        drop(held);
        if let Some(connections) = self.evicted.count(Instant::now()) {
            tracing::warn!(
                connections,
                "idle connections were closed to let others in: all places are taken"
            );
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Arc<Connections>,
    number: u64,
    leave: Arc<Notify>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Waits until the connection is to go. Cancel safe.
    pub(crate) async fn told_to_leave(&self) {
        self.leave.notified().await;
    }

    /// Waits until a connection that is to go has had time to end well.
    pub(crate) async fn must_be_gone(&self) {
        loop {
            tokio::time::sleep(CONNECTION_EVICTION_GRACE).await;
            let held = self.connections.held();
            let activity = held.by_number.get(&self.number);
            // A request that came at the last moment is still answered.
            if activity.is_none_or(|activity| activity.idle_since.is_some()) {
                return;
            }
        }
    }

    /// Notes that a request is carried out, until the value is dropped.
    pub(crate) fn work(self: &Arc<Self>) -> Work {
        self.note(None);
        Work(Arc::clone(self))
    }

    fn note(&self, idle_since: Option<Instant>) {
        if let Some(activity) = self.connections.held().by_number.get_mut(&self.number) {
            activity.idle_since = idle_since;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.held().by_number.remove(&self.number);
    }
}

/// A request that is carried out.
#[derive(Debug)]
pub(crate) struct Work(Arc<Place>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.note(Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the longest idle one goes, and none that works.
    #[tokio::test]
    async fn the_longest_idle_connection_makes_room() {
        let connections = Connections::new(3);
        let working = Arc::new(connections.enter().await);
        let (idle, fresh) = (connections.enter().await, connections.enter().await);
        let _work = working.work();
        let entering = Arc::clone(&connections);
        let next = tokio::spawn(async move { entering.enter().await });
        idle.told_to_leave().await;
        let leaving = || -> Vec<u64> {
            let held = connections.held();
            held.by_number.iter().filter(|(_, one)| one.is_leaving).map(|(n, _)| *n).collect()
        };
        assert_eq!(leaving(), [idle.number], "the first to be asked");
        drop(idle);
        let next = next.await.unwrap();
        assert!(!leaving().contains(&working.number), "{:?}", leaving());
        drop((next, fresh));
        assert_eq!(connections.held().by_number.len(), 1);
    }
}
