//! What happened: pages of it, and streams of server-sent events.

use crate::{api::Inner, call::Call, error::ApiError, failure, render};
use axum::{
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event as Frame, KeepAlive, Sse},
    },
};
use serde_json::{Value, json};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tally_deal::DealCode;
use tally_deal_store::{DealStore, Event, EventId};
use tally_http::Shutdown;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Streams that are served at a time; further ones are answered 503.
pub const STREAMS_MAX: usize = 256;

/// How often a silent stream says that it is alive.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Events of one page.
const PAGE_EVENTS_MAX: usize = 1000;

/// Events that a stream reads at a time.
const BATCH: usize = 100;

/// Places for streams.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    shutdown: Shutdown,
}

impl Streams {
    pub(crate) fn new(shutdown: Shutdown) -> Self {
        Self { places: Arc::new(Semaphore::new(STREAMS_MAX)), shutdown }
    }
}

/// Answers `GET /api/v1/events`: a stream if the client accepts one, else a page.
pub(crate) async fn all(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    call.caller.check_reader()?;
    answer(api, call, None).await
}

/// Answers `GET /api/v1/deal/{code}/events` in the same way.
pub(crate) async fn of_deal(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let code = crate::deals::code(api.embedded()?, &call).await?;
    answer(api, call, Some(code)).await
}

async fn answer(api: Arc<Inner>, call: Call, code: Option<DealCode>) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let store = Arc::clone(embedded.server.store());
    let after = after(&call)?;
    let wants_stream = call.header("accept").is_some_and(|it| it.contains("text/event-stream"));
    if !wants_stream {
        let limit = call.query.number("limit")?.unwrap_or(100);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).clamp(1, PAGE_EVENTS_MAX);
        let events = read(&*store, code, after.unwrap_or_default(), limit).await?;
        let events: Vec<Value> = events.iter().map(written).collect();
        return Ok(render::json(&events.into()));
    }
    let Ok(place) = Arc::clone(&api.streams.places).try_acquire_owned() else {
        return Err(ApiError::busy("too many streams at a time"));
    };
    let after = match after {
        Some(after) => after,
        None => store.last_event().await.map_err(|error| failure::of_store(&error))?,
    };
    let stream = Stream {
        store,
        news: embedded.server.news(),
        shutdown: api.streams.shutdown.clone(),
        code,
        after,
        pending: Vec::new(),
        _place: place,
    };
    let frames = futures_util::stream::unfold(stream, |mut stream| async {
        stream.next().await.map(|frame| (Ok::<_, Infallible>(frame), stream))
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok((StatusCode::OK, Sse::new(frames).keep_alive(keep_alive)).into_response())
}

/// Reads after which event to begin: `Last-Event-ID`, which browsers send when they come back, or
/// the parameter `after`.
fn after(call: &Call) -> Result<Option<EventId>, ApiError> {
    let header = call.header("last-event-id").map(str::parse).transpose();
    let header = header.map_err(|_| ApiError::bad_request("Last-Event-ID must be a number"))?;
    Ok(header.or(call.query.number("after")?).map(EventId))
}

async fn read(
    store: &dyn DealStore,
    code: Option<DealCode>,
    after: EventId,
    limit: usize,
) -> Result<Vec<Event>, ApiError> {
    let events = match code {
        Some(code) => store.events_of(code, after, limit).await,
        None => store.events(after, limit).await,
    };
    events.map_err(|error| failure::of_store(&error))
}

/// Writes an event as pages and streams have it.
pub(crate) fn written(event: &Event) -> Value {
    let Event { id, event } = event;
    let data: Value =
        serde_json::from_str(&event.data).unwrap_or_else(|_| Value::from(event.data.as_str()));
    json!({
        "id": id.0,
        "type": event.kind,
        "deal": event.deal.map(|code| code.to_string()),
        "time": event.at_ms,
        "data": data,
    })
}

/// One client's stream.
struct Stream {
    store: Arc<dyn DealStore>,
    news: watch::Receiver<EventId>,
    shutdown: Shutdown,
    code: Option<DealCode>,
    after: EventId,
    /// Events that were read and not yet sent, the next one last.
    pending: Vec<Event>,
    _place: OwnedSemaphorePermit,
}

impl Stream {
    /// Waits for the next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(event) = self.pending.pop() {
                let frame = Frame::default()
                    .id(event.id.to_string())
                    .event(&event.event.kind)
                    .data(written(&event).to_string());
                return Some(frame);
            }
            // Looked at before the store: what comes in between is heard of.
            self.news.borrow_and_update();
            let events = read(&*self.store, self.code, self.after, BATCH).await.ok()?;
            if let Some(last) = events.last() {
                self.after = last.id;
                self.pending = events;
                self.pending.reverse();
                continue;
            }
            tokio::select! {
                changed = self.news.changed() => changed.ok()?,
                () = self.shutdown.triggered() => return None,
            }
        }
    }
}
