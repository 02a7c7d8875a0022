//! The original's command line, where it differs.

use std::ffi::OsString;

/// Switches of the original that configure what this node does not have, and what to know about
/// them.
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("--dev-start-rethinkdb", "the node stores the ledger itself"),
    ("--dev-allow-temp-keypair", "the node makes and keeps a key of its own"),
    ("--experimental-parallel-validation", "signatures are always checked in parallel"),
    ("--no-init", "a ledger that is there is never made anew"),
];

/// Databases that the original's `configure` must be told.
const BACKENDS: &[&str] = &["rethinkdb", "mongodb", "localmongodb"];

/// Leaves out what has no effect, and returns a remark on each. `-c` after `load`, and `-m`, are
/// written as the flags that they mean.
pub(super) fn translate(arguments: Vec<OsString>) -> (Vec<OsString>, Vec<String>) {
    let mut kept: Vec<OsString> = Vec::with_capacity(arguments.len());
    let mut remarks = Vec::new();
    let (mut is_load, mut is_configure) = (false, false);
    for argument in arguments {
        let text = argument.to_str().unwrap_or_default();
        if let Some((_, remark)) = WITHOUT_EFFECT.iter().find(|(name, _)| *name == text) {
            remarks.push(format!("{text} has no effect: {remark}"));
            continue;
        }
        if is_configure && BACKENDS.contains(&text) {
            remarks
                .push(format!("there is no choice of {text}: the node stores the ledger itself"));
            continue;
        }
        let replaced = match text {
            "-c" if is_load => Some("--count"),
            "-m" | "--multicore" if is_load => Some("--in-flight"),
            _ => None,
        };
        is_load |= text == "load";
        is_configure |= text == "configure";
        kept.push(replaced.map_or(argument, OsString::from));
    }
    (kept, remarks)
}
