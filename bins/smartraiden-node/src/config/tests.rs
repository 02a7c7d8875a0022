use super::*;
use crate::command_line::PROGRAM;
use std::path::{Path, PathBuf};
use tally_daemon::{AccessSettings, Kind, LogFormat};

fn dev() -> Settings {
    Settings { dev: Some(true), ..Settings::default() }
}

fn remote() -> Settings {
    Settings {
        eth_rpc_endpoint: Some("ws://127.0.0.1:8546/secret-path".to_owned()),
        registry_contract_address: Some(Address::repeat_byte(7)),
        memory_store: Some(true),
        ..Settings::default()
    }
}

fn check(settings: Settings) -> Result<Config, Failure> {
    checks::check(settings.completed(), None)
}

fn refusal(settings: Settings) -> String {
    let Err(failure) = check(settings) else { panic!("the settings were accepted") };
    assert_eq!(failure.kind(), Kind::Settings);
    failure.text()
}

#[test]
fn dev_alone_is_a_whole_configuration() {
    let config = check(dev()).unwrap();
    assert_eq!(config.key, Key::Generated);
    assert_eq!(config.data, Place::Memory);
    assert_eq!(config.api.exposure.address, "127.0.0.1:5001".parse().unwrap());
    assert_eq!(config.node.listen, "127.0.0.1:40001".parse().unwrap());
    assert!(matches!(config.chain, Chain::Embedded { rpc_address: None, .. }));
    assert_eq!(config.api.compat, Compat::Document);
}

#[test]
fn what_is_missing_or_contradicts_is_named() {
    let bare = Settings { memory_store: Some(true), ..Settings::default() };
    assert!(refusal(bare).contains("--eth-rpc-endpoint"));
    assert!(
        refusal(Settings { registry_contract_address: None, ..remote() })
            .contains("--registry-contract-address")
    );
    let dir = || Some(PathBuf::from("/nowhere"));
    assert!(refusal(Settings { data_dir: dir(), ..dev() }).contains("--datadir"));
    assert!(refusal(Settings { data_dir: dir(), ..remote() }).contains("--memory-store"));
    let url = Some("ws://127.0.0.1:1".to_owned());
    assert!(refusal(Settings { eth_rpc_endpoint: url, ..dev() }).contains("--eth-rpc-endpoint"));
    let fund = Some(vec![]);
    assert!(refusal(Settings { dev_fund: fund, ..remote() }).contains("--dev-fund"));
    let access = AccessSettings { tls_key: dir(), ..AccessSettings::default() };
    assert!(refusal(Settings { access, ..dev() }).contains("--tls-certificate"));
    for (settle, reveal) in [(5, 3), (2_700_001, 3), (90, 2), (90, 90)] {
        let (settle_timeout, reveal_timeout) = (Some(settle), Some(reveal));
        let said = refusal(Settings { settle_timeout, reveal_timeout, ..dev() });
        assert!(said.contains("timeout"), "{said}");
    }
    let late = Settings { confirmations: Some(6), reveal_timeout: Some(11), ..dev() };
    assert!(refusal(late).contains("twice --confirmations, 12"));
    let publish_address = Some("host:40001".to_owned());
    assert!(refusal(Settings { publish_address, ..remote() }).contains("--endpoint-registry"));
    for bad in ["{", "[]", "{\"Quit\": 1}"] {
        let conditionquit = Some(bad.to_owned());
        assert!(refusal(Settings { conditionquit, ..dev() }).contains("--conditionquit"));
    }
    assert!(refusal(Settings { transfer_patience: Some(0), ..dev() }).contains("patience"));
}

