use super::{client::Client, tally::Tally};
use anyhow::Context;
use serde_json::Value;
use std::{
    net::{Shutdown, TcpStream},
    sync::Arc,
    thread::{self, JoinHandle},
};
use tungstenite::{Message, client::IntoClientRequest, http::HeaderValue};

/// The node's stream of valid transactions, read by a thread of its own.
#[derive(Debug)]
pub(super) struct Stream {
    socket: TcpStream,
    reader: JoinHandle<()>,
}

impl Stream {
    /// Starts to tell `tally` what becomes valid.
    pub(super) fn follow(client: &Client, tally: Arc<Tally>) -> anyhow::Result<Self> {
        let url = format!("ws://{}/api/v1/streams/valid_transactions", client.authority());
        let mut request = url.into_client_request()?;
        if let Some(authorization) = client.authorization() {
            let value = HeaderValue::from_str(authorization).context("the token")?;
            request.headers_mut().insert("authorization", value);
        }
        let socket = TcpStream::connect(client.authority())?;
        let (mut stream, _) = tungstenite::client(request, socket.try_clone()?)?;
        let reader = thread::spawn(move || {
            // Ends when the socket is closed, by the node or by `end`.
            while let Ok(message) = stream.read() {
                if let Message::Text(text) = message {
                    heard(&text, &tally);
                }
            }
        });
        Ok(Self { socket, reader })
    }

    /// Stops following.
    pub(super) fn end(self) {
        // The node may have closed it already.
        drop(self.socket.shutdown(Shutdown::Both));
        drop(self.reader.join());
    }
}

fn heard(text: &str, tally: &Tally) {
    let event: Value = serde_json::from_str(text).unwrap_or_default();
    let id = event["transaction_id"].as_str().and_then(|id| id.parse().ok());
    if let Some(id) = id {
        tally.became_valid(id);
    }
}
