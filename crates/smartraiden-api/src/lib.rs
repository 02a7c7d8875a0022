//! The HTTP API of `smartraiden-node`: the endpoints of its users' document, nothing else.
//!
//! A handler decodes the request, makes one call to the [`NodeHandle`](tally_channel_node::NodeHandle)
//! and encodes the answer. What a refusal means in HTTP is decided in one place, `mapping`; where
//! the original's status differs, [`Compat::Upstream`] answers with the original's.
//!
//! Every endpoint is one row of `routes`, which holds its handler and its description, so that the
//! OpenAPI document ([`openapi`]) names exactly what is served.
//!
//! Start with [`SmartRaidenApi`].

mod api;
mod channels;
mod compat;
mod debug;
mod error;
mod events;
mod life;
mod mapping;
mod openapi;
mod params;
mod payments;
mod probe;
mod routes;
mod stream;
mod tokens;
mod transfers;
mod values;
mod wire;

pub use api::{PATIENCE_DEFAULT, SmartRaidenApi};
pub use compat::Compat;
pub use openapi::document as openapi;
