//! What the environment says beyond the variables of the flags.

use super::{Settings, foreign};
use crate::command_line::PROGRAM;
use tally_daemon::HiddenText;

/// Variables without a flag, because they hold a secret or belong to one.
pub(super) fn settings() -> Settings {
    let variable = |name: &str| {
        std::env::var(format!("{}{name}", PROGRAM.prefix)).ok().filter(|value| !value.is_empty())
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
    let rest = name.strip_prefix(PROGRAM.prefix)?;
    let has_no_flag = ["KEYPAIR_PUBLIC", "KEYPAIR_PRIVATE", "API_TOKEN"].contains(&rest);
    if has_no_flag || known.iter().any(|other| other == name) {
        return None;
    }
    Some(foreign::variable(rest).unwrap_or("no setting has this name"))
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
