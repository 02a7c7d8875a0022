use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::time::Duration;

/// Longer than any answer in this demonstration takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// One node's HTTP API, as a user of the node sees it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    base: String,
    agent: ureq::Agent,
}

/// What an API answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(base: String) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build();
        Self { base, agent: config.into() }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn get(&self, path: &str) -> Result<Reply> {
        read(path, self.agent.get(self.url(path)).call())
    }

    pub(crate) fn put(&self, path: &str, body: Option<&Value>) -> Result<Reply> {
        let request = self.agent.put(self.url(path));
        read(
            path,
            body.map_or_else(
                || self.agent.put(self.url(path)).send_empty(),
                |body| request.send_json(body),
            ),
        )
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Result<Reply> {
        read(path, self.agent.patch(self.url(path)).send_json(body))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Reply> {
        read(path, self.agent.post(self.url(path)).send_json(body))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/1/{path}", self.base)
    }
}

impl Reply {
    /// Returns the body of an answer with the expected status.
    pub(crate) fn expect(self, status: u16) -> Result<Value> {
        if self.status != status {
            bail!("expected status {status}, got {}: {}", self.status, self.body);
        }
        Ok(self.body)
    }
}

fn read(path: &str, reply: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Reply> {
    let mut reply = reply.with_context(|| format!("calling {path}"))?;
    let text = reply.body_mut().read_to_string().with_context(|| format!("reading {path}"))?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Reply { status: reply.status().as_u16(), body })
}
