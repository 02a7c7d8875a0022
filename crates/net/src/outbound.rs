use crate::{
    CloseCode, ConnectionId, Epoch, Limits, MESSAGE_BYTES_MAX, SendOutcome,
    frame::{put_acknowledge, put_message},
    sequence::{Sequence, Turn},
};
use bytes::{Bytes, BytesMut};
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};
use tokio::sync::Notify;

/// Bytes written to a stream at once. Large enough to fill many packets, small enough that an
/// acknowledgement does not wait behind much.
const BATCH_BYTES: usize = 32 * 1024;

/// The sending side of one connection, shared by the node's handle, which fills it, and the
/// connection's task, which empties it.
#[derive(Debug)]
pub(crate) struct Outbound {
    id: ConnectionId,
    peer_epoch: Epoch,
    queue: Mutex<Queue>,
    filled: Notify,
    evicted: Notify,
    evicted_for: OnceLock<CloseCode>,
}

impl Outbound {
    pub(crate) fn new(
        id: ConnectionId,
        peer_epoch: Epoch,
        sequence: Sequence,
        received: u64,
        limits: &Limits,
    ) -> Self {
        Self {
            id,
            peer_epoch,
            queue: Mutex::new(Queue::new(sequence, received, limits)),
            filled: Notify::new(),
            evicted: Notify::new(),
            evicted_for: OnceLock::new(),
        }
    }

    pub(crate) const fn id(&self) -> ConnectionId {
        self.id
    }

    /// Returns the epoch of the peer's messages on this connection.
    pub(crate) const fn peer_epoch(&self) -> Epoch {
        self.peer_epoch
    }

    pub(crate) fn push(&self, seq: u64, payload: Bytes) -> SendOutcome {
        let outcome = self.lock().push(seq, payload);
        if outcome == SendOutcome::Queued {
            self.filled.notify_one();
        }
        outcome
    }

    /// Makes the next batch acknowledge the peer's messages up to `seq`.
    pub(crate) fn acknowledge(&self, seq: u64) {
        if self.lock().acknowledge(seq) {
            self.filled.notify_one();
        }
    }

    /// Takes the peer's acknowledgement, and says whether it can be true and is news.
    pub(crate) fn take_acknowledgement(&self, seq: u64) -> Result<bool, NeverSent> {
        self.lock().take_acknowledgement(seq)
    }

    /// Moves what fits one write into `buffer`.
    pub(crate) fn take(&self, buffer: &mut BytesMut) -> Batch {
        self.lock().take(buffer)
    }

    /// Waits until there may be something to take. Cancel safe.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Asks the connection's task to end it.
    pub(crate) fn evict(&self, code: CloseCode) {
        // The first reason given stands.
        let _ = self.evicted_for.set(code);
        self.evicted.notify_one();
    }

