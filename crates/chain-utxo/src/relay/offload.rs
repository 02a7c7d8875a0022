//! Calls that block, made for tasks that may not.

use crate::follow::transient;
use std::sync::Arc;
use tally_chain::ChainError;
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Runs calls on threads that may block, a few at once; the others wait for their turn.
#[derive(Debug)]
pub(crate) struct Offload<T> {
    shared: Arc<T>,
    permits: Arc<Semaphore>,
}

impl<T: Send + Sync + 'static> Offload<T> {
    pub(crate) fn new(shared: T, at_once: usize) -> Self {
        Self { shared: Arc::new(shared), permits: Arc::new(Semaphore::new(at_once.max(1))) }
    }

    /// Runs `work`. Once it began it goes on, even if the future is dropped.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&T) -> Result<R, ChainError> + Send + 'static,
    ) -> Result<R, ChainError> {
        let shared = Arc::clone(&self.shared);
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let done = spawn_blocking(move || {
            let done = work(&shared);
            drop(permit);
            done
        });
        done.await.unwrap_or_else(|error| Err(transient("waiting for a request", error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    };

    /// Goal: no more calls than allowed are under way, and those that block do not keep others of
    /// the task's thread from going on. Method: calls that wait for each other, on one thread.
    #[tokio::test]
    async fn calls_run_beside_each_other_and_within_the_limit() {
        let offload = Offload::new((Barrier::new(2), AtomicUsize::new(0)), 2);
        let call = || {
            offload.run(|(both, running)| {
                assert!(running.fetch_add(1, Ordering::SeqCst) < 2);
                both.wait();
                running.fetch_sub(1, Ordering::SeqCst);
                both.wait();
                Ok(())
            })
        };
        let (one, two, three, four) = tokio::join!(call(), call(), call(), call());
        assert!([one, two, three, four].into_iter().all(|done| done.is_ok()));
    }

    #[tokio::test]
    async fn a_panic_is_a_failure_of_that_call_only() {
        let offload = Offload::new((), 1);
        let failed = offload.run(|()| -> Result<(), ChainError> { panic!("on purpose") }).await;
        assert!(matches!(failed, Err(ChainError::Transient { .. })));
        assert_eq!(offload.run(|()| Ok(7)).await.unwrap(), 7);
    }
}
