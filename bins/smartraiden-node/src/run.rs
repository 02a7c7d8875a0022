//! From start to stop.

use crate::{
    config::{Config, NodeSettings},
    failure::{Failure, Kind},
    wiring::{self, Wired},
};
use anyhow::Context;
use tally_channel_node::StopReason;
use tally_http::{BindError, Drained, Guard, Server, Shutdown};
use tally_smartraiden_api::SmartRaidenApi;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a shell expects of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Runs the node until it stops, by a signal, the API or a fault.
pub(crate) fn until_stopped(config: Config) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("no runtime").map_err(Failure::of(Kind::Unexpected))?;
    runtime.block_on(Box::pin(run(config)))
}

async fn run(config: Config) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let api = &config.api;
    let guard = Guard::new(&api.exposure, api.token.clone(), &api.cors_origins);
    let guard = guard.context("--cors-origin").map_err(Failure::of(Kind::Settings))?;
    let server = Server::bind(api.exposure.address, api.tls.as_ref()).await.map_err(refused)?;
    warn(&config);
    let wired = tokio::select! {
        wired = Box::pin(wiring::wire(&config)) => wired?,
        () = signals.next() => return Ok(()),
    };
    announce(&config, &wired, &server);

    let shutdown = Shutdown::default();
    let handle = wired.node.handle();
    let service = SmartRaidenApi::new(handle.clone(), shutdown.clone())
        .with_compat(api.compat)
        .with_patience(api.patience)
        .into_service()
        .guarded_by(guard);
    let serving = tokio::spawn(server.serve(service.into_router(), shutdown.clone()));
    let mut stopped = tokio::spawn(wired.node.stopped());
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
        reason = &mut stopped => Some(reason),
    };
    shutdown.trigger();
    if let Ok(Drained::CutOff { connections }) = serving.await {
        tracing::warn!(connections, "connections were cut: their requests took too long");
    }
    let reason = match early {
        Some(reason) => reason,
        None => {
            // It may have stopped already: then there is nothing to do.
            let _ = handle.stop().await;
            stopped.await
        }
    };
    ended(reason.unwrap_or(StopReason::Panicked))
}

fn refused(error: BindError) -> Failure {
    let kind = match &error {
        BindError::Address { .. } => Kind::Listen,
        BindError::Tls { .. } => Kind::Settings,
    };
    Failure::new(kind, error)
}

fn warn(config: &Config) {
    let (api, NodeSettings { crash_points, .. }) = (&config.api, &config.node);
    let is_local = api.exposure.address.ip().is_loopback();
    if !is_local && api.exposure.allow_unauthenticated && api.token.is_none() {
        tracing::warn!("everybody who reaches the API can spend this node's tokens");
    }
    if !is_local && api.token.is_some() && api.tls.is_none() {
        tracing::warn!("the API's token is sent unencrypted: give --tls-certificate and --tls-key");
    }
    if *crash_points {
        tracing::warn!("this build has no crash points: --conditionquit has no effect");
    }
}

/// Prints where the node is, one `name value` a line, for people and scripts.
#[expect(clippy::print_stdout, reason = "scripts wait for it, wherever the log goes")]
fn announce(config: &Config, wired: &Wired, server: &Server) {
    let scheme = if config.api.tls.is_some() { "https" } else { "http" };
    let api = format!("{scheme}://{}", server.local_address());
    let mut lines = vec![
        ("api", format!("{api}/api/1")),
        ("docs", format!("{api}/docs")),
        ("node", wired.node.handle().address().to_string()),
        ("peers", wired.node.address().to_string()),
        ("chain", wired.deployment.chain_id.to_string()),
        ("registry", wired.deployment.registry.to_string()),
    ];
    if let Some(embedded) = &wired.embedded {
        lines.push(("token", embedded.token.to_string()));
        lines.push(("endpoint-registry", wired.deployment.endpoint_registry.to_string()));
        if let Some(server) = &embedded.server {
            lines.push(("chain-rpc", server.ws_url()));
        }
    }
    let lines: Vec<_> = lines.iter().map(|(name, value)| format!("{name:18}{value}\n")).collect();
    println!("{}ready", lines.concat());
    tracing::info!(%api, peers = %wired.node.address(), "ready");
}

/// The signals that ask the daemon to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            let signals = signal(kind).context("cannot listen for signals");
            signals.map_err(Failure::of(Kind::Unexpected))
        };
        let interrupt = listen(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits for one of them. Cancel safe.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn ended(reason: StopReason) -> Result<(), Failure> {
    let kind = match &reason {
        StopReason::Asked => {
            tracing::info!("stopped");
            return Ok(());
        }
        StopReason::Store(_) => Kind::Data,
        StopReason::Chain(_) => Kind::Chain,
        StopReason::Panicked => Kind::Unexpected,
    };
    Err(Failure::new(kind, reason))
}
