use crate::{StopReason, lock::lock};
use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

/// What every thread of a node holds on to: whoever cannot go on ends the whole node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifeline(Arc<Line>);

#[derive(Debug, Default)]
struct Line {
    end: Mutex<End>,
    ended: Condvar,
}

#[derive(Debug, Default)]
enum End {
    #[default]
    Running,
    Because(StopReason),
    /// The reason was taken.
    Ending,
}

impl Lifeline {
    /// Ends the node; the first reason counts.
    pub(crate) fn end(&self, reason: StopReason) {
        let mut end = lock(&self.0.end);
        if matches!(*end, End::Running) {
            *end = End::Because(reason);
            self.0.ended.notify_all();
        }
    }

    /// Says whether the node ends.
    pub(crate) fn is_ending(&self) -> bool {
        !matches!(*lock(&self.0.end), End::Running)
    }

    /// Waits until somebody ends the node, and returns why. Called once.
    pub(crate) fn wait(&self) -> StopReason {
        let is_running = |end: &mut End| matches!(end, End::Running);
        let end = self.0.ended.wait_while(lock(&self.0.end), is_running);
        let mut end = end.unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *end, End::Ending) {
            End::Because(reason) => reason,
            End::Running | End::Ending => StopReason::Asked,
        }
    }

    /// Waits for the end, at most `time`. Says whether the node ends.
    pub(crate) fn wait_at_most(&self, time: Duration) -> bool {
        let is_running = |end: &mut End| matches!(end, End::Running);
        let waited = self.0.ended.wait_timeout_while(lock(&self.0.end), time, is_running);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Starts a thread whose panic, or whose error, ends the node.
    pub(crate) fn spawn<E: Into<StopReason>>(
        &self,
        name: &str,
        work: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> std::io::Result<JoinHandle<()>> {
        let lifeline = self.clone();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let guard = Guard(lifeline);
            if let Err(error) = work() {
                guard.0.end(error.into());
            }
        })
    }
}

/// Ends the node if its thread panics.
struct Guard(Lifeline);

impl Drop for Guard {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end(StopReason::Panicked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_the_node() {
        let lifeline = Lifeline::default();
        let work = || -> Result<(), StopReason> { panic!("as the test wants") };
        let thread = lifeline.spawn("test", work).unwrap();
        assert!(matches!(lifeline.wait(), StopReason::Panicked));
        assert!(thread.join().is_err());
        assert!(lifeline.is_ending());
    }

    #[test]
    fn the_first_reason_counts() {
        let lifeline = Lifeline::default();
        assert!(!lifeline.is_ending());
        lifeline.end(StopReason::Consensus);
        lifeline.end(StopReason::Asked);
        assert!(matches!(lifeline.wait(), StopReason::Consensus));
    }
}
