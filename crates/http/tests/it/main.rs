//! The server over real sockets: plain, TLS, client certificates, draining.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod serving;
mod tls;

use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper_util::rt::TokioIo;
use std::{net::SocketAddr, sync::Arc};
use tally_http::{CONNECTIONS_MAX, Drained, Server, Shutdown, TlsFiles};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::Notify,
    task::JoinHandle,
};

/// A server under test.
struct Running {
    address: SocketAddr,
    shutdown: Shutdown,
    /// Told when a request reached `/slow`.
    slow_reached: Arc<Notify>,
    /// Tells `/slow` to answer.
    slow_answers: Arc<Notify>,
    task: JoinHandle<Drained>,
}

async fn start(tls: Option<&TlsFiles>) -> Running {
    start_with(tls, CONNECTIONS_MAX).await
}

async fn start_with(tls: Option<&TlsFiles>, connections_max: usize) -> Running {
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), tls).await.unwrap();
    let server = server.with_connections_max(connections_max);
    let address = server.local_address();
    let (shutdown, slow_reached, slow_answers) =
        (Shutdown::default(), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (reached, answers) = (Arc::clone(&slow_reached), Arc::clone(&slow_answers));
    let slow = move || async move {
        reached.notify_one();
        answers.notified().await;
        "slow answer"
    };
    let router = Router::new()
        .route("/", get(hello))
        .route("/slow", get(slow))
        .route("/upgrade", get(upgrade));
    let task = tokio::spawn(server.serve(router, shutdown.clone()));
    Running { address, shutdown, slow_reached, slow_answers, task }
}

/// Gives the connection to another protocol, which says one word.
async fn upgrade(request: Request) -> Response {
    tokio::spawn(async {
        let taken_over = hyper::upgrade::on(request).await.unwrap();
        TokioIo::new(taken_over).write_all(b"word").await.unwrap();
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(header::UPGRADE, "words")]).into_response()
}

async fn hello() -> Response {
    (StatusCode::OK, "hello").into_response()
}

/// Sends one request and reads until the server closes.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    String::from_utf8(reply).unwrap()
}
