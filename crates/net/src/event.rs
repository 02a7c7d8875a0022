use crate::ConnectFailure;
use bytes::Bytes;
use std::net::SocketAddr;
use tally_primitives::NodeAddress;

/// Names one connection; never used twice by a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Names one node's data: a random number drawn when its database was made.
///
/// Sequence numbers mean something only together with the epoch of the node that gave them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Epoch(pub u64);

/// How far a peer's messages were received durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Received {
    /// The epoch of the peer that sent them.
    pub epoch: Epoch,
    /// The highest sequence number; all below it were received too. 0 is none.
    pub seq: u64,
}

/// What happened on the network, for the node to react to.
///
/// The events of one peer come in order: `Connected`, then the others, then `Disconnected`, before
/// the next `Connected` of that peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// A connection with a peer was made by either side.
    ///
    /// The node now drops from its outbox what `received` covers and sends the rest, in order,
    /// with this connection's id.
    Connected {
        /// The peer, proved by its signature.
        peer: NodeAddress,
        /// The new connection.
        connection: ConnectionId,
        /// Which data the peer works with. If it is not the epoch of the messages received
        /// before, the peer starts counting again.
        peer_epoch: Epoch,
        /// The highest of our sequence numbers that the peer has durably; 0 if it has none, or
        /// none of our present epoch. The peer's word: check it against what was sent.
        received: u64,
    },
    /// A message from a peer.
    ///
    /// On one connection each sequence number follows the one before. After a reconnection,
    /// numbers that were delivered before may come again.
    Message {
        /// The sender.
        peer: NodeAddress,
        /// The connection it came by.
        connection: ConnectionId,
        /// The sender's sequence number.
        seq: u64,
        /// The message, up to [`crate::MESSAGE_BYTES_MAX`] bytes.
        payload: Bytes,
    },
    /// A peer has our messages up to `seq` durably.
    Acknowledged {
        /// The peer.
        peer: NodeAddress,
        /// The connection the acknowledgement came by.
        connection: ConnectionId,
        /// Our sequence number; all below are acknowledged too.
        seq: u64,
    },
    /// The send queue that refused a message has room again: send on, from the message that was
    /// refused.
    Writable {
        /// The peer.
        peer: NodeAddress,
        /// The connection.
        connection: ConnectionId,
    },
    /// A connection ended. What was sent and not acknowledged may be lost.
    Disconnected {
        /// The peer.
        peer: NodeAddress,
        /// The connection.
        connection: ConnectionId,
    },
}

/// What became of a message given to [`crate::Net::send`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum SendOutcome {
    /// It will be written to the connection; whether it arrives, the acknowledgement tells.
    Queued,
    /// It was queued on this connection before; nothing to do.
    AlreadySent,
    /// Dropped: that connection does not exist (any more). The peer is being dialled.
    NotConnected,
    /// Dropped: the queue is full. [`Inbound::Writable`] tells when to send it again.
    QueueFull,
    /// Dropped: a message before it was not taken. The next one must be `expected`.
    Gap {
        /// The sequence number that follows the last one queued.
        expected: u64,
    },
    /// Dropped: longer than [`crate::MESSAGE_BYTES_MAX`]. It can never be sent.
    TooLong,
}

/// How things stand with a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerStatus {
    /// Nobody asked for this peer and it did not call.
    Unknown,
    /// Not connected; waiting to dial again, or for an address to dial.
    Waiting {
        /// Dials that failed in a row.
        failures: u32,
        /// Why the last one did.
        last_failure: Option<ConnectFailure>,
    },
    /// Not connected; a dial is under way.
    Dialling {
        /// Dials that failed in a row before.
        failures: u32,
    },
    /// Connected.
    Connected {
        /// The connection.
        connection: ConnectionId,
        /// The peer's UDP address when the connection was made.
        remote: SocketAddr,
    },
}
