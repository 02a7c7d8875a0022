use super::{checks::Secrets, *};
use crate::dev;
use std::time::Duration;
use tally_chain_utxo::{Credentials, Network, NodeSettings as NodeSource};
use tally_daemon::{
    AccessSettings, HiddenText, Kind, ListenAddress, NodeSettings, PostgresSettings,
};

fn dev() -> Settings {
    Settings { dev: Some(true), ..Settings::default() }
}

fn node() -> Settings {
    Settings { node: login(), memory_store: Some(true), ..Settings::default() }
}

fn login() -> NodeSettings {
    NodeSettings {
        node_url: Some("http://127.0.0.1:8332".to_owned()),
        node_user: Some("user".to_owned()),
        ..NodeSettings::default()
    }
}

fn secrets() -> Secrets {
    let hidden = |text: &str| Some(HiddenText(text.to_owned()));
    Secrets { node_password: hidden("pass"), ..Secrets::default() }
}

fn check(settings: Settings) -> Result<Config, Failure> {
    checks::check(settings.completed(), secrets())
}

fn refusal(settings: Settings) -> String {
    let Err(failure) = check(settings) else { panic!("the settings were accepted") };
    assert_eq!(failure.kind(), Kind::Settings);
    failure.text()
}

#[test]
fn dev_alone_is_a_whole_configuration() {
    let config = check(dev()).unwrap();
    assert_eq!(config.chain, Chain::Dev { records: None });
    assert_eq!(config.data, Place::Memory);
    assert_eq!(config.directory.service, Some(dev::sid()));
    assert_eq!(config.interfaces.url_heads, ["http://localhost:8080/APIP/"]);
    assert!(config.interfaces.plain_keys);
    assert_eq!(config.api.exposure.address, "127.0.0.1:8080".parse().unwrap());
}

#[test]
fn a_node_is_asked_with_the_password_of_the_environment() {
    let config = check(node()).unwrap();
    let Chain::Node(settings) = config.chain else { panic!("{:?}", config.chain) };
    assert_eq!(settings.network, Network::FREECASH);
    let password = Credentials::Password { user: "user".into(), password: "pass".into() };
    assert_eq!(settings.credentials, password);
    assert_eq!(config.directory.service, None);
}

/// Goal: whatever the chain is read from, it is looked at as often as the setting says.
#[test]
fn every_source_looks_for_news_at_the_interval_that_was_set() {
    let path = || Some(PathBuf::from("/nowhere"));
    let bare = || Settings { memory_store: Some(true), ..Settings::default() };
    for settings in
        [node(), Settings { block_files: path(), ..bare() }, Settings { records: path(), ..bare() }]
    {
        for (given, expected_ms) in [(None, 2000), ("50".parse().ok(), 50)] {
            let settings = Settings { poll_interval: given, ..settings.clone() };
            let poll = match check(settings).unwrap().chain {
                Chain::Node(NodeSource { poll, .. }) => poll,
                Chain::Files(FilesSettings { poll, .. }) => poll,
                Chain::Records(RecordSettings { poll, .. }) => poll,
                other @ Chain::Dev { .. } => panic!("{other:?}"),
            };
            assert_eq!(poll, Duration::from_millis(expected_ms));
        }
    }
}

#[test]
fn what_is_missing_or_contradicts_is_named() {
    let path = || Some(PathBuf::from("/nowhere"));
    let bare = Settings { memory_store: Some(true), ..Settings::default() };
    assert!(refusal(bare.clone()).contains("--node-url"));
    let shared = PostgresSettings { postgres_url_file: path(), ..PostgresSettings::defaults() };
    let with = |login| Settings { node: login, ..node() };
    for (settings, named) in [
        (Settings { block_files: path(), ..dev() }, "--block-files"),
        (Settings { data_dir: path(), ..dev() }, "--data-dir"),
        (Settings { data_dir: path(), ..node() }, "--memory-store"),
        (Settings { records: path(), ..node() }, "--records"),
        (with(NodeSettings { node_user: None, ..login() }), "--node-cookie-file"),
        (with(NodeSettings { node_cookie_file: path(), ..login() }), "--node-user"),
        (
            with(NodeSettings { node_password_file: path(), ..login() }),
            "--node-password-file /nowhere",
        ),
        (Settings { postgres: shared, ..dev() }, "--postgres-url-file /nowhere"),
        (Settings { window_time: Some(0), ..dev() }, "window"),
        (Settings { url_head: Some(vec!["http://a".into()]), ..dev() }, "http://a"),
        (Settings { price_factor: Some(vec!["no=2".parse().unwrap()]), ..dev() }, "no"),
        (
            Settings { api_address: Some(ListenAddress(([0, 0, 0, 0], 1).into())), ..dev() },
            "--allow-unauthenticated",
        ),
    ] {
        let said = refusal(settings);
        assert!(said.contains(named), "{named}: {said}");
    }
    let alone = checks::check(node().completed(), Secrets::default()).unwrap_err();
    assert!(alone.text().contains("APIP_NODE_PASSWORD"), "{}", alone.text());
}

