//! What the environment says beyond the variables of the flags.

use super::{Settings, values::HiddenText};

/// Begins the name of every variable.
const PREFIX: &str = "BIGCHAINDB_";

/// Variables of the original that configure what this node does not have, and why. A name that ends
/// in an underscore stands for all that begin so.
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("API_ENDPOINT", "clients are told the address that they called"),
    ("BACKLOG_REASSIGN_DELAY", "transactions are not assigned to single nodes"),
    ("DATABASE_", "the ledger is stored by the node itself, in --data-dir"),
    ("GRAPHITE_", "metrics are served at /metrics"),
    ("LOG_", "use --log-level, --log-filter, --log-format and --log-file"),
    ("SERVER_LOGLEVEL", "use --log-level"),
    ("SERVER_THREADS", "the server needs no such number"),
    ("SERVER_WORKERS", "the server needs no such number"),
    ("STATSD_", "metrics are served at /metrics"),
    ("TENDERMINT_", "the node orders blocks itself, with its --peer"),
    ("WSSERVER_SCHEME", "the stream is served with TLS exactly if the API is"),
];

/// Variables without a flag, because they hold a secret or belong to one.
pub(super) fn settings() -> Settings {
    let variable = |name: &str| {
        std::env::var(format!("{PREFIX}{name}")).ok().filter(|value| !value.is_empty())
    };
    Settings {
        keypair_public: variable("KEYPAIR_PUBLIC"),
        keypair_private: variable("KEYPAIR_PRIVATE").map(HiddenText),
        ..Settings::default()
    }
}

/// Returns the variables that are set and have no effect, each with what to know about it. `known`
/// are those of the flags.
pub(super) fn without_effect(known: &[String]) -> Vec<(String, &'static str)> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut found: Vec<_> = names
        .filter_map(|name| {
            let remark = remark(&name, known)?;
            Some((name, remark))
        })
        .collect();
    found.sort();
    found
}

fn remark(name: &str, known: &[String]) -> Option<&'static str> {
    let rest = name.strip_prefix(PREFIX)?;
    let has_no_flag = ["KEYPAIR_PUBLIC", "KEYPAIR_PRIVATE", "API_TOKEN"].contains(&rest);
    if has_no_flag || known.iter().any(|other| other == name) {
        return None;
    }
    let entry = WITHOUT_EFFECT.iter().find(|(other, _)| match other.strip_suffix('_') {
        Some(_) => rest.starts_with(other),
        None => rest == *other,
    });
    Some(entry.map_or("no setting has this name", |(_, remark)| *remark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_without_effect_are_explained() {
        let known = ["BIGCHAINDB_DATABASE_NAME".to_owned()];
        for (name, part) in [
            ("BIGCHAINDB_DATABASE_HOST", Some("--data-dir")),
            ("BIGCHAINDB_STATSD_PORT", Some("/metrics")),
            ("BIGCHAINDB_COLOUR", Some("no setting")),
            ("BIGCHAINDB_DATABASE_NAME", None),
            ("BIGCHAINDB_KEYPAIR_PRIVATE", None),
            ("PATH", None),
        ] {
            let said = remark(name, &known);
            assert_eq!(said.is_some(), part.is_some(), "{name}: {said:?}");
            assert!(said.is_none_or(|said| said.contains(part.unwrap())), "{name}");
        }
    }
}
