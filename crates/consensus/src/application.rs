use crate::{Digest, Handle};
use bytes::Bytes;
use tally_crypto::ed25519::PublicKey;

/// What a federation orders payloads for: one replica of a deterministic state machine.
///
/// The methods block. The adapter runs them away from the threads that carry messages and timers,
/// so each may take tens of milliseconds; a leader that needs longer than [`Timing::leader_ms`]
/// loses its turn.
///
/// # Requirements
/// * *One at a time.* `propose`, `verify` and `finalized` are never called at the same time.
///   `received` may run beside them, but not beside itself.
/// * *Agreement.* `verify` is a function of its arguments and of the state that the finalised
///   payloads made: every honest node answers the same. No clocks, no configuration of one node.
/// * *Own proposals.* What `propose` returns would pass this node's own `verify` with the same
///   ancestry; it is not asked again.
/// * *Durability.* When `finalized` returns, a crash does not undo it.
/// * *Panics.* A method that panics stops the engine of this node (see [`Status::is_running`]);
///   nothing is acknowledged that was not done.
///
/// [`Timing::leader_ms`]: crate::Timing::leader_ms
/// [`Status::is_running`]: crate::Status::is_running
pub trait Application: Send + Sync + 'static {
    /// Is given the handle of the engine, once for every start and before any other call.
    fn started(&self, handle: Handle) {
        drop(handle);
    }

    /// Makes the payload that follows `ancestry`, or nothing when there is nothing to order.
    ///
    /// After `None` it is asked again when [`Handle::wake`] is called, until the turn of this node
    /// as leader ends. A payload is 1 to [`Config::payload_bytes_max`] bytes long; another one is
    /// dropped with an error in the log.
    ///
    /// [`Config::payload_bytes_max`]: crate::Config::payload_bytes_max
    fn propose(&self, ancestry: &Ancestry) -> Option<Bytes>;

    /// Says whether `payload` may follow `ancestry`.
    ///
    /// The node votes for a proposal only after `true`. A payload with a `false` from more than a
    /// third of the federation never becomes final.
    fn verify(&self, ancestry: &Ancestry, payload: &Bytes) -> bool;

    /// Takes the payload that is final at `height` (the first is 1) and makes it durable.
    ///
    /// In the order of heights, without gaps, at least once: after a crash the last ones may be
    /// repeated, and are to be ignored.
    fn finalized(&self, height: u64, payload: Bytes);

    /// Takes a message that `from` sent over the side channel; see [`Handle::send`].
    fn received(&self, from: PublicKey, message: Bytes);

    /// Returns the height of the last payload made durable, 0 when there is none.
    fn finalized_height(&self) -> u64;
}

/// What a payload follows: a final prefix and what was proposed on top of it.
///
/// The final prefix is exactly what [`Application::finalized`] was called with until now, so the
/// state to check a payload against is the stored state plus [`pending`](Self::pending).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ancestry {
    finalized_height: u64,
    finalized: Digest,
    pending: Vec<Bytes>,
}

impl Ancestry {
    /// Puts an ancestry together; `pending` oldest first.
    pub const fn new(finalized_height: u64, finalized: Digest, pending: Vec<Bytes>) -> Self {
        Self { finalized_height, finalized, pending }
    }

    /// Returns the height of the last final payload, 0 when there is none.
    pub const fn finalized_height(&self) -> u64 {
        self.finalized_height
    }

    /// Returns the digest of the last final block. It covers all of its ancestors.
    pub const fn finalized(&self) -> Digest {
        self.finalized
    }

    /// Returns the payloads between the final prefix and the new one, oldest first. The first has
    /// the height `finalized_height() + 1`.
    pub fn pending(&self) -> &[Bytes] {
        &self.pending
    }

    /// Returns the height that the new payload has.
    pub fn height(&self) -> u64 {
        self.pending.iter().fold(self.finalized_height + 1, |height, _| height + 1)
    }
}
