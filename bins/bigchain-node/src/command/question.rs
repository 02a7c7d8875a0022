//! Asking the user. Questions go to standard error: standard output is for what was asked for.

use anyhow::Context;
use std::io::{BufRead, Write};
use tally_daemon::{Failure, Kind, say};

/// Asks for a text; an empty answer means the default.
pub(super) fn text(question: &str, default: &str) -> Result<String, Failure> {
    let answer = ask(&format!("{question}? (default `{default}`): "))?;
    Ok(if answer.is_empty() { default.to_owned() } else { answer })
}

/// Asks until the answer is yes or no.
pub(super) fn yes_or_no(question: &str) -> Result<bool, Failure> {
    loop {
        match ask(&format!("{question} [y/n]: "))?.to_lowercase().as_str() {
            "y" | "yes" => return Ok(true),
            "n" | "no" | "" => return Ok(false),
            _ => {}
        }
    }
}

fn ask(question: &str) -> Result<String, Failure> {
    let mut line = String::new();
    let mut errors = std::io::stderr();
    let asked = errors.write_all(question.as_bytes()).and_then(|()| errors.flush());
    let read = asked.and_then(|()| std::io::stdin().lock().read_line(&mut line));
    let read = read.context("cannot ask: give -y").map_err(Failure::of(Kind::Unexpected))?;
    if read == 0 {
        // Ends the line of the question.
        say("");
        return Err(Failure::settings(
            "nobody answers, standard input is at its end: nothing was done; give -y to ask nothing",
        ));
    }
    Ok(line.trim().to_owned())
}
