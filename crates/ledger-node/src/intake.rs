//! What waits to be checked. Threads that check take from it as soon as they are free, so nothing
//! waits for a batch to fill, and batches grow by themselves while all are busy.

use crate::{
    Limits, PostError, Posted,
    lock::lock,
    posted::{Answer, InFlight},
};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};
use tally_crypto::ed25519::PublicKey;
use tokio::sync::oneshot;

/// Posts that are checked together: as many signatures as share one equation. Larger batches verify
/// no faster, and the first of a batch waits for the last.
const BATCH_MAX: usize = 256;

/// Bytes of peers' messages from which no further one is checked together with them: some hundred
/// transactions. Those of a small message alone would not share an equation with enough others.
const GOSSIP_BATCH_BYTES: usize = 256 * 1024;

/// Messages of peers that may wait; at most a megabyte each. Those above are dropped: their
/// transactions are safe with the node that accepted them.
const GOSSIP_MAX: usize = 64;

/// When to try again after [`PostError::Busy`]: a block's time.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Something to check.
#[derive(Debug)]
pub(crate) enum Work {
    /// Posts of clients.
    Posts(Vec<Post>),
    /// Messages with transactions that peers accepted; at least one.
    Gossip(Vec<(PublicKey, Bytes)>),
}

/// A post that nobody has looked at.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) text: Bytes,
    pub(crate) answer: Answer,
}

/// What waits to be checked.
#[derive(Debug)]
pub(crate) struct Intake {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    in_flight: Arc<InFlight>,
    limits: Limits,
    /// How many threads take from it.
    checkers: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    posts: VecDeque<Post>,
    gossip: VecDeque<(PublicKey, Bytes)>,
    is_closed: bool,
}

impl Intake {
    pub(crate) fn new(limits: Limits, checkers: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            in_flight: Arc::default(),
            limits,
            checkers,
        }
    }

    /// Returns how many posts are on their way to an answer.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.posts()
    }

    /// Takes a post in, if there is room.
    ///
    /// # Errors
    ///
    /// [`PostError::Busy`], [`PostError::Stopping`].
    pub(crate) fn post(
        &self,
        text: Bytes,
    ) -> Result<oneshot::Receiver<Result<Posted, PostError>>, PostError> {
        let Limits { posts, posts_bytes, .. } = self.limits;
        let load = self.in_flight.take(text.len(), posts, posts_bytes).ok_or_else(busy)?;
        let (answer, receiver) = Answer::new(load);
        let mut waiting = lock(&self.waiting);
        if waiting.is_closed {
            return Err(PostError::Stopping);
        }
        waiting.posts.push_back(Post { text, answer });
        drop(waiting);
        self.arrived.notify_one();
        Ok(receiver)
    }

    /// Takes a peer's message in, if there is room.
    pub(crate) fn gossip(&self, from: PublicKey, message: Bytes) {
        let mut waiting = lock(&self.waiting);
        if waiting.is_closed || waiting.gossip.len() >= GOSSIP_MAX {
            return;
        }
        waiting.gossip.push_back((from, message));
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Waits for something to check; `None` when there will be nothing any more. Clients come
    /// before peers, and what waits is shared among the threads that check.
    pub(crate) fn take(&self) -> Option<Work> {
        let is_idle = |waiting: &mut Waiting| {
            waiting.posts.is_empty() && waiting.gossip.is_empty() && !waiting.is_closed
        };
        let waiting = self.arrived.wait_while(lock(&self.waiting), is_idle);
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if !waiting.posts.is_empty() {
            let count = waiting.posts.len().div_ceil(self.checkers).min(BATCH_MAX);
            return Some(Work::Posts(waiting.posts.drain(..count).collect()));
        }
        let mut gossip = vec![waiting.gossip.pop_front()?];
        let mut bytes = gossip[0].1.len();
        while bytes < GOSSIP_BATCH_BYTES
            && let Some((from, message)) = waiting.gossip.pop_front()
        {
            bytes += message.len();
            gossip.push((from, message));
        }
        Some(Work::Gossip(gossip))
    }

    /// Drops what waits and what nobody will take any more; who waits for an answer is told that the
    /// node stops.
    pub(crate) fn clear(&self) {
        let mut waiting = lock(&self.waiting);
        waiting.posts.clear();
        waiting.gossip.clear();
    }

    /// Refuses what comes from now on; what waits is still taken.
    pub(crate) fn close(&self) {
        lock(&self.waiting).is_closed = true;
        self.arrived.notify_all();
    }
}

/// The answer of a node that has too much to do.
pub(crate) const fn busy() -> PostError {
    PostError::Busy { retry_after: RETRY_AFTER }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intake(checkers: usize) -> Intake {
        Intake::new(Limits { posts: 5, ..Limits::default() }, checkers)
    }

    fn count(work: Option<Work>) -> usize {
        match work {
            Some(Work::Posts(posts)) => posts.len(),
            Some(Work::Gossip(_)) | None => 0,
        }
    }

    /// Goal: a lone post is taken at once and alone; a crowd is shared among the threads.
    #[test]
    fn what_waits_is_shared() {
        let intake = intake(2);
        let answers: Vec<_> = (0..5).map(|_| intake.post(Bytes::new()).unwrap()).collect();
        assert!(matches!(intake.post(Bytes::new()), Err(PostError::Busy { .. })));
        assert_eq!([(); 3].map(|()| count(intake.take())), [3, 1, 1]);
        assert_eq!(answers.len(), 5);
    }

    #[test]
    fn a_closed_intake_is_emptied_and_refuses() {
        let intake = intake(1);
        let answer = intake.post(Bytes::new()).unwrap();
        intake.gossip(PublicKey::from_bytes([1; 32]), Bytes::new());
        intake.close();
        assert!(matches!(intake.post(Bytes::new()), Err(PostError::Stopping)));
        assert_eq!(count(intake.take()), 1);
        assert!(matches!(intake.take(), Some(Work::Gossip(_))));
        assert!(intake.take().is_none());
        drop(answer);
    }

    /// Goal: small messages are checked together, and no more than a bound and one message.
    #[test]
    fn messages_of_peers_are_checked_together() {
        let intake = intake(1);
        let mut arrive = |bytes: usize| {
            intake.gossip(PublicKey::from_bytes([1; 32]), Bytes::from(vec![0; bytes]));
        };
        [10, GOSSIP_BATCH_BYTES, 10].into_iter().for_each(&mut arrive);
        for expected in [vec![10, GOSSIP_BATCH_BYTES], vec![10]] {
            let Some(Work::Gossip(messages)) = intake.take() else { panic!("there is more") };
            let bytes: Vec<usize> = messages.iter().map(|(_, message)| message.len()).collect();
            assert_eq!(bytes, expected);
        }
    }

    #[test]
    fn a_flood_of_peers_is_dropped() {
        let intake = intake(1);
        for _ in 0..=GOSSIP_MAX {
            intake.gossip(PublicKey::from_bytes([1; 32]), Bytes::new());
        }
        assert_eq!(lock(&intake.waiting).gossip.len(), GOSSIP_MAX);
    }
}
