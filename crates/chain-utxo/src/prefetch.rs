//! Several things fetched at once and handed on in order.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// How far the fetching runs ahead of the handing on. Four blocks a worker keep all of them busy
/// when sizes differ; the memory of 16 blocks of the largest size is the most that this costs.
const AHEAD_MAX: u64 = 16;

/// Fetches the items of the positions `first..=last` on `workers` threads and gives them to `use_it`
/// in order, until it breaks. Returns what it broke with.
pub(crate) fn in_order<T: Send, B>(
    first: u64,
    last: u64,
    workers: usize,
    fetch: impl Fn(u64) -> T + Sync,
    mut use_it: impl FnMut(T) -> ControlFlow<B>,
) -> Option<B> {
    if workers < 2 || last <= first {
        return (first..=last).find_map(|position| use_it(fetch(position)).break_value());
    }
    let next = AtomicU64::new(first);
    let window = Window { state: Mutex::new(State::new(first)), changed: Condvar::new() };
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                // A worker that panics must not leave the others waiting for its item.
                let _closing = CloseOnPanic(&window);
                loop {
                    let position = next.fetch_add(1, Ordering::Relaxed);
                    if position > last || !window.wait_for_turn(position) {
                        return;
                    }
                    window.put(position, fetch(position));
                }
            });
        }
        let broken = (first..=last).find_map(|position| match window.take(position) {
            Some(item) => use_it(item).break_value(),
            None => None,
        });
        window.close();
        broken
    })
}

#[derive(Debug)]
struct Window<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    /// The position that is handed on next.
    due: u64,
    ready: BTreeMap<u64, T>,
    is_closed: bool,
}

impl<T> State<T> {
    fn new(due: u64) -> Self {
        Self { due, ready: BTreeMap::new(), is_closed: false }
    }
}

impl<T> Window<T> {
    /// Waits until the position is near enough; `false` when nobody wants it any more.
    fn wait_for_turn(&self, position: u64) -> bool {
        let mut state = self.lock();
        while !state.is_closed && position >= state.due.saturating_add(AHEAD_MAX) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.is_closed
    }

    fn put(&self, position: u64, item: T) {
        self.lock().ready.insert(position, item);
        self.changed.notify_all();
    }

    fn take(&self, position: u64) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.ready.remove(&position) {
                state.due = position + 1;
                self.changed.notify_all();
                return Some(item);
            }
            if state.is_closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct CloseOnPanic<'a, T>(&'a Window<T>);

impl<T> Drop for CloseOnPanic<'_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    /// Goal: order is kept and the fetching stays within its window. Method: the earlier positions
    /// of each group take longer.
    #[test]
    fn items_come_in_order_and_not_too_early() {
        let used = AtomicU64::new(0);
        let fetch = |position: u64| {
            let due = used.load(Ordering::SeqCst);
            assert!(position <= due + AHEAD_MAX, "{position} was fetched when {due} was due");
            (0..(4 - position % 4) * 20_000).map(std::hint::black_box).for_each(drop);
            position
        };
        let mut seen = Vec::new();
        let broken = in_order(0, 300, 4, fetch, |position| {
            seen.push(position);
            used.store(position + 1, Ordering::SeqCst);
            if position == 250 { ControlFlow::Break("enough") } else { ControlFlow::Continue(()) }
        });
        assert_eq!(broken, Some("enough"));
        assert_eq!(seen, (0..=250).collect::<Vec<_>>());
    }

    #[test]
    fn one_worker_and_one_item_need_no_thread() {
        let count = AtomicUsize::new(0);
        let fetch = |_| count.fetch_add(1, Ordering::SeqCst);
        assert_eq!(in_order(5, 5, 4, fetch, |_| ControlFlow::<()>::Continue(())), None);
        assert_eq!(in_order(5, 9, 1, fetch, ControlFlow::Break), Some(1));
        assert_eq!(in_order(9, 5, 4, fetch, ControlFlow::Break), None);
    }
}
