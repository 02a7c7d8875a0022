use super::stop::Stop;
use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Hands out turns to many threads: so many in all, so many a second.
#[derive(Debug)]
pub(super) struct Pace<'a> {
    stop: &'a Stop,
    /// 0: without end.
    count: u64,
    rate: Option<NonZeroU32>,
    taken: AtomicU64,
    start: Instant,
}

impl<'a> Pace<'a> {
    pub(super) fn new(count: u64, rate: Option<NonZeroU32>, stop: &'a Stop) -> Self {
        Self { stop, count, rate, taken: AtomicU64::new(0), start: Instant::now() }
    }

    /// Waits for the next turn; `false` if there is none, or the run is to end. Turns that were
    /// missed are made up for.
    pub(super) fn next(&self) -> bool {
        let turn = self.taken.fetch_add(1, Ordering::Relaxed);
        if self.count != 0 && turn >= self.count {
            return false;
        }
        if let Some(rate) = self.rate {
            let due = Duration::from_secs_f64(turn as f64 / f64::from(rate.get()));
            self.stop.sleep(due.saturating_sub(self.start.elapsed()));
        }
        !self.stop.is_set()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_counted_and_spread() {
        let stop = Stop::default();
        let pace = Pace::new(3, None, &stop);
        assert_eq!((0..5).filter(|_| pace.next()).count(), 3);
        let pace = Pace::new(6, NonZeroU32::new(100), &stop);
        assert_eq!((0..6).filter(|_| pace.next()).count(), 6);
        // The first turn is at once.
        assert!(pace.start.elapsed() >= Duration::from_millis(50));
    }

    #[test]
    fn no_turn_is_waited_for_after_the_end() {
        let stop = Stop::default();
        // The second turn is in a quarter of an hour.
        let pace = Pace::new(0, NonZeroU32::new(1), &stop);
        pace.taken.store(1000, Ordering::Relaxed);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| pace.next());
            stop.set();
            assert!(!waits.join().unwrap());
        });
        assert!(pace.start.elapsed() < Duration::from_secs(900));
    }
}
