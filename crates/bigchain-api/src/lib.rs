//! The HTTP and WebSocket API of `bigchain-node`.
//!
//! One API for the users' document of December 2016 and for the clients of five generations of
//! servers. A handler decodes the request, makes one call and encodes the answer. Which
//! generation's answer that is, is decided in one place, [`ApiEra`]'s module, by a table of rules.
//!
//! Every endpoint is one row of `routes`, which holds its handler and its description, so that the
//! OpenAPI document ([`openapi`]) names exactly what is served.
//!
//! Start with [`BigchainApi`].

mod api;
mod ask;
mod blocks;
mod era;
mod error;
mod info;
mod ledger;
mod openapi;
mod outputs;
mod page;
mod post;
mod probe;
mod reply;
mod routes;
mod search;
mod statuses;
mod streams;
mod transactions;
mod validators;
mod values;
mod votes;

pub use api::BigchainApi;
pub use era::{ApiEra, ApiEraParseError};
pub use openapi::document as openapi;
pub use page::{DOCUMENTS_DEFAULT, OUTPUTS_DEFAULT, PAGE_MAX};
pub use streams::{CLIENT_MESSAGE_BYTES_MAX, CLIENT_READ_TIMEOUT, PING_INTERVAL, STREAMS_MAX};
