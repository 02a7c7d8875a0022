//! A queue from one thread to one task, bounded by the memory that its items take.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// The other side is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

/// The writer blocks its thread while the queue is full; the reader awaits.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    /// For the writer: there is room again, or nobody reads any more.
    room: Condvar,
    /// For the reader: there is an item, or nobody writes any more.
    news: Notify,
    weight_max: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<(T, usize)>,
    weight: usize,
    is_closed: bool,
}

impl<T> Queue<T> {
    /// Makes a queue that takes items while it holds less than `weight_max`: an item that weighs
    /// more is taken when the queue is empty.
    pub(crate) fn new(weight_max: usize) -> Self {
        let state = State { items: VecDeque::new(), weight: 0, is_closed: false };
        Self { state: Mutex::new(state), room: Condvar::new(), news: Notify::new(), weight_max }
    }

    /// Waits for room and puts an item into the queue.
    pub(crate) fn push(&self, item: T, weight: usize) -> Result<(), Closed> {
        let mut state = self.lock();
        while !state.is_closed && state.weight > 0 && state.weight + weight > self.weight_max {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_closed {
            return Err(Closed);
        }
        state.items.push_back((item, weight));
        state.weight += weight;
        drop(state);
        self.news.notify_one();
        Ok(())
    }

    /// Waits for an item. What was put in before the queue was closed still comes. Cancel safe:
    /// the item is taken in the last step.
    pub(crate) async fn pop(&self) -> Result<T, Closed> {
        loop {
            let notified = self.news.notified();
            if let Some(outcome) = self.try_pop() {
                return outcome;
            }
            notified.await;
        }
    }

    fn try_pop(&self) -> Option<Result<T, Closed>> {
        let mut state = self.lock();
        let Some((item, weight)) = state.items.pop_front() else {
            return state.is_closed.then_some(Err(Closed));
        };
        state.weight -= weight;
        drop(state);
        self.room.notify_one();
        Some(Ok(item))
    }

    /// Waits on the writer's side: until the time is over, or nobody reads any more.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Closed> {
        let end = Instant::now() + time;
        let mut state = self.lock();
        while !state.is_closed {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            state = self.room.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Err(Closed)
    }

    /// Ends the queue, from either side.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.room.notify_all();
        self.news.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Nothing panics while it holds the lock, so a poisoned state is whole.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, thread};

    /// Goal: the writer waits for room and nothing is lost or reordered, reads that are given up
    /// included. Method: far more items than fit, every second read is cancelled while it waits.
    #[tokio::test]
    async fn all_items_arrive_in_order_through_a_small_queue() {
        let queue = Arc::new(Queue::new(10));
        let writer = Arc::clone(&queue);
        let thread = thread::spawn(move || {
            for number in 0..1_000_u32 {
                writer.push(number, 4).unwrap();
                assert!(writer.lock().weight <= 10);
            }
            writer.close();
        });
        let mut expected = 0;
        loop {
            let cancelled = async { futures_yield().await };
            tokio::select! {
                biased;
                item = queue.pop() => match item {
                    Ok(number) => { assert_eq!(number, expected); expected += 1; }
                    Err(Closed) => break,
                },
                () = cancelled => {}
            }
        }
        assert_eq!(expected, 1_000);
        thread.join().unwrap();
    }

    async fn futures_yield() {
        tokio::task::yield_now().await;
    }

    #[test]
    fn a_writer_learns_that_nobody_reads() {
        let queue = Arc::new(Queue::new(1));
        queue.push((), 1).unwrap();
        let reader = Arc::clone(&queue);
        let thread = thread::spawn(move || reader.close());
        assert_eq!(queue.push((), 1), Err(Closed));
        assert_eq!(queue.pause(Duration::from_secs(600)), Err(Closed));
        assert!(queue.is_closed());
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn an_item_larger_than_the_queue_passes_alone() {
        let queue = Queue::new(1);
        queue.push("large", 100).unwrap();
        assert_eq!(queue.pop().await, Ok("large"));
    }
}
