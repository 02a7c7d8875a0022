use super::{values::KeyList, *};
use tally_crypto::base58;
use tally_daemon::{AccessSettings, HiddenText, as_toml};

const PUBLIC: &str = "GW1nrdZm4mbVC8ePeiGWz6DqHexqewqy5teURVHi3RG4";
const PRIVATE: &str = "2kQgBtQnHoauw8QchKM7xYvEBW1QDoHzhBsCL9Vi1AzB";

fn memory() -> Settings {
    Settings { memory_store: Some(true), ..Settings::default() }
}

fn check(settings: Settings) -> Result<Config, Failure> {
    checks::check(settings.completed(), None)
}

fn refusal(settings: Settings) -> String {
    let failure = check(settings).unwrap_err();
    assert_eq!(failure.kind(), Kind::Settings);
    failure.text()
}

fn with_key(public: Option<&str>, private: Option<&str>) -> Settings {
    Settings {
        keypair_public: public.map(str::to_owned),
        keypair_private: private.map(|text| HiddenText(text.to_owned())),
        ..memory()
    }
}

#[cfg(feature = "rocksdb")]
#[test]
fn nothing_is_a_whole_configuration() {
    let data_dir = Some(PathBuf::from("/data"));
    let config = check(Settings { data_dir, ..Settings::default() }).unwrap();
    assert_eq!(config.api.exposure.address, "127.0.0.1:9984".parse().unwrap());
    assert_eq!(config.api.stream.address, "127.0.0.1:9985".parse().unwrap());
    assert!(config.federation.keyring.is_empty());
    assert!(matches!(&config.key, Key::Kept(path) if path == Path::new("/data/key")));
    let folder = PathBuf::from("/data/bigchain");
    assert_eq!(config.data, Data::Folder { folder, name: "bigchain".to_owned() });
}

#[test]
fn what_contradicts_is_named() {
    let dir = || Some(PathBuf::from("/nowhere"));
    assert!(refusal(Settings { data_dir: dir(), ..memory() }).contains("--memory-store"));
    let access = AccessSettings { tls_key: dir(), ..AccessSettings::default() };
    assert!(refusal(Settings { access, ..memory() }).contains("--tls-certificate"));
    for name in ["", "../x", ".x", "a/b"] {
        let database_name = Some(name.to_owned());
        assert!(refusal(Settings { database_name, ..memory() }).contains("--database-name"));
    }
    let same = Settings { wsserver_port: Some(9984), ..memory() };
    assert!(refusal(same).contains("--wsserver-port"));
    let host = Settings { wsserver_host: Some("example.org".to_owned()), ..memory() };
    assert!(refusal(host).contains("example.org"));
}

#[test]
fn clients_are_told_where_the_stream_is() {
    let told = |settings| check(settings).unwrap().api.streams_base;
    assert_eq!(told(memory()), None);
    let host = || Some("ledger.example.org".to_owned());
    let named = Settings { wsserver_advertised_host: host(), ..memory() };
    assert_eq!(told(named.clone()).as_deref(), Some("ws://ledger.example.org:9985"));
    let port = Settings { wsserver_advertised_port: Some(443), ..named };
    let scheme = Some(values::StreamScheme::Wss);
    let all = Settings { wsserver_advertised_scheme: scheme, ..port };
    assert_eq!(told(all).as_deref(), Some("wss://ledger.example.org:443"));
}

#[test]
fn peers_are_members() {
    let stranger = base58::encode(&[7; 32]);
    let peer = |key: &str| format!("{key}@host:9986").parse::<PeerArgument>().unwrap();
    let keyring = || Some(PUBLIC.parse::<KeyList>().unwrap());
    let federation = Settings { keyring: keyring(), ..memory() };
    let with = |peers: Vec<PeerArgument>| Settings { peer: Some(peers), ..federation.clone() };
    assert!(refusal(with(vec![peer(&stranger)])).contains(&stranger));
    assert!(refusal(with(vec![peer(PUBLIC), peer(PUBLIC)])).contains("twice"));
    assert_eq!(check(with(vec![peer(PUBLIC)])).unwrap().federation.peers.len(), 1);
    let twice = Some(format!("{PUBLIC}:{PUBLIC}").parse().unwrap());
    assert!(refusal(Settings { keyring: twice, ..memory() }).contains("twice"));
    for bad in [
        "host:9986",
        &format!("{PUBLIC}@host"),
        &format!("{PUBLIC}@:1"),
        &format!("{PUBLIC}@a_b:1"),
    ] {
        assert!(bad.parse::<PeerArgument>().is_err(), "{bad}");
    }
}

#[test]
fn a_configured_key_is_whole() {
    let key = |public, private| check(with_key(public, private)).map(|config| config.key);
    assert!(matches!(key(None, None), Ok(Key::Drawn)));
    for public in [None, Some(PUBLIC)] {
        let Ok(Key::Configured(key)) = key(public, Some(PRIVATE)) else { panic!("{public:?}") };
        assert_eq!(key.public_key().to_string(), PUBLIC);
    }
    let other = base58::encode(&[7; 32]);
    for (public, private) in [
        (Some(PUBLIC), None),
        (Some(other.as_str()), Some(PRIVATE)),
        (None, Some("2kQgBtQn")),
        (Some("0"), Some(PRIVATE)),
    ] {
        let failure = key(public, private).unwrap_err();
        assert_eq!(failure.kind(), Kind::Key);
        assert!(failure.text().contains("keypair."), "{}", failure.text());
        assert!(!failure.text().contains("2kQgBtQn"), "{}", failure.text());
    }
}

/// Goal: an API that others can reach needs a guard or the explicit word.
#[test]
fn an_open_api_must_be_asked_for() {
    let server_bind = Some("0.0.0.0:9984".parse().unwrap());
    let open = Settings { server_bind, ..memory() };
    assert!(refusal(open.clone()).contains("--allow-unauthenticated"));
    let access = AccessSettings { allow_unauthenticated: Some(true), ..AccessSettings::default() };
    check(Settings { access, ..open.clone() }).unwrap();
    let config = checks::check(open.completed(), Some("0123456789abcdef")).unwrap();
    assert!(config.api.exposure.needs_token && config.api.stream.needs_token);
    assert!(!format!("{config:?}").contains("0123456789abcdef"));
    let stream = Settings { wsserver_host: Some("0.0.0.0".to_owned()), ..memory() };
    assert!(refusal(stream).contains("--allow-unauthenticated"));
}

/// Goal: what is shown can be read again, and holds no private key.
#[test]
fn settings_are_shown_without_secrets() {
    let config = check(with_key(Some(PUBLIC), Some(PRIVATE))).unwrap();
    let (toml, json) = (as_toml(config.effective()).unwrap(), config.as_json().unwrap());
    for text in [&toml, &json, &format!("{config:?}")] {
        assert!(!text.contains(PRIVATE), "{text}");
    }
    let hidden = "x".repeat(45);
    assert!(toml.contains(&hidden) && json.contains(&hidden), "{json}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shown.toml");
    std::fs::write(&path, &toml).unwrap();
    let read = file::read(&path).unwrap().settings;
    assert_eq!(read.server_bind, config.effective().server_bind);
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["server"]["bind"], "127.0.0.1:9984");
    assert_eq!(document["keypair"]["public"], PUBLIC);
    assert_eq!(document["memory_store"], true);
    assert!(json.starts_with("{\n    \""), "{json}");
}
