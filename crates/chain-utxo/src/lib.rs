//! Chains whose money is in transaction outputs: Freecash and Bitcoin.
//!
//! Five sources of blocks or records stand behind the port `tally_chain::utxo::Source`:
//!
//! * [`NodeSource`]: a node (freecashd, bitcoind) over JSON-RPC;
//! * [`EsploraSource`]: a server that speaks Esplora's HTTP API;
//! * [`FilesSource`]: the `blk*.dat` files of a node that need not run;
//! * [`RecordSource`]: files of ready-made records, `opreturn*.byte` or JSON, that need no node;
//! * [`DevChain`]: a chain in memory for tests and for trying things out.
//!
//! Behind the port `tally_chain::utxo::Relay`, through which transactions go into the chain, stand
//! [`NodeRelay`], [`EsploraRelay`] and [`DevRelay`].
//!
//! [`Network`] says how the networks differ: what a script's address is, how files are marked, how
//! deep a reorganisation may go.
//!
//! Scripts are not run, signatures are not verified, and rules of consensus are not enforced: that
//! is the node's work, whose word is taken. What is checked is what a wrong file or a wrong
//! network would get wrong: the genesis block, proof of work of headers in files, that a block is
//! what its id says, and that each block is the child of the one before it.
//!
//! Start with [`Network`] and [`NodeSource::start`].

mod block;
mod dev;
mod encode;
mod esplora;
mod feed;
mod files;
mod follow;
mod network;
mod node;
mod prefetch;
mod queue;
mod records;
mod relay;
mod transaction;

pub use block::{BLOCK_BYTES_MAX, BlockError, decode_block};
pub use dev::{
    Coin, DevBlock, DevChain, DevError, DevRelay, DevTransaction, Entry, RelayFault, Story,
};
pub use esplora::{EsploraError, EsploraRelay, EsploraSettings, EsploraSource, Trust, TrustError};
pub use feed::Feed;
pub use files::{FilesError, FilesSettings, FilesSource, RecordScan, ScannedRecord, write_record};
pub use follow::FollowError;
pub use network::{Network, UnknownNetwork};
pub use node::{Credentials, NodeError, NodeRelay, NodeSettings, NodeSource};
pub use records::{
    Layout, LoggedEntry, Malformed, RecordError, RecordReader, RecordSettings, RecordSource,
    RecordWriter, parse_json_records,
};
pub use transaction::{MalformedTransaction, decode_transaction};
