use super::Settings;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tally_daemon::{Failure, Kind};

impl super::Config {
    /// Returns the settings in effect as the original's `show-config` prints them, without secrets.
    pub(crate) fn as_json(&self) -> Result<String, Failure> {
        let settings = serde_json::to_value(&self.effective);
        let settings = settings.map_err(Failure::of(Kind::Unexpected))?;
        let mut document = original_shape(&self.effective);
        let private = settings.get("keypair-private").cloned().unwrap_or_default();
        document["keypair"]["private"] = private;
        if let (Some(document), Some(settings)) = (document.as_object_mut(), settings.as_object()) {
            add_own(document, settings);
        }
        indented(&document)
    }
}

/// Names of settings that have a place in the original's document.
const IN_SECTIONS: &[&str] = &[
    "database-name",
    "keypair-private",
    "keypair-public",
    "keyring",
    "server-bind",
    "wsserver-advertised-host",
    "wsserver-advertised-port",
    "wsserver-advertised-scheme",
    "wsserver-host",
    "wsserver-port",
];

/// Writes settings the way the original nests them. The private key is left null.
pub(crate) fn original_shape(settings: &Settings) -> Value {
    json!({
        "database": { "name": settings.database_name },
        "keypair": { "private": null, "public": settings.keypair_public },
        "keyring": settings.keyring,
        "server": { "bind": settings.server_bind },
        "wsserver": {
            "advertised_host": settings.wsserver_advertised_host,
            "advertised_port": settings.wsserver_advertised_port,
            "advertised_scheme": settings.wsserver_advertised_scheme,
            "host": settings.wsserver_host,
            "port": settings.wsserver_port,
        },
    })
}

/// Adds what only this node knows.
fn add_own(document: &mut Map<String, Value>, settings: &Map<String, Value>) {
    for (name, value) in settings {
        if !IN_SECTIONS.contains(&name.as_str()) && !value.is_null() {
            document.insert(name.replace('-', "_"), value.clone());
        }
    }
}

/// Writes JSON as the original does: indented by four, sections sorted.
pub(crate) fn indented(document: &Value) -> Result<String, Failure> {
    let sections: BTreeMap<&String, &Value> = document.as_object().into_iter().flatten().collect();
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    sections.serialize(&mut serializer).map_err(Failure::of(Kind::Unexpected))?;
    text.push(b'\n');
    String::from_utf8(text).map_err(Failure::of(Kind::Unexpected))
}
