//! A stream of what happens: server-sent events out of the node's journal.

use crate::{SmartRaidenApi, error::ApiError, mapping::Operation, wire::Frame};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};
use tally_channel_node::{JournalEntry, NodeHandle};
use tally_http::{FieldError, FieldProblem, Query, Shutdown};
use tokio::sync::OwnedSemaphorePermit;

/// Streams that are served at a time; further ones are answered 503.
pub(crate) const STREAMS_MAX: usize = 64;

/// How often a silent stream says that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Entries that a stream holds at a time. A client that reads slowly is not waited for by anybody:
/// its stream reads the journal at the client's speed.
const BATCH: usize = 100;

const LAST_EVENT_ID: &str = "last-event-id";

/// `GET /api/1/stream`
pub(crate) async fn stream(
    State(api): State<SmartRaidenApi>,
    headers: HeaderMap,
    mut query: Query,
) -> Result<Response, ApiError> {
    let operation = Operation::Stream;
    let after = match last_event_id(&headers)? {
        Some(after) => Some(after),
        None => query.number("after")?,
    };
    query.finish()?;
    let Ok(place) = Arc::clone(&api.streams).try_acquire_owned() else {
        return Err(ApiError::TooManyStreams);
    };
    let after = match after {
        Some(after) => after,
        None => api.node.journal(None, 0).await.map_err(ApiError::during(operation))?.after,
    };
    let (node, shutdown) = (api.node, api.shutdown);
    let reader = Reader { node, shutdown, after, read: VecDeque::new(), _place: place };
    let frames = futures_util::stream::unfold(reader, |mut reader| async {
        reader.next().await.map(|event| (Ok::<_, Infallible>(event), reader))
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(frames).keep_alive(keep_alive).into_response())
}

/// Reads the header that browsers send when they come back.
fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, FieldError> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = text.and_then(|text| text.parse().ok());
    let expected = "the id of an event of this stream";
    number.map(Some).ok_or_else(|| FieldProblem::Malformed { expected }.of("Last-Event-ID"))
}

/// One client's stream.
struct Reader {
    node: NodeHandle,
    shutdown: Shutdown,
    after: u64,
    /// Entries that were read and not yet sent.
    read: VecDeque<JournalEntry>,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// Waits for the next event; `None` ends the stream, and the client comes back with the last
    /// event's id.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(entry) = self.read.pop_front() {
                let Frame { kind, data } = Frame::of(&entry);
                return Some(Event::default().id(entry.number.to_string()).event(kind).data(data));
            }
            let page = tokio::select! {
                page = self.node.journal(Some(self.after), BATCH) => page.ok()?,
                () = self.shutdown.triggered() => return None,
            };
            self.after = page.after;
            self.read = page.entries.into();
        }
    }
}
