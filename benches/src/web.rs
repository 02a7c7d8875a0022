//! An HTTP API that is served while something is measured, and clients for it.

use anyhow::{Context, Result};
use axum::Router;
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tally_http::{Exposure, Guard, Server, Service, Shutdown};
use tokio::task::JoinHandle;

/// Longer than anything here takes, so that a fault shows as an error and not as a hanging run.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A served API.
#[derive(Debug)]
pub(crate) struct Web {
    address: SocketAddr,
    shutdown: Shutdown,
    server: JoinHandle<()>,
}

impl Web {
    /// Serves an API on a free port of the loopback interface.
    pub(crate) async fn start(api: impl FnOnce(Shutdown) -> Service) -> Result<Self> {
        let server = Self::bind().await?;
        let address = server.local_address();
        let exposure = Exposure {
            address,
            needs_token: false,
            needs_certificate: false,
            allow_unauthenticated: false,
        };
        let guard = Guard::new(&exposure, None, &[])?;
        let shutdown = Shutdown::default();
        let router = api(shutdown.clone()).guarded_by(guard).into_router();
        Ok(Self::serve(server, router, shutdown))
    }

    /// Serves a router with nothing around it: what HTTP alone costs.
    pub(crate) async fn bare(router: Router) -> Result<Self> {
        Ok(Self::serve(Self::bind().await?, router, Shutdown::default()))
    }

    async fn bind() -> Result<Server> {
        Ok(Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), None).await?)
    }

    fn serve(server: Server, router: Router, shutdown: Shutdown) -> Self {
        let (address, until) = (server.local_address(), shutdown.clone());
        let server = tokio::spawn(async move {
            server.serve(router, until).await;
        });
        Self { address, shutdown, server }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
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

/// Returns a client with connections of its own.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).build().into()
}

/// Returns how long the head and the body of an answer are, once the head is there.
pub(crate) fn parse_head(bytes: &[u8]) -> Result<Option<(usize, usize)>> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = bytes.windows(END.len()).position(|window| window == END) else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..end])?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.context("an answer has no length")?.parse()?;
    Ok(Some((end + END.len(), length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_say_how_long_bodies_are() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\nx: y\r\n\r\n{\"code\":0}";
        assert_eq!(parse_head(answer).unwrap(), Some((45, 12)));
        assert_eq!(parse_head(&answer[..40]).unwrap(), None);
        assert!(parse_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
