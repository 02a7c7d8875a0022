use super::endpoint::{Endpoint, Target};
use crate::dev::News;
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// How long to wait before subscribing again. Polling goes on meanwhile.
#[cfg(feature = "remote")]
const RESUBSCRIBE_AFTER: Duration = Duration::from_secs(2);

/// Tells that there may be a new block, as soon as the server says so where it can.
///
/// Only a hint: it may come late, twice or never, so whoever waits sets a limit and then looks.
#[derive(Debug)]
pub(crate) struct HeadHints {
    heads: watch::Receiver<()>,
    /// Keeps the channel open where nobody else does.
    _sender: watch::Sender<()>,
}

impl HeadHints {
    /// Starts listening for new blocks; ends when dropped.
    pub(crate) fn start(endpoint: &Endpoint) -> Self {
        let sender = watch::Sender::new(());
        let heads = sender.subscribe();
        match endpoint.target() {
            Target::InProcess(chain) => {
                tokio::spawn(forward_in_process(chain.news(), sender.clone()));
            }
            #[cfg(feature = "remote")]
            Target::Http(_) => {}
            #[cfg(feature = "remote")]
            Target::WebSocket(_) => {
                tokio::spawn(forward_subscription(endpoint.clone(), sender.clone()));
            }
        }
        Self { heads, _sender: sender }
    }

    /// Waits for a hint, at most so long. Cancel safe: a hint not waited for is kept.
    pub(crate) async fn wait(&mut self, at_most: Duration) {
        // Both outcomes mean the same: look now.
        let _ = tokio::time::timeout(at_most, self.heads.changed()).await;
    }
}

async fn forward_in_process(mut news: broadcast::Receiver<News>, hints: watch::Sender<()>) {
    loop {
        let item = tokio::select! {
            item = news.recv() => item,
            () = hints.closed() => return,
        };
        match item {
            Ok(News::Connected(_) | News::Removed(_))
            | Err(broadcast::error::RecvError::Lagged(_)) => {
                hints.send_replace(());
            }
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

#[cfg(feature = "remote")]
async fn forward_subscription(endpoint: Endpoint, hints: watch::Sender<()>) {
    loop {
        let forwarded = async {
            if let Err(error) = forward_heads(&endpoint, &hints).await {
                tracing::debug!(%error, "no subscription to new blocks, polling");
            }
            tokio::time::sleep(RESUBSCRIBE_AFTER).await;
        };
        tokio::select! {
            () = forwarded => {}
            () = hints.closed() => return,
        }
    }
}

/// Forwards new heads until the subscription ends.
#[cfg(feature = "remote")]
async fn forward_heads(
    endpoint: &Endpoint,
    hints: &watch::Sender<()>,
) -> Result<(), super::RpcFailure> {
    let client = endpoint.client().await?;
    let Some(frontend) = client.pubsub_frontend() else { return Ok(()) };
    let mut subscribe = client.request("eth_subscribe", ["newHeads"]);
    subscribe.set_is_subscription();
    let id = subscribe.await.map_err(|error| endpoint.failure(error))?;
    let heads = frontend.get_subscription(id).await;
    let mut heads = heads.map_err(|error| endpoint.failure(error))?;
    hints.send_replace(());
    loop {
        match heads.recv().await {
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {
                hints.send_replace(());
            }
            Err(broadcast::error::RecvError::Closed) => return Ok(()),
        }
    }
}
