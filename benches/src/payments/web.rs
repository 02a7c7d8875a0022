//! The HTTP API of one node, and a client that pays through it.

use anyhow::{Result, ensure};
use serde_json::json;
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tally_channel_node::NodeHandle;
use tally_http::{Exposure, Guard, Server, Shutdown};
use tally_smartraiden_api::SmartRaidenApi;
use tokio::task::JoinHandle;

/// Longer than any payment here takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A served API.
#[derive(Debug)]
pub(crate) struct Web {
    address: SocketAddr,
    shutdown: Shutdown,
    server: JoinHandle<()>,
}

impl Web {
    /// Serves the API of a node on a free port of the loopback interface.
    pub(crate) async fn start(node: NodeHandle) -> Result<Self> {
        let server = Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), None).await?;
        let address = server.local_address();
        let exposure = Exposure {
            address,
            needs_token: false,
            needs_certificate: false,
            allow_unauthenticated: false,
        };
        let guard = Guard::new(&exposure, None, &[])?;
        let shutdown = Shutdown::default();
        let service = SmartRaidenApi::new(node, shutdown.clone()).into_service();
        let router = service.guarded_by(guard).into_router();
        let until = shutdown.clone();
        let server = tokio::spawn(async move {
            server.serve(router, until).await;
        });
        Ok(Self { address, shutdown, server })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.shutdown.trigger();
        self.server.await?;
        Ok(())
    }
}

/// A client with a connection of its own.
#[derive(Debug)]
pub(crate) struct Client {
    url: String,
    agent: ureq::Agent,
}

impl Client {
    pub(crate) fn new(url: String) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).build();
        Self { url, agent: config.into() }
    }

    /// Pays one token over the direct channel.
    pub(crate) fn pay(&self) -> Result<()> {
        let body = json!({ "amount": 1, "is_direct": true });
        let mut reply = self.agent.post(&self.url).send_json(body)?;
        ensure!(reply.status() == 200, "a payment was answered {}", reply.status());
        // The connection is free for the next request once the body was read.
        reply.body_mut().read_to_string()?;
        Ok(())
    }
}
