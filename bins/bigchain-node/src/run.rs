//! From start to stop.

use crate::{
    config::{Api, Config},
    wiring,
};
use tally_bigchain_api::BigchainApi;
use tally_daemon::{Failure, Kind, Signals};
use tally_http::{Drained, Server, Shutdown};
use tally_ledger_node::{LedgerNode, NodeHandle, StopReason};

/// Runs the node until it stops, by a signal or a fault.
pub(crate) fn until_stopped(config: Config) -> Result<(), Failure> {
    tally_daemon::block_on(run(config))
}

async fn run(config: Config) -> Result<(), Failure> {
    let signals = Signals::listen()?;
    let servers = Servers::bind(&config.api).await?;
    warn(&config);
    let (config, node) = tokio::task::spawn_blocking(move || {
        let node = wiring::start(&config);
        node.map(|node| (config, node))
    })
    .await
    .map_err(Failure::of(Kind::Unexpected))??;
    let handle = node.handle();
    tally_daemon::announce(&announcement(&config, &node, &servers));
    let shutdown = Shutdown::default();
    let serving = servers.serve(&config.api, handle.clone(), &shutdown);
    let stop = async || handle.stop();
    let ended = tally_daemon::serve(signals, &shutdown, serving, node.stopped(), stop).await;
    self::ended(ended.unwrap_or(StopReason::Panicked))
}

/// What listens: the API, and the stream alone on a port of its own.
struct Servers {
    api: Server,
    stream: Server,
}

impl Servers {
    async fn bind(api: &Api) -> Result<Self, Failure> {
        let tls = api.access.tls();
        Ok(Self {
            api: tally_daemon::bind(api.exposure.address, tls).await?,
            stream: tally_daemon::bind(api.stream.address, tls).await?,
        })
    }

    fn serve(
        self,
        config: &Api,
        node: NodeHandle,
        shutdown: &Shutdown,
    ) -> [impl Future<Output = Drained> + Send + use<>; 2] {
        let (api_guard, stream_guard) = (config.guard.clone(), config.stream_guard.clone());
        let mut api = BigchainApi::new(node, shutdown.clone())
            .with_era(config.era)
            .with_tls(config.access.tls().is_some());
        if let Some(base) = &config.streams_base {
            api = api.with_streams_base(base);
        }
        let streams = api.clone().into_streams_service().guarded_by(stream_guard).into_router();
        let api = api.into_service().guarded_by(api_guard).into_router();
        [self.api.serve(api, shutdown.clone()), self.stream.serve(streams, shutdown.clone())]
    }
}

fn warn(config: &Config) {
    for remark in &config.remarks {
        tracing::warn!("{remark}");
    }
    let api = &config.api;
    api.access.warn(&[api.exposure.address, api.stream.address]);
}

/// Returns where the node is.
fn announcement(
    config: &Config,
    node: &LedgerNode,
    servers: &Servers,
) -> Vec<(&'static str, String)> {
    let http = config.api.access.scheme();
    let ws = if http == "https" { "wss" } else { "ws" };
    let api = format!("{http}://{}", servers.api.local_address());
    let info = node.handle().info().clone();
    tracing::info!(%api, node = %info.public_key, "starting to serve");
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
    lines
}

fn ended(reason: StopReason) -> Result<(), Failure> {
    let kind = match &reason {
        StopReason::Asked => {
            tracing::info!("stopped");
            return Ok(());
        }
        StopReason::Store(_) => Kind::Data,
        StopReason::InvalidFinal => Kind::Chain,
        StopReason::Consensus | StopReason::Panicked => Kind::Unexpected,
    };
    Err(Failure::new(kind, reason))
}
