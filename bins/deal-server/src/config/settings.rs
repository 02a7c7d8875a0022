use super::values::{AnyAddress, ServiceKey, Setting, TrustName};
use std::path::PathBuf;
use tally_daemon::{
    AccessSettings, GENERAL, ListenAddress, LogSettings, NodeSettings, PostgresSettings,
};
use tally_deal::{Fee, Network, Time};
use tally_deal_node::module::ServerAddress;

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

    /// Start a server for trying out: keys that are made for it, and a simulated chain with a block
    /// every two seconds and a faucet. Nothing is kept.
    #[arg(long, value_name = "BOOL", help_heading = GENERAL)]
    dev [bool]

    /// Folder of accounts, deals and keys. [default: ~/.deals]
    #[arg(long, value_name = "FOLDER", help_heading = GENERAL)]
    data_dir [PathBuf]

    /// Keep everything in memory only. Deals and keys, and so the money of deals, are lost when it
    /// ends: for tests.
    #[arg(long, value_name = "BOOL", help_heading = GENERAL)]
    memory_store [bool]

    /// Let the clock stand still at this time, `2022-04-11 11:15:08 UTC`: for replaying examples.
    #[arg(long, value_name = "TIME", help_heading = GENERAL)]
    fixed_time [Setting<Time>]

    /// Answer mistakes as the original did: status 500, code 0.
    #[arg(long, value_name = "BOOL", help_heading = MODULE)]
    compat [bool]

    /// Bitcoin address by which servers know this module.
    #[arg(long, value_name = "ADDRESS", help_heading = MODULE)]
    module_address [AnyAddress]

    /// What the module's owner gets of a payout: a percentage or satoshi. [default: 0.1%]
    #[arg(long, value_name = "FEE", help_heading = MODULE)]
    module_fee [Setting<Fee>]

    /// File with the module's secret PGP key, armored; messages to servers are signed with it.
    #[arg(long, value_name = "FILE", help_heading = MODULE)]
    pgp_key_file [PathBuf]

    /// File with the passphrase of that key; one newline at its end does not count.
    #[arg(long, value_name = "FILE", help_heading = MODULE)]
    pgp_passphrase_file [PathBuf]

    /// Server that this module stands in front of, `HOST:PORT` or a URL; may be repeated: the next
    /// one is asked when one cannot be reached. Without it the embedded server answers.
    #[arg(long, value_name = "SERVER", value_delimiter = ',', help_heading = REMOTE)]
    server [Vec<Setting<ServerAddress>>]

    /// Server that a request may name by `server=`; may be repeated.
    #[arg(long, value_name = "SERVER", value_delimiter = ',', help_heading = REMOTE)]
    allow_server [Vec<Setting<ServerAddress>>]

    /// Milliseconds to wait for a server's answer. [default: 5000]
    #[arg(long, value_name = "MS", help_heading = REMOTE)]
    server_timeout [u64]

    /// The module's account with the server, `service.json`: with it the server's keys are asked for.
    #[arg(long, value_name = "FILE", help_heading = REMOTE)]
    oauth2_file [PathBuf]

    /// Name under which the server keeps its own PGP key. [default: the one its record says]
    #[arg(long, value_name = "NAME", help_heading = REMOTE)]
    server_account [String]

    /// File with the PGP key that the service signs with, armored. Without it, the first key that the
    /// server shows is believed as long as the module runs.
    #[arg(long, value_name = "FILE", help_heading = REMOTE)]
    server_key_file [PathBuf]

    /// First service key. In front of a server: its public key, in place of asking for it. Of the
    /// embedded server: a private key in WIF or hexadecimal digits; better in the variable.
    /// [default: asked for; made at the first start]
    #[arg(long, value_name = "KEY", help_heading = EMBEDDED)]
    service_key1 [ServiceKey]

    /// Second service key.
    #[arg(long, value_name = "KEY", help_heading = EMBEDDED)]
    service_key2 [ServiceKey]

    /// File with the passphrase that seals the server's keys in its data; one newline at its end
    /// does not count. The variable DEAL_KEY_PASSPHRASE may hold the passphrase itself.
    #[arg(long, value_name = "FILE", help_heading = EMBEDDED)]
    key_passphrase_file [PathBuf]

    /// What the service takes of a payout: a percentage or satoshi. [default: 0]
    #[arg(long, value_name = "FEE", help_heading = EMBEDDED)]
    service_fee [Setting<Fee>]

    /// Bitcoin address that the service's fee goes to.
    #[arg(long, value_name = "ADDRESS", help_heading = EMBEDDED)]
    service_address [AnyAddress]

    /// Address whose holder decides disputes; may be repeated.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', help_heading = EMBEDDED)]
    arbiter [Vec<AnyAddress>]

    /// Whose deals are taken: of `anyone`; of those who have not `listed` other sites; of
    /// `registered` parties who both list the site. [default: registered; anyone with --dev]
    #[arg(long, value_name = "WHOSE", help_heading = EMBEDDED)]
    trust [TrustName]

    /// Blocks that a payment needs, its own among them. [default: 1]
    #[arg(long, value_name = "BLOCKS", help_heading = EMBEDDED)]
    confirmations [u64]

    /// Address on which other modules reach the embedded server, as `--server` of theirs. Without it
    /// only this module does.
    #[arg(long, value_name = "IP:PORT", help_heading = EMBEDDED)]
    server_address [ListenAddress]

    /// URL under which other modules reach it, for the record in its key.
    /// [default: http://localhost:4988]
    #[arg(long, value_name = "URL", help_heading = EMBEDDED)]
    server_url [String]

    /// Let webhooks go to this machine and without TLS. [default: false; true with --dev]
    #[arg(long, value_name = "BOOL", help_heading = EMBEDDED)]
    local_webhooks [bool]

    /// Network: main, test, signet or regtest. [default: main; test with --dev]
    #[arg(long, value_name = "NAME", help_heading = CHAIN)]
    network [Setting<Network>]

    /// Esplora server in place of a node: https://HOST/api. What it says is believed.
    #[arg(long, value_name = "URL", help_heading = CHAIN)]
    esplora_url [String]

    /// Milliseconds between two looks for new blocks. [default: 2000; 10000 with --esplora-url]
    #[arg(long, value_name = "MS", help_heading = CHAIN)]
    poll_interval [u64]

    /// Satoshi per 1,000 virtual bytes that settlements pay at most. [default: 200000]
    #[arg(long, value_name = "SATOSHI", help_heading = CHAIN)]
    fee_rate_max [u64]

    /// Satoshi per 1,000 virtual bytes where there is no estimate. [default: 5000]
    #[arg(long, value_name = "SATOSHI", help_heading = CHAIN)]
    fee_rate_fallback [u64]

    /// Let nobody ask the embedded server without an access token, a session or a signature. Else
    /// programs that reach it count as the operator's own. [default: true if others than this machine
    /// reach it]
    #[arg(long, value_name = "BOOL", help_heading = API)]
    needs_login [bool]

    /// File with the programs that the embedded server gives access tokens to: a JSON array of their
    /// service.json, `"operator": true` in those that may end disputes.
    #[arg(long, value_name = "FILE", help_heading = API)]
    clients_file [PathBuf]

    /// Address of the HTTP API. [default: 127.0.0.1:4999]
    #[arg(long, value_name = "IP:PORT", help_heading = API)]
    api_address [ListenAddress]
}

const MODULE: &str = "Module";
const REMOTE: &str = "Server elsewhere";
const EMBEDDED: &str = "Embedded server";
const CHAIN: &str = "Chain";
const API: &str = "API";
