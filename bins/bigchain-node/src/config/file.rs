//! The configuration file: TOML with the names of the flags, or the original's JSON.

use super::Settings;
use anyhow::{Context, anyhow};
use serde_json::{Map, Value};
use std::path::Path;

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct FromFile {
    pub(super) settings: Settings,
    /// Entries that mean something to the original and nothing here.
    pub(super) ignored: Vec<String>,
}

/// Entries of the original's file that configure what this node does not have. A name that ends in a
/// dot stands for all entries of that section.
const IGNORED: &[&str] = &[
    "api_endpoint",
    "backlog_reassign_delay",
    "database.",
    "graphite.",
    "log.",
    "server.loglevel",
    "server.threads",
    "server.workers",
    "statsd.",
    "tendermint.",
    "wsserver.scheme",
];

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
pub(super) fn read(path: &Path) -> anyhow::Result<FromFile> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
    parse(&text).with_context(|| format!("the configuration file {} is malformed", path.display()))
}

fn parse(text: &str) -> anyhow::Result<FromFile> {
    if !text.trim_start().starts_with('{') {
        // The parser's message shows the line, which may hold the private key.
        let settings = toml::from_str(text).map_err(|error| anyhow!("{}", error.message()))?;
        return Ok(FromFile { settings, ignored: vec![] });
    }
    let entries: Map<String, Value> = serde_json::from_str(text)?;
    let mut plain = Map::new();
    let mut ignored = Vec::new();
    for (name, value) in flattened(entries) {
        let own = SECTIONS.iter().find(|(theirs, _)| *theirs == name);
        if let Some((_, own)) = own {
            plain.insert((*own).to_owned(), value);
        } else if is_ignored(&name) {
            ignored.push(name);
        } else {
            plain.insert(name.replace('_', "-"), value);
        }
    }
    // The original writes null for what is not set.
    plain.retain(|_, value| !value.is_null());
    Ok(FromFile { settings: serde_json::from_value(Value::Object(plain))?, ignored })
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

fn is_ignored(name: &str) -> bool {
    IGNORED.iter().any(|other| match other.strip_suffix('.') {
        Some(_) => name.starts_with(other),
        None => name == *other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(ignored.contains(&"database.host".to_owned()), "{ignored:?}");
        assert!(ignored.contains(&"server.threads".to_owned()), "{ignored:?}");
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

    /// Goal: a wrong entry is named and a private key is not.
    #[test]
    fn wrong_entries_are_named() {
        for (text, part) in [
            (r#"{"colour": 1}"#, "colour"),
            (r#"{"server": {"colour": 1}}"#, "server.colour"),
            ("colour = 1", "colour"),
            (r#"{"server": {"bind": "nowhere"}}"#, "nowhere"),
            (r#"{"keyring": ["short"]}"#, "short"),
            ("keypair-private = [\"2kQgBtQn", ""),
            ("{", ""),
        ] {
            let said = format!("{:#}", parse(text).unwrap_err());
            assert!(said.contains(part), "{text}: {said}");
            assert!(!said.contains("2kQgBtQn"), "{said}");
        }
    }
}
