//! Following the chain: blocks and events in order, whatever the server does.

mod follower;
mod genuine;
mod logs;

use crate::{
    deployment::Deployment,
    rpc::{Endpoint, HeadHints},
};
use follower::{Follower, Setback};
use std::time::Duration;
use tally_chain::{ChainError, ChainSource, ChainUpdate, SourceStart};
use tally_primitives::{BlockHash, BlockSpan};
use tokio::sync::mpsc;

/// Updates fetched ahead of the reader. Enough to keep both busy during a first synchronisation.
const UPDATES_BOUND: usize = 256;

/// The first and the longest pause after a call failed; it doubles in between, for ever.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// How a source follows its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceSettings {
    /// How many blocks must lie above one before it is believed.
    pub confirmations: BlockSpan,
    /// How often to look for new blocks where the server does not tell of them.
    pub poll: Duration,
    /// How many of the newest blocks' hashes are kept. A deeper reorganisation cannot be followed.
    pub remembered: usize,
}

impl Default for SourceSettings {
    /// For public chains.
    fn default() -> Self {
        Self { confirmations: BlockSpan(12), poll: Duration::from_secs(2), remembered: 256 }
    }
}

impl SourceSettings {
    /// For development chains: every block is believed at once.
    pub fn development() -> Self {
        Self { confirmations: BlockSpan(0), poll: Duration::from_millis(250), ..Self::default() }
    }
}

/// Blocks and events of one deployment, from any EVM chain.
///
/// A task of its own fetches them, so a reader that is busy or cancelled delays nothing. It ends
/// when the source is dropped.
#[derive(Debug)]
pub struct EvmSource {
    updates: mpsc::Receiver<Result<ChainUpdate, ChainError>>,
}

impl EvmSource {
    /// Starts following the chain behind `endpoint`, which need not be reachable yet.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start(
        endpoint: &Endpoint,
        deployment: Deployment,
        start: SourceStart,
        settings: SourceSettings,
    ) -> Self {
        let (sender, updates) = mpsc::channel(UPDATES_BOUND);
        let hints = HeadHints::start(endpoint);
        let follower = Follower::new(endpoint.clone(), deployment, start, settings);
        tokio::spawn(follow(follower, hints, settings.poll, sender));
        Self { updates }
    }
}

impl ChainSource for EvmSource {
    async fn next_update(&mut self) -> Result<ChainUpdate, ChainError> {
        match self.updates.recv().await {
            Some(update) => update,
            // The task ends by itself only after a permanent error, which was delivered.
            None => Err(ChainError::Permanent {
                operation: "following the chain",
                source: "the source has stopped".into(),
            }),
        }
    }
}

/// Fetches updates until there is nobody to read them or no way to go on.
async fn follow(
    mut follower: Follower,
    mut hints: HeadHints,
    poll: Duration,
    sender: mpsc::Sender<Result<ChainUpdate, ChainError>>,
) {
    let mut backoff = BACKOFF_MIN;
    loop {
        let advanced = tokio::select! {
            advanced = follower.advance() => advanced,
            () = sender.closed() => return,
        };
        let pause = match advanced {
            Ok(updates) => {
                backoff = BACKOFF_MIN;
                let is_idle = updates.is_empty();
                for update in updates {
                    if sender.send(Ok(update)).await.is_err() {
                        return;
                    }
                }
                if !is_idle {
                    continue;
                }
                poll
            }
            Err(Setback::Final(error)) => {
                tracing::error!(error = %chain(&error), "cannot follow the chain any more");
                // The reader may have gone.
                let _ = sender.send(Err(error)).await;
                return;
            }
            Err(Setback::Temporary(failure)) => {
                tracing::debug!(error = %chain(&failure), ?backoff, "following the chain, again");
                let pause = backoff;
                backoff = (backoff * 2).min(BACKOFF_MAX);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = sender.closed() => return,
                }
                continue;
            }
        };
        tokio::select! {
            () = hints.wait(pause) => {}
            () = sender.closed() => return,
        }
    }
}

/// Writes an error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Names a hash in errors.
fn hash_text(hash: BlockHash) -> String {
    hash.0.to_string()
}
