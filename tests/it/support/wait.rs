use std::{
    thread,
    time::{Duration, Instant},
};

/// Longer than anything here takes on a busy machine; only a failing test waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at something that tells nobody when it changes.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until `look` finds what the test waits for, and returns it.
///
/// `look` says what it found instead, which the failure then shows.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(found) if start.elapsed() > PATIENCE => {
                panic!("waited {PATIENCE:?} for {what}; found {found}")
            }
            Err(_) => thread::sleep(PAUSE),
        }
    }
}
