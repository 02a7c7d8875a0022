//! What the original can be configured with and this node cannot.

/// Entries of the original's file that configure what this node does not have, and why. A name that
/// ends in a dot stands for all entries of that section.
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("api_endpoint", "clients are told the address that they called"),
    ("backlog_reassign_delay", "transactions are not assigned to single nodes"),
    ("database.", "the ledger is stored by the node itself, in --data-dir"),
    ("graphite.", "metrics are served at /metrics"),
    ("log.", "use --log-level, --log-filter, --log-format and --log-file"),
    ("server.loglevel", "use --log-level"),
    ("server.threads", "the server needs no such number"),
    ("server.workers", "the server needs no such number"),
    ("statsd.", "metrics are served at /metrics"),
    ("tendermint.", "the node orders blocks itself, with its --peer"),
    ("wsserver.scheme", "the stream is served with TLS exactly if the API is"),
];

/// Says why an entry of a file, `section.entry`, has no effect; `None` if it should have one.
pub(super) fn entry(name: &str) -> Option<&'static str> {
    find(name, str::to_owned)
}

/// The same for a variable, named without its prefix.
pub(super) fn variable(name: &str) -> Option<&'static str> {
    find(name, |entry| entry.to_uppercase().replace('.', "_"))
}

fn find(name: &str, written: impl Fn(&str) -> String) -> Option<&'static str> {
    let found = WITHOUT_EFFECT.iter().find(|(entry, _)| {
        let other = written(entry);
        if entry.ends_with('.') { name.starts_with(&other) } else { name == other }
    });
    found.map(|(_, why)| *why)
}
