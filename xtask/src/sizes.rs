//! Files stay short enough to be read at once.

use crate::{
    Problem,
    workspace::{TextFile, Workspace},
};

/// A file with more lines than this is split by vocabulary, or listed in [`EXCEPTIONS`].
const LINES_MAX: usize = 800;

/// A file with more lines than this before its tests is worth a second look.
const LINES_HINT: usize = 400;

/// Endings of the files that count.
const ENDINGS: &[&str] = &[".rs", ".sol", ".mjs"];

/// Files that may be longer, and why.
const EXCEPTIONS: &[(&str, &str)] = &[];

pub(crate) fn check(workspace: &Workspace) -> Vec<Problem> {
    let long = sources(workspace).filter(|file| file.text.lines().count() > LINES_MAX);
    long.filter(|file| !EXCEPTIONS.iter().any(|(path, _)| file.path == *path))
        .map(|file| {
            let lines = file.text.lines().count();
            Problem::new(&file.path, format!("{lines} lines; more than {LINES_MAX} is too long"))
        })
        .collect()
}

/// Names the files that are getting long. No reason to fail.
pub(crate) fn hints(workspace: &Workspace) -> Vec<Problem> {
    let counted = sources(workspace).map(|file| (file, production_lines(&file.text)));
    counted
        .filter(|(file, lines)| *lines > LINES_HINT && !is_test(&file.path))
        .map(|(file, lines)| {
            Problem::new(
                &file.path,
                format!("{lines} lines of production code; could it be split?"),
            )
        })
        .collect()
}

fn sources(workspace: &Workspace) -> impl Iterator<Item = &TextFile> {
    let is_source = |file: &&TextFile| ENDINGS.iter().any(|ending| file.path.ends_with(ending));
    workspace.files.iter().filter(is_source)
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "test" | "benches"))
}

/// The lines before an inline module of tests.
fn production_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let starts_tests = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ");
    lines.windows(2).position(starts_tests).unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(path: &str, text: String) -> Workspace {
        let files = vec![TextFile { path: path.to_owned(), text }];
        Workspace { files, ..Workspace::default() }
    }

    #[test]
    fn a_file_that_is_too_long_is_refused() {
        let path = "crates/new/src/lib.rs";
        assert_eq!(check(&workspace(path, "x\n".repeat(LINES_MAX))), []);
        assert_eq!(check(&workspace(path, "x\n".repeat(LINES_MAX + 1))).len(), 1);
        assert_eq!(check(&workspace("docs/long.md", "x\n".repeat(LINES_MAX + 1))), []);
    }

    #[test]
    fn tests_do_not_count_as_production_code() {
        let long = "x\n".repeat(LINES_HINT + 1);
        assert_eq!(hints(&workspace("crates/new/src/lib.rs", long.clone())).len(), 1);
        assert_eq!(hints(&workspace("crates/new/src/a/tests.rs", long.clone())), []);
        let inline = format!("x\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        assert_eq!(hints(&workspace("crates/new/src/lib.rs", inline)), []);
    }
}
