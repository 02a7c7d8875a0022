use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex. What this crate guards is changed by steps that do not fail, so a panic elsewhere
/// leaves it whole; and whoever panics ends the node.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
