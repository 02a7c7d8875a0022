//! When a delivery that failed is tried again.

/// Seconds from a failed try to the next one: soon, after a minute, then every ten minutes.
const PAUSES_S: [u64; 8] = [10, 60, 600, 600, 600, 600, 600, 600];

/// Tries of one delivery, the first one included.
pub const DELIVERY_TRIES_MAX: u32 = PAUSES_S.len() as u32 + 1;

/// Returns when to try again, Unix seconds, after `tries` tries of which the last one failed at
/// `now`; `None` if it is given up.
pub(super) fn next_try(tries: u32, now: u64) -> Option<u64> {
    let index = usize::try_from(tries.checked_sub(1)?).ok()?;
    PAUSES_S.get(index).map(|pause| now.saturating_add(*pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten seconds, a minute, six times ten minutes, and then no more.
    #[test]
    fn failures_are_repeated_for_an_hour() {
        let mut now = 1_000;
        let mut tries = 1;
        let mut pauses = vec![];
        while let Some(at) = next_try(tries, now) {
            pauses.push(at - now);
            now = at;
            tries += 1;
        }
        assert_eq!(pauses, [10, 60, 600, 600, 600, 600, 600, 600]);
        assert_eq!(tries, DELIVERY_TRIES_MAX);
        assert_eq!(next_try(0, now), None);
    }
}
