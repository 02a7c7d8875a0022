//! Speaks to the API without a socket.

use crate::tiny_node::{self, TinyNode};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, header},
};
use serde_json::Value;
use std::time::Duration;
use tally_channel_node::{NodeHandle, RequestError};
use tally_http::Shutdown;
use tally_smartraiden_api::{Compat, SmartRaidenApi};
use tokio::sync::mpsc;
use tower::ServiceExt;

/// The API of one node, called without a socket.
pub(crate) struct Client {
    router: Router,
    pub(crate) shutdown: Shutdown,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    /// Parses the body.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// Returns the text of an error, after checking the error's shape.
    pub(crate) fn error(&self) -> String {
        let body = self.json();
        let fields = body.as_object().unwrap_or_else(|| panic!("no error: {}", self.text));
        assert_eq!(fields.len(), 1, "{}", self.text);
        fields["Error"].as_str().unwrap().to_owned()
    }
}

impl Client {
    /// Starts a tiny node and the API over it.
    pub(crate) fn new(compat: Compat) -> Self {
        let (commands, receiver) = mpsc::channel(64);
        tokio::spawn(TinyNode::default().run(receiver));
        Self::over(NodeHandle::new(tiny_node::own(), commands), compat)
    }

    /// Starts a node that refuses everything with what `refuse` makes.
    pub(crate) fn refusing(
        compat: Compat,
        refuse: impl Fn() -> RequestError + Send + 'static,
    ) -> Self {
        let (commands, receiver) = mpsc::channel(64);
        tokio::spawn(tiny_node::refuse_all(receiver, refuse));
        Self::over(NodeHandle::new(tiny_node::own(), commands), compat)
    }

    pub(crate) fn over(node: NodeHandle, compat: Compat) -> Self {
        let shutdown = Shutdown::default();
        let api = SmartRaidenApi::new(node, shutdown.clone())
            .with_compat(compat)
            .with_patience(Duration::from_secs(7));
        Self { router: api.into_service().into_router(), shutdown }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let reply = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = reply.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Reply { status: head.status.as_u16(), headers: head.headers, text }
    }

    /// Sends a body as JSON; an empty one is no body.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> Reply {
        self.send(request(method, path, body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, "").await
    }
}

pub(crate) fn request(method: &str, path: &str, body: &str) -> Request<Body> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = Request::builder().method(method).uri(path);
    if !body.is_empty() {
        request = request
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, body.len());
    }
    request.body(Body::from(body.to_owned())).unwrap()
}
