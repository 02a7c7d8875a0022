//! From start to stop.

use crate::{Failure, Kind, print};
use anyhow::Context;
use std::net::SocketAddr;
use tally_http::{BindError, Drained, Server, Shutdown, TlsFiles};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a shell expects of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Where the values of an announcement begin at the least.
const COLUMN_MIN: usize = 10;

/// Runs a daemon until it ends, by a signal or a fault.
///
/// # Errors
///
/// The daemon's own failure, or one to make a runtime for it.
pub fn block_on<F>(run: F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("no runtime").map_err(Failure::of(Kind::Unexpected))?;
    runtime.block_on(Box::pin(run))
}

/// The signals that ask a daemon to end: SIGINT and SIGTERM.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Begins to listen; from then on they do not end the process by themselves.
    ///
    /// # Errors
    ///
    /// An unexpected failure, if the system refuses.
    pub fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            let signals = signal(kind).context("cannot listen for signals");
            signals.map_err(Failure::of(Kind::Unexpected))
        };
        let interrupt = listen(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits for one of them. Cancel safe.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Listens for an API's clients; they wait until the server serves.
///
/// # Errors
///
/// A failure to listen, or about the settings if the TLS files cannot be used.
pub async fn bind(address: SocketAddr, tls: Option<&TlsFiles>) -> Result<Server, Failure> {
    Server::bind(address, tls).await.map_err(|error| {
        let kind = match &error {
            BindError::Address { .. } => Kind::Listen,
            BindError::Tls { .. } => Kind::Settings,
        };
        Failure::new(kind, error)
    })
}

/// Prints where the daemon is, one `name value` a line, and then `ready`, for people and scripts:
/// nothing can fail any more.
pub fn announce(lines: &[(&str, String)]) {
    let longest = lines.iter().map(|(name, _)| name.len() + 1).max().unwrap_or(0);
    let width = longest.max(COLUMN_MIN);
    let lines: Vec<_> =
        lines.iter().map(|(name, value)| format!("{name:width$}{value}\n")).collect();
    print(&format!("{}ready\n", lines.concat()));
    tracing::info!("ready");
}

/// Serves until a signal comes, `shutdown` is triggered, or `work` ends; then lets the requests in
/// flight finish, and ends the work by `stop` if it did not end by itself. A second signal ends the
/// process at once.
///
/// `servers` are the futures of [`Server::serve`] with the same `shutdown`. Returns how the work
/// ended; `None` if it panicked.
pub async fn serve<W, D>(
    mut signals: Signals,
    shutdown: &Shutdown,
    servers: impl IntoIterator<Item = D>,
    work: W,
    stop: impl AsyncFnOnce(),
) -> Option<W::Output>
where
    W: Future<Output: Send> + Send + 'static,
    D: Future<Output = Drained> + Send + 'static,
{
    let servers: Vec<_> = servers.into_iter().map(tokio::spawn).collect();
    let mut work = tokio::spawn(work);
    let early = tokio::select! {
        () = signals.next() => {
            tracing::info!("stopping; a second signal stops at once");
            tokio::spawn(async move {
                signals.next().await;
                std::process::exit(INTERRUPTED);
            });
            None
        }
        () = shutdown.triggered() => None,
        ended = &mut work => Some(ended),
    };
    shutdown.trigger();
    for server in servers {
        if let Ok(Drained::CutOff { connections }) = server.await {
            tracing::warn!(connections, "connections were cut: their requests took too long");
        }
    }
    let ended = match early {
        Some(ended) => ended,
        None => {
            stop().await;
            work.await
        }
    };
    ended.ok()
}
