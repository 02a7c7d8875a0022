//! The streams of transactions in blocks that became valid, over WebSockets.

use crate::{
    BigchainApi,
    error::{ApiError, Refusal},
};
use axum::{
    extract::{
        State,
        ws::{
            CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code,
            rejection::WebSocketUpgradeRejection,
        },
    },
    response::{IntoResponse, Response},
};
use futures_util::SinkExt as _;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tally_ledger_node::ValidBlock;
use tokio::{
    sync::{OwnedSemaphorePermit, broadcast, broadcast::error::RecvError},
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// Streams that are served at a time; further ones are answered 503.
pub const STREAMS_MAX: usize = 256;

/// Bytes of a message from a client. What it says is ignored, so it need not be long.
pub const CLIENT_MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// How many times longer a message may be and still be read, so that the client can be told why its
/// stream ends; one that is longer ends it without a word.
const SLACK: usize = 16;

/// How long a client may take to read the transactions of one block before it is cut off.
pub const CLIENT_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a client is asked whether it is still there; one that is silent for twice as long is
/// cut off.
pub const PING_INTERVAL: Duration = Duration::from_secs(30);

/// How a stream writes a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// `tx_id`, as 0.10.
    TxId,
    /// `transaction_id`, as 1.x, with the height of 2.x.
    TransactionId,
}

/// Answers `GET /streams/valid_tx`.
pub(crate) async fn valid_tx(State(api): State<BigchainApi>, upgrade: Upgrade) -> Response {
    open(&api, upgrade, Dialect::TxId)
}

/// Answers `GET /streams/valid_transactions`.
pub(crate) async fn valid_transactions(
    State(api): State<BigchainApi>,
    upgrade: Upgrade,
) -> Response {
    open(&api, upgrade, Dialect::TransactionId)
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

fn open(api: &BigchainApi, upgrade: Upgrade, dialect: Dialect) -> Response {
    let Ok(upgrade) = upgrade else {
        let why = "this is a stream: open it as a WebSocket".to_owned();
        let error = ApiError::Parameter { name: "upgrade", why };
        return Refusal { era: api.era(), error }.into_response();
    };
    let Ok(place) = Arc::clone(&api.stream_places).try_acquire_owned() else {
        let error = ApiError::Busy { retry_after_s: 1 };
        return Refusal { era: api.era(), error }.into_response();
    };
    // Subscribed before the handshake's answer: a client misses nothing that comes after it.
    let stream = Stream { blocks: api.node.subscribe(), dialect, _place: place };
    let shutdown = api.shutdown.clone();
    upgrade
        .max_message_size(SLACK * CLIENT_MESSAGE_BYTES_MAX)
        .max_frame_size(SLACK * CLIENT_MESSAGE_BYTES_MAX)
        .on_upgrade(async move |mut socket| {
            let ended = tokio::select! {
                ended = stream.run(&mut socket) => ended,
                () = shutdown.triggered() => Ended::Because(close_code::AWAY, "shutting down"),
            };
            if let Ended::Because(code, reason) = ended {
                tracing::debug!(reason, "stream closed");
                let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
                let _ =
                    timeout(CLIENT_READ_TIMEOUT, socket.send(Message::Close(Some(frame)))).await;
            }
        })
}

/// One client's stream.
struct Stream {
    blocks: broadcast::Receiver<Arc<ValidBlock>>,
    dialect: Dialect,
    _place: OwnedSemaphorePermit,
}

/// How a stream ended.
enum Ended {
    /// The client went away.
    Gone,
    /// The server cuts it off: with this code, for this reason.
    Because(u16, &'static str),
}

impl Stream {
    async fn run(mut self, socket: &mut WebSocket) -> Ended {
        let mut pings = interval(PING_INTERVAL);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                block = self.blocks.recv() => match block {
                    Ok(block) => match timeout(CLIENT_READ_TIMEOUT, self.say(socket, &block)).await
                    {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return Ended::Gone,
                        Err(_) => return Ended::Because(close_code::POLICY, "reads too slowly"),
                    },
                    Err(RecvError::Lagged(_)) => {
                        return Ended::Because(close_code::POLICY, "reads too slowly");
                    }
                    Err(RecvError::Closed) => {
                        return Ended::Because(close_code::AWAY, "shutting down");
                    }
                },
                message = socket.recv() => match message {
                    Some(Ok(message)) if message.clone().into_data().len() > CLIENT_MESSAGE_BYTES_MAX => {
                        return Ended::Because(close_code::SIZE, "message too long");
                    }
                    Some(Ok(_)) => heard = Instant::now(),
                    Some(Err(_)) | None => return Ended::Gone,
                },
                _ = pings.tick() => {
                    if heard.elapsed() > 2 * PING_INTERVAL {
                        return Ended::Because(close_code::POLICY, "does not answer");
                    }
                    let ping = socket.send(Message::Ping(Default::default()));
                    if !matches!(timeout(CLIENT_READ_TIMEOUT, ping).await, Ok(Ok(()))) {
                        return Ended::Gone;
                    }
                }
            }
        }
    }

    /// Sends a block's transactions, one message each.
    async fn say(&self, socket: &mut WebSocket, block: &ValidBlock) -> Result<(), axum::Error> {
        for message in messages(block, self.dialect) {
            socket.feed(Message::Text(message.into())).await?;
        }
        socket.flush().await
    }
}

fn messages(block: &ValidBlock, dialect: Dialect) -> impl Iterator<Item = String> {
    let id = block.id.to_string();
    block.transactions.iter().map(move |(transaction, asset)| {
        let (transaction, asset) = (transaction.to_string(), asset.to_string());
        let message = match dialect {
            Dialect::TxId => json!({ "tx_id": transaction, "asset_id": asset, "block_id": id }),
            Dialect::TransactionId => json!({
                "transaction_id": transaction,
                "asset_id": asset,
                "block_id": id,
                "height": block.height,
            }),
        };
        message.to_string()
    })
}
