use crate::{MESSAGE_BYTES_MAX, SendError};
use bytes::Bytes;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tally_crypto::ed25519::PublicKey;
use tokio::sync::{mpsc, watch};

/// Messages of the side channel that may wait to be sent: a burst of a second at the rate that a
/// peer accepts.
const OUTBOX_MESSAGES: usize = 1024;

/// Speaks to a running engine, from any thread. Clones are cheap and mean the same engine.
///
/// After the engine has stopped, `wake` has no effect, messages are refused, and `status` says so.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    key: PublicKey,
    wakes: watch::Sender<u64>,
    outbox: mpsc::Sender<Outgoing>,
    progress: Mutex<Progress>,
}

/// What [`Status`] is made of.
#[derive(Debug, Default)]
struct Progress {
    status: Status,
    /// The heights, among all blocks, of the last final one and of the last delivered one.
    tip: u64,
    delivered: u64,
}

/// A message for the side channel.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// Whom to send it to; all when `None`.
    pub(crate) to: Option<PublicKey>,
    pub(crate) message: Bytes,
}

/// How the engine is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether the engine runs. When it is `false` without [`stop`](crate::Consensus::stop), the
    /// engine failed: the log says why, and the process should end.
    pub is_running: bool,
    /// The view (turn of a leader) that the node saw last.
    pub view: u64,
    /// The height of the last payload that the application made durable.
    pub finalized_height: u64,
    /// How many blocks are known to be final and are not with the application yet. More than a few
    /// while the node catches up.
    pub behind: u64,
    /// Whether the application has more payloads than the engine knows of: the engine's folder was
    /// lost, or the application's data is from elsewhere. Until the engine has fetched them from
    /// peers the node has no part in the federation, and if no peer has them it stays so.
    pub is_ahead: bool,
    /// The peers that are connected, in the order of their keys.
    pub connected: Vec<PublicKey>,
}

impl Handle {
    /// Makes a handle, and what its messages come out of.
    pub(crate) fn new(key: PublicKey) -> (Self, mpsc::Receiver<Outgoing>) {
        let (outbox, outgoing) = mpsc::channel(OUTBOX_MESSAGES);
        let progress = Mutex::new(Progress::default());
        let wakes = watch::Sender::new(0);
        (Self(Arc::new(Shared { key, wakes, outbox, progress })), outgoing)
    }

    /// Returns the key of this node.
    pub fn key(&self) -> PublicKey {
        self.0.key
    }

    /// Says that there may be something to propose. If this node leads and waits, the application
    /// is asked at once. Cheap; calls that come together count as one.
    pub fn wake(&self) {
        self.0.wakes.send_modify(|wakes| *wakes = wakes.wrapping_add(1));
    }

    /// Sends a message to all connected participants, best effort: it may be lost and it may be
    /// overtaken, but it is never altered and never given to anybody else.
    ///
    /// # Errors
    /// [`SendError`]; then nothing is sent.
    pub fn broadcast(&self, message: Bytes) -> Result<(), SendError> {
        self.put(None, message)
    }

    /// Sends a message to one participant, best effort as [`broadcast`](Self::broadcast). Somebody
    /// else than a participant is never connected.
    ///
    /// # Errors
    /// [`SendError`]; then nothing is sent.
    pub fn send(&self, to: PublicKey, message: Bytes) -> Result<(), SendError> {
        self.put(Some(to), message)
    }

    /// Returns how the engine is doing.
    pub fn status(&self) -> Status {
        let progress = self.progress();
        let behind = progress.tip.saturating_sub(progress.delivered);
        Status { behind, ..progress.status.clone() }
    }

    /// Changes what [`status`](Self::status) says.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.progress().status);
    }

    /// Notes that the block at `height` is final.
    pub(crate) fn tip_is(&self, height: u64) {
        let mut progress = self.progress();
        progress.tip = progress.tip.max(height);
    }

    /// Notes that the application has the block at `height`, and that it calls it `number`.
    pub(crate) fn stands_at(&self, height: u64, number: u64) {
        let mut progress = self.progress();
        progress.delivered = height;
        progress.status.is_ahead = false;
        progress.status.finalized_height = number;
    }

    /// Returns the height, among all blocks, of the last one that the application has.
    #[cfg(all(test, feature = "simulation"))]
    pub(crate) fn delivered(&self) -> u64 {
        self.progress().delivered
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what becomes different when [`wake`](Self::wake) is called.
    pub(crate) fn wakes(&self) -> watch::Receiver<u64> {
        self.0.wakes.subscribe()
    }

    fn put(&self, to: Option<PublicKey>, message: Bytes) -> Result<(), SendError> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(SendError::TooLong { bytes: message.len() });
        }
        self.0.outbox.try_send(Outgoing { to, message }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SendError::Full,
            mpsc::error::TrySendError::Closed(_) => SendError::Stopped,
        })
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("key", &self.0.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages wait in a bounded queue, and are refused when it is full and when the engine is
    /// gone.
    #[test]
    fn bounded_queue() {
        let (handle, outgoing) = Handle::new(PublicKey::from_bytes([1; 32]));
        for _ in 0..OUTBOX_MESSAGES {
            handle.broadcast(Bytes::new()).unwrap();
        }
        assert_eq!(handle.broadcast(Bytes::new()), Err(SendError::Full));
        drop(outgoing);
        assert_eq!(handle.send(handle.key(), Bytes::new()), Err(SendError::Stopped));
    }

    /// What is missing is counted in blocks, and never less than nothing.
    #[test]
    fn behind() {
        let (handle, _outgoing) = Handle::new(PublicKey::from_bytes([1; 32]));
        handle.tip_is(7);
        handle.stands_at(3, 2);
        handle.tip_is(6);
        assert_eq!((handle.status().behind, handle.status().finalized_height), (4, 2));
        handle.stands_at(8, 5);
        assert_eq!((handle.status().behind, handle.status().finalized_height), (0, 5));
    }
}
