//! What the crate does with the vectors of genuine releases, and the rules one by one.

mod election;
mod transaction_vectors;
mod vectors;
