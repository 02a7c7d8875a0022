//! GnuPG as the other side. Each test has a home of its own, and its agent ends with it.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

/// What a passphrase is in these tests.
pub(crate) const PASSPHRASE: &str = "correct horse";

/// A home of GnuPG.
pub(crate) struct Gpg {
    home: TempDir,
}

impl Gpg {
    pub(crate) fn new() -> Self {
        // Sockets live in it: their paths have to be short.
        let home = tempfile::Builder::new().prefix("tg").tempdir_in("/tmp").unwrap();
        // Trying a passphrase costs a tenth of a second by default, and here, unoptimised, much more.
        std::fs::write(home.path().join("gpg-agent.conf"), "s2k-count 65536\n").unwrap();
        Self { home }
    }

    /// Runs `gpg`, which has to be installed and to succeed; returns what it prints.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> String {
        let output = self.output(arguments, input);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gpg {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `gpg` and returns how it ended.
    pub(crate) fn output(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new("gpg")
            .args(["--batch", "--no-tty", "--yes", "--pinentry-mode", "loopback", "--homedir"])
            .arg(self.home.path())
            .args(["--trust-model", "always", "--armor"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("gpg is missing: scripts/setup.sh full installs it");
        // It may write before it has read all: both have to go on.
        let mut pipe = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // It may also end before it has read all; how it ended says why.
            scope.spawn(move || drop(pipe.write_all(input.as_bytes())));
            child.wait_with_output().unwrap()
        })
    }

    /// A new key without a passphrase.
    pub(crate) fn generate(&self, user_id: &str, algorithm: &str, expire: &str) {
        let quick = ["--passphrase", "", "--quick-generate-key", user_id, algorithm];
        self.run(&[&quick[..], &["sign", expire]].concat(), "");
    }

    pub(crate) fn public(&self, user_id: &str) -> String {
        self.run(&["--export", user_id], "")
    }

    pub(crate) fn secret(&self, user_id: &str, passphrase: &str) -> String {
        self.run(&["--passphrase", passphrase, "--export-secret-keys", user_id], "")
    }

    pub(crate) fn sign(&self, user_id: &str, text: &str) -> String {
        self.run(&["--passphrase", "", "-u", user_id, "--clear-sign"], text)
    }

    /// Imports the public key and verifies the message with it: whether the signature is good and of
    /// the key, and the text as GnuPG reads it.
    pub(crate) fn verify(&self, key: &tally_pgp::PublicKey, message: &str) -> (bool, String) {
        self.run(&["--import"], &key.to_armored());
        let report = self.home.path().join("report");
        let file = format!("--status-file={}", report.display());
        let output = self.output(&[&file, "--decrypt"], message);
        let report = read(&report);
        let is_good = report.contains(&format!("VALIDSIG {}", key.fingerprint()))
            || report.lines().any(|line| {
                line.starts_with("[GNUPG:] VALIDSIG")
                    && line.ends_with(&key.fingerprint().to_string())
            });
        (output.status.success() && is_good, String::from_utf8(output.stdout).unwrap())
    }

    /// What a file in the home says.
    pub(crate) fn file(&self, name: &str) -> String {
        read(&self.home.path().join(name))
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let mut end = Command::new("gpgconf");
        let _ = end.arg("--homedir").arg(self.home.path()).args(["--kill", "all"]).status();
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Now, in Unix seconds.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
