//! A PostgreSQL of a test's own.

use crate::support::{eventually, process::Process};
use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// What it says when it takes connections.
const READY: &str = "database system is ready to accept connections";

/// A server in a folder of its own, that listens on a socket in that folder only.
#[derive(Debug)]
pub(crate) struct Postgres {
    // Ends before its folder is removed.
    process: Process,
    folder: TempDir,
}

impl Postgres {
    /// Starts one; it is ended when it is dropped.
    pub(crate) fn start() -> Self {
        // The path of a socket has a hundred bytes at most.
        let folder = tempfile::Builder::new().prefix("tally-pg").tempdir_in("/tmp").unwrap();
        let user = other_user(folder.path());
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let data = folder.path().join("data");
        let mut command = command("initdb", user, folder.path());
        command.args(["--auth=trust", "--username=tally", "--encoding=UTF8", "--no-locale"]);
        let output = command.arg("--no-sync").arg("-D").arg(&data).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut command = self::command("postgres", user, folder.path());
        command.arg("-D").arg(&data).arg("-k").arg(folder.path());
        command.args(["-c", "listen_addresses="]);
        let log = folder.path().join("log");
        let mut process = Process::start("postgres", &mut command, &log);
        eventually("PostgreSQL to start", || {
            let written = process.written();
            assert!(process.ended().is_none(), "PostgreSQL ended: {written}");
            if written.contains(READY) { Ok(()) } else { Err(written) }
        });
        Self { process, folder }
    }

    /// The address of an empty database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://tally@localhost/postgres?host={}", self.folder.path().display())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It ends its own processes, too, unlike after a kill.
        if self.process.ended().is_none() {
            self.process.signal("QUIT");
            self.process.wait();
        }
    }
}

/// `PostgreSQL` refuses to run as root.
fn other_user(folder: &Path) -> Option<(u32, u32)> {
    if folder.metadata().unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut fields = line.split(':').skip(2).map(|id| id.parse().ok());
        Some((fields.next()??, fields.next()??))
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("there is a user beside root"))
}

fn command(program: &str, user: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(find(program));
    command.current_dir(folder);
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// Finds a program of PostgreSQL: on PATH, or where Debian keeps those of each version.
fn find(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    std::env::split_paths(&path)
        .chain(versions.into_iter().rev())
        .map(|folder| folder.join(program))
        .find(|program| program.is_file())
        .unwrap_or_else(|| panic!("PostgreSQL's {program} is missing: `make setup` installs it"))
}
