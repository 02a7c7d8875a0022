use super::values::{EraName, KeyList, PeerArgument, StreamScheme};
use std::path::PathBuf;
use tally_daemon::{AccessSettings, GENERAL, HiddenText, ListenAddress, LogSettings};

tally_daemon::settings! {
    /// All settings, each absent until somebody says it.
    pub(crate) struct Settings { access: AccessSettings, log: LogSettings }

    /// File with settings, TOML or JSON. [default: ~/.bigchaindb, if it is there]
    #[arg(short = 'c', long, env = "BIGCHAINDB_CONFIG_PATH", value_name = "FILE")]
    #[arg(help_heading = GENERAL)]
    #[serde(skip)]
    config [PathBuf]

    /// Ask nothing: take the defaults, and yes for an answer.
    #[arg(short = 'y', long, value_name = "BOOL", help_heading = GENERAL)]
    #[serde(skip)]
    yes [bool]

    /// Folder of everything the node keeps. [default: ~/.bigchain-node]
    #[arg(long, value_name = "FOLDER", help_heading = GENERAL)]
    data_dir [PathBuf]

    /// Name of the ledger: its folder in the data folder. [default: bigchain]
    #[arg(long, value_name = "NAME", help_heading = GENERAL)]
    database_name [String]

    /// Keep the ledger in memory only: it is lost when the node ends. For tests.
    #[arg(long, value_name = "BOOL", help_heading = GENERAL)]
    memory_store [bool]

    /// Public key of the node, in Base58; must belong to the private one.
    #[arg(skip)]
    keypair_public [String]

    /// Private key of the node, in Base58. There is no flag for it: others see command lines.
    #[arg(skip)]
    keypair_private [HiddenText]

    /// Public keys of the federation's members, separated by colons; this node's own may be left
    /// out. [default: none, a federation of one]
    #[arg(long, value_name = "KEYS", help_heading = FEDERATION)]
    keyring [KeyList]

    /// A member and where to reach it; may be repeated.
    #[arg(long, value_name = "KEY@HOST:PORT", value_delimiter = ',', help_heading = FEDERATION)]
    peer [Vec<PeerArgument>]

    /// Address to listen on for the other members. [default: 0.0.0.0:9986]
    #[arg(long, value_name = "IP:PORT", help_heading = FEDERATION)]
    listen_peers [ListenAddress]

    /// The federation's genesis block, as `init` wrote it on one of the nodes.
    #[arg(long, value_name = "FILE", help_heading = FEDERATION)]
    genesis [PathBuf]

    /// Address of the HTTP API. [default: localhost:9984]
    #[arg(long, value_name = "HOST:PORT", help_heading = API)]
    server_bind [ListenAddress]

    /// Host of the WebSocket stream. [default: the API's]
    #[arg(long, value_name = "HOST", help_heading = API)]
    wsserver_host [String]

    /// Port of the WebSocket stream; the API's own port serves it too. [default: 9985]
    #[arg(long, value_name = "PORT", help_heading = API)]
    wsserver_port [u16]

    /// Scheme of the stream that clients are told, where a proxy changes it: ws or wss.
    #[arg(long, value_name = "SCHEME", help_heading = API)]
    wsserver_advertised_scheme [StreamScheme]

    /// Host of the stream that clients are told. [default: where they reach the API]
    #[arg(long, value_name = "HOST", help_heading = API)]
    wsserver_advertised_host [String]

    /// Port of the stream that clients are told; has an effect only with a host.
    #[arg(long, value_name = "PORT", help_heading = API)]
    wsserver_advertised_port [u16]

    /// Which release's API a request speaks that does not say itself: seed, 0.9, 0.10, 1 or 2.
    /// [default: seed]
    #[arg(long, value_name = "ERA", help_heading = API)]
    api [EraName]
}

const FEDERATION: &str = "Federation";
const API: &str = "API";
