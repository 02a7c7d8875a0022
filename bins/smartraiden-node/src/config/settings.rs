use super::values::{CompatMode, ListenAddress, LogFormat, PeerArgument};
use clap::builder::BoolishValueParser;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use tally_primitives::{Address, NodeAddress};

/// Defines the settings once, for the command line, the environment and the file alike.
macro_rules! settings {
    ($($(#[$meta:meta])* $name:ident [$($type:tt)+])*) => {
        /// All settings, each absent until somebody says it.
        #[derive(Debug, Clone, Default, PartialEq, clap::Args, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub(crate) struct Settings {
            $($(#[$meta])* pub(crate) $name: Option<$($type)+>,)*
        }

        impl Settings {
            /// Fills what is absent here from `weaker`.
            pub(crate) fn or(self, weaker: Self) -> Self {
                Self { $($name: self.$name.or(weaker.$name),)* }
            }
        }
    };
}

settings! {
    /// TOML file with settings.
    #[arg(long, env = "SMARTRAIDEN_CONFIG", value_name = "FILE", help_heading = GENERAL)]
    #[serde(skip)]
    config [PathBuf]

    /// Start a node for trying out: embedded chain, generated key, a funded test token, nothing
    /// kept.
    #[arg(long, env = "SMARTRAIDEN_DEV", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[arg(value_name = "BOOL", hide_possible_values = true, help_heading = GENERAL)]
    dev [bool]

    /// Folder of the node's state; each node has a folder of its own in it.
    /// [default: ~/.smartraiden]
    #[arg(long = "datadir", visible_alias = "data-dir", env = "SMARTRAIDEN_DATADIR")]
    #[arg(value_name = "FOLDER", help_heading = GENERAL)]
    #[serde(alias = "datadir")]
    data_dir [PathBuf]

    /// Keep the state in memory only. What the node is owed is lost when it ends: for tests.
    #[arg(long, env = "SMARTRAIDEN_MEMORY_STORE", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[arg(value_name = "BOOL", hide_possible_values = true, help_heading = GENERAL)]
    memory_store [bool]

    /// Account of the node; may be absent if the keystore holds one account.
    #[arg(long, env = "SMARTRAIDEN_ADDRESS", help_heading = KEY)]
    address [NodeAddress]

    /// Folder with key files (version 3). [default: ~/.ethereum/keystore]
    #[arg(long, env = "SMARTRAIDEN_KEYSTORE_PATH", value_name = "FOLDER", help_heading = KEY)]
    keystore_path [PathBuf]

    /// File with the key file's password; one newline at its end does not count.
    #[arg(long, env = "SMARTRAIDEN_PASSWORD_FILE", value_name = "FILE", help_heading = KEY)]
    password_file [PathBuf]

    /// JSON-RPC server of the chain: ws://, wss://, http:// or https://.
    #[arg(long, env = "SMARTRAIDEN_ETH_RPC_ENDPOINT", value_name = "URL", help_heading = CHAIN)]
    eth_rpc_endpoint [String]

    /// Registry of tokens on the chain; it knows the registry of secrets.
    #[arg(long, env = "SMARTRAIDEN_REGISTRY_CONTRACT_ADDRESS", value_name = "ADDRESS")]
    #[arg(help_heading = CHAIN)]
    registry_contract_address [Address]

    /// Registry of nodes' addresses on the chain, if one is used.
    #[arg(long, env = "SMARTRAIDEN_ENDPOINT_REGISTRY_CONTRACT_ADDRESS", value_name = "ADDRESS")]
    #[arg(help_heading = CHAIN)]
    endpoint_registry_contract_address [Address]

    /// Block at or before the registry's creation: nothing is looked for before it. [default: 0]
    #[arg(long, env = "SMARTRAIDEN_REGISTRY_BLOCK", value_name = "NUMBER", help_heading = CHAIN)]
    registry_block [u64]

    /// Blocks that must lie above one before it is believed. [default: 12; 0 with --dev]
    #[arg(long, env = "SMARTRAIDEN_CONFIRMATIONS", value_name = "BLOCKS", help_heading = CHAIN)]
    confirmations [u64]

    /// With --dev: milliseconds from block to block. [default: 1000]
    #[arg(long, env = "SMARTRAIDEN_DEV_BLOCK_TIME", value_name = "MS", help_heading = CHAIN)]
    dev_block_time [u64]

    /// With --dev: address on which to serve the embedded chain to other nodes. [default: none]
    #[arg(long, env = "SMARTRAIDEN_DEV_RPC_ADDRESS", value_name = "IP:PORT", help_heading = CHAIN)]
    dev_rpc_address [ListenAddress]

    /// With --dev: another account that gets coin and test tokens; may be repeated.
    #[arg(long, env = "SMARTRAIDEN_DEV_FUND", value_name = "ADDRESS", value_delimiter = ',')]
    #[arg(help_heading = CHAIN)]
    dev_fund [Vec<NodeAddress>]

    /// UDP address to listen on for peers. [default: 0.0.0.0:40001; 127.0.0.1:40001 with --dev]
    #[arg(long, env = "SMARTRAIDEN_LISTEN_ADDRESS", value_name = "IP:PORT", help_heading = PEERS)]
    listen_address [ListenAddress]

    /// Listen for peers on 127.0.0.1 only, whatever the listen address says.
    #[arg(long, env = "SMARTRAIDEN_NONETWORK", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[arg(value_name = "BOOL", hide_possible_values = true, help_heading = PEERS)]
    nonetwork [bool]

    /// Where peers reach this node; published in the registry of nodes' addresses.
    #[arg(long, env = "SMARTRAIDEN_PUBLISH_ADDRESS", value_name = "HOST:PORT", help_heading = PEERS)]
    publish_address [String]

    /// A peer and where to reach it, as ADDRESS=HOST:PORT; may be repeated.
    #[arg(long, env = "SMARTRAIDEN_PEER", value_name = "ADDRESS=HOST:PORT", value_delimiter = ',')]
    #[arg(help_heading = PEERS)]
    peer [Vec<PeerArgument>]

    /// Settlement window of channels opened without naming one. [default: 90]
    #[arg(long, env = "SMARTRAIDEN_SETTLE_TIMEOUT", value_name = "BLOCKS", help_heading = CHANNELS)]
    settle_timeout [u64]

    /// Blocks kept in reserve to bring a secret to the chain. [default: 10]
    #[arg(long, env = "SMARTRAIDEN_REVEAL_TIMEOUT", value_name = "BLOCKS", help_heading = CHANNELS)]
    reveal_timeout [u64]

    /// Charge 3 base units of the token for each transfer passed on.
    #[arg(long, env = "SMARTRAIDEN_FEE", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[arg(value_name = "BOOL", hide_possible_values = true, help_heading = CHANNELS)]
    fee [bool]

    /// Base units of the token to charge for each transfer passed on; wins over --fee.
    /// [default: 0]
    #[arg(long, env = "SMARTRAIDEN_MEDIATION_FEE", value_name = "AMOUNT", help_heading = CHANNELS)]
    mediation_fee [u64]

    /// Refuse to pass transfers of others on.
    #[arg(long, env = "SMARTRAIDEN_IGNORE_MEDIATEDNODE_REQUEST", num_args = 0..=1)]
    #[arg(require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    #[arg(value_name = "BOOL")]
    #[arg(value_parser = BoolishValueParser::new(), help_heading = CHANNELS)]
    ignore_mediatednode_request [bool]

    /// Address of the HTTP API. [default: 127.0.0.1:5001]
    #[arg(long, env = "SMARTRAIDEN_API_ADDRESS", value_name = "IP:PORT", help_heading = API)]
    api_address [ListenAddress]

    /// File with the token that the API's clients must show. The variable SMARTRAIDEN_API_TOKEN
    /// may hold the token itself.
    #[arg(long, env = "SMARTRAIDEN_API_TOKEN_FILE", value_name = "FILE", help_heading = API)]
    api_token_file [PathBuf]

    /// Let everybody who reaches the API use it, beyond this machine too.
    #[arg(long, env = "SMARTRAIDEN_ALLOW_UNAUTHENTICATED", num_args = 0..=1)]
    #[arg(require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    #[arg(value_name = "BOOL")]
    #[arg(value_parser = BoolishValueParser::new(), help_heading = API)]
    allow_unauthenticated [bool]

    /// PEM file with the API's TLS certificate and those that lead to its root.
    #[arg(long, env = "SMARTRAIDEN_TLS_CERTIFICATE", value_name = "FILE", help_heading = API)]
    tls_certificate [PathBuf]

    /// PEM file with the private key of the TLS certificate.
    #[arg(long, env = "SMARTRAIDEN_TLS_KEY", value_name = "FILE", help_heading = API)]
    tls_key [PathBuf]

    /// PEM file with the roots that the API's clients' certificates must lead to.
    #[arg(long, env = "SMARTRAIDEN_TLS_CLIENT_CA", value_name = "FILE", help_heading = API)]
    tls_client_ca [PathBuf]

    /// Web origin whose pages may call the API: scheme, host and port; may be repeated.
    #[arg(long, env = "SMARTRAIDEN_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    #[arg(help_heading = API)]
    cors_origin [Vec<String>]

    /// Whose status codes to answer with. [default: document]
    #[arg(long, env = "SMARTRAIDEN_COMPAT", value_name = "MODE", help_heading = API)]
    compat [CompatMode]

    /// Seconds a transfer's caller waits before it is told that the transfer is pending.
    /// [default: 60]
    #[arg(long, env = "SMARTRAIDEN_TRANSFER_PATIENCE", value_name = "SECONDS", help_heading = API)]
    transfer_patience [u64]

    /// How much to log: 0 nothing, 1 errors, 2 warnings, 3 events, 4 details, 5 everything.
    /// [default: 3]
    #[arg(long, env = "SMARTRAIDEN_VERBOSITY", value_name = "0-5", help_heading = LOG)]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=5))]
    verbosity [u8]

    /// What to log, by target: info,tally_net=debug. Wins over --verbosity.
    #[arg(long, env = "SMARTRAIDEN_LOG_FILTER", value_name = "FILTER", help_heading = LOG)]
    log_filter [String]

    /// How to write log lines. [default: text]
    #[arg(long, env = "SMARTRAIDEN_LOG_FORMAT", value_name = "FORMAT", help_heading = LOG)]
    log_format [LogFormat]

    /// File to append the log to, instead of standard error.
    #[arg(long, env = "SMARTRAIDEN_LOGFILE", value_name = "FILE", help_heading = LOG)]
    logfile [PathBuf]

    /// Log the place in the source of every line.
    #[arg(long, env = "SMARTRAIDEN_DEBUG", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[arg(value_name = "BOOL", hide_possible_values = true, help_heading = LOG)]
    debug [bool]

    /// Heed --conditionquit.
    #[arg(long, env = "SMARTRAIDEN_DEBUGCRASH", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[arg(value_name = "BOOL", hide_possible_values = true, help_heading = LOG)]
    debugcrash [bool]

    /// Where to crash, for tests: {"QuitEvent":"EventSendRevealSecretAfter"}.
    #[arg(long, env = "SMARTRAIDEN_CONDITIONQUIT", value_name = "JSON", help_heading = LOG)]
    conditionquit [String]
}

const GENERAL: &str = "General";
const KEY: &str = "Key";
const CHAIN: &str = "Chain";
const PEERS: &str = "Peers";
const CHANNELS: &str = "Channels";
const API: &str = "API";
const LOG: &str = "Log and tests";
