//! Telling others by HTTP what happened to deals.

mod courier;
mod schedule;
mod signature;
mod target;

pub(crate) use courier::Courier;
pub use courier::WEBHOOKS_MAX;
pub use schedule::DELIVERY_TRIES_MAX;
pub use signature::{DELIVERY_HEADER, SIGNATURE_HEADER, webhook_signature};
pub use target::{TargetError, WEBHOOK_URL_BYTES_MAX, WebhookRules};
