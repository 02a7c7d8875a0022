//! From start to stop.

use crate::{
    config::{Chain, Config},
    wiring,
};
use std::{sync::Arc, time::Duration};
use tally_accounts::Accounts;
use tally_apip_api::ApipApi;
use tally_apip_node::{Directory, FollowError, Follower};
use tally_daemon::{Failure, Kind, Signals};
use tally_http::{Server, Shutdown};
use tokio::sync::Notify;

/// Between two looks at the accounts, which tell nobody what they are credited with.
const PAUSE: Duration = Duration::from_millis(5);

/// Runs the server until it stops, by a signal or a fault.
pub(crate) fn until_stopped(config: Config) -> Result<(), Failure> {
    tally_daemon::block_on(run(config))
}

async fn run(mut config: Config) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let api = &config.api;
    let server = tally_daemon::bind(api.exposure.address, api.access.tls()).await?;
    config.listens_at(server.local_address());
    let api = &config.api;
    api.access.warn(&[api.exposure.address]);
    if config.asks_in_vain() {
        tracing::warn!(
            "files of records know no payments: nobody can buy what --sid sells, and nobody is told \
             to; follow a node or its files, or share the accounts of a server that does"
        );
    }
    let accounts = wiring::accounts(&config).await?;
    let directory = tokio::task::block_in_place(|| wiring::directory(&config))?;
    let start = directory.start_point().map_err(Failure::of(Kind::Data))?;
    let source = wiring::source(&config, start)?;
    let follower = directory.follow(source, Some(Arc::clone(&accounts)));
    let follower = follower.map_err(Failure::of(Kind::Data))?;
    let interfaces =
        ApipApi::new(Arc::clone(&directory), Arc::clone(&accounts), config.interfaces.clone());
    let interfaces = interfaces.map_err(Failure::of(Kind::Settings))?;
    if matches!(config.chain, Chain::Dev { .. }) {
        tokio::select! {
            () = is_complete(&directory, &*accounts) => {}
            () = signals.next() => return Ok(()),
        }
    }
    tally_daemon::announce(&announcement(&config, &directory, &server));

    let shutdown = Shutdown::default();
    let router = interfaces.service(api.guard.clone()).into_router();
    let serving = [server.serve(router, shutdown.clone())];
    let end = Arc::new(Notify::new());
    let following = follow(follower, accounts, Arc::clone(&end));
    let stop = async || end.notify_one();
    let ended = tally_daemon::serve(signals, &shutdown, serving, following, stop).await;
    ended.unwrap_or(Err(Ended::Follower(FollowError::Panicked))).map_err(failure)?;
    tracing::info!("stopped");
    Ok(())
}

/// Why the server cannot go on.
#[derive(Debug)]
enum Ended {
    Follower(FollowError),
    /// What they say from memory may not be on the disk: they have to be read again.
    Accounts,
}

/// Follows until the end is asked for, or until the directory or its accounts cannot go on.
async fn follow(
    mut follower: Follower,
    accounts: Arc<dyn Accounts>,
    end: Arc<Notify>,
) -> Result<(), Ended> {
    let ended = tokio::select! {
        ended = follower.ended() => return ended.map_err(Ended::Follower),
        () = end.notified() => Ok(()),
        () = accounts.ended() => Err(Ended::Accounts),
    };
    follower.stop();
    let followed = follower.ended().await;
    ended?;
    followed.map_err(Ended::Follower)
}

/// Waits until everything was read and the user has the balance, so that whoever tries the
/// directory out finds it complete.
async fn is_complete(directory: &Directory, accounts: &dyn Accounts) {
    let mut progress = directory.watch();
    // The directory keeps the sender, so that waiting cannot fail.
    drop(progress.wait_for(|progress| progress.is_at_end).await);
    // Accounts that do not answer are the follower's business.
    while accounts.orders(None, 1).await.is_ok_and(|orders| orders.is_empty()) {
        tokio::time::sleep(PAUSE).await;
    }
}

/// Returns where the server is.
fn announcement(
    config: &Config,
    directory: &Directory,
    server: &Server,
) -> Vec<(&'static str, String)> {
    let api = format!("{}://{}", config.api.access.scheme(), server.local_address());
    tracing::info!(%api, "starting to serve");
    let mut lines = vec![("api", api.clone()), ("docs", format!("{api}/docs"))];
    for head in &config.interfaces.url_heads {
        lines.push(("url-head", head.clone()));
    }
    if let Some(sid) = config.directory.service {
        lines.push(("service", sid.to_string()));
    }
    let height = directory.best().map_or_else(|| "none".to_owned(), |best| best.height.to_string());
    lines.push(("height", height));
    lines
}

fn failure(error: Ended) -> Failure {
    let Ended::Follower(error) = error else {
        let reason = "the accounts cannot be stored any more; start the server again";
        return Failure::message(Kind::Data, reason);
    };
    let kind = match &error {
        FollowError::Source(_) | FollowError::Block(_) => Kind::Chain,
        FollowError::Busy | FollowError::Panicked | FollowError::Thread(_) => Kind::Unexpected,
        FollowError::Read(_) | FollowError::Store(_) => Kind::Data,
    };
    Failure::new(kind, error)
}

#[cfg(test)]
mod tests;
