use crate::{ROWS, number, open};
use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tally_storage::{Batch, Durability, KeyRange, Store as _};

/// Tells the test program that it is the process to be killed, and which folder to use.
const FOLDER_VARIABLE: &str = "TALLY_TEST_KILLED_FOLDER";

/// Goal: a commit that returned outlasts the end of its process, and a batch is there whole.
/// Method: another process commits pairs of rows and reports each; kill it after some reports;
/// whatever it reported must be there, and the rows of each pair must agree.
#[test]
fn what_was_committed_outlasts_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut reported = 0;
    for reports in [1, 17, 200] {
        reported = run_and_kill(folder.path(), reports);
        let store = open(folder.path()).unwrap();
        let first = number(&store, b"first").unwrap();
        assert!(first >= reported, "{first} is older than what was reported, {reported}");
        assert_eq!(number(&store, b"second"), Some(first), "half of a batch is there");
        let last = store.last(ROWS, &KeyRange::prefix(*b"row")).unwrap().unwrap();
        assert_eq!(last.value, first.to_be_bytes(), "a row went missing before a later one");
    }
    assert!(reported >= 200, "each process continues where the one before was killed");
}

/// Runs [`commit_until_killed`] in a process of its own, kills it after `reports` reports and
/// returns the last number it reported.
fn run_and_kill(folder: &Path, reports: usize) -> u64 {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill::commit_until_killed", "--nocapture"])
        .env(FOLDER_VARIABLE, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let numbers = lines.map_while(Result::ok).filter_map(|line| line.parse().ok());
    let reported = numbers.take(reports).last();
    child.kill().unwrap();
    child.wait().unwrap();
    reported.expect("the process reports numbers until it is killed")
}

/// The process that is killed. Does nothing when run as an ordinary test.
#[test]
fn commit_until_killed() {
    let Some(folder) = env::var_os(FOLDER_VARIABLE).map(PathBuf::from) else { return };
    let store = open(&folder).unwrap();
    let next = number(&store, b"first").map_or(0, |number| number + 1);
    for number in next.. {
        // Every other commit is buffered: those outlast a kill as well.
        let mut row = Batch::new();
        row.put(ROWS, [&b"row"[..], &number.to_be_bytes()].concat(), number.to_be_bytes());
        row.put(ROWS, *b"first", number.to_be_bytes());
        row.put(ROWS, *b"second", number.to_be_bytes());
        let durability = if number % 2 == 0 { Durability::Synced } else { Durability::Buffered };
        store.commit(row, durability).unwrap();
        println!("{number}");
        std::io::stdout().flush().unwrap();
    }
}
