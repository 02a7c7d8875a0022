//! The configuration file: TOML with the names of the flags, or the original's JSON.

use super::{Settings, foreign};
use crate::command_line::PROGRAM;
use anyhow::{Context, bail};
use serde_json::{Map, Value};
use std::path::Path;
use tally_daemon::{Failure, HiddenText};

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct FromFile {
    pub(super) settings: Settings,
    /// Entries that mean something to the original and nothing here, and why.
    pub(super) ignored: Vec<(String, &'static str)>,
}

/// Where an entry of the original's file belongs.
const SECTIONS: &[(&str, &str)] = &[
    ("database.name", "database-name"),
    ("keypair.private", "keypair-private"),
    ("keypair.public", "keypair-public"),
    ("log.file", "log-file"),
    ("server.bind", "server-bind"),
    ("wsserver.advertised_host", "wsserver-advertised-host"),
    ("wsserver.advertised_port", "wsserver-advertised-port"),
    ("wsserver.advertised_scheme", "wsserver-advertised-scheme"),
    ("wsserver.host", "wsserver-host"),
    ("wsserver.port", "wsserver-port"),
];

/// Reads a file. What begins with a brace is JSON.
pub(super) fn read(path: &Path) -> Result<FromFile, Failure> {
    PROGRAM.file_with(path, parse)
}

fn parse(text: &str) -> anyhow::Result<FromFile> {
    let entries: Map<String, Value> = if text.trim_start().starts_with('{') {
        serde_json::from_str(text)?
    } else {
        tally_daemon::toml_entries(text)?
    };
    let mut read = FromFile::default();
    for (name, value) in flattened(entries) {
        // The original writes null for what is not set.
        if value.is_null() {
            continue;
        }
        let own = SECTIONS.iter().find(|(theirs, _)| *theirs == name);
        let own = match (own, foreign::entry(&name)) {
            (Some((_, own)), _) => (*own).to_owned(),
            (None, Some(why)) => {
                read.ignored.push((name, why));
                continue;
            }
            (None, None) => name.replace('_', "-"),
        };
        read.settings = read.settings.or(setting(&own, value).context(name)?);
    }
    Ok(read)
}

/// Reads the value of one setting.
fn setting(own: &str, value: Value) -> anyhow::Result<Settings> {
    let text = |value: Value| match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => bail!("must be a key in Base58"),
    };
    match (own, value) {
        ("keypair-public", value) => {
            Ok(Settings { keypair_public: Some(text(value)?), ..Settings::default() })
        }
        ("keypair-private", value) => {
            let keypair_private = Some(HiddenText(text(value)?));
            Ok(Settings { keypair_private, ..Settings::default() })
        }
        ("keyring", Value::Array(keys)) => {
            let keys: Vec<_> = keys.into_iter().map(text).collect::<anyhow::Result<_>>()?;
            PROGRAM.entry(own, &keys.join(":").into())
        }
        (own, value) => PROGRAM.entry(own, &value),
    }
}

