//! What happened: pages of it, and streams of server-sent events.

use crate::{api::Inner, call::Call, error::ApiError, render};
use axum::{
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event as Frame, KeepAlive, Sse},
    },
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tally_deal::DealCode;
use tally_deal_store::{DealStore, Event, EventId};
use tally_http::Shutdown;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::Instant,
};

/// Streams that are served at a time; further ones are answered 503.
pub const STREAMS_MAX: usize = 256;

/// Streams of one client, account or session's owner at a time; further ones are answered 503.
pub const CALLER_STREAMS_MAX: usize = 16;

/// How long a stream waits at least before it looks into the store again, unless there was more than
/// it could take: what happens many times a second is told together.
pub const STREAM_PAUSE: Duration = Duration::from_millis(250);

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
    /// How many streams each caller has who says who he is.
    of_callers: Arc<Mutex<BTreeMap<String, usize>>>,
    shutdown: Shutdown,
}

impl Streams {
    pub(crate) fn new(shutdown: Shutdown) -> Self {
        let places = Arc::new(Semaphore::new(STREAMS_MAX));
        Self { places, of_callers: Arc::default(), shutdown }
    }

    /// Takes a place for a caller. Where nobody says who asks, only the whole number is bounded.
    fn enter(&self, caller: &str) -> Result<Place, ApiError> {
        let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(ApiError::busy("too many streams at a time"));
        };
        let mut of_callers = self.of_callers.lock().unwrap_or_else(PoisonError::into_inner);
        let count = of_callers.entry(caller.to_owned()).or_default();
        if !caller.is_empty() && *count >= CALLER_STREAMS_MAX {
            return Err(ApiError::busy("too many streams of one caller at a time"));
        }
        *count += 1;
        let (caller, of_callers) = (caller.to_owned(), Arc::clone(&self.of_callers));
        Ok(Place { caller, of_callers, _permit: permit })
    }
}

/// The place of one stream, which it leaves when it ends.
struct Place {
    caller: String,
    of_callers: Arc<Mutex<BTreeMap<String, usize>>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut of_callers = self.of_callers.lock().unwrap_or_else(PoisonError::into_inner);
        match of_callers.get_mut(&self.caller) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(of_callers.remove(&self.caller)),
        }
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
    let place = api.streams.enter(&call.caller.subject)?;
    let after = match after {
        Some(after) => after,
        None => store.last_event().await?,
    };
    let stream = Stream {
        store,
        news: embedded.server.news(),
        shutdown: api.streams.shutdown.clone(),
        code,
        after,
        pending: Vec::new(),
        next_read: Instant::now(),
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
        Some(code) => store.events_of(code, after, limit).await?,
        None => store.events(after, limit).await?,
    };
    Ok(events)
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
    /// When to look into the store again at the earliest.
    next_read: Instant,
    _place: Place,
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
            tokio::select! {
                () = tokio::time::sleep_until(self.next_read) => {}
                () = self.shutdown.triggered() => return None,
            }
            // Looked at before the store: what comes in between is heard of.
            self.news.borrow_and_update();
            let events = read(&*self.store, self.code, self.after, BATCH).await.ok()?;
            if events.len() < BATCH {
                self.next_read = Instant::now() + STREAM_PAUSE;
            }
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
