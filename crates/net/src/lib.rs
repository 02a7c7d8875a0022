//! Authenticated, ordered messages between nodes over QUIC.
//!
//! A [`Net`] keeps at most one connection per peer, proves on each that both ends own the keys of
//! their node addresses, and carries numbered messages and cumulative acknowledgements. It dials
//! again, with growing pauses, the peers its user is interested in.
//!
//! It is a pipe, not a store. A message is safe because the *node* keeps it in a durable outbox
//! until [`Inbound::Acknowledged`] and repeats what is missing on every [`Inbound::Connected`];
//! nothing here waits for a slow peer and nothing grows without bound. It knows nothing of what
//! the messages mean, and it does not decide who may be a peer: any key may connect.
//!
//! The bytes on the wire are specified in `docs/transport.md`. Start with [`Net::bind`].

mod accept;
mod address;
mod backoff;
mod config;
mod counters;
mod dial;
mod error;
mod event;
mod frame;
mod handshake;
mod hello;
mod net;
mod outbound;
mod owner;
mod peer;
mod rank;
mod registry;
mod reset;
mod sequence;
mod session;
mod shared;
mod slots;
mod socket;
mod tls;

pub use address::{PeerAddress, PeerAddressError};
pub use config::{Limits, NetConfig, PROTOCOL_VERSION};
pub use counters::Counters;
pub use error::{CloseCode, ConnectFailure, NetError};
pub use event::{ConnectionId, Epoch, Inbound, PeerStatus, Received, SendOutcome};
pub use frame::MESSAGE_BYTES_MAX;
pub use net::Net;
