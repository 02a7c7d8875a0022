//! A client that pays over HTTP.

use crate::web;
use anyhow::{Result, ensure};
use serde_json::json;

/// A client with a connection of its own.
#[derive(Debug)]
pub(crate) struct Client {
    url: String,
    agent: ureq::Agent,
}

impl Client {
    pub(crate) fn new(url: String) -> Self {
        Self { url, agent: web::agent() }
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
