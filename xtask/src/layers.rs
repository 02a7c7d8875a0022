//! Which crate may depend on which, and which foreign library belongs to which crate.

use crate::{
    Problem,
    workspace::{Dependency, Package, Workspace},
};

/// One row per layer, lowest first. A crate may depend only on crates in rows above its own, and
/// its tests also on crates in its own row. A layer of the design that needs an order within has
/// several rows.
const LAYERS: &[(&str, &[&str])] = &[
    ("values", &["tally-primitives"]),
    ("values", &["tally-crypto"]),
    (
        "cores and ports",
        &[
            "tally-chain",
            "tally-channel",
            "tally-conditions",
            "tally-fcdsl",
            "tally-routing",
            "tally-storage",
        ],
    ),
    (
        "cores and ports",
        &["tally-accounts", "tally-deal", "tally-fcdsl-index", "tally-feip", "tally-ledger"],
    ),
    ("cores and ports", &["tally-deal-store"]),
    ("adapters", &["tally-postgres"]),
    (
        "adapters",
        &[
            "tally-accounts-postgres",
            "tally-chain-evm",
            "tally-chain-utxo",
            "tally-consensus",
            "tally-deal-postgres",
            "tally-net",
            "tally-pgp",
            "tally-search",
            "tally-storage-rocksdb",
            "tally-testing-postgres",
        ],
    ),
    ("shells", &["tally-ledger-store"]),
    ("shells", &["tally-apip-node", "tally-channel-node", "tally-deal-node", "tally-ledger-node"]),
    ("HTTP", &["tally-apip-client", "tally-http"]),
    ("HTTP", &["tally-apip-api", "tally-bigchain-api", "tally-deal-api", "tally-smartraiden-api"]),
    ("daemons", &["tally-daemon"]),
    (
        "daemons",
        &["apip-client", "apip-server", "bigchain-node", "deal-server", "smartraiden-node"],
    ),
];

/// Folders of programs that nothing is built on: they may depend on anything, and nothing on them.
const PROGRAMS: &[&str] = &["xtask", "tests", "examples/", "benches"];

/// Libraries that only these crates, and [`PROGRAMS`], may use outside of their tests. A name that
/// ends in `*` stands for all that begin so.
const RESERVED: &[(&str, &[&str])] = &[
    ("rocksdb", &["tally-storage-rocksdb"]),
    // Whoever depends on it needs minutes and a C++ compiler to build.
    ("tally-storage-rocksdb", &["apip-server", "bigchain-node", "deal-server", "smartraiden-node"]),
    ("revm*", &["tally-chain-evm"]),
    ("alloy", &["tally-chain-evm"]),
    ("quinn*", &["tally-net"]),
    ("secp256k1*", &["tally-crypto"]),
    ("ed25519*", &["tally-crypto"]),
    ("commonware*", &["tally-consensus"]),
    ("tantivy*", &["tally-search"]),
    (
        "axum*",
        &[
            "tally-chain-evm",
            "tally-http",
            "tally-apip-api",
            "tally-bigchain-api",
            "tally-deal-api",
            "tally-smartraiden-api",
            "smartraiden-node",
        ],
    ),
    // Values, cores and ports do no I/O; only the chain port's test double awaits.
    (
        "tokio*",
        &[
            "tally-accounts",
            "tally-accounts-postgres",
            "tally-chain",
            "tally-chain-evm",
            "tally-chain-utxo",
            "tally-consensus",
            "tally-deal-postgres",
            "tally-deal-store",
            "tally-net",
            "tally-apip-node",
            "tally-channel-node",
            "tally-deal-node",
            "tally-ledger-node",
            "tally-http",
            "tally-apip-api",
            "tally-bigchain-api",
            "tally-deal-api",
            "tally-smartraiden-api",
            "tally-daemon",
            "apip-server",
            "bigchain-node",
            "deal-server",
            "smartraiden-node",
        ],
    ),
    (
        "sqlx*",
        &[
            "tally-accounts-postgres",
            "tally-deal-postgres",
            "tally-postgres",
            "tally-testing-postgres",
        ],
    ),
    ("bitcoin", &["tally-chain-utxo", "tally-deal"]),
    ("pgp", &["tally-pgp"]),
];

