use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::{fs, path::Path, process::Command};

/// What the rules look at, read once.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// The manifest at the root.
    pub(crate) manifest: toml::Table,
    /// The members.
    pub(crate) packages: Vec<Package>,
    /// Every text file that is tracked or could be.
    pub(crate) files: Vec<TextFile>,
}

/// A member of the workspace.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder, relative to the root, with `/` between parts.
    pub(crate) folder: String,
    pub(crate) manifest: toml::Table,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One dependency of a member.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    /// The package's name, whatever the member calls it.
    pub(crate) name: String,
    /// Whether only tests, examples and benchmarks use it.
    pub(crate) is_dev: bool,
}

/// A file of the workspace.
#[derive(Debug)]
pub(crate) struct TextFile {
    /// Relative to the root, with `/` between parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Workspace {
    /// Reads the workspace that this program was compiled from.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies in a folder of the workspace")?;
        Ok(Self {
            manifest: read_manifest(&root.join("Cargo.toml"))?,
            packages: read_packages(root)?,
            files: read_files(root)?,
        })
    }

    /// Returns the file at `path`, relative to the root.
    pub(crate) fn file(&self, path: &str) -> Option<&TextFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

fn read_manifest(path: &Path) -> anyhow::Result<toml::Table> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    text.parse().with_context(|| format!("parsing {}", path.display()))
}

fn read_packages(root: &Path) -> anyhow::Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output =
        output_of(Command::new(cargo).args(["metadata", "--no-deps", "--format-version=1"]), root)?;
    let metadata: Value = serde_json::from_slice(&output).context("cargo metadata is not JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    packages.iter().map(|package| read_package(root, package)).collect()
}

fn read_package(root: &Path, package: &Value) -> anyhow::Result<Package> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let path = text(&package["manifest_path"]).context("a package has a manifest")?;
    let folder = Path::new(&path).parent().context("a manifest is in a folder")?;
    let folder = folder.strip_prefix(root).context("a member lies outside of the workspace")?;
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    Ok(Package {
        name: text(&package["name"]).context("a package has a name")?,
        folder: folder.to_string_lossy().replace('\\', "/"),
        manifest: read_manifest(Path::new(&path))?,
        dependencies: dependencies
            .filter_map(|dependency| {
                let is_dev = dependency["kind"] == "dev";
                Some(Dependency { name: text(&dependency["name"])?, is_dev })
            })
            .collect(),
    })
}

/// Reads the files that git tracks or would add; leaves out those that are not text.
fn read_files(root: &Path) -> anyhow::Result<Vec<TextFile>> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = output_of(Command::new("git").args(arguments), root)?;
    let paths = String::from_utf8(output).context("a path is not UTF-8")?;
    let paths = paths.split_terminator('\0');
    Ok(paths
        .filter_map(|path| {
            // Fails for what was deleted and not yet committed, for links to folders, for binaries.
            let text = fs::read_to_string(root.join(path)).ok()?;
            Some(TextFile { path: path.to_owned(), text })
        })
        .collect())
}

fn output_of(command: &mut Command, root: &Path) -> anyhow::Result<Vec<u8>> {
    let output = command.current_dir(root).output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {said}");
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the rules see this workspace, not an empty one.
    #[test]
    fn the_workspace_is_read() {
        let workspace = Workspace::load().unwrap();
        let xtask = workspace.packages.iter().find(|package| package.name == "xtask").unwrap();
        assert_eq!(xtask.folder, "xtask");
        assert!(xtask.dependencies.iter().any(|dependency| dependency.name == "anyhow"));
        assert!(workspace.file("xtask/src/workspace.rs").is_some());
        assert!(workspace.manifest.contains_key("workspace"));
    }
}