/// Goal: nobody is asked for money that cannot count.
#[test]
fn a_service_on_a_file_of_records_cannot_be_bought() {
    let records = || Some(PathBuf::from("/nowhere"));
    let sid = "45ff2084db904dfefdaac62f1cf68fd53b8ba860349a1b387f082021445be270".parse().ok();
    let file = Settings { records: records(), memory_store: Some(true), ..Settings::default() };
    let sold = Settings { sid, ..file.clone() };
    let config = check(sold.clone()).unwrap();
    assert!(config.asks_in_vain() && !config.interfaces.finds_payments);
    let postgres_url = Some(HiddenText("postgres://user:secret@host/base".to_owned()));
    let shared = checks::check(sold.completed(), Secrets { postgres_url, ..secrets() }).unwrap();
    assert!(!shared.asks_in_vain(), "another server may see payments");
    let dev = Settings { records: records(), ..dev() };
    for settings in [file, dev, Settings { sid, ..node() }] {
        assert!(!check(settings).unwrap().asks_in_vain());
    }
}

#[test]
fn a_port_that_the_system_chose_is_in_the_urls() {
    let any = Settings { api_address: Some(ListenAddress(([127, 0, 0, 1], 0).into())), ..dev() };
    let chosen = ([127, 0, 0, 1], 4321).into();
    let mut config = check(any.clone()).unwrap();
    config.listens_at(chosen);
    assert_eq!(config.interfaces.url_heads, ["http://localhost:4321/APIP/"]);
    let given = vec!["https://directory.example/APIP/".to_owned()];
    let mut config = check(Settings { url_head: Some(given.clone()), ..any }).unwrap();
    config.listens_at(chosen);
    assert_eq!(config.interfaces.url_heads, given);
}

#[test]
fn strangers_get_no_plain_keys_without_encryption() {
    let access = AccessSettings { allow_unauthenticated: Some(true), ..AccessSettings::default() };
    let open =
        Settings { access, api_address: Some(ListenAddress(([0, 0, 0, 0], 1).into())), ..dev() };
    let config = check(open.clone()).unwrap();
    assert!(!config.interfaces.plain_keys);
    assert_eq!(config.interfaces.url_heads, ["http://0.0.0.0:1/APIP/"]);
    assert!(check(Settings { plain_keys: Some(true), ..open }).unwrap().interfaces.plain_keys);
}

#[test]
fn what_is_shown_can_be_read_again_and_holds_no_secret() {
    let postgres_url = Some(HiddenText("postgres://user:secret@host/base".to_owned()));
    let sid = Some("45ff2084db904dfefdaac62f1cf68fd53b8ba860349a1b387f082021445be270".parse());
    let settings = Settings { sid: sid.transpose().unwrap(), ..node() }.completed();
    let config = checks::check(settings, Secrets { postgres_url, ..secrets() }).unwrap();
    assert!(config.postgres.is_some());
    let shown = tally_daemon::as_toml(&config.effective).unwrap();
    assert!(!shown.contains("secret") && !shown.contains("pass\""), "{shown}");
    assert!(shown.contains("\nsid = \"45ff2084"), "{shown}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("apip.toml");
    std::fs::write(&path, &shown).unwrap();
    let read: Settings = PROGRAM.file(&path).unwrap();
    assert_eq!(read, config.effective);
    assert!(!format!("{config:?}").contains("secret"));
}
