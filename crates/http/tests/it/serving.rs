use crate::{exchange, start, start_with};
use tally_http::{BindError, DRAIN_TIMEOUT, Drained, Server};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Goal: a request in flight is answered after the shutdown began; new ones are not accepted.
#[tokio::test]
async fn requests_in_flight_are_drained() {
    let running = start(None).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let asking = tokio::spawn(exchange(stream, "/slow"));
    running.slow_reached.notified().await;
    // An idle connection that is kept alive must not hold up the shutdown.
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    idle.read_u8().await.unwrap();

    running.shutdown.trigger();
    running.slow_answers.notify_one();
    assert!(asking.await.unwrap().ends_with("slow answer"));
    assert_eq!(running.task.await.unwrap(), Drained::Completely);
    assert!(TcpStream::connect(running.address).await.is_err());
}

/// Goal: a request that never ends does not hold up the shutdown for ever. Method: paused time
/// once the request is under way.
#[tokio::test]
async fn the_drain_is_bounded() {
    let running = start(None).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let asking = tokio::spawn(exchange(stream, "/slow"));
    running.slow_reached.notified().await;
    tokio::time::pause();
    running.shutdown.trigger();
    tokio::time::advance(DRAIN_TIMEOUT).await;
    assert_eq!(running.task.await.unwrap(), Drained::CutOff { connections: 1 });
    assert_eq!(asking.await.unwrap(), "");
}

/// Goal: a connection can be taken over, and one that was does not hold up the shutdown.
#[tokio::test]
async fn a_connection_can_be_upgraded() {
    let running = start(None).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head =
        "GET /upgrade HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: words\r\n";
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 101 "), "{reply}");
    assert!(reply.ends_with("\r\n\r\nword"), "{reply}");
    running.shutdown.trigger();
    assert_eq!(running.task.await.unwrap(), Drained::Completely);
}

#[tokio::test]
async fn oversized_headers_are_refused() {
    let running = start(None).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\nA: {}\r\n\r\n", "a".repeat(400_000));
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 431");
}

/// Goal: who only holds connections open keeps nobody out, and no request is cut. Method: two places,
/// one with a slow request and one idle.
#[tokio::test]
async fn idle_connections_make_room() {
    let running = start_with(None, 2).await;
    let asking =
        tokio::spawn(exchange(TcpStream::connect(running.address).await.unwrap(), "/slow"));
    running.slow_reached.notified().await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    // One that has begun a request counts as idle too: it may never end it.
    idle.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
    for _ in 0..3 {
        let stream = TcpStream::connect(running.address).await.unwrap();
        assert!(exchange(stream, "/").await.ends_with("hello"));
    }
    let mut rest = Vec::new();
    // Closed or reset, as the system likes.
    let _ = idle.read_to_end(&mut rest).await;
    running.slow_answers.notify_one();
    assert!(asking.await.unwrap().ends_with("slow answer"));
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let running = start(None).await;
    let error = Server::bind(running.address, None).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {}", running.address));
    assert!(matches!(error, BindError::Address { .. }));
}
