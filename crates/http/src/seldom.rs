use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often it is worth a line that the same thing happens again and again.
const INTERVAL: Duration = Duration::from_secs(10);

/// Counts what may happen often and is told once in a while.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    /// Counts one. Returns how many there were since the last time if it is time to tell.
    pub(crate) fn count(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (told, happened) = &mut *state;
        *happened += 1;
        if told.is_some_and(|told| now.duration_since(told) < INTERVAL) {
            return None;
        }
        *told = Some(now);
        Some(std::mem::take(happened))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a flood is told at once, and then with its size.
    #[test]
    fn a_flood_is_told_once_in_a_while() {
        let seldom = Seldom::default();
        let start = Instant::now();
        assert_eq!(seldom.count(start), Some(1));
        for _ in 0..99 {
            assert_eq!(seldom.count(start + INTERVAL / 2), None);
        }
        assert_eq!(seldom.count(start + INTERVAL), Some(100));
    }
}
