//! What all the project's HTTP APIs share.
//!
//! A daemon gives a [`Service`] its routes, the shape of its errors and a [`Probe`] into its
//! state, and gets a router that limits, times, counts, logs and guards every request, answers
//! `/healthz`, `/readyz`, `/metrics`, `/openapi.json` and `/docs`, and that a [`Server`] serves with
//! or without TLS until a [`Shutdown`] is triggered.
//!
//! Request bodies are read with [`JsonBody`] and [`Fields`], which name the field that is wrong and
//! keep integers of any size exact. [`openapi`] writes the document. The crate knows no endpoint, and nothing of what the daemons do.
//!
//! Start with [`Service`].

mod body;
mod connections;
mod digits;
mod docs_page;
mod exposure;
mod fields;
mod guard;
mod limits;
mod log;
mod metrics;
pub mod openapi;
mod page;
mod probe;
mod query;
mod read;
mod reply;
mod seldom;
mod server;
mod service;
mod shutdown;
mod tls;
mod token;

pub use body::{BodyError, JsonBody, RawBody};
pub use digits::{digits, optional_digits};
pub use exposure::{Exposure, ExposureError};
pub use fields::{FieldError, FieldProblem, Fields};
pub use guard::{Guard, OriginParseError};
pub use limits::{
    BODY_BYTES_MAX, BODY_READ_TIMEOUT, CONNECTION_EVICTION_GRACE, CONNECTIONS_MAX, DRAIN_TIMEOUT,
    HEADER_READ_TIMEOUT, HEADERS_BYTES_MAX, HEADERS_MAX, PAGE_ITEMS_MAX, PROBE_TIMEOUT,
    REQUEST_TIMEOUT, REQUESTS_MAX, TLS_HANDSHAKE_TIMEOUT,
};
pub use metrics::{Sample, SampleKind};
pub use page::{Cursor, Page, PageRequest};
pub use probe::{BoxFuture, Probe, Readiness};
pub use query::Query;
pub use read::{read_bool, read_integer, read_text, read_u64};
pub use reply::{ErrorShape, Json};
pub use server::{BindError, Drained, Server};
pub use service::Service;
pub use shutdown::Shutdown;
pub use tls::{TlsError, TlsFiles};
pub use token::{BearerToken, TokenError};
