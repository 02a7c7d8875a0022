//! What servers for trying out have beside everything: money for whoever asks, and blocks.

use crate::{api::Inner, call::Call, error::ApiError, members::Members, render};
use axum::{http::StatusCode, response::Response};
use serde_json::{Value, json};
use std::{fmt, sync::Arc};
use tally_deal::{Address, Sum};

/// The most blocks of one request.
const BLOCKS_MAX: u64 = 1000;

/// A simulated chain, as those reach it who try things out.
pub trait Playground: fmt::Debug + Send + Sync {
    /// Pays out of nothing, with a transaction that waits for a block. Returns its id.
    ///
    /// # Errors
    ///
    /// Why the chain does not take it, for people.
    fn pay(&self, to: &Address, sum: Sum) -> Result<String, String>;

    /// Makes blocks at once, the first of which holds what waits. Returns the height of the last.
    ///
    /// # Errors
    ///
    /// Why the chain does not take them, for people.
    fn mine(&self, blocks: u64) -> Result<u64, String>;
}

/// Answers `POST /api/v1/dev/faucet`.
pub(crate) async fn faucet(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let playground = playground(&api)?;
    let members = Members::read(&call).await?;
    let network = api.config.network;
    let address = members.required("address")?;
    let address = Address::parse(address, network)
        .map_err(|error| ApiError::validation(format!("Invalid format: address: {error}.")))?;
    // A number has its digits in a form already.
    let text = match members.value("sum") {
        Some(Value::Number(number)) => number.as_f64().map(|coins| format!("{coins:.8}")),
        _ => None,
    };
    let text = text.map_or_else(|| members.required("sum").map(str::to_owned), Ok)?;
    let sum = Sum::parse(&text, network)
        .map_err(|error| ApiError::validation(format!("Invalid format: sum: {error}.")))?;
    let txid = playground.pay(&address, sum).map_err(|why| ApiError::conflict("refused", why))?;
    api.embedded()?.server.look();
    Ok(render::json(&json!({ "txid": txid })))
}

/// Answers `POST /api/v1/dev/mine`.
pub(crate) async fn mine(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let playground = playground(&api)?;
    let members = Members::read(&call).await?;
    let blocks = match members.value("blocks") {
        None => Some(1),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    };
    let blocks = blocks.filter(|blocks| (1..=BLOCKS_MAX).contains(blocks));
    let blocks = blocks.ok_or_else(|| {
        ApiError::validation(format!("Invalid format: blocks is a number from 1 to {BLOCKS_MAX}."))
    })?;
    let height = playground.mine(blocks).map_err(|why| ApiError::conflict("refused", why))?;
    Ok(render::json(&json!({ "height": height })))
}

fn playground(api: &Inner) -> Result<&dyn Playground, ApiError> {
    let message = "only a server for trying out (--dev) makes money and blocks";
    let none = || ApiError::new(StatusCode::NOT_FOUND, "no_simulated_chain", message);
    api.config.playground.as_deref().ok_or_else(none)
}
