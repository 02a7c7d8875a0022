use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::time::Duration;
use ureq::{Agent, Body, http::Response};

const TIMEOUT: Duration = Duration::from_secs(30);

/// A deal server's HTTP API.
#[derive(Debug)]
pub(crate) struct Server {
    agent: Agent,
    api: String,
}

impl Server {
    pub(crate) fn new(url: &str) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            // What is refused says why in its body.
            .http_status_as_error(false);
        Self { agent: config.build().into(), api: format!("{}/api/v1", url.trim_end_matches('/')) }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.get_text(path)?)?)
    }

    pub(crate) fn get_text(&self, path: &str) -> Result<String> {
        let asked = self.agent.get(format!("{}/{path}", self.api)).call();
        answer(path, asked)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let asked = self.agent.post(format!("{}/{path}", self.api)).send_json(body);
        Ok(serde_json::from_str(&answer(path, asked)?)?)
    }

    /// Asks for something that must be done once, however often it is asked for.
    pub(crate) fn post_text(&self, path: &str, body: &Value, key: &str) -> Result<String> {
        let request = self.agent.post(format!("{}/{path}", self.api));
        answer(path, request.header("Idempotency-Key", key).send_json(body))
    }

    pub(crate) fn delete(&self, path: &str) -> Result<()> {
        answer(path, self.agent.delete(format!("{}/{path}", self.api)).call())?;
        Ok(())
    }
}

fn answer(path: &str, asked: Result<Response<Body>, ureq::Error>) -> Result<String> {
    let mut answer = asked.with_context(|| format!("{path}: is there a server? make demo-deal"))?;
    let text = answer.body_mut().read_to_string()?;
    if !answer.status().is_success() {
        bail!("{path} was answered {}: {text}", answer.status());
    }
    Ok(text)
}
