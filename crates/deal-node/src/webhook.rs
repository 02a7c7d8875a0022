//! Telling others by HTTP what happened to deals.

mod schedule;
mod signature;
mod target;

pub use schedule::DELIVERY_TRIES_MAX;
pub use signature::{DELIVERY_HEADER, SIGNATURE_HEADER, webhook_signature};
pub use target::{TargetError, WEBHOOK_URL_BYTES_MAX, WebhookRules};
