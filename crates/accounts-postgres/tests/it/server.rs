use sqlx::{Connection, PgConnection, Row};
use std::{
    io::{BufRead, BufReader},
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};
use tempfile::TempDir;

/// What PostgreSQL says when it takes connections.
const READY: &str = "database system is ready to accept connections";

/// A PostgreSQL of its own, in a folder of its own, that listens on a socket in that folder only.
#[derive(Debug)]
pub(crate) struct Server {
    folder: TempDir,
    user: Option<(u32, u32)>,
    process: Child,
    databases: AtomicU32,
}

impl Server {
    /// Starts one; it is ended when it is dropped.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("tally-pg").tempdir_in("/tmp").unwrap();
        let user = other_user(folder.path());
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let data = folder.path().join("data");
        let output = command("initdb", user, folder.path())
            .args([
                "--auth=trust",
                "--username=tally",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
                "-D",
            ])
            .arg(&data)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let process = run(user, folder.path());
        Self { folder, user, process, databases: AtomicU32::new(0) }
    }

    /// Ends it as a loss of power would, as far as the database can tell.
    pub(crate) fn crash(&mut self) {
        signal(&self.process, "-QUIT");
        self.process.wait().unwrap();
    }

    /// Starts it again after a crash.
    pub(crate) fn restart(&mut self) {
        self.process = run(self.user, self.folder.path());
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://tally@localhost/{database}?host={}", self.folder.path().display())
    }

    /// Makes an empty database and returns its address.
    pub(crate) async fn new_database(&self) -> String {
        let name = format!("tally{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run(&self.url("postgres"), &format!("CREATE DATABASE {name}")).await;
        self.url(&name)
    }

    pub(crate) async fn run(&self, url: &str, statement: &str) {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    }

    /// Locks a table until the connection is dropped.
    pub(crate) async fn lock(&self, url: &str, table: &str) -> PgConnection {
        self.hold(url, &format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await
    }

    /// Holds what a statement locks until the connection is dropped.
    pub(crate) async fn hold(&self, url: &str, statement: &str) -> PgConnection {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let statement = format!("BEGIN; {statement}");
        let statement = sqlx::AssertSqlSafe(statement);
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        connection
    }

    pub(crate) async fn number(&self, url: &str, query: &str) -> i64 {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let query = sqlx::query(sqlx::AssertSqlSafe(query.to_owned()));
        query.fetch_one(&mut connection).await.unwrap().get(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            signal(&self.process, "-QUIT");
            let _ = self.process.wait();
        }
    }
}

fn run(user: Option<(u32, u32)>, folder: &Path) -> Child {
    let mut process = command("postgres", user, folder)
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-c", "listen_addresses="])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut said = vec![];
    let is_ready = lines.by_ref().map_while(Result::ok).any(|line| {
        said.push(line);
        said.last().is_some_and(|line| line.contains(READY))
    });
    if !is_ready {
        let _ = process.wait();
        panic!("PostgreSQL did not start:\n{}", said.join("\n"));
    }
    // Its log goes on; nobody would empty the pipe.
    thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    process
}

fn signal(process: &Child, signal: &str) {
    let status = Command::new("kill").args([signal, &process.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// PostgreSQL refuses to run as root: returns who is to run it then.
fn other_user(folder: &Path) -> Option<(u32, u32)> {
    if folder.metadata().unwrap().uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut fields = line.split(':').skip(2).map(|id| id.parse().ok());
        Some((fields.next()??, fields.next()??))
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("there is a user beside root"))
}

fn command(program: &str, user: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(find(program));
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// Finds a program of PostgreSQL: on PATH, or where Debian keeps those of each version.
fn find(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    std::env::split_paths(&path)
        .chain(versions.into_iter().rev())
        .map(|folder| folder.join(program))
        .find(|program| program.is_file())
        .unwrap_or_else(|| panic!("PostgreSQL's {program} is missing: `make setup` installs it"))
}
