use crate::{Command, answers::Waiting, calls::CallResult, keys::KeyNews, receive::Incoming};
use tally_chain::{ChainError, ChainUpdate};
use tally_net::{ConnectionId, Epoch};
use tally_primitives::NodeAddress;

/// Everything that reaches the owner, through one mailbox.
#[derive(Debug)]
pub(crate) enum Input {
    /// A user's request.
    Command(Command),
    /// Something from the network.
    Peer(PeerInput),
    /// The next step of the chain.
    Chain(ChainUpdate),
    /// The chain can never be followed again.
    ChainLost(ChainError),
    /// A contract call that the protocol ordered came to its end.
    CallDone(CallResult),
    /// A user's transaction was mined; its answer waits for the event.
    Mined(Waiting),
    /// A request with a key came to its end, or the chain was asked about it.
    Key(KeyNews),
    /// Some time passed.
    Tick,
}

/// What the network reports, with messages read and verified.
#[derive(Debug)]
pub(crate) enum PeerInput {
    Connected { peer: NodeAddress, connection: ConnectionId, epoch: Epoch, received: u64 },
    Message { peer: NodeAddress, seq: u64, incoming: Incoming },
    Acknowledged { peer: NodeAddress, seq: u64 },
    Writable { peer: NodeAddress },
    Disconnected { peer: NodeAddress, connection: ConnectionId },
}
