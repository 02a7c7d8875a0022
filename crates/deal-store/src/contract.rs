//! The tests that every implementation of [`DealStore`](crate::DealStore) must pass.
