//! The HTTP API of deals: a module in front of a server, and the embedded server.
//!
//! A module takes what clients send in four kinds of bodies, makes the exact text of a message of it,
//! and has it answered by a server: another one, to which it sends a package, or the embedded one. The
//! same endpoints serve other modules, on a port of their own, where every body is a package.
//!
//! Every endpoint is one row of `routes`, which holds its handler and its description, so that the
//! OpenAPI document ([`openapi`]) names exactly what is served. A request goes through `entrance`
//! (paths, methods, origins), `access` (who asks), `idempotency` (what was asked before) and its
//! handler, which decodes, makes one call and encodes.
//!
//! The crate decides nothing about deals and knows no chain.
//!
//! Start with [`DealApi`]; for users, docs/http-deal.md.

mod access;
mod account;
mod api;
mod body;
mod call;
mod config;
mod deal;
mod deals;
mod decisions;
mod embedded;
mod entrance;
mod error;
mod escape;
mod events;
mod failure;
mod form;
mod idempotency;
mod keys;
mod lists;
mod local;
mod members;
mod openapi;
mod packages;
mod playground;
mod probe;
mod query;
mod relay;
mod render;
mod routes;
mod server;
mod text;
mod webhooks;

pub use access::{AccessRule, OAuthClient};
pub use api::DealApi;
pub use config::{DealApiConfig, ModuleIdentity};
pub use events::{CALLER_STREAMS_MAX, KEEP_ALIVE, STREAM_PAUSE, STREAMS_MAX};
pub use openapi::document as openapi;
pub use playground::Playground;
pub use server::ServiceKeySource;