pub(crate) fn check(workspace: &Workspace) -> Vec<Problem> {
    let members = workspace.packages.iter().filter(|package| !is_program(package));
    let programs: Vec<&str> = workspace
        .packages
        .iter()
        .filter(|package| is_program(package))
        .map(|package| package.name.as_str())
        .collect();
    members.flat_map(|package| check_package(package, &programs)).collect()
}

fn check_package(package: &Package, programs: &[&str]) -> Vec<Problem> {
    let Some(own) = row(&package.name) else {
        let message = "has no layer; add it to LAYERS in xtask/src/layers.rs";
        return vec![Problem::new(&package.name, message)];
    };
    let complain = |dependency: &Dependency| {
        complaint(&package.name, own, dependency, programs)
            .map(|message| Problem::new(&package.name, message))
    };
    package.dependencies.iter().filter_map(complain).collect()
}

fn complaint(name: &str, own: usize, dependency: &Dependency, programs: &[&str]) -> Option<String> {
    let target = dependency.name.as_str();
    if programs.contains(&target) {
        return Some(format!("depends on the program {target}; nothing may"));
    }
    if let Some(other) = row(target)
        && (other > own || (other == own && !dependency.is_dev))
    {
        let (own, other) = (LAYERS[own].0, LAYERS[other].0);
        return Some(format!(
            "({own}) depends on {target} ({other}); only lower layers are allowed"
        ));
    }
    let owners = RESERVED.iter().find(|(library, _)| matches(library, target))?.1;
    (!dependency.is_dev && !owners.contains(&name))
        .then(|| format!("uses {target}, which belongs to {}", owners.join(", ")))
}

fn is_program(package: &Package) -> bool {
    PROGRAMS.iter().any(|folder| match folder.strip_suffix('/') {
        Some(_) => package.folder.starts_with(folder),
        None => package.folder == *folder,
    })
}

fn row(name: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, crates)| crates.contains(&name))
}

fn matches(library: &str, name: &str) -> bool {
    match library.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == library,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, folder: &str, dependencies: &[(&str, bool)]) -> Package {
        let dependencies = dependencies
            .iter()
            .map(|(name, is_dev)| Dependency { name: (*name).to_owned(), is_dev: *is_dev })
            .collect();
        Package {
            name: name.to_owned(),
            folder: folder.to_owned(),
            dependencies,
            ..Package::default()
        }
    }

    fn complaints(packages: Vec<Package>) -> Vec<String> {
        let workspace = Workspace { packages, ..Workspace::default() };
        check(&workspace).into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn lower_layers_are_allowed() {
        let dependencies = [("tally-primitives", false), ("tally-storage", true), ("serde", false)];
        let core = package("tally-channel", "crates/channel", &dependencies);
        assert_eq!(complaints(vec![core]), [""; 0]);
    }

    #[test]
    fn a_core_on_an_adapter_is_refused() {
        for is_dev in [false, true] {
            let core = package("tally-channel", "crates/channel", &[("tally-net", is_dev)]);
            let expected = "(cores and ports) depends on tally-net (adapters); \
                            only lower layers are allowed";
            assert_eq!(complaints(vec![core]), [expected]);
        }
    }

    #[test]
    fn a_core_on_a_core_is_refused() {
        let core = package("tally-channel", "crates/channel", &[("tally-routing", false)]);
        assert_eq!(complaints(vec![core]).len(), 1);
    }

    #[test]
    fn a_crate_without_a_layer_is_refused() {
        let complaints = complaints(vec![package("tally-new", "crates/new", &[])]);
        assert!(complaints[0].starts_with("has no layer"), "{complaints:?}");
    }

    #[test]
    fn a_reserved_library_is_refused_outside_of_tests() {
        let libraries = [("tokio-util", false), ("rocksdb", true)];
        let core = package("tally-routing", "crates/routing", &libraries);
        let complaints = complaints(vec![core]);
        assert_eq!(complaints.len(), 1);
        assert!(complaints[0].starts_with("uses tokio-util"), "{complaints:?}");
    }

    #[test]
    fn programs_use_anything_and_nobody_uses_them() {
        let demo = package("seven_nodes", "examples/seven_nodes", &[("tally-net", false)]);
        let user = package("tally-http", "crates/http", &[("seven_nodes", true)]);
        let expected = ["depends on the program seven_nodes; nothing may"];
        assert_eq!(complaints(vec![demo, user]), expected);
    }
}
