//! The documents that a reader counts on are there, and their links lead somewhere.

use crate::{
    Problem,
    workspace::{TextFile, Workspace},
};

/// Documents that must exist.
const REQUIRED: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "docs/GLOSSARY.md",
    "docs/formats.md",
];

/// The document that says where each package belongs.
const MAP: &str = "ARCHITECTURE.md";

pub(crate) fn check(workspace: &Workspace) -> Vec<Problem> {
    let missing = REQUIRED.iter().filter(|path| workspace.file(path).is_none());
    let missing = missing.map(|path| Problem::new(*path, "is missing"));
    missing.chain(unmapped_packages(workspace)).chain(broken_links(workspace)).collect()
}

fn unmapped_packages(workspace: &Workspace) -> Vec<Problem> {
    let Some(map) = workspace.file(MAP) else { return vec![] };
    let unmapped = workspace.packages.iter().filter(|package| {
        let short = package.name.strip_prefix("tally-").unwrap_or(&package.name);
        !map.text.contains(&format!("`{short}`")) && !map.text.contains(&package.name)
    });
    unmapped
        .map(|package| Problem::new(MAP, format!("does not say what {} is for", package.name)))
        .collect()
}

fn broken_links(workspace: &Workspace) -> Vec<Problem> {
    let documents = workspace.files.iter().filter(|file| file.path.ends_with(".md"));
    documents
        .flat_map(|document| {
            let broken = links(document).filter(|(_, path)| !exists(workspace, path));
            broken.map(|(line, path)| {
                let place = format!("{}:{line}", document.path);
                Problem::new(place, format!("links to {path}, which is not there"))
            })
        })
        .collect()
}

/// The links of a document to other files: the line of each, and the path relative to the root.
fn links(document: &TextFile) -> impl Iterator<Item = (usize, String)> {
    let folder = document.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    (1..).zip(document.text.lines()).flat_map(move |(number, line)| {
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        let paths = targets.map(|(target, _)| target.split('#').next().unwrap_or_default());
        paths
            .filter(|path| !path.is_empty() && !path.contains(':'))
            .map(move |path| (number, joined(folder, path)))
    })
}

/// `path` as seen from `folder`, without `.` and `..`.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = vec![];
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn exists(workspace: &Workspace, path: &str) -> bool {
    let in_folder = |file: &TextFile| {
        file.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    path.is_empty() || workspace.files.iter().any(in_folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Package;

    fn workspace(files: &[(&str, &str)]) -> Workspace {
        let file = |(path, text): &(&str, &str)| TextFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        Workspace { files: files.iter().map(file).collect(), ..Workspace::default() }
    }

    #[test]
    fn a_missing_document_is_named() {
        let missing = check(&workspace(&[("README.md", "")]));
        assert_eq!(missing.len(), REQUIRED.len() - 1);
        assert_eq!(missing[0], Problem::new("ARCHITECTURE.md", "is missing"));
    }

    #[test]
    fn a_package_that_the_map_leaves_out_is_named() {
        let mut workspace = workspace(&[(MAP, "| `channel` | the protocol |")]);
        for name in ["tally-channel", "tally-routing"] {
            workspace.packages.push(Package { name: name.to_owned(), ..Package::default() });
        }
        let problems = unmapped_packages(&workspace);
        assert_eq!(problems, [Problem::new(MAP, "does not say what tally-routing is for")]);
    }

    #[test]
    fn a_link_to_nothing_is_named() {
        let text = "[a](../README.md#top) [b](adr) [c](https://example.org/x) [d](#here)\n\
                    [e](adr/0002.md)";
        let files = [("README.md", ""), ("docs/guide.md", text), ("docs/adr/0001.md", "")];
        let problems = broken_links(&workspace(&files));
        let expected =
            Problem::new("docs/guide.md:2", "links to docs/adr/0002.md, which is not there");
        assert_eq!(problems, [expected]);
    }
}
