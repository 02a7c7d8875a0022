use crate::command_line::LoadArguments;
use anyhow::{Context, bail};
use serde_json::Value;
use std::time::Duration;
use tally_http::BearerToken;

/// Longer than a busy node takes for an answer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Connections that are kept open for the next request; a thread has one at a time.
const IDLE_MAX: usize = 1024;

/// A user of a node's API.
#[derive(Debug)]
pub(super) struct Client {
    agent: ureq::Agent,
    /// Host and port.
    authority: String,
    /// The header that opens the API.
    authorization: Option<String>,
}

/// What the node answered to a transaction.
#[derive(Debug)]
pub(super) enum Answer {
    /// It is durable.
    Accepted,
    /// Later, please.
    Busy(Duration),
    /// Never; with the reason.
    Refused(String),
}

/// What became of a transaction that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransactionStatus {
    /// For good.
    Valid,
    /// It may become valid.
    Waiting,
    /// It will not, or the node does not know it.
    Lost,
}

impl Client {
    pub(super) fn new(arguments: &LoadArguments) -> anyhow::Result<Self> {
        let url = &arguments.url;
        if url.starts_with("https://") {
            bail!(
                "--url {url}: load speaks HTTP without TLS only; run it on a machine where the \
                 node serves http://"
            );
        }
        let Some(rest) = url.strip_prefix("http://") else {
            bail!("--url {url}: must begin with http://");
        };
        let authority = rest.trim_end_matches('/').to_owned();
        if authority.is_empty() || authority.contains('/') {
            bail!("--url {}: must be http://HOST:PORT", arguments.url);
        }
        let authority = if authority.contains(':') { authority } else { format!("{authority}:80") };
        let authorization = match &arguments.api_token_file {
            None => None,
            Some(path) => {
                // Checks that it can be a token at all.
                BearerToken::from_file(path)
                    .with_context(|| format!("--api-token-file {}", path.display()))?;
                let token = std::fs::read_to_string(path).context("--api-token-file")?;
                Some(format!("Bearer {}", token.trim()))
            }
        };
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .max_idle_connections(IDLE_MAX)
            .max_idle_connections_per_host(IDLE_MAX)
            .build();
        Ok(Self { agent: agent.into(), authority, authorization })
    }

    /// Returns host and port.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Returns what the node says it is.
    pub(super) fn introduction(&self) -> anyhow::Result<String> {
        let (status, body) = self.get("/")?;
        let software = body["software"].as_str();
        match (status, software) {
            (200, Some(software)) => {
                let version = body["version"].as_str().unwrap_or_default();
                Ok(format!("{software} {version}"))
            }
            (401, _) if self.authorization.is_some() => {
                bail!("the node on {} has another token than --api-token-file", self.authority)
            }
            (401, _) => {
                bail!("the node on {} wants a token: give --api-token-file", self.authority)
            }
            _ => bail!("what answers on {} is no ledger (status {status})", self.authority),
        }
    }

    /// Posts a transaction.
    pub(super) fn post(&self, transaction: &str) -> anyhow::Result<Answer> {
        let url = format!("http://{}/api/v1/transactions", self.authority);
        let mut request = self.agent.post(&url).content_type("application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let mut reply = request.send(transaction).context("no answer")?;
        let status = reply.status().as_u16();
        let wait = reply.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let wait = wait.and_then(|seconds| seconds.parse().ok()).unwrap_or(1);
        // Read to the end, so that the connection can be used again.
        let text = reply.body_mut().read_to_string().context("no answer")?;
        Ok(match status {
            200..=299 => Answer::Accepted,
            429 | 503 => Answer::Busy(Duration::from_secs(wait)),
            _ => Answer::Refused(reason(status, &text)),
        })
    }

    /// Says what became of a transaction by now.
    pub(super) fn status(&self, id: &str) -> anyhow::Result<TransactionStatus> {
        let (status, body) = self.get(&format!("/api/v1/transactions/{id}/status"))?;
        Ok(match (status, body["status"].as_str()) {
            (200, Some("valid")) => TransactionStatus::Valid,
            (200, Some("backlog" | "undecided")) => TransactionStatus::Waiting,
            _ => TransactionStatus::Lost,
        })
    }

    fn get(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        let mut request = self.agent.get(format!("http://{}{path}", self.authority));
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let mut reply =
            request.call().with_context(|| format!("{} does not answer", self.authority))?;
        let text = reply.body_mut().read_to_string().context("no answer")?;
        Ok((reply.status().as_u16(), serde_json::from_str(&text).unwrap_or_default()))
    }
}

fn reason(status: u16, text: &str) -> String {
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let message = body["message"].as_str().unwrap_or(text);
    format!("{status}: {message}")
}
