//! The payment node: owner task, outbox, recovery.
