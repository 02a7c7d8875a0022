//! The transport as its user and its enemies see it, on loopback sockets.

mod closing;
mod delivery;
mod exactly_once;
mod hostile;
mod identity;
mod limits;
mod raw;
mod reconnection;
mod support;
