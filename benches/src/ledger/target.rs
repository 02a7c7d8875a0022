//! Where transactions are posted.

use crate::web;
use anyhow::{Result, ensure};
use bytes::Bytes;
use std::time::{Duration, Instant};
use tally_ledger_node::{Mode, NodeHandle};
use tokio::task::JoinSet;

/// Where transactions are posted.
#[derive(Debug)]
pub(crate) enum Target {
    /// To these nodes by turns; the same client always to the same.
    Nodes(Vec<NodeHandle>),
    /// To this URL.
    Url(String),
}

impl Target {
    /// Starts a client that posts these texts one after the other and waits until each is valid.
    pub(crate) fn spawn(
        &self,
        clients: &mut JoinSet<Result<Vec<Duration>>>,
        index: usize,
        texts: Vec<Bytes>,
    ) {
        match self {
            Self::Nodes(nodes) => {
                let node = nodes[index % nodes.len()].clone();
                clients.spawn(async move {
                    let mut latencies = Vec::with_capacity(texts.len());
                    for text in texts {
                        let asked = Instant::now();
                        let posted = node.post(text, Mode::Commit).await?;
                        latencies.push(asked.elapsed());
                        ensure!(posted.is_valid && posted.is_new, "a post was not the first");
                    }
                    Ok(latencies)
                });
            }
            Self::Url(url) => {
                let (agent, url) = (web::agent(), url.clone());
                clients.spawn_blocking(move || {
                    let mut latencies = Vec::with_capacity(texts.len());
                    for text in texts {
                        let asked = Instant::now();
                        post(&agent, &url, &text)?;
                        latencies.push(asked.elapsed());
                    }
                    Ok(latencies)
                });
            }
        }
    }
}

fn post(agent: &ureq::Agent, url: &str, text: &[u8]) -> Result<()> {
    let request = agent.post(url).header("content-type", "application/json");
    let mut reply = request.send(text)?;
    ensure!(reply.status() == 202, "a post was answered {}", reply.status());
    // The connection is free for the next request once the body was read.
    reply.body_mut().read_to_string()?;
    Ok(())
}
