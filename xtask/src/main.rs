//! `cargo run -p xtask -- check`: the rules of this workspace that a program can prove.
//!
//! Each rule is a function from the [`Workspace`] to what is wrong with it, with a test that plants
//! a violation. Tables at the top of a module say what is allowed; change them there.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool prints")]

mod docs;
mod layers;
mod manifests;
mod sizes;
mod texts;
mod workspace;

use anyhow::bail;
use std::process::ExitCode;
use workspace::Workspace;

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    /// A file, with a line where there is one, or a package.
    place: String,
    /// What is wrong, and what to do where that is not plain.
    message: String,
}

impl Problem {
    fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(problems) => {
            eprintln!("{problems} problems");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the arguments say and returns how many problems there are.
fn run() -> anyhow::Result<usize> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ["check"] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        bail!("usage: cargo run -p xtask -- check");
    };
    let workspace = Workspace::load()?;
    for hint in sizes::hints(&workspace) {
        println!("{}: {}", hint.place, hint.message);
    }
    let problems = check(&workspace);
    for problem in &problems {
        eprintln!("{}: {}", problem.place, problem.message);
    }
    Ok(problems.len())
}

/// Applies every rule.
fn check(workspace: &Workspace) -> Vec<Problem> {
    let rules = [layers::check, manifests::check, sizes::check, texts::check, docs::check];
    rules.iter().flat_map(|rule| rule(workspace)).collect()
}
