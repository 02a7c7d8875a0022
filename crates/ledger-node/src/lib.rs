//! The ledger node: accepts transactions, orders them into blocks, checks, votes and stores.
//!
//! [`LedgerNode::start`] starts a node, alone or as a member of a federation; a [`NodeHandle`]
//! speaks to it. `docs/ledger.md` tells the life of a transaction, `docs/adr/0010-ledger-node.md`
//! why it is done so.
//!
//! # Invariants
//!
//! * **I1** A transaction that was answered with [`Posted`] is durable, and ends valid or rejected
//!   with a reason that can be asked for.
//! * **I2** No transaction is in the chain twice and no output is spent twice, on any node, ever.
//! * **I3** What left the process (a vote, an answer, an event of a stream) was durable before.
//! * **I4** Votes of this node never contradict each other: never yes for two blocks with the same
//!   previous block, never yes and no for one block, also after a crash.
//! * **I5** A finalised block that is handed over again changes nothing.
//! * **I6** All queues and pools are bounded, and nothing is half accepted.
//!
//! How each is kept is said where it is done. I2 rests on two walls: nothing is proposed or
//! notarised that does not pass all checks on its ancestry, and the store refuses to append what
//! would break it. I3 to I5 rest on one commit that appends a block together with this node's vote.
//!
//! # Where to start reading
//!
//! `checker.rs` takes posts in, `solo.rs` makes the chain of a node that is alone, `replica.rs` is
//! the part of a node in a federation. What decides is apart from what runs: `pool.rs`,
//! `message.rs` and `early.rs` are values without threads and clocks, and `replica.rs` runs where
//! its caller runs, so that the simulation plays it.

mod checker;
mod clock;
mod config;
mod counters;
mod decided;
mod early;
mod error;
mod fresh;
mod freshness;
mod genesis;
mod handle;
mod indexer;
mod intake;
mod ledger;
mod lifeline;
mod lock;
mod message;
mod node;
mod open;
mod peers;
mod pool;
mod posted;
mod reader;
mod recent;
mod replica;
mod solo;
mod spread;
mod view;
mod waiters;
mod watch;

pub use clock::{Clock, SystemClock};
pub use config::{
    BACKLOG_BYTES_MAX, BACKLOG_MAX, COMMIT_PATIENCE, FederationConfig, Limits, NodeConfig,
    POOL_BYTES_MAX, POOL_MAX, POSTS_BYTES_MAX, POSTS_MAX,
};
pub use decided::EVENTS_MAX;
pub use error::{PostError, ReadError, StartError, StopReason};
pub use genesis::{GenesisError, make_genesis};
pub use handle::NodeHandle;
pub use node::LedgerNode;
pub use open::adopt;
pub use posted::{Mode, Posted};
pub use reader::{Found, Reader};
pub use tally_consensus::{Peer, PeerAddress, Timing};
pub use tally_ledger_store::{
    OutputFilter, OutputPlace, OwnedOutput, Page, Place, Reason, StoredTransaction, TABLES,
};
pub use view::{
    BlockRef, BlockView, Counters, NodeInfo, NodeStatus, TransactionStatus, TransactionView,
    ValidBlock,
};
