//! One version, one edition, one lint table: members inherit what the workspace says once.

use crate::{
    Problem,
    workspace::{Package, Workspace},
};
use toml::{Table, Value};

/// Fields that every member inherits.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

/// Tables of a manifest that list dependencies.
const DEPENDENCIES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

pub(crate) fn check(workspace: &Workspace) -> Vec<Problem> {
    let members = workspace.packages.iter().flat_map(check_package);
    members.chain(unused_dependencies(workspace)).collect()
}

/// Finds what the workspace offers and nobody takes.
fn unused_dependencies(workspace: &Workspace) -> Vec<Problem> {
    let offered = workspace.manifest.get("workspace").and_then(|table| table.get("dependencies"));
    let offered = offered.and_then(Value::as_table).into_iter().flatten().map(|(name, _)| name);
    let is_used = |name: &&String| {
        let members = workspace.packages.iter();
        members.flat_map(|package| dependencies(&package.manifest)).any(|(used, _)| used == *name)
    };
    offered
        .filter(|name| !is_used(name))
        .map(|name| Problem::new("Cargo.toml", format!("dependency {name} is used by no member")))
        .collect()
}

fn check_package(package: &Package) -> Vec<Problem> {
    let manifest = &package.manifest;
    let mut messages = vec![];
    let fields = manifest.get("package").and_then(Value::as_table);
    for field in INHERITED {
        if !fields.and_then(|fields| fields.get(*field)).is_some_and(is_inherited) {
            messages
                .push(format!("package.{field} is not inherited; write {field}.workspace = true"));
        }
    }
    let description = fields.and_then(|fields| fields.get("description")).and_then(Value::as_str);
    if description.is_none_or(|text| text.trim().is_empty()) {
        messages.push("package.description is missing".to_owned());
    }
    if !manifest.get("lints").is_some_and(is_inherited) {
        messages.push("the lints are not inherited; write workspace = true in [lints]".to_owned());
    }
    let own = dependencies(manifest).filter(|(_, dependency)| !is_inherited(dependency));
    messages.extend(own.map(|(name, _)| {
        format!("dependency {name} is not inherited; its version belongs to the workspace")
    }));
    if let Some(folder) = package.folder.strip_prefix("crates/")
        && package.name != format!("tally-{folder}")
    {
        messages.push(format!("the package in crates/{folder} is called tally-{folder}"));
    }
    let place = format!("{}/Cargo.toml", package.folder);
    messages.into_iter().map(|message| Problem::new(place.as_str(), message)).collect()
}

/// The dependencies of every kind and for any platform.
fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let places = targets.filter_map(|(_, target)| target.as_table()).chain([manifest]);
    places
        .flat_map(|place| DEPENDENCIES.iter().filter_map(|name| place.get(*name)?.as_table()))
        .flatten()
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [package]
        name = "tally-new"
        description = "New"
        version.workspace = true
        edition.workspace = true
        rust-version.workspace = true
        license.workspace = true
        publish.workspace = true
        [lints]
        workspace = true
        [dependencies]
        serde = { workspace = true, features = ["rc"] }
        [dev-dependencies]
        tempfile.workspace = true
    "#;

    fn messages(manifest: &str, folder: &str) -> Vec<String> {
        let package = Package {
            name: "tally-new".to_owned(),
            folder: folder.to_owned(),
            manifest: manifest.parse().unwrap(),
            dependencies: vec![],
        };
        check_package(&package).into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn a_member_that_inherits_is_allowed() {
        assert_eq!(messages(GOOD, "crates/new"), [""; 0]);
    }

    /// Goal: each single omission is found. Method: plant one at a time.
    #[test]
    fn what_is_not_inherited_is_refused() {
        for (good, bad) in [
            ("version.workspace = true", "version = \"1.0.0\""),
            ("edition.workspace = true", ""),
            ("rust-version.workspace = true", ""),
            ("license.workspace = true", "license = \"MIT\""),
            ("publish.workspace = true", ""),
            ("description = \"New\"", "description = \" \""),
            ("[lints]\n        workspace = true", ""),
            ("tempfile.workspace = true", "tempfile = \"3\""),
            ("[dev-dependencies]", "[target.'cfg(unix)'.dev-dependencies]\nlibc = \"1\""),
        ] {
            assert!(GOOD.contains(good), "{good}");
            let found = messages(&GOOD.replacen(good, bad, 1), "crates/new");
            assert_eq!(found.len(), 1, "{good} -> {bad}: {found:?}");
        }
    }

    #[test]
    fn a_dependency_that_nobody_uses_is_refused() {
        let package = Package { manifest: GOOD.parse().unwrap(), ..Package::default() };
        let root = "[workspace.dependencies]\nserde = \"1\"\ntempfile = \"3\"\nlibc = \"1\"";
        let workspace = Workspace {
            manifest: root.parse().unwrap(),
            packages: vec![package],
            ..Workspace::default()
        };
        let expected = Problem::new("Cargo.toml", "dependency libc is used by no member");
        assert_eq!(unused_dependencies(&workspace), [expected]);
    }

    #[test]
    fn a_crate_is_named_after_its_folder() {
        assert_eq!(messages(GOOD, "crates/old").len(), 1);
        assert_eq!(messages(GOOD, "examples/old"), [""; 0]);
    }
}
