//! The HTTP and WebSocket API of `bigchain-node`.

mod era;
mod error;
mod reply;
mod values;

pub use era::{ApiEra, ApiEraParseError};