    /// Waits until the connection must end and returns why. Cancel safe.
    pub(crate) async fn evicted(&self) -> CloseCode {
        loop {
            if let Some(code) = self.evicted_for.get() {
                return *code;
            }
            self.evicted.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No operation of the queue panics half-way.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A peer acknowledged a message it cannot have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NeverSent;

/// What went into one write.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) messages: u64,
    pub(crate) acknowledgements: u64,
    /// A message was refused before and now there is room.
    pub(crate) has_become_writable: bool,
}

#[derive(Debug)]
struct Queue {
    messages: VecDeque<(u64, Bytes)>,
    bytes: usize,
    messages_max: usize,
    bytes_max: usize,
    sequence: Sequence,
    has_refused: bool,
    /// The acknowledgement to send with the next batch.
    due: Option<u64>,
    /// The highest of the peer's messages we acknowledged.
    acknowledged: u64,
    /// The highest of our messages the peer acknowledged.
    peer_acknowledged: u64,
}

impl Queue {
    fn new(sequence: Sequence, received: u64, limits: &Limits) -> Self {
        Self {
            messages: VecDeque::new(),
            bytes: 0,
            messages_max: limits.send_queue_messages.max(1),
            bytes_max: limits.send_queue_bytes,
            sequence,
            has_refused: false,
            due: None,
            acknowledged: 0,
            peer_acknowledged: received,
        }
    }

    fn push(&mut self, seq: u64, payload: Bytes) -> SendOutcome {
        match self.sequence.turn(seq) {
            Turn::Before => return SendOutcome::AlreadySent,
            Turn::Gap { expected } => return SendOutcome::Gap { expected },
            Turn::Next => {}
        }
        if payload.len() > MESSAGE_BYTES_MAX {
            return SendOutcome::TooLong;
        }
        let is_full = self.messages.len() >= self.messages_max
            || self.bytes.saturating_add(payload.len()) > self.bytes_max;
        if is_full && !self.messages.is_empty() {
            self.has_refused = true;
            return SendOutcome::QueueFull;
        }
        self.sequence.advance(seq);
        self.bytes += payload.len();
        self.messages.push_back((seq, payload));
        SendOutcome::Queued
    }

    fn acknowledge(&mut self, seq: u64) -> bool {
        let is_news = seq > self.acknowledged;
        if is_news {
            self.acknowledged = seq;
            self.due = Some(seq);
        }
        is_news
    }

    fn take_acknowledgement(&mut self, seq: u64) -> Result<bool, NeverSent> {
        if seq <= self.peer_acknowledged {
            return Ok(false);
        }
        if self.sequence.last().is_none_or(|last| seq > last) {
            return Err(NeverSent);
        }
        self.peer_acknowledged = seq;
        Ok(true)
    }

    fn take(&mut self, buffer: &mut BytesMut) -> Batch {
        let mut batch = Batch::default();
        if let Some(seq) = self.due.take() {
            put_acknowledge(buffer, seq);
            batch.acknowledgements = 1;
        }
        while buffer.len() < BATCH_BYTES
            && let Some((seq, payload)) = self.messages.pop_front()
        {
            self.bytes -= payload.len();
            put_message(buffer, seq, &payload);
            batch.messages += 1;
        }
        let has_room =
            self.messages.len() <= self.messages_max / 2 && self.bytes <= self.bytes_max / 2;
        if self.has_refused && has_room {
            self.has_refused = false;
            batch.has_become_writable = true;
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Received;

    fn queue(messages_max: usize, bytes_max: usize) -> Queue {
        let limits = Limits {
            send_queue_messages: messages_max,
            send_queue_bytes: bytes_max,
            ..Limits::default()
        };
        Queue::new(Sequence::new(Epoch(1), Received::default()), 0, &limits)
    }

    fn push(queue: &mut Queue, seq: u64) -> SendOutcome {
        queue.push(seq, Bytes::from_static(b"0123456789"))
    }

    /// Goal: after a refusal nothing later slips in, and the node is told once when to go on.
    #[test]
    fn a_full_queue_refuses_until_it_was_emptied_and_leaves_no_gap() {
        let mut queue = queue(4, 1000);
        for seq in 1..=4 {
            assert_eq!(push(&mut queue, seq), SendOutcome::Queued);
        }
        assert_eq!(push(&mut queue, 5), SendOutcome::QueueFull);
        assert_eq!(push(&mut queue, 6), SendOutcome::Gap { expected: 5 });
        assert_eq!(push(&mut queue, 4), SendOutcome::AlreadySent);
        let mut buffer = BytesMut::new();
        let batch = queue.take(&mut buffer);
        assert_eq!(batch, Batch { messages: 4, acknowledgements: 0, has_become_writable: true });
        assert_eq!(push(&mut queue, 6), SendOutcome::Gap { expected: 5 });
        assert_eq!(push(&mut queue, 5), SendOutcome::Queued);
        assert!(!queue.take(&mut buffer).has_become_writable);
    }

    #[test]
    fn bytes_are_bounded_but_any_message_fits_an_empty_queue() {
        let mut queue = queue(100, 15);
        let long = Bytes::from(vec![0; MESSAGE_BYTES_MAX]);
        assert_eq!(queue.push(1, long.clone()), SendOutcome::Queued);
        assert_eq!(push(&mut queue, 2), SendOutcome::QueueFull);
        queue.take(&mut BytesMut::new());
        assert_eq!(push(&mut queue, 2), SendOutcome::Queued);
        let longer = Bytes::from(vec![0; MESSAGE_BYTES_MAX + 1]);
        assert_eq!(queue.push(3, longer), SendOutcome::TooLong);
    }

    #[test]
    fn batches_are_bounded() {
        let mut queue = queue(100, 1 << 30);
        for seq in 1..=3 {
            let payload = Bytes::from(vec![0; BATCH_BYTES / 2]);
            assert_eq!(queue.push(seq, payload), SendOutcome::Queued);
        }
        assert_eq!(queue.take(&mut BytesMut::new()).messages, 2);
        assert_eq!(queue.take(&mut BytesMut::new()).messages, 1);
    }

    #[test]
    fn acknowledgements_are_cumulative_and_sent_once() {
        let mut queue = queue(4, 1000);
        assert!(queue.acknowledge(3));
        assert!(queue.acknowledge(9));
        assert!(!queue.acknowledge(9));
        let mut buffer = BytesMut::new();
        assert_eq!(queue.take(&mut buffer).acknowledgements, 1);
        assert_eq!(buffer[..], [0, 0, 0, 9, 3, 0, 0, 0, 0, 0, 0, 0, 9]);
        buffer.clear();
        assert_eq!(queue.take(&mut buffer), Batch::default());
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_peer_cannot_acknowledge_what_was_never_sent() {
        let mut queue = queue(4, 1000);
        assert_eq!(queue.take_acknowledgement(1), Err(NeverSent));
        assert_eq!(push(&mut queue, 1), SendOutcome::Queued);
        assert_eq!(queue.take_acknowledgement(1), Ok(true));
        assert_eq!(queue.take_acknowledgement(1), Ok(false));
        assert_eq!(queue.take_acknowledgement(2), Err(NeverSent));
    }
}
