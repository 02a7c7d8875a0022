use super::{
    checks::Secrets,
    values::{AnyAddress, ServiceKey, Setting, TrustName},
    *,
};
use std::path::PathBuf;
use tally_chain_utxo::Credentials;
use tally_daemon::{
    AccessSettings, HiddenText, Kind, ListenAddress, NodeSettings as NodeFlags, PostgresSettings,
};
use tally_deal_node::Trust;

const PRIVATE: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const PUBLIC: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const ADDRESS: &str = "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8";

fn dev() -> Settings {
    Settings { dev: Some(true), ..Settings::default() }
}

fn node() -> Settings {
    Settings { node: login(), memory_store: Some(true), ..Settings::default() }
}

fn front() -> Settings {
    Settings { server: Some(vec![setting("localhost")]), ..Settings::default() }
}

fn login() -> NodeFlags {
    NodeFlags {
        node_url: Some("http://127.0.0.1:8332".to_owned()),
        node_user: Some("user".to_owned()),
        ..NodeFlags::default()
    }
}

fn setting<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> Setting<T> {
    text.parse().unwrap()
}

fn key(text: &str) -> Option<ServiceKey> {
    Some(text.parse().unwrap())
}

fn address() -> AnyAddress {
    ADDRESS.parse().unwrap()
}

fn listen(ip: [u8; 4], port: u16) -> Option<ListenAddress> {
    Some(ListenAddress((ip, port).into()))
}

fn secrets() -> Secrets {
    let hidden = |text: &str| Some(HiddenText(text.to_owned()));
    Secrets { node_password: hidden("pass"), ..Secrets::default() }
}

fn check(settings: Settings) -> Result<Config, Failure> {
    checks::check(settings.completed(), secrets())
}

fn embedded(settings: Settings) -> (Config, Embedded) {
    let mut config = check(settings).unwrap();
    let nobody = Remote {
        servers: vec![],
        allowed: AllowList::default(),
        timeout: Duration::ZERO,
        account: None,
        account_name: None,
        keys: None,
        server_key: None,
    };
    let server = std::mem::replace(&mut config.server, Server::Remote(Box::new(nobody)));
    match server {
        Server::Embedded(embedded) => (config, *embedded),
        Server::Remote(_) => panic!("the server is elsewhere"),
    }
}

fn refusal(settings: Settings) -> String {
    let Err(failure) = check(settings) else { panic!("the settings were accepted") };
    assert_eq!(failure.kind(), Kind::Settings);
    failure.text()
}

#[test]
fn dev_alone_is_a_whole_configuration() {
    let (config, server) = embedded(dev());
    assert!(matches!(server.chain, Chain::Dev));
    assert_eq!((server.data, server.config.trust), (Place::Memory, Trust::Anyone));
    assert_eq!((config.network, config.api.access_rule), (Network::Test, AccessRule::Open));
    assert_eq!(config.api.exposure.address, "127.0.0.1:4999".parse().unwrap());
    assert_eq!(config.module.fee.to_string(), "0.1%");
    assert!(server.keys.is_none() && server.passphrase.is_none() && server.exposure.is_none());
    assert!(server.config.webhooks.allows_loopback && !server.config.needs_module_signature);
}

#[test]
fn a_node_is_asked_with_the_password_of_the_environment() {
    let (config, server) = embedded(node());
    let Chain::Node(settings) = server.chain else { panic!("{:?}", server.chain) };
    let password = Credentials::Password { user: "user".into(), password: "pass".into() };
    assert_eq!(settings.credentials, password);
    assert_eq!((config.network, server.config.trust), (Network::Main, Trust::Registered));
    assert!(!server.config.webhooks.allows_loopback && server.config.needs_module_signature);
}

/// Goal: keys that money waits for are not on a disk without a passphrase.
#[test]
fn what_is_kept_is_sealed() {
    let kept = Settings { memory_store: None, data_dir: Some("/data".into()), ..node() };
    assert!(refusal(kept.clone()).contains("--key-passphrase-file"));
    let key_passphrase = Some(HiddenText("a passphrase".to_owned()));
    let config = checks::check(kept.completed(), Secrets { key_passphrase, ..secrets() }).unwrap();
    let Server::Embedded(server) = config.server else { panic!("the server is elsewhere") };
    assert_eq!(server.passphrase.as_deref().map(String::as_str), Some("a passphrase"));
    let postgres_url = Some(HiddenText("postgres://user:secret@host/base".to_owned()));
    let shared = checks::check(node().completed(), Secrets { postgres_url, ..secrets() });
    assert!(shared.unwrap_err().text().contains("--key-passphrase-file"));
}

#[test]
fn a_module_in_front_needs_public_keys_only() {
    let settings = Settings {
        service_key1: key(PRIVATE),
        service_key2: key(PUBLIC),
        allow_server: Some(vec![setting("https://other.example")]),
        server_timeout: Some(300),
        ..front()
    };
    let Server::Remote(remote) = check(settings).unwrap().server else { panic!("embedded") };
    let keys = remote.keys.unwrap();
    assert_eq!((keys.key1.to_string(), keys.key2.to_string()), (PUBLIC.into(), PUBLIC.into()));
    assert_eq!(remote.servers[0].url(), "http://localhost:4988");
    assert_eq!(remote.timeout, Duration::from_millis(300));
    let mixed = Settings { service_key1: key(PRIVATE), service_key2: key(PUBLIC), ..dev() };
    assert!(refusal(mixed).contains("private keys"));
}

