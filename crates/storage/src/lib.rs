//! The storage port: ordered key-value tables with atomic durable batches.
