use super::{
    DevChain,
    chain::News,
    failure::Failure,
    params::Params,
    query::matching,
    wire::{Call, answer_text},
};
use alloy_primitives::U64;
use alloy_rpc_types_eth::Filter;
use axum::{
    Router,
    extract::{
        DefaultBodyLimit, FromRequestParts, Request, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
    serve::ListenerExt,
};
use serde_json::{
    json,
    value::{RawValue, to_raw_value},
};
use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, broadcast, watch},
    task::JoinHandle,
};

/// Bytes that one request may have; go-ethereum's limit is the same.
const REQUEST_BYTES_MAX: usize = 5 * 1024 * 1024;

/// WebSocket connections at a time. A development chain serves a handful of nodes and tests.
const SOCKETS_MAX: usize = 256;

/// Subscriptions of one connection.
const SUBSCRIPTIONS_MAX: usize = 32;

/// A development chain on a port: JSON-RPC over HTTP and WebSocket.
///
/// Stops when dropped; [`stop`](Self::stop) also waits until it has.
#[derive(Debug)]
pub struct DevServer {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone)]
struct Served {
    chain: DevChain,
    sockets: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

impl DevChain {
    /// Serves the chain on `address`; port 0 picks a free one.
    ///
    /// # Errors
    ///
    /// As the system refuses the address.
    pub async fn serve(&self, address: SocketAddr) -> io::Result<DevServer> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let stop = watch::Sender::new(false);
        let served = Served {
            chain: self.clone(),
            sockets: Arc::new(Semaphore::new(SOCKETS_MAX)),
            stop: stop.subscribe(),
        };
        let mut stopped = stop.subscribe();
        let router = Router::new()
            .route("/", any(handle))
            .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
            .with_state(served);
        // An answer and a notification are two small writes: the second must not wait for the
        // first to be acknowledged.
        let listener = listener.tap_io(|socket| {
            // A socket that refuses is slower, not wrong.
            let _ = socket.set_nodelay(true);
        });
        let server = axum::serve(listener, router).with_graceful_shutdown(async move {
            // A dropped handle stops the server like a stopped one.
            let _ = stopped.wait_for(|stop| *stop).await;
        });
        let task = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the development chain's server stopped");
            }
        });
        Ok(DevServer { address, stop, task })
    }
}

impl DevServer {
    /// Returns the address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL for clients that ask.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the URL for clients that ask and subscribe.
    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Stops serving and closes all connections.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // It cannot fail but by a panic, which has been reported.
        let _ = self.task.await;
    }
}

async fn handle(State(served): State<Served>, request: Request) -> Response {
    let is_upgrade = request.headers().contains_key(header::UPGRADE);
    if is_upgrade {
        let (mut parts, _) = request.into_parts();
        return match WebSocketUpgrade::from_request_parts(&mut parts, &served).await {
            Ok(upgrade) => serve_socket(served, upgrade),
            Err(rejection) => rejection.into_response(),
        };
    }
    let body = match <String as axum::extract::FromRequest<_>>::from_request(request, &served).await
    {
        Ok(body) => body,
        Err(rejection) => return rejection.into_response(),
    };
    let answer = answer_text(&body, |call| match call.method.as_str() {
        "eth_subscribe" | "eth_unsubscribe" => Err(Failure::server("notifications not supported")),
        method => served.chain.call(method, call.params.as_deref()),
    });
    ([(header::CONTENT_TYPE, "application/json")], answer.unwrap_or_default()).into_response()
}

fn serve_socket(served: Served, upgrade: WebSocketUpgrade) -> Response {
    let Ok(place) = Arc::clone(&served.sockets).try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    upgrade.max_message_size(REQUEST_BYTES_MAX).max_frame_size(REQUEST_BYTES_MAX).on_upgrade(
        async move |socket| {
            Session { chain: served.chain, subscriptions: BTreeMap::new(), next_id: 1 }
                .run(socket, served.stop)
                .await;
            drop(place);
        },
    )
}

/// One WebSocket connection.
struct Session {
    chain: DevChain,
    subscriptions: BTreeMap<u64, Subscription>,
    next_id: u64,
}

enum Subscription {
    Heads,
    Logs(Box<Filter>),
}

impl Session {
    async fn run(mut self, mut socket: WebSocket, mut stop: watch::Receiver<bool>) {
        let mut news = self.chain.news();
        loop {
            let outgoing = tokio::select! {
                message = socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => self.answer(&text).into_iter().collect(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => Vec::new(),
                    Some(Ok(Message::Binary(_) | Message::Close(_)) | Err(_)) | None => return,
                },
                item = news.recv() => match item {
                    Ok(item) => self.notifications(&item),
                    // Whoever lags has to ask for what it missed, as with real servers.
                    Err(broadcast::error::RecvError::Lagged(_)) => Vec::new(),
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                _ = stop.wait_for(|stop| *stop) => return,
            };
            for text in outgoing {
                if socket.send(Message::Text(text.into())).await.is_err() {
                    return;
                }
            }
        }
    }

    fn answer(&mut self, text: &str) -> Option<String> {
        answer_text(text, |call| self.carry_out(call))
    }

    fn carry_out(&mut self, call: &Call) -> Result<Box<RawValue>, Failure> {
        let raw = call.params.as_deref();
        match call.method.as_str() {
            "eth_subscribe" => self.subscribe(Params::parse(raw)?),
            "eth_unsubscribe" => {
                let id = Params::parse(raw)?.take::<U64>()?.to();
                match self.subscriptions.remove(&id) {
                    Some(_) => Ok(to_raw_value(&true).expect("a truth is JSON")),
                    None => Err(Failure::server("subscription not found")),
                }
            }
            method => self.chain.call(method, raw),
        }
    }

    fn subscribe(&mut self, mut params: Params) -> Result<Box<RawValue>, Failure> {
        let subscription = match params.take::<String>()?.as_str() {
            "newHeads" => Subscription::Heads,
            "logs" => Subscription::Logs(params.take_optional()?.unwrap_or_default()),
            _ => return Err(Failure::invalid_params("no such subscription")),
        };
        if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            return Err(Failure::server("too many subscriptions"));
        }
        let id = self.next_id;
        self.next_id += 1;
        self.subscriptions.insert(id, subscription);
        Ok(to_raw_value(&U64::from(id)).expect("a number is JSON"))
    }

    fn notifications(&self, news: &News) -> Vec<String> {
        let mut texts = Vec::new();
        for (id, subscription) in &self.subscriptions {
            match (subscription, news) {
                (Subscription::Heads, News::Connected(block)) => {
                    texts.push(notification(*id, &json!(block.rpc_header())));
                }
                (Subscription::Heads, News::Removed(_)) => {}
                (Subscription::Logs(filter), News::Connected(block)) => {
                    let logs = matching(block, filter);
                    texts.extend(logs.map(|log| notification(*id, &json!(log))));
                }
                (Subscription::Logs(filter), News::Removed(block)) => {
                    texts.extend(matching(block, filter).map(|log| {
                        let mut log = log.clone();
                        log.removed = true;
                        notification(*id, &json!(log))
                    }));
                }
            }
        }
        texts
    }
}

fn notification(id: u64, result: &serde_json::Value) -> String {
    let params = json!({ "subscription": U64::from(id), "result": result });
    json!({ "jsonrpc": "2.0", "method": "eth_subscription", "params": params }).to_string()
}