/// Goal: nobody opens a server to strangers by mistake, and who does lets them log in.
#[test]
fn strangers_have_to_log_in() {
    let open = Settings { api_address: listen([0, 0, 0, 0], 1), ..dev() };
    assert_eq!(check(open.clone()).unwrap().api.access_rule, AccessRule::Required);
    let modules = Settings { server_address: listen([0, 0, 0, 0], 2), ..dev() };
    assert_eq!(check(modules).unwrap().api.access_rule, AccessRule::Required);
    let local = Settings { server_address: listen([127, 0, 0, 1], 2), ..dev() };
    assert_eq!(check(local).unwrap().api.access_rule, AccessRule::Open);
    let careless = Settings { needs_login: Some(false), ..open };
    assert!(refusal(careless.clone()).contains("--allow-unauthenticated"));
    let access = AccessSettings { allow_unauthenticated: Some(true), ..AccessSettings::default() };
    let meant = check(Settings { access, ..careless }).unwrap();
    assert_eq!(meant.api.access_rule, AccessRule::Open);
    let other = Settings { api_address: listen([0, 0, 0, 0], 1), ..front() };
    assert!(refusal(other).contains("--allow-unauthenticated"), "a module knows nobody");
}

#[test]
fn what_is_missing_or_contradicts_is_named() {
    let path = || Some(PathBuf::from("/nowhere"));
    let bare = Settings { memory_store: Some(true), ..Settings::default() };
    let esplora = || Some("http://127.0.0.1:3002".to_owned());
    let shared = PostgresSettings { postgres_url_file: path(), ..PostgresSettings::defaults() };
    let token = AccessSettings { api_token_file: path(), ..AccessSettings::default() };
    for (settings, named) in [
        (bare, "--node-url"),
        (Settings { data_dir: path(), ..dev() }, "--data-dir"),
        (Settings { data_dir: path(), ..node() }, "--memory-store"),
        (Settings { node: login(), ..dev() }, "--dev and --node-url"),
        (Settings { esplora_url: esplora(), ..node() }, "--node-url and --esplora-url"),
        (Settings { postgres: shared, ..dev() }, "--postgres-url-file /nowhere"),
        (Settings { access: token, ..dev() }, "--clients-file"),
        (Settings { clients_file: path(), ..dev() }, "--clients-file /nowhere"),
        (Settings { key_passphrase_file: path(), ..dev() }, "--key-passphrase-file /nowhere"),
        (Settings { pgp_key_file: path(), ..dev() }, "--pgp-key-file /nowhere"),
        (Settings { pgp_passphrase_file: path(), ..dev() }, "needs --pgp-key-file"),
        (Settings { service_key1: key(PRIVATE), ..dev() }, "--service-key2"),
        (Settings { service_key2: key(PRIVATE), ..dev() }, "--service-key1"),
        (Settings { poll_interval: Some(0), ..node() }, "--poll-interval"),
        (Settings { fee_rate_max: Some(1), ..dev() }, "--fee-rate-max"),
        (Settings { fee_rate_fallback: Some(999), ..dev() }, "--fee-rate-fallback"),
        (Settings { module_address: Some(address()), ..node() }, "--module-address"),
        (Settings { service_address: Some(address()), ..node() }, "--service-address"),
        (Settings { arbiter: Some(vec![address()]), ..node() }, "--arbiter"),
        (Settings { oauth2_file: path(), ..dev() }, "--oauth2-file needs --server"),
        (Settings { server_key_file: path(), ..dev() }, "--server-key-file needs --server"),
        (Settings { server_account: Some("x".into()), ..dev() }, "--server-account"),
        (Settings { server_key_file: path(), ..front() }, "--server-key-file /nowhere"),
        (Settings { oauth2_file: path(), ..front() }, "--oauth2-file /nowhere"),
        (Settings { dev: Some(true), ..front() }, "--dev"),
        (Settings { node: login(), ..front() }, "--node-url"),
        (Settings { data_dir: path(), ..front() }, "--data-dir"),
        (Settings { needs_login: Some(true), ..front() }, "--needs-login"),
    ] {
        let said = refusal(settings);
        assert!(said.contains(named), "{named}: {said}");
    }
    let alone = checks::check(node().completed(), Secrets::default()).unwrap_err();
    assert!(alone.text().contains("DEAL_NODE_PASSWORD"), "{}", alone.text());
}

#[test]
fn what_is_shown_can_be_read_again_and_holds_no_secret() {
    let postgres_url = Some(HiddenText("postgres://user:secret@host/base".to_owned()));
    let key_passphrase = Some(HiddenText("secret passphrase".to_owned()));
    let settings = Settings {
        network: Some(setting("regtest")),
        module_address: Some(address()),
        module_fee: Some(setting("0.2%")),
        trust: Some(TrustName::Listed),
        service_key1: key(PRIVATE),
        service_key2: key(PRIVATE),
        ..node()
    };
    let secrets = Secrets { postgres_url, key_passphrase, ..secrets() };
    let config = checks::check(settings.completed(), secrets).unwrap();
    let shown = tally_daemon::as_toml(&config.effective).unwrap();
    for text in [&shown, &format!("{config:?}")] {
        assert!(!text.contains("secret") && !text.contains("pass\""), "{text}");
        assert!(!text.contains(PRIVATE), "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deal.toml");
    let kept: String =
        shown.lines().filter(|it| !it.contains("-key")).map(|it| format!("{it}\n")).collect();
    std::fs::write(&path, &kept).unwrap();
    let read: Settings = PROGRAM.file(&path).unwrap();
    let expected = Settings { service_key1: None, service_key2: None, ..config.effective };
    assert_eq!(read, expected);
}
