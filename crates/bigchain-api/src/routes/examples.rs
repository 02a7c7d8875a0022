//! Bodies and replies as they are sent, for the OpenAPI document.

use super::Content;

const fn one(schema: &'static str, example: &'static str) -> Content {
    Content { schema, list: false, example }
}

const fn list(schema: &'static str, example: &'static str) -> Content {
    Content { schema, list: true, example }
}

pub(super) const ROOT: Content = one("Root", include_str!("examples/root.json"));
pub(super) const INDEX: Content = one("Index", include_str!("examples/index.json"));
pub(super) const VALIDATORS: Content = list("Validator", include_str!("examples/validators.json"));
pub(super) const TRANSACTION: Content =
    one("Transaction", include_str!("examples/transaction.json"));
pub(super) const TRANSACTIONS: Content =
    list("Transaction", include_str!("examples/transactions.json"));
pub(super) const STATUS: Content = one("Status", r#"{"status":"valid"}"#);
pub(super) const INVALID: Content = one("Status", include_str!("examples/invalid.json"));
pub(super) const BLOCK: Content = one("Block", include_str!("examples/block.json"));
pub(super) const BLOCKS: Content = list("BlockRef", "[2]");
pub(super) const VOTES: Content = list("Vote", include_str!("examples/votes.json"));
pub(super) const OUTPUTS: Content = list("Output", include_str!("examples/outputs.json"));
pub(super) const UNSPENTS: Content = list("OutputPath", include_str!("examples/unspents.json"));
pub(super) const ASSETS: Content = list("Asset", include_str!("examples/assets.json"));
pub(super) const METADATA: Content = list("Metadata", include_str!("examples/metadata.json"));
