//! The test suites of the published Python drivers, unchanged, against a fresh node.

use super::ledger::Settings;
use crate::support::process::Process;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Tests that fail for reasons that no server can influence: one because of a newer `responses`,
/// one because Python words an error differently since 3.10.
const NOT_THE_SERVERS: [&str; 2] = [
    "tests/test_connection.py::TestConnection::test_response_content_type_handling",
    "tests/test_driver.py::TestTransactionsEndpoint::test_get_raises_type_error",
];

/// A driver, what its server spoke, and how many tests of its suite a genuine server passes.
struct Suite {
    driver: &'static str,
    api: &'static str,
    /// Fixtures of the oldest have ids made by Keccak.
    is_keccak: bool,
    passed: u32,
    skipped: u32,
}

const fn suite(driver: &'static str, api: &'static str, passed: u32, skipped: u32) -> Suite {
    Suite { driver, api, is_keccak: false, passed, skipped }
}

#[test]
fn driver_0_1_3_finds_its_server() {
    Suite { is_keccak: true, ..suite("0.1.3", "seed", 61, 0) }.runs();
}

#[test]
fn driver_0_2_1_finds_its_server() {
    suite("0.2.1", "0.9", 70, 0).runs();
}

#[test]
fn driver_0_2_2_finds_its_server() {
    suite("0.2.2", "0.10", 79, 0).runs();
}

#[test]
fn driver_0_4_1_finds_its_server() {
    suite("0.4.1", "1", 82, 3).runs();
}

#[test]
fn driver_0_6_2_finds_its_server() {
    suite("0.6.2", "2", 90, 0).runs();
}

impl Suite {
    /// Goal: the suite passes as it does against a genuine server. Method: pytest on the suite of
    /// the source archive, against a new node whose API defaults to that of the driver's server; the
    /// numbers are those of pytest's last line.
    fn runs(&self) {
        let folder = tempfile::tempdir().unwrap();
        let node = Settings::new(folder.path(), "node").with("--api", self.api).start();
        let (host, port) = node.api_at().rsplit_once(':').unwrap();
        let place = installed(self.driver);
        let mut pytest = Command::new(place.join("venv/bin/python"));
        pytest
            .args(["-m", "pytest", "tests", "-q", "-p", "no:cacheprovider"])
            .args(NOT_THE_SERVERS.iter().flat_map(|test| ["--deselect", *test]))
            .current_dir(place.join("suite"))
            .env("BDB_HOST", host)
            .env("BDB_PORT", port)
            .env("BIGCHAINDB_KEYPAIR_PUBLIC", node.key())
            .env("HOME", folder.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env_remove("PYTHONPATH");
        if self.is_keccak {
            pytest.env("TALLYSTICK_SHA3", "keccak");
        }
        let log = folder.path().join("pytest.log");
        let mut running = Process::start("pytest", &mut pytest, &log);
        let status = running.wait();
        let written = running.written();
        let last = written.lines().rev().find(|line| line.contains(" passed")).unwrap_or_default();
        assert!(status.success(), "driver {}: {written}", self.driver);
        assert_eq!(count(last, "passed"), self.passed, "driver {}: {last}", self.driver);
        assert_eq!(count(last, "skipped"), self.skipped, "driver {}: {last}", self.driver);
    }
}

/// Returns the number before a word in pytest's last line: `61 passed, 2 deselected in 3.37s`.
fn count(line: &str, word: &str) -> u32 {
    let words: Vec<&str> = line.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let at = words.windows(2).find(|pair| pair[1] == word);
    at.map_or(0, |pair| pair[0].parse().unwrap())
}

/// Returns the folder of a driver: below `TALLYSTICK_DRIVERS`, or where `make setup` put it.
pub(super) fn installed(driver: &str) -> PathBuf {
    let folder = match std::env::var_os("TALLYSTICK_DRIVERS") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/drivers.sh");
            let said = Command::new(script).arg("path").output().expect("the script runs");
            PathBuf::from(String::from_utf8(said.stdout).expect("UTF-8").trim())
        }
    };
    let place = folder.join(driver);
    assert!(
        place.join("suite").is_dir(),
        "the driver {driver} is not in {}: run `make setup`, or set TALLYSTICK_DRIVERS",
        folder.display()
    );
    place
}
