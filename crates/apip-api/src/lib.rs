//! The HTTP API of the directory: APIP0, 1 and 3 to 7.
//!
//! Every interface is a card (`cards.rs`), a row of one table: what it searches, how its answer is
//! shaped, what clients cannot set. One handler serves them all: it checks a request in a fixed
//! order, asks the directory, takes the price and signs the answer. Sign-in, the interfaces
//! without a signature and the OpenAPI document come from the same table.
//!
//! Every answer has HTTP status 200 and says in `code` what it is; the statuses of HTTP are left to
//! what is refused before the API has looked at it. No answer that cost something leaves before its
//! price is on the disk.
//!
//! Start with [`ApipApi`]; for users, docs/http-apip.md.

mod api;
mod body;
mod cards;
mod code;
mod config;
mod data;
mod free;
mod handler;
mod openapi;
mod own;
mod price;
mod probe;
mod reply;
mod searches;
mod sign_in;

pub use api::{ApipApi, BODY_BYTES_MAX};
pub use config::{ApipConfig, ApipConfigError, ChargeRule, Clock, KeyFormat, url_path};
pub use openapi::document;
