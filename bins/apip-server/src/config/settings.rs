use super::values::{ChargeMode, KeyFormatName, NetworkName, PriceFactor, ServiceId};
use std::{num::NonZeroU64, path::PathBuf};
use tally_daemon::{
    AccessSettings, GENERAL, ListenAddress, LogSettings, NodeSettings, PostgresSettings,
};

tally_daemon::settings! {
    /// All settings, each absent until somebody says it.
    pub(crate) struct Settings {
        node: NodeSettings,
        postgres: PostgresSettings,
        access: AccessSettings,
        log: LogSettings,
    }

    /// TOML file with settings.
    #[arg(long, value_name = "FILE", help_heading = GENERAL)]
    #[serde(skip)]
    config [PathBuf]

    /// Start a directory for trying out: real records of the chain and those of the documents'
    /// samples, and the samples' user with a balance. Nothing is kept. With --records, the records
    /// of that file instead.
    #[arg(long, value_name = "BOOL", help_heading = GENERAL)]
    dev [bool]

    /// Folder of the directory's state. [default: ~/.apip]
    #[arg(long, value_name = "FOLDER", help_heading = GENERAL)]
    data_dir [PathBuf]

    /// Keep the state in memory only. What users have paid is lost when it ends: for tests.
    #[arg(long, value_name = "BOOL", help_heading = GENERAL)]
    memory_store [bool]

    /// Network of the chain: freecash, freecash-test, freecash-regtest, bitcoin, bitcoin-test,
    /// bitcoin-test4, bitcoin-signet or bitcoin-regtest. [default: freecash]
    #[arg(long, value_name = "NAME", help_heading = CHAIN)]
    network [NetworkName]

    /// Folder with a node's block files, `blk00000.dat` and so on; the node need not run.
    #[arg(long, value_name = "FOLDER", help_heading = CHAIN)]
    block_files [PathBuf]

    /// File of records: the parser's `opreturn0.byte` with the files that continue it, or JSON
    /// (`.json`, `.jsonl`). Such files know no payments.
    #[arg(long, value_name = "FILE", help_heading = CHAIN)]
    records [PathBuf]

    /// Milliseconds between two looks for new blocks or records. [default: 2000]
    #[arg(long, value_name = "MS", help_heading = CHAIN)]
    poll_interval [NonZeroU64]

    /// Height above which a record counts only if it destroyed coin-days. [default: 4000000]
    #[arg(long, value_name = "HEIGHT", help_heading = CHAIN)]
    cdd_check_height [u64]

    /// Coin-days that publishing takes above that height. [default: 1]
    #[arg(long, value_name = "COIN-DAYS", help_heading = CHAIN)]
    publish_cdd_factor [u64]

    /// Let a rating be the latest operation of what it rates, as the original servers did.
    #[arg(long, value_name = "BOOL", help_heading = CHAIN)]
    rating_touches_last [bool]

    /// Id of the service that this server gives, as published on the chain: its prices, its account,
    /// the life of its sessions. Without it all is free.
    #[arg(long, value_name = "SID", help_heading = SERVICE)]
    sid [ServiceId]

    /// Prefix of the interfaces' URLs, with `/` at its end; may be repeated. The one that the
    /// service's record publishes counts too. [default: http://ADDRESS/APIP/]
    #[arg(long, value_name = "URL", value_delimiter = ',', help_heading = SERVICE)]
    url_head [Vec<String>]

    /// Milliseconds that a request's time may be from the server's. [default: 5000]
    #[arg(long, value_name = "MS", help_heading = SERVICE)]
    window_time [u64]

    /// How sign-in encrypts session keys: fipa9 or bitcore. [default: fipa9]
    #[arg(long, value_name = "FORMAT", help_heading = SERVICE)]
    key_format [KeyFormatName]

    /// Which answers to authentic requests cost something: `answered` ones (success, no data) or
    /// `all`. [default: answered]
    #[arg(long, value_name = "MODE", help_heading = SERVICE)]
    charge [ChargeMode]

    /// By what the price of an interface is multiplied: general=10; may be repeated. [default: 1]
    #[arg(long, value_name = "NAME=NUMBER", value_delimiter = ',', help_heading = SERVICE)]
    price_factor [Vec<PriceFactor>]

    /// Answer the free interfaces below `freeGet/`. [default: true]
    #[arg(long, value_name = "BOOL", help_heading = SERVICE)]
    free_get [bool]

    /// Let `apip0/v1/signIn` send session keys as they are though neither TLS nor this machine is
    /// between: a proxy has to encrypt. [default: false]
    #[arg(long, value_name = "BOOL", help_heading = SERVICE)]
    plain_keys [bool]

    /// Address of the HTTP API. [default: 127.0.0.1:8080]
    #[arg(long, value_name = "IP:PORT", help_heading = API)]
    api_address [ListenAddress]
}

const CHAIN: &str = "Chain";
const SERVICE: &str = "Service";
const API: &str = "API";
