//! From start to stop.

use crate::{
    config::Config,
    wiring::{self, Wired},
};
use tally_channel_node::StopReason;
use tally_daemon::{Failure, Kind, Signals};
use tally_http::{Server, Shutdown};
use tally_smartraiden_api::SmartRaidenApi;

/// Runs the node until it stops, by a signal, the API or a fault.
pub(crate) fn until_stopped(config: Config) -> Result<(), Failure> {
    tally_daemon::block_on(run(config))
}

async fn run(config: Config) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let api = &config.api;
    let server = tally_daemon::bind(api.exposure.address, api.access.tls()).await?;
    warn(&config);
    let wired = tokio::select! {
        wired = Box::pin(wiring::wire(&config)) => wired?,
        () = signals.next() => return Ok(()),
    };
    tally_daemon::announce(&announcement(&config, &wired, &server));

    let shutdown = Shutdown::default();
    let handle = wired.node.handle();
    let service = SmartRaidenApi::new(handle.clone(), shutdown.clone())
        .with_compat(api.compat)
        .with_patience(api.patience)
        .into_service()
        .guarded_by(api.guard.clone().with_headers(&["idempotency-key", "last-event-id"]));
    let serving = [server.serve(service.into_router(), shutdown.clone())];
    // The node may have stopped already: then there is nothing to do.
    let stop = async || drop(handle.stop().await);
    let ended = tally_daemon::serve(signals, &shutdown, serving, wired.node.stopped(), stop).await;
    self::ended(ended.unwrap_or(StopReason::Panicked))
}

fn warn(config: &Config) {
    let api = &config.api;
    if api.access.is_open(api.exposure.address) {
        tracing::warn!("everybody who reaches the API can spend this node's tokens");
    }
    api.access.warn(&[api.exposure.address]);
    if config.node.crash_points {
        tracing::warn!("this build has no crash points: --conditionquit has no effect");
    }
}

/// Returns where the node is.
fn announcement(config: &Config, wired: &Wired, server: &Server) -> Vec<(&'static str, String)> {
    let api = format!("{}://{}", config.api.access.scheme(), server.local_address());
    tracing::info!(%api, peers = %wired.node.address(), "starting to serve");
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
    lines
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
