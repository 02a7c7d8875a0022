//! A federation agrees on the order of payloads: the BFT engine behind a small port.
//!
//! The members of a federation are known by their keys. An [`Application`] at each of them makes
//! payloads, judges those of others, and is given every payload that the federation agreed on, in
//! the same order everywhere: payload 1, 2, 3 …, each final for good. Of `3f + 1` members, `f` may
//! be down, slow or lie. With more of them away nothing becomes final; nothing ever forks.
//!
//! [`Consensus::start`] runs the engine on a real network; [`Handle`] is how its user speaks to
//! it. The feature `simulation` has the same engine on a simulated network with virtual time.
//! What a payload means is no business of this crate. It never orders an empty payload of its own,
//! and it does not change who the members are.
//!
//! Start with [`Application`]; docs/consensus.md tells what is stored and sent.

mod application;
mod block;
mod config;
mod consensus;
mod delivery;
mod desk;
mod digest;
mod engine;
mod error;
mod folder;
mod handle;
mod judge;
mod listening;
mod members;
mod network;
mod settings;
mod side;
#[cfg(feature = "simulation")]
pub mod simulation;

pub use application::{Ancestry, Application};
pub use config::{
    Config, MESSAGE_BYTES_MAX, PARTICIPANTS_MAX, PAYLOAD_BYTES_MAX, Peer, PeerAddress, Timing,
};
pub use consensus::Consensus;
pub use digest::Digest;
pub use error::{ConfigError, SendError, StartError};
pub use handle::{Handle, Status};
