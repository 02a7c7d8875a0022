//! From start to stop.

use crate::{
    config::{Config, Embedded, Remote, Server},
    dev::DevWorld,
    wiring::{self, Front, Ways},
};
use std::sync::Arc;
use tally_daemon::{Failure, Kind, Signals};
use tally_deal_api::DealApi;
use tally_deal_node::{DealServer, RunError, Runner, Sources, module::KeyService};
use tally_http::Shutdown;
use tokio::sync::Notify;

/// Runs the server until it stops, by a signal or a fault.
pub(crate) fn until_stopped(config: Config) -> Result<(), Failure> {
    tally_daemon::block_on(run(config))
}

async fn run(config: Config) -> Result<(), Failure> {
    match &config.server {
        Server::Embedded(server) => run_embedded(&config, server).await?,
        Server::Remote(remote) => run_front(&config, remote).await?,
    }
    tracing::info!("stopped");
    Ok(())
}

/// Runs the module with its own server.
async fn run_embedded(config: &Config, embedded: &Embedded) -> Result<(), Failure> {
    let signals = Signals::listen()?;
    let listening = Listening::bind(config, embedded.exposure.as_ref()).await?;
    let ways = wiring::ways(&embedded.chain, config)?;
    let (server, runner) = wiring::embedded(embedded, &ways, &config.clock).await?;
    let shutdown = Shutdown::default();
    let api = wiring::embedded_api(server.clone(), ways.dev.clone(), config, &shutdown).await?;
    let mut lines = listening.lines(config);
    lines.extend(about(config, &server));
    let serving = listening.serve(config, &api, &shutdown)?;
    tally_daemon::announce(&lines);

    let Ways { sources, dev, .. } = ways;
    let end = Arc::new(Notify::new());
    let working = work(runner, sources, dev, Arc::clone(&end));
    let stop = async || end.notify_one();
    let ended = tally_daemon::serve(signals, &shutdown, serving, working, stop).await;
    ended.unwrap_or_else(|| Err(Failure::message(Kind::Unexpected, "the runner panicked")))
}

/// Follows the chain, and makes it where it is simulated, until the end is asked for.
async fn work(
    runner: Runner,
    sources: Sources,
    dev: Option<DevWorld>,
    end: Arc<Notify>,
) -> Result<(), Failure> {
    let following = runner.run(sources, end.notified());
    let Some(dev) = dev else { return following.await.map_err(failure) };
    tokio::select! {
        ended = following => ended.map_err(failure),
        failure = dev.run() => Err(failure),
    }
}

/// Runs the module in front of another server.
async fn run_front(config: &Config, remote: &Remote) -> Result<(), Failure> {
    let signals = Signals::listen()?;
    let listening = Listening::bind(config, None).await?;
    let shutdown = Shutdown::default();
    let Front { api, keys } = wiring::front(remote, config, &shutdown)?;
    let mut lines = listening.lines(config);
    lines.extend(remote.servers.iter().map(|server| ("server", server.to_string())));
    let serving = listening.serve(config, &api, &shutdown)?;
    tally_daemon::announce(&lines);

    let end = Arc::new(Notify::new());
    let asking = ask(keys, Arc::clone(&end));
    let stop = async || end.notify_one();
    let ended = tally_daemon::serve(signals, &shutdown, serving, asking, stop).await;
    ended.ok_or_else(|| Failure::message(Kind::Unexpected, "asking for keys panicked"))
}

/// Asks for the service's keys until the end is asked for.
async fn ask(keys: Option<Arc<KeyService>>, end: Arc<Notify>) {
    match keys {
        Some(keys) => keys.run(end.notified()).await,
        None => end.notified().await,
    }
}

/// The addresses that are listened on.
struct Listening {
    api: tally_http::Server,
    /// For other modules.
    server: Option<tally_http::Server>,
}

impl Listening {
    async fn bind(
        config: &Config,
        exposure: Option<&tally_http::Exposure>,
    ) -> Result<Self, Failure> {
        let access = &config.api.access;
        let own = &config.api.exposure;
        let api = tally_daemon::bind(own.address, access.tls()).await?;
        let server = match exposure {
            Some(exposure) => Some(tally_daemon::bind(exposure.address, access.tls()).await?),
            None => None,
        };
        let addresses: Vec<_> =
            [Some(own), exposure].into_iter().flatten().map(|it| it.address).collect();
        access.warn(&addresses);
        Ok(Self { api, server })
    }

    fn lines(&self, config: &Config) -> Vec<(&'static str, String)> {
        let scheme = config.api.access.scheme();
        let api = format!("{scheme}://{}", self.api.local_address());
        tracing::info!(%api, "starting to serve");
        let mut lines = vec![("api", api.clone()), ("docs", format!("{api}/docs"))];
        if let Some(server) = &self.server {
            lines.push(("modules", format!("{scheme}://{}", server.local_address())));
        }
        lines
    }

    /// Returns what serves the API, and other modules.
    fn serve(
        self,
        config: &Config,
        api: &DealApi,
        shutdown: &Shutdown,
    ) -> Result<Vec<impl Future<Output = tally_http::Drained> + Send + 'static + use<>>, Failure>
    {
        let guard = config.api.guard.clone();
        let mut serving = vec![self.api.serve(api.service(guard).into_router(), shutdown.clone())];
        if let (Some(server), Server::Embedded(embedded)) = (self.server, &config.server)
            && let Some(exposure) = &embedded.exposure
        {
            let guard = config.api.access.guard(exposure)?;
            let router = api.server_service(guard).into_router();
            serving.push(server.serve(router, shutdown.clone()));
        }
        Ok(serving)
    }
}

/// Returns what whoever tries the server out wants to know.
fn about(config: &Config, server: &DealServer) -> Vec<(&'static str, String)> {
    let keys = server.service_keys();
    vec![
        ("network", config.network.to_string()),
        ("key1", keys.key1.to_string()),
        ("key2", keys.key2.to_string()),
        ("pgp", server.pgp_key().fingerprint().to_string()),
    ]
}

fn failure(error: RunError) -> Failure {
    let kind = match &error {
        RunError::Chain(_) | RunError::NotBlocks => Kind::Chain,
        RunError::Server(_) | RunError::Corrupt(_) | RunError::Deposed => Kind::Data,
    };
    Failure::new(kind, error)
}