/// Names the entries of sections `section.entry`.
fn flattened(entries: Map<String, Value>) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (section, mut value) in entries {
        match value.as_object_mut() {
            Some(inner) => flat.extend(
                std::mem::take(inner)
                    .into_iter()
                    .map(|(entry, value)| (format!("{section}.{entry}"), value)),
            ),
            None => flat.push((section, value)),
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;
    use tally_crypto::base58;

    /// Goal: the file that the original's `configure` writes can be used as it is.
    #[test]
    fn the_original_s_file_is_understood() {
        let text = r#"{
            "server": {"bind": "localhost:1234", "workers": null, "threads": 4, "loglevel": "info"},
            "wsserver": {"scheme": "ws", "host": "localhost", "port": 1235,
                         "advertised_scheme": "wss", "advertised_host": "example.org",
                         "advertised_port": 443},
            "database": {"backend": "mongodb", "host": "localhost", "port": 27017, "name": "dev",
                         "ssl": false},
            "keypair": {"public": "GW1nrdZm4mbVC8ePeiGWz6DqHexqewqy5teURVHi3RG4",
                        "private": "2kQgBtQnHoauw8QchKM7xYvEBW1QDoHzhBsCL9Vi1AzB"},
            "keyring": ["GW1nrdZm4mbVC8ePeiGWz6DqHexqewqy5teURVHi3RG4"],
            "statsd": {"host": "localhost", "port": 8125, "rate": 0.01},
            "api_endpoint": "http://localhost:9984/api/v1",
            "backlog_reassign_delay": 120
        }"#;
        let FromFile { settings, ignored } = parse(text).unwrap();
        assert_eq!(settings.server_bind, Some("127.0.0.1:1234".parse().unwrap()));
        assert_eq!(settings.wsserver_port, Some(1235));
        assert_eq!(settings.wsserver_advertised_port, Some(443));
        assert_eq!(settings.database_name.as_deref(), Some("dev"));
        assert_eq!(settings.keyring.unwrap().0.len(), 1);
        assert!(settings.keypair_public.unwrap().starts_with("GW1"));
        assert!(settings.keypair_private.unwrap().0.starts_with("2kQ"));
        for (entry, part) in [("database.host", "--data-dir"), ("statsd.rate", "/metrics")] {
            let why = ignored.iter().find(|(name, _)| name == entry).map(|(_, why)| *why);
            assert!(why.is_some_and(|why| why.contains(part)), "{entry}: {ignored:?}");
        }
        // What is not set needs no remark.
        assert!(ignored.iter().all(|(name, _)| name != "server.workers"), "{ignored:?}");
    }

    #[test]
    fn own_settings_may_stand_in_json_too() {
        let text = r#"{"data_dir": "/d", "peer": [], "memory-store": true}"#;
        let settings = parse(text).unwrap().settings;
        assert_eq!(settings.data_dir.as_deref(), Some("/d".as_ref()));
        assert_eq!((settings.peer, settings.memory_store), (Some(vec![]), Some(true)));
    }

    #[test]
    fn toml_has_the_names_of_the_flags() {
        let settings = parse("server-bind = \"localhost:1\"\nkeyring = []").unwrap().settings;
        assert_eq!(settings.server_bind, Some("127.0.0.1:1".parse().unwrap()));
    }

    #[test]
    fn a_keyring_is_a_list_or_a_text() {
        let (one, two) = (base58::encode(&[7; 32]), base58::encode(&[8; 32]));
        let list = parse(&format!("keyring = [\"{one}\", \"{two}\"]")).unwrap().settings;
        assert_eq!(list.keyring.as_ref().unwrap().0.len(), 2);
        for text in
            [format!("keyring = \"{one}:{two}\""), format!(r#"{{"keyring": "{one}:{two}"}}"#)]
        {
            assert_eq!(parse(&text).unwrap().settings, list, "{text}");
        }
    }

    /// Goal: a wrong entry is named and a private key is not.
    #[test]
    fn wrong_entries_are_named() {
        for (text, part) in [
            (r#"{"colour": 1}"#, "colour"),
            (r#"{"server": {"colour": 1}}"#, "server.colour: no setting"),
            ("colour = 1", "colour"),
            (r#"{"server": {"bind": "nowhere"}}"#, "server.bind: nowhere"),
            (r#"{"server": {"bind": 5}}"#, "server.bind: "),
            (r#"{"keyring": ["short"]}"#, "keyring: short"),
            ("wsserver-port = 70000", "wsserver-port: "),
            ("keyring = 5", "keyring: 5 is not a public key"),
            ("keyring = [5]", "keyring: must be a key in Base58"),
            ("\nserver-bind = nowhere", "line 2"),
            ("keypair-private = [\"2kQgBtQn", ""),
            ("{", ""),
        ] {
            let said = format!("{:#}", parse(text).unwrap_err());
            assert!(said.contains(part), "{text}: {said}");
            assert!(!said.contains("2kQgBtQn"), "{said}");
        }
    }
}
