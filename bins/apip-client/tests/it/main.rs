//! The program against scripted directories: what it sends, prints and keeps, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod asking;
mod refusals;
mod sessions;

#[path = "../../../../crates/apip-client/tests/it/scripted.rs"]
mod scripted;

use scripted::Scripted;
use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

const WIF: &str = "L2bHRej6Fxxipvb4TiR5bu1rkT3tRp8yWEsUy4R1Zb8VMm2x7sd8";
const FID: &str = "FEk41Kqjar45fLDriztUDTUkdki7mmcjWK";

/// A user with a home of his own.
struct User {
    home: TempDir,
}

/// What a call of the program left behind.
#[derive(Debug)]
struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl User {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn session_file(&self) -> PathBuf {
        self.home.path().join(".apip-client/session.json")
    }

    /// Signs in by the plain form; the server must answer with the sample session.
    fn signed_in(server: &Scripted) -> Self {
        let user = Self::new();
        let ended = user.run(&["sign-in", "--form", "plain", "--url", &server.head()]);
        assert_eq!(ended.code, 0, "{ended:?}");
        user
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[("APIP_KEY", WIF)], "")
    }

    fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Ended {
        let mut child = Command::new(env!("CARGO_BIN_EXE_apip-client"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read is none of this test's business.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }
}
