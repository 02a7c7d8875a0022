//! Full-text search over the assets and metadata of the ledger.
