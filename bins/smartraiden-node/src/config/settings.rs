use super::values::{CompatMode, PeerArgument};
use std::path::PathBuf;
use tally_daemon::{AccessSettings, GENERAL, ListenAddress, LogFormat};
use tally_primitives::{Address, NodeAddress};

tally_daemon::settings! {
    /// All settings, each absent until somebody says it.
    pub(crate) struct Settings { access: AccessSettings }

    /// TOML file with settings.
    #[arg(long, value_name = "FILE", help_heading = GENERAL)]
    #[serde(skip)]
    config [PathBuf]

    /// Start a node for trying out: embedded chain, generated key, a funded test token, nothing
    /// kept.
    #[arg(long, value_name = "BOOL", help_heading = GENERAL)]
    dev [bool]

    /// Folder of the node's state; each node has a folder of its own in it.
    /// [default: ~/.smartraiden]
    #[arg(long = "datadir", visible_alias = "data-dir")]
    #[arg(value_name = "FOLDER", help_heading = GENERAL)]
    data_dir [PathBuf]

    /// Keep the state in memory only. What the node is owed is lost when it ends: for tests.
    #[arg(long, value_name = "BOOL", help_heading = GENERAL)]
    memory_store [bool]

    /// Account of the node; may be absent if the keystore holds one account.
    #[arg(long, help_heading = KEY)]
    address [NodeAddress]

    /// Folder with key files (version 3). [default: ~/.ethereum/keystore]
    #[arg(long, value_name = "FOLDER", help_heading = KEY)]
    keystore_path [PathBuf]

    /// File with the key file's password; one newline at its end does not count.
    #[arg(long, value_name = "FILE", help_heading = KEY)]
    password_file [PathBuf]

    /// JSON-RPC server of the chain: ws://, wss://, http:// or https://.
    #[arg(long, value_name = "URL", help_heading = CHAIN)]
    eth_rpc_endpoint [String]

    /// Registry of tokens on the chain; it knows the registry of secrets.
    #[arg(long, value_name = "ADDRESS", help_heading = CHAIN)]
    registry_contract_address [Address]

    /// Registry of nodes' addresses on the chain, if one is used.
    #[arg(long, value_name = "ADDRESS", help_heading = CHAIN)]
    endpoint_registry_contract_address [Address]

    /// Block at or before the registry's creation: nothing is looked for before it. [default: 0]
    #[arg(long, value_name = "NUMBER", help_heading = CHAIN)]
    registry_block [u64]

    /// Blocks that must lie above one before it is believed. [default: 5; 0 with --dev]
    #[arg(long, value_name = "BLOCKS", help_heading = CHAIN)]
    confirmations [u64]

    /// With --dev: milliseconds from block to block. [default: 1000]
    #[arg(long, value_name = "MS", help_heading = CHAIN)]
    dev_block_time [u64]

    /// With --dev: address on which to serve the embedded chain to other nodes. [default: none]
    #[arg(long, value_name = "IP:PORT", help_heading = CHAIN)]
    dev_rpc_address [ListenAddress]

    /// With --dev: another account that gets coin and test tokens; may be repeated.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', help_heading = CHAIN)]
    dev_fund [Vec<NodeAddress>]

    /// UDP address to listen on for peers. [default: 0.0.0.0:40001; 127.0.0.1:40001 with --dev]
    #[arg(long, value_name = "IP:PORT", help_heading = PEERS)]
    listen_address [ListenAddress]

    /// Listen for peers on 127.0.0.1 only, whatever the listen address says.
    #[arg(long, value_name = "BOOL", help_heading = PEERS)]
    nonetwork [bool]

    /// Where peers reach this node; published in the registry of nodes' addresses.
    #[arg(long, value_name = "HOST:PORT", help_heading = PEERS)]
    publish_address [String]

    /// A peer and where to reach it, as ADDRESS=HOST:PORT; may be repeated.
    #[arg(long, value_name = "ADDRESS=HOST:PORT", value_delimiter = ',', help_heading = PEERS)]
    peer [Vec<PeerArgument>]

    /// Settlement window of channels opened without naming one. [default: 90]
    #[arg(long, value_name = "BLOCKS", help_heading = CHANNELS)]
    settle_timeout [u64]

    /// Blocks kept in reserve to bring a secret to the chain. [default: 10]
    #[arg(long, value_name = "BLOCKS", help_heading = CHANNELS)]
    reveal_timeout [u64]

    /// Charge 3 base units of the token for each transfer passed on.
    #[arg(long, value_name = "BOOL", help_heading = CHANNELS)]
    fee [bool]

    /// Base units of the token to charge for each transfer passed on; wins over --fee.
    /// [default: 0]
    #[arg(long, value_name = "AMOUNT", help_heading = CHANNELS)]
    mediation_fee [u64]

    /// Refuse to pass transfers of others on.
    #[arg(long, value_name = "BOOL")]
    #[arg(help_heading = CHANNELS)]
    ignore_mediatednode_request [bool]

    /// Address of the HTTP API. [default: 127.0.0.1:5001]
    #[arg(long, value_name = "IP:PORT", help_heading = API)]
    api_address [ListenAddress]

    /// Whose status codes to answer with. [default: document]
    #[arg(long, value_name = "MODE", help_heading = API)]
    compat [CompatMode]

    /// Seconds a transfer's caller waits before it is told that the transfer is pending.
    /// [default: 60]
    #[arg(long, value_name = "SECONDS", help_heading = API)]
    transfer_patience [u64]

    /// How much to log: 0 nothing, 1 errors, 2 warnings, 3 events, 4 details, 5 everything.
    /// [default: 3]
    #[arg(long, value_name = "0-5", help_heading = LOG)]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=5))]
    verbosity [u8]

    /// What to log, by target: info,tally_net=debug. Wins over --verbosity.
    #[arg(long, value_name = "FILTER", help_heading = LOG)]
    log_filter [String]

    /// How to write log lines. [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = LOG)]
    log_format [LogFormat]

    /// File to append the log to, instead of standard error.
    #[arg(long, value_name = "FILE", help_heading = LOG)]
    logfile [PathBuf]

    /// Log the place in the source of every line.
    #[arg(long, value_name = "BOOL", help_heading = LOG)]
    debug [bool]

    /// Heed --conditionquit.
    #[arg(long, value_name = "BOOL", help_heading = LOG)]
    debugcrash [bool]

    /// Where to crash, for tests: {"QuitEvent":"EventSendRevealSecretAfter"}.
    #[arg(long, value_name = "JSON", help_heading = LOG)]
    conditionquit [String]
}

const KEY: &str = "Key";
const CHAIN: &str = "Chain";
const PEERS: &str = "Peers";
const CHANNELS: &str = "Channels";
const API: &str = "API";
const LOG: &str = "Log and tests";
