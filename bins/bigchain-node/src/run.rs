//! From start to stop.

use crate::{
    command::own_key,
    config::{Api, Config},
    failure::{Failure, Kind},
    wiring,
};
use anyhow::Context;
use tally_bigchain_api::BigchainApi;
use tally_http::{BindError, Drained, Server, Shutdown};
use tally_ledger_node::{LedgerNode, NodeHandle, StopReason};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinHandle,
};

/// What a shell expects of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Runs the node until it stops, by a signal or a fault.
pub(crate) fn until_stopped(config: Config) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("no runtime").map_err(Failure::of(Kind::Unexpected))?;
    runtime.block_on(Box::pin(run(config)))
}

async fn run(config: Config) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let servers = Servers::bind(&config.api).await?;
    warn(&config);
    let key = own_key(&config)?;
    let (config, node) = tokio::task::spawn_blocking(move || {
        let node = wiring::start(&config, key);
        node.map(|node| (config, node))
    })
    .await
    .map_err(Failure::of(Kind::Unexpected))??;
    let handle = node.handle();
    let addresses = announcement(&config, &node, &servers);
    let shutdown = Shutdown::default();
    let serving = servers.serve(&config.api, handle.clone(), &shutdown);
    announce(&addresses);
    let mut stopped = tokio::spawn(node.stopped());
    let early = tokio::select! {
        () = signals.next() => {
            tracing::info!("stopping; a second signal stops at once");
            tokio::spawn(async move {
                signals.next().await;
                std::process::exit(INTERRUPTED);
            });
            None
        }
        reason = &mut stopped => Some(reason),
    };
    shutdown.trigger();
    for server in serving {
        if let Ok(Drained::CutOff { connections }) = server.await {
            tracing::warn!(connections, "connections were cut: their requests took too long");
        }
    }
    let reason = match early {
        Some(reason) => reason,
        None => {
            handle.stop();
            stopped.await
        }
    };
    ended(reason.unwrap_or(StopReason::Panicked))
}

/// What listens: the API, and the stream alone on a port of its own.
struct Servers {
    api: Server,
    stream: Server,
}

impl Servers {
    async fn bind(api: &Api) -> Result<Self, Failure> {
        let tls = api.tls.as_ref();
        Ok(Self {
            api: Server::bind(api.exposure.address, tls).await.map_err(refused)?,
            stream: Server::bind(api.stream.address, tls).await.map_err(refused)?,
        })
    }

    fn serve(
        self,
        config: &Api,
        node: NodeHandle,
        shutdown: &Shutdown,
    ) -> [JoinHandle<Drained>; 2] {
        let (api_guard, stream_guard) = (config.guard.clone(), config.stream_guard.clone());
        let mut api = BigchainApi::new(node, shutdown.clone())
            .with_era(config.era)
            .with_tls(config.tls.is_some());
        if let Some(base) = &config.streams_base {
            api = api.with_streams_base(base);
        }
        let streams = api.clone().into_streams_service().guarded_by(stream_guard).into_router();
        let api = api.into_service().guarded_by(api_guard).into_router();
        [
            tokio::spawn(self.api.serve(api, shutdown.clone())),
            tokio::spawn(self.stream.serve(streams, shutdown.clone())),
        ]
    }
}

fn refused(error: BindError) -> Failure {
    let kind = match &error {
        BindError::Address { .. } => Kind::Listen,
        BindError::Tls { .. } => Kind::Settings,
    };
    Failure::new(kind, error)
}

fn warn(config: &Config) {
    for remark in &config.remarks {
        tracing::warn!("{remark}");
    }
    let api = &config.api;
    let is_local = api.exposure.address.ip().is_loopback() && api.stream.address.ip().is_loopback();
    if !is_local && api.token.is_some() && api.tls.is_none() {
        tracing::warn!("the API's token is sent unencrypted: give --tls-certificate and --tls-key");
    }
}

/// Returns where the node is, one `name value` a line.
fn announcement(config: &Config, node: &LedgerNode, servers: &Servers) -> String {
    let (http, ws) = if config.api.tls.is_some() { ("https", "wss") } else { ("http", "ws") };
    let api = format!("{http}://{}", servers.api.local_address());
    let info = node.handle().info().clone();
    let mut lines = vec![
        ("api", api.clone()),
        ("docs", format!("{api}/docs")),
        ("stream", format!("{ws}://{}", servers.stream.local_address())),
        ("node", info.public_key.to_string()),
        ("genesis", info.genesis.to_string()),
    ];
    if let Some(peers) = node.peer_address() {
        lines.push(("peers", peers.to_string()));
    }
    let lines: Vec<_> = lines.iter().map(|(name, value)| format!("{name:10}{value}\n")).collect();
    tracing::info!(%api, node = %info.public_key, "starting to serve");
    lines.concat()
}

/// Prints where the node is, for people and scripts. Nothing can fail any more.
#[expect(clippy::print_stdout, reason = "scripts wait for it, wherever the log goes")]
fn announce(addresses: &str) {
    println!("{addresses}ready");
    tracing::info!("ready");
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
        StopReason::InvalidFinal => Kind::Federation,
        StopReason::Consensus | StopReason::Panicked => Kind::Unexpected,
    };
    Err(Failure::new(kind, reason))
}