/// Goal: an API that others can reach needs a guard or the explicit word.
#[test]
fn an_open_api_must_be_asked_for() {
    let api_address = Some("0.0.0.0:5001".parse().unwrap());
    let open = Settings { api_address, ..dev() };
    assert!(refusal(open.clone()).contains("--allow-unauthenticated"));
    let access = AccessSettings { allow_unauthenticated: Some(true), ..AccessSettings::default() };
    check(Settings { access, ..open.clone() }).unwrap();
    let config = checks::check(open.clone().completed(), Some("0123456789abcdef")).unwrap();
    assert!(config.api.exposure.needs_token);
    assert!(!format!("{config:?}").contains("0123456789abcdef"));
    let Err(weak) = checks::check(open.completed(), Some("short")) else { panic!("accepted") };
    assert!(weak.text().contains("SMARTRAIDEN_API_TOKEN"));
}

/// Goal: the command line wins over the file, the file over the defaults; strangers are named.
#[test]
fn files_are_read_below_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.toml");
    let text = "dev = true\nsettle-timeout = 50\nreveal-timeout = 5\nlog-format = \"json\"\n\
        peer = [\"0x1a9eC3b0b807464e6D3398a59d6b0a369Bf422fA=127.0.0.1:40002\"]\n";
    std::fs::write(&path, text).unwrap();
    let from_file =
        |settings: Settings| Config::read(Settings { config: Some(path.clone()), ..settings });
    let config = from_file(Settings { reveal_timeout: Some(4), ..Settings::default() }).unwrap();
    assert_eq!(config.node.settle_timeout, BlockSpan(50));
    assert_eq!(config.node.reveal_timeout, BlockSpan(4));
    assert_eq!(config.logging.format, LogFormat::Json);
    assert_eq!(config.node.peers[0].endpoint, "127.0.0.1:40002");

    for (text, named) in [("settle_timeout = 5", "settle_timeout"), ("dev = 5", "dev"), ("=", "")] {
        std::fs::write(&path, text).unwrap();
        let Err(failure) = from_file(Settings::default()) else { panic!("{text} was accepted") };
        assert!(failure.text().contains(named) && failure.text().contains("node.toml"));
    }
    std::fs::remove_file(&path).unwrap();
    let Err(failure) = from_file(Settings::default()) else { panic!("no file, no error") };
    assert!(failure.text().contains("cannot read"));
}

/// Goal: what is shown can be read back and holds no secret.
#[test]
fn the_settings_in_effect_can_be_shown() {
    let config =
        check(Settings { password_file: Some(Path::new("/tmp/password").to_owned()), ..remote() })
            .unwrap();
    let shown = show::render(&config.effective).unwrap();
    assert!(!shown.contains("secret-path"), "{shown}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shown.toml");
    std::fs::write(&path, &shown).unwrap();
    let read: Settings = PROGRAM.file(&path).unwrap();
    assert_eq!(read.settle_timeout, Some(90));
    assert_eq!(read.password_file, config.effective.password_file);
    assert_eq!(
        Settings { eth_rpc_endpoint: config.effective.eth_rpc_endpoint.clone(), ..read },
        config.effective
    );
}

#[test]
fn fees_and_network_follow_the_original_s_flags() {
    let fee = |settings| check(settings).unwrap().node.mediation_fee;
    assert_eq!(fee(dev()), TokenAmount::ZERO);
    assert_eq!(fee(Settings { fee: Some(true), ..dev() }), TokenAmount::from_units(3));
    let explicit = Settings { fee: Some(true), mediation_fee: Some(7), ..dev() };
    assert_eq!(fee(explicit), TokenAmount::from_units(7));
    let config = check(Settings { nonetwork: Some(true), ..remote() }).unwrap();
    assert_eq!(config.node.listen, "127.0.0.1:40001".parse().unwrap());
    let config = check(Settings { ignore_mediatednode_request: Some(true), ..dev() }).unwrap();
    assert!(!config.node.mediates);
}

#[cfg(not(feature = "rocksdb"))]
#[test]
fn a_build_without_a_database_says_so() {
    let on_disk = Settings { memory_store: None, ..remote() };
    assert!(refusal(on_disk).contains("--memory-store"));
}
