use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Hands out turns to many threads: so many in all, so many a second.
#[derive(Debug)]
pub(super) struct Pace {
    /// 0: without end.
    count: u64,
    rate: Option<NonZeroU32>,
    taken: AtomicU64,
    start: Instant,
}

impl Pace {
    pub(super) fn new(count: u64, rate: Option<NonZeroU32>) -> Self {
        Self { count, rate, taken: AtomicU64::new(0), start: Instant::now() }
    }

    /// Waits for the next turn; `false` if there is none. Turns that were missed are made up for.
    pub(super) fn next(&self) -> bool {
        let turn = self.taken.fetch_add(1, Ordering::Relaxed);
        if self.count != 0 && turn >= self.count {
            return false;
        }
        if let Some(rate) = self.rate {
            let due = Duration::from_secs_f64(turn as f64 / f64::from(rate.get()));
            thread::sleep(due.saturating_sub(self.start.elapsed()));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_counted_and_spread() {
        let pace = Pace::new(3, None);
        assert_eq!((0..5).filter(|_| pace.next()).count(), 3);
        let pace = Pace::new(6, NonZeroU32::new(100));
        assert_eq!((0..6).filter(|_| pace.next()).count(), 6);
        // The first turn is at once.
        assert!(pace.start.elapsed() >= Duration::from_millis(50));
    }
}
