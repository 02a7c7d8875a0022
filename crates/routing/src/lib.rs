//! Routes through a network of payment channels.
//!
//! A [`Graph`] holds what one node knows about the channels of one token: facts from the chain
//! ([`ChainFact`]) and lessons from its own transfers ([`Lesson`]). [`Graph::candidates`] answers a
//! [`Query`] with the next hops worth trying, best first. The answer follows from the facts, the
//! lessons and the query alone: no clock, no randomness, no order of arrival.
//!
//! The crate does not send, lock or retry anything; what becomes of a candidate comes back as a
//! lesson.

mod channel;
mod fact;
mod graph;
mod query;
mod search;

pub use channel::Channel;
pub use fact::{ChainFact, GraphError, Lesson};
pub use graph::Graph;
pub use query::{FirstHop, Query, Route};
