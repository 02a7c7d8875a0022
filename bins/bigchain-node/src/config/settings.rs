use super::values::{
    EraName, HiddenText, KeyList, ListenAddress, LogFormat, LogLevel, PeerArgument, StreamScheme,
};
use clap::builder::BoolishValueParser;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

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
    /// File with settings, TOML or JSON. [default: ~/.bigchaindb, if it is there]
    #[arg(short = 'c', long, env = "BIGCHAINDB_CONFIG_PATH", value_name = "FILE")]
    #[arg(help_heading = GENERAL)]
    #[serde(skip)]
    config [PathBuf]

    /// Ask nothing: take the defaults, and yes for an answer.
    #[arg(short = 'y', long, env = "BIGCHAINDB_YES", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[arg(value_name = "BOOL", hide_possible_values = true, help_heading = GENERAL)]
    #[serde(skip)]
    yes [bool]

    /// Folder of everything the node keeps. [default: ~/.bigchain-node]
    #[arg(long, env = "BIGCHAINDB_DATA_DIR", value_name = "FOLDER", help_heading = GENERAL)]
    data_dir [PathBuf]

    /// Name of the ledger: its folder in the data folder. [default: bigchain]
    #[arg(long, env = "BIGCHAINDB_DATABASE_NAME", value_name = "NAME", help_heading = GENERAL)]
    database_name [String]

    /// Keep the ledger in memory only: it is lost when the node ends. For tests.
    #[arg(long, env = "BIGCHAINDB_MEMORY_STORE", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[arg(value_name = "BOOL", hide_possible_values = true, help_heading = GENERAL)]
    memory_store [bool]

    /// Public key of the node, in Base58; must belong to the private one.
    #[arg(skip)]
    keypair_public [String]

    /// Private key of the node, in Base58. There is no flag for it: others see command lines.
    #[arg(skip)]
    keypair_private [HiddenText]

    /// Public keys of the federation's members, separated by colons; this node's own may be left
    /// out. [default: none, a federation of one]
    #[arg(long, env = "BIGCHAINDB_KEYRING", value_name = "KEYS", help_heading = FEDERATION)]
    keyring [KeyList]

    /// A member and where to reach it; may be repeated.
    #[arg(long, env = "BIGCHAINDB_PEER", value_name = "KEY@HOST:PORT", value_delimiter = ',')]
    #[arg(help_heading = FEDERATION)]
    peer [Vec<PeerArgument>]

    /// Address to listen on for the other members. [default: 0.0.0.0:9986]
    #[arg(long, env = "BIGCHAINDB_LISTEN_PEERS", value_name = "IP:PORT")]
    #[arg(help_heading = FEDERATION)]
    listen_peers [ListenAddress]

    /// The federation's genesis block, as `init` wrote it on one of the nodes.
    #[arg(long, env = "BIGCHAINDB_GENESIS", value_name = "FILE", help_heading = FEDERATION)]
    genesis [PathBuf]

    /// Address of the HTTP API. [default: localhost:9984]
    #[arg(long, env = "BIGCHAINDB_SERVER_BIND", value_name = "HOST:PORT", help_heading = API)]
    server_bind [ListenAddress]

    /// Host of the WebSocket stream. [default: the API's]
    #[arg(long, env = "BIGCHAINDB_WSSERVER_HOST", value_name = "HOST", help_heading = API)]
    wsserver_host [String]

    /// Port of the WebSocket stream; the API's own port serves it too. [default: 9985]
    #[arg(long, env = "BIGCHAINDB_WSSERVER_PORT", value_name = "PORT", help_heading = API)]
    wsserver_port [u16]

    /// Scheme of the stream that clients are told, where a proxy changes it: ws or wss.
    #[arg(long, env = "BIGCHAINDB_WSSERVER_ADVERTISED_SCHEME", value_name = "SCHEME")]
    #[arg(help_heading = API)]
    wsserver_advertised_scheme [StreamScheme]

    /// Host of the stream that clients are told. [default: where they reach the API]
    #[arg(long, env = "BIGCHAINDB_WSSERVER_ADVERTISED_HOST", value_name = "HOST")]
    #[arg(help_heading = API)]
    wsserver_advertised_host [String]

    /// Port of the stream that clients are told; has an effect only with a host.
    #[arg(long, env = "BIGCHAINDB_WSSERVER_ADVERTISED_PORT", value_name = "PORT")]
    #[arg(help_heading = API)]
    wsserver_advertised_port [u16]

    /// Which release's API a request speaks that does not say itself: seed, 0.9, 0.10, 1 or 2.
    /// [default: seed]
    #[arg(long, env = "BIGCHAINDB_API", value_name = "ERA", help_heading = API)]
    api [EraName]

    /// File with the token that the API's clients must show. The variable BIGCHAINDB_API_TOKEN may
    /// hold the token itself.
    #[arg(long, env = "BIGCHAINDB_API_TOKEN_FILE", value_name = "FILE", help_heading = API)]
    api_token_file [PathBuf]

    /// Let everybody who reaches the API use it, beyond this machine too.
    #[arg(long, env = "BIGCHAINDB_ALLOW_UNAUTHENTICATED", num_args = 0..=1)]
    #[arg(require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    #[arg(value_name = "BOOL")]
    #[arg(value_parser = BoolishValueParser::new(), help_heading = API)]
    allow_unauthenticated [bool]

    /// PEM file with the API's TLS certificate and those that lead to its root.
    #[arg(long, env = "BIGCHAINDB_TLS_CERTIFICATE", value_name = "FILE", help_heading = API)]
    tls_certificate [PathBuf]

    /// PEM file with the private key of the TLS certificate.
    #[arg(long, env = "BIGCHAINDB_TLS_KEY", value_name = "FILE", help_heading = API)]
    tls_key [PathBuf]

    /// PEM file with the roots that the API's clients' certificates must lead to.
    #[arg(long, env = "BIGCHAINDB_TLS_CLIENT_CA", value_name = "FILE", help_heading = API)]
    tls_client_ca [PathBuf]

    /// Web origin whose pages may call the API: scheme, host and port, or * for all; may be
    /// repeated.
    #[arg(long, env = "BIGCHAINDB_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    #[arg(help_heading = API)]
    cors_origin [Vec<String>]

    /// Log messages of this level and of more severe ones. [default: info]
    #[arg(short = 'l', long, env = "BIGCHAINDB_LOG_LEVEL", value_name = "LEVEL")]
    #[arg(ignore_case = true, help_heading = LOG)]
    log_level [LogLevel]

    /// What to log, by target: info,tally_ledger_node=debug. Wins over --log-level.
    #[arg(long, env = "BIGCHAINDB_LOG_FILTER", value_name = "FILTER", help_heading = LOG)]
    log_filter [String]

    /// How to write log lines. [default: text]
    #[arg(long, env = "BIGCHAINDB_LOG_FORMAT", value_name = "FORMAT", help_heading = LOG)]
    log_format [LogFormat]

    /// File to append the log to, instead of standard error.
    #[arg(long, env = "BIGCHAINDB_LOG_FILE", value_name = "FILE", help_heading = LOG)]
    log_file [PathBuf]
}

const GENERAL: &str = "General";
const FEDERATION: &str = "Federation";
const API: &str = "API";
const LOG: &str = "Log";
