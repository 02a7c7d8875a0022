use anyhow::Context;
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tally_daemon::{Failure, Kind};
use tokio::signal::unix::{SignalKind, signal};

/// What a shell expects of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Whether the user wants the run to end.
#[derive(Debug, Default)]
pub(super) struct Stop {
    since: Mutex<Option<Instant>>,
    changed: Condvar,
}

impl Stop {
    /// Returns one that is set by SIGINT or SIGTERM; a second signal ends the process at once.
    pub(super) fn on_signal() -> Result<Arc<Self>, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("no runtime").map_err(Failure::of(Kind::Unexpected))?;
        let listen = |kind| {
            let _entered = runtime.enter();
            let signals = signal(kind).context("cannot listen for signals");
            signals.map_err(Failure::of(Kind::Unexpected))
        };
        let mut interrupt = listen(SignalKind::interrupt())?;
        let mut terminate = listen(SignalKind::terminate())?;
        let stop = Arc::new(Self::default());
        let to_set = Arc::clone(&stop);
        thread::spawn(move || {
            for is_first in [true, false] {
                runtime.block_on(async {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                });
                if is_first {
                    to_set.set();
                }
            }
            std::process::exit(INTERRUPTED);
        });
        Ok(stop)
    }

    pub(super) fn set(&self) {
        self.lock().get_or_insert_with(Instant::now);
        self.changed.notify_all();
    }

    /// Returns how long the user has been waiting for the end; `None` if he is not.
    pub(super) fn age(&self) -> Option<Duration> {
        self.lock().map(|since| since.elapsed())
    }

    pub(super) fn is_set(&self) -> bool {
        self.lock().is_some()
    }

    /// Sleeps, unless the run is to end.
    pub(super) fn sleep(&self, duration: Duration) {
        let is_unset = |since: &mut Option<Instant>| since.is_none();
        drop(self.changed.wait_timeout_while(self.lock(), duration, is_unset));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
