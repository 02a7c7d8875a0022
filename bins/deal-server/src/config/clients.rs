//! The programs that the embedded server knows: `--clients-file`.

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Deserializer};
use tally_deal_api::OAuthClient;
use zeroize::Zeroizing;

/// The fewest characters of a client's secret: assertions are signed with it, and whoever sees one
/// may try out secrets.
const SECRET_CHARACTERS_MIN: usize = 16;

/// One entry of the file. What is beside it in a `service.json` does not matter here.
#[derive(Deserialize)]
struct Entry {
    client_id: String,
    #[serde(deserialize_with = "secret")]
    client_secret: Zeroizing<String>,
    #[serde(default)]
    issuers: Vec<String>,
    #[serde(default)]
    operator: bool,
}

/// Reads the text of the file: a JSON array of entries, each of which may be the `service.json` of
/// its client.
pub(super) fn read(text: &str) -> anyhow::Result<Vec<OAuthClient>> {
    // The parser's own words may repeat what it met.
    let entries: Vec<Entry> = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        anyhow::anyhow!(
            "line {line}, column {column}: expected a JSON array of objects with client_id and \
             client_secret"
        )
    })?;
    let mut clients: Vec<OAuthClient> = vec![];
    for (entry, number) in entries.into_iter().zip(1..) {
        let client = client(entry).with_context(|| format!("client {number}"))?;
        if clients.iter().any(|other| other.id == client.id) {
            bail!("client {number}: {} is there twice", client.id);
        }
        clients.push(client);
    }
    Ok(clients)
}

fn client(entry: Entry) -> anyhow::Result<OAuthClient> {
    let Entry { client_id: id, client_secret: secret, issuers, operator: is_operator } = entry;
    let is_plain = |letter: char| letter.is_ascii_graphic() && letter != ':';
    ensure!(!id.is_empty() && id.chars().all(is_plain), "client_id is not a name without blanks");
    ensure!(
        secret.chars().count() >= SECRET_CHARACTERS_MIN,
        "client_secret has fewer than {SECRET_CHARACTERS_MIN} characters"
    );
    Ok(OAuthClient { id, secret, issuers, is_operator })
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = r#"[{"type": "service_account", "issuers": ["accounts.example"],
        "client_id": "shop", "client_secret": "0123456789abcdef", "algorithm": "HS256"},
        {"client_id": "operator", "client_secret": "fedcba9876543210", "operator": true}]"#;

    #[test]
    fn a_service_json_is_an_entry() {
        let [shop, operator] = &read(SERVICE).unwrap()[..] else { panic!("two clients") };
        assert_eq!((shop.id.as_str(), shop.is_operator), ("shop", false));
        assert_eq!(shop.issuers, ["accounts.example"]);
        assert_eq!((operator.id.as_str(), operator.is_operator), ("operator", true));
        assert_eq!(shop.secret.as_str(), "0123456789abcdef");
    }

    /// Goal: a slip is named by its place, and no secret with it.
    #[test]
    fn slips_are_named_without_secrets() {
        for (from, to, named) in [
            ("\"operator\", \"client_secret\"", "\"shop\", \"client_secret\"", "client 2: shop"),
            ("fedcba9876543210", "fedcba", "client 2: client_secret"),
            ("\"shop\"", "\"a shop\"", "client 1: client_id"),
            ("\"client_secret\": \"0123456789abcdef\"", "\"client_secret\": 123456789", "line 2"),
            ("[{", "{", "line "),
        ] {
            let changed = SERVICE.replace(from, to);
            assert_ne!(changed, SERVICE, "{from}");
            let said = format!("{:#}", read(&changed).unwrap_err());
            assert!(said.contains(named), "{named}: {said}");
            assert!(!said.contains("fedcba") && !said.contains("456789"), "{said}");
        }
    }
}
