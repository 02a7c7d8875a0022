//! The shop's own HTTP server, which the deal server tells what happens.

use crate::server::Server;
use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    net::Ipv4Addr,
    sync::{
        Arc, OnceLock,
        mpsc::{self, Receiver, Sender},
    },
    time::Duration,
};
use tokio::{net::TcpListener, runtime::Runtime};

const SIGNATURE: &str = "Deal-Signature";

/// What happens, as it is told.
#[derive(Debug)]
pub(crate) struct Webhook {
    id: String,
    events: Receiver<Value>,
    /// Serves as long as it is there.
    _runtime: Runtime,
}

#[derive(Debug, Clone)]
struct Ear {
    /// What the deal server signs with; nothing is believed before it is known.
    secret: Arc<OnceLock<String>>,
    events: Sender<Value>,
}

impl Webhook {
    /// Listens on a free port and tells the deal server so.
    pub(crate) fn register(server: &Server) -> Result<Self> {
        let runtime = Runtime::new()?;
        let (sender, events) = mpsc::channel();
        let ear = Ear { secret: Arc::default(), events: sender };
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let router = Router::new().route("/hook", post(hear)).with_state(ear.clone());
        runtime.spawn(async move { axum::serve(listener, router).await });

        let made = server.post("webhooks", &json!({"url": url}))?;
        let text = |name: &str| made[name].as_str().map(str::to_owned);
        let secret = text("secret").context("the webhook has no secret")?;
        ear.secret.get_or_init(|| secret);
        let id = text("id").context("the webhook has no id")?;
        Ok(Self { id, events, _runtime: runtime })
    }

    /// Waits for the next event.
    pub(crate) fn next(&self, patience: Duration) -> Result<Value> {
        self.events.recv_timeout(patience).context("nothing happens")
    }

    pub(crate) fn remove(&self, server: &Server) -> Result<()> {
        server.delete(&format!("webhooks/{}", self.id))
    }
}

/// Answers a delivery. Whatever is not answered with 2xx is delivered again.
async fn hear(State(ear): State<Ear>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(secret) = ear.secret.get() else { return StatusCode::SERVICE_UNAVAILABLE };
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    if !signature.is_some_and(|signature| is_signed(secret, &body, signature)) {
        return StatusCode::FORBIDDEN;
    }
    let Ok(event) = serde_json::from_slice(&body) else { return StatusCode::BAD_REQUEST };
    match ear.events.send(event) {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Whether the body was signed with the secret; the time that it takes does not tell how wrong it is.
fn is_signed(secret: &str, body: &[u8], signature: &str) -> bool {
    let Some(shown) = signature.strip_prefix("sha256=").and_then(|it| hex::decode(it).ok()) else {
        return false;
    };
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    mac.is_ok_and(|mac| mac.chain_update(body).verify_slice(&shown).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: only the server's word counts. Method: RFC 4231, test case 2.
    #[test]
    fn deliveries_are_signed() {
        let body = b"what do ya want for nothing?";
        let good = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(is_signed("Jefe", body, good));
        assert!(!is_signed("Jefe", b"what do ya want for something?", good));
        assert!(!is_signed("Jeff", body, good) && !is_signed("Jefe", body, &good[7..]));
    }
}
