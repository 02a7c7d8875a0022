//! What belongs in no committed file: paths of one machine, hosts of one network, untagged debts.

use crate::{
    Problem,
    workspace::{TextFile, Workspace},
};

/// Paths that exist on one machine only, in halves so that this file may be committed.
const MACHINE_PATHS: &[(&str, &str)] = &[("/ro", "ot/"), ("/ho", "me/"), ("/Us", "ers/")];

/// Hosts of package registries. Which registry a machine uses is configured there, not here.
const REGISTRY_HOSTS: &[(&str, &str)] = &[
    ("registry.", "npmjs.org"),
    ("static.", "crates.io"),
    ("index.", "crates.io"),
    ("files.", "pythonhosted.org"),
    ("deb.", "debian.org"),
];

/// Lock files, and the one source each of their lines with this start may name.
const LOCK_FILES: &[(&str, &str, &str)] = &[
    (
        "Cargo.lock",
        "source = ",
        "source = \"registry+https://github.com/rust-lang/crates.io-index\"",
    ),
    ("package-lock.json", "\"resolved\": ", "\"resolved\": \"https://registry.npm"),
];

/// What a debt is tagged with, so that debts of one kind can be found.
const DEBT_TAGS: &[&str] = &["-correctness", "-security", "-compat", "-perf"];

pub(crate) fn check(workspace: &Workspace) -> Vec<Problem> {
    workspace.files.iter().flat_map(check_file).collect()
}

fn check_file(file: &TextFile) -> Vec<Problem> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let lock = LOCK_FILES.iter().find(|(lock, ..)| *lock == name);
    let numbered = (1..).zip(file.text.lines());
    numbered
        .filter_map(|(number, line)| {
            let message = match lock {
                Some((_, start, source)) => foreign_source(line.trim(), start, source),
                None => complaint(line),
            };
            Some(Problem::new(format!("{}:{number}", file.path), message?))
        })
        .collect()
}

fn foreign_source(line: &str, start: &str, source: &str) -> Option<String> {
    let is_foreign = line.starts_with(start) && !line.starts_with(source);
    is_foreign.then(|| "locks a package of another registry than the public one".to_owned())
}

fn complaint(line: &str) -> Option<String> {
    if let Some((start, end)) = MACHINE_PATHS.iter().find(|halves| has(line, halves)) {
        return Some(format!("names a path of one machine, below {start}{end}"));
    }
    if let Some((start, end)) = REGISTRY_HOSTS.iter().find(|halves| has(line, halves)) {
        return Some(format!("names the package registry {start}{end}"));
    }
    if line.chars().any(|letter| ('\u{1f000}'..='\u{1faff}').contains(&letter)) {
        return Some("has an emoji".to_owned());
    }
    has_untagged_debt(line)
        .then(|| format!("has a debt without its kind; write one of {}", DEBT_TAGS.join(", ")))
}

fn has(line: &str, (start, end): &(&str, &str)) -> bool {
    line.match_indices(start).any(|(at, _)| line[at + start.len()..].starts_with(end))
}

fn has_untagged_debt(line: &str) -> bool {
    let mark = concat!("TO", "DO");
    if line.contains(concat!("FIX", "ME")) {
        return true;
    }
    line.match_indices(mark).any(|(at, _)| {
        let rest = &line[at + mark.len()..];
        !DEBT_TAGS.iter().any(|tag| rest.starts_with(tag))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, text: &str) -> Vec<String> {
        let file = TextFile { path: path.to_owned(), text: text.to_owned() };
        check_file(&file).into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn every_forbidden_text_is_found() {
        let planted = MACHINE_PATHS.iter().chain(REGISTRY_HOSTS);
        let mut lines: Vec<String> =
            planted.map(|(start, end)| format!("see {start}{end}x")).collect();
        lines.push("\u{1f600}".to_owned());
        lines.push(format!("// {}: later", concat!("TO", "DO")));
        lines.push(concat!("FIX", "ME").to_owned());
        assert_eq!(messages("README.md", &lines.join("\n")).len(), lines.len());
    }

    #[test]
    fn ordinary_text_is_allowed() {
        let tagged = format!("// {}-perf: later", concat!("TO", "DO"));
        let text = format!("a path such as ~/.cache\nhttps://crates.io/crates/serde\n{tagged}");
        assert_eq!(messages("README.md", &text), [""; 0]);
    }

    #[test]
    fn a_problem_names_its_line() {
        let file = TextFile { path: "a.md".to_owned(), text: "\n\u{1f600}\n".to_owned() };
        assert_eq!(check_file(&file)[0].place, "a.md:2");
    }

    #[test]
    fn lock_files_name_the_public_registries_only() {
        let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        assert_eq!(messages("Cargo.lock", public), [""; 0]);
        let foreign = "source = \"sparse+https://packages.example/index/\"";
        assert_eq!(messages("fuzz/Cargo.lock", foreign).len(), 1);
        let foreign = "  \"resolved\": \"https://packages.example/solc.tgz\",";
        assert_eq!(messages("web/package-lock.json", foreign).len(), 1);
    }
}
