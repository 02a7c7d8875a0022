//! The parameters of queries, as the OpenAPI document describes them.

/// A parameter of a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) description: &'static str,
    pub(crate) kind: Kind,
}

/// What a parameter's text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 64 hexadecimal digits.
    Hash,
    /// A version 4 UUID.
    Uuid,
    /// Either.
    Asset,
    /// A public key in Base58.
    Key,
    /// `true` or `false`, in any case.
    Boolean,
    /// A number of items.
    Count,
    /// One of these words, in any case.
    Word(&'static [&'static str]),
    /// Any text.
    Text,
}

const fn optional(name: &'static str, kind: Kind, description: &'static str) -> Parameter {
    Parameter { name, required: false, description, kind }
}

const fn required(name: &'static str, kind: Kind, description: &'static str) -> Parameter {
    Parameter { name, required: true, description, kind }
}

pub(crate) const MODE: Parameter = optional(
    "mode",
    Kind::Word(&["async", "sync", "commit"]),
    "When to answer: once the transaction is accepted (async, the default, and sync), or once it is \
     in a block of the chain (commit).",
);
pub(crate) const OWNERS_AFTER: Parameter =
    optional("owners_after", Kind::Key, "Transactions with an output of this key.");
pub(crate) const FULFILLED: Parameter = optional(
    "fulfilled",
    Kind::Boolean,
    "With owners_after: whether such an output is spent (true) or unspent (false).",
);
pub(crate) const ASSET_ID: Parameter =
    optional("asset_id", Kind::Asset, "Transactions of this asset.");
pub(crate) const OPERATION: Parameter = optional(
    "operation",
    Kind::Word(&["CREATE", "TRANSFER", "GENESIS"]),
    "With asset_id: transactions with this operation.",
);
pub(crate) const METADATA_ID: Parameter =
    optional("metadata_id", Kind::Uuid, "Transactions whose metadata has this id.");
pub(crate) const LAST_TX: Parameter =
    optional("last_tx", Kind::Boolean, "With asset_id: only the asset's newest transaction.");
pub(crate) const TX_ID: Parameter =
    optional("tx_id", Kind::Hash, "The transaction's id: the seed, 0.9 and 0.10.");
pub(crate) const TRANSACTION_ID: Parameter =
    optional("transaction_id", Kind::Hash, "The transaction's id: 1.x and 2.x.");
pub(crate) const BLOCK_ID: Parameter = optional("block_id", Kind::Hash, "The block's id.");
pub(crate) const VOTED_BLOCK: Parameter = required("block_id", Kind::Hash, "The block's id.");
pub(crate) const STATUS: Parameter =
    optional("status", Kind::Word(&["VALID", "UNDECIDED", "INVALID"]), "The block's status.");
pub(crate) const VOTER: Parameter =
    optional("voter", Kind::Key, "Only the vote of the node with this key.");
pub(crate) const PUBLIC_KEY: Parameter = required("public_key", Kind::Key, "The owner's key.");
pub(crate) const SPENT: Parameter = optional(
    "spent",
    Kind::Boolean,
    "1.x and 2.x: only outputs that are spent (true), or only those that are not (false).",
);
pub(crate) const UNSPENT: Parameter = optional(
    "unspent",
    Kind::Boolean,
    "0.9 and 0.10: only outputs that are not spent (true), or all (false).",
);
pub(crate) const DETAILS: Parameter = optional(
    "details",
    Kind::Boolean,
    "Whether to say the amount, the asset and whether it is spent of each, up to 1000 a page. This \
     server's own.",
);
pub(crate) const SEARCH: Parameter = required("search", Kind::Text, "What to search for.");
pub(crate) const SEARCH_LIMIT: Parameter =
    optional("limit", Kind::Count, "The most items in the reply; 0, the default, is 10000.");
pub(crate) const LIMIT: Parameter =
    optional("limit", Kind::Count, "The most items in the reply, up to 10000; 0 is 10000.");
pub(crate) const CURSOR: Parameter =
    optional("cursor", Kind::Text, "The X-Next-Cursor of the reply before.");
