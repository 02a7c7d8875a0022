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
pub struct Server {
    folder: TempDir,
    user: Option<(u32, u32)>,
    process: Child,
    databases: AtomicU32,
}

impl Server {
    /// Starts one; it is ended when it is dropped.
    ///
    /// # Panics
    ///
    /// If PostgreSQL is not installed, or does not start.
    #[must_use]
    pub fn start() -> Self {
        // The path of a socket has a hundred bytes at most.
        let folder = tempfile::Builder::new()
            .prefix("tally-pg")
            .tempdir_in("/tmp")
            .expect("folders can be made");
        let user = other_user(folder.path());
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).expect("root gives folders away");
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
            .expect("initdb starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let process = run(user, folder.path());
        Self { folder, user, process, databases: AtomicU32::new(0) }
    }

    /// Ends it as a loss of power would, as far as the database can tell.
    ///
    /// # Panics
    ///
    /// If it has ended before.
    pub fn crash(&mut self) {
        signal(&self.process, "-QUIT");
        self.process.wait().expect("it is a child");
    }

    /// Starts it again after a crash.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn restart(&mut self) {
        self.process = run(self.user, self.folder.path());
    }

    /// Returns the address of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://tally@localhost/{database}?host={}", self.folder.path().display())
    }

    /// Makes an empty database and returns its address.
    ///
    /// # Panics
    ///
    /// If the server is not there.
    pub async fn new_database(&self) -> String {
        let name = format!("tally{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run(&self.url("postgres"), &format!("CREATE DATABASE {name}")).await;
        self.url(&name)
    }

    /// Carries out statements.
    ///
    /// # Panics
    ///
    /// If one fails.
    pub async fn run(&self, url: &str, statement: &str) {
        let mut connection = PgConnection::connect(url).await.expect("the database is there");
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        sqlx::raw_sql(statement).execute(&mut connection).await.expect("the statement is right");
    }

    /// Locks a table until the connection is dropped.
    ///
    /// # Panics
    ///
    /// If there is no such table.
    pub async fn lock(&self, url: &str, table: &str) -> PgConnection {
        self.hold(url, &format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await
    }

    /// Holds what a statement locks until the connection is dropped.
    ///
    /// # Panics
    ///
    /// If the statement fails.
    pub async fn hold(&self, url: &str, statement: &str) -> PgConnection {
        let mut connection = PgConnection::connect(url).await.expect("the database is there");
        let statement = format!("BEGIN; {statement}");
        let statement = sqlx::AssertSqlSafe(statement);
        sqlx::raw_sql(statement).execute(&mut connection).await.expect("the statement is right");
        connection
    }

    /// Returns the number that a query finds.
    ///
    /// # Panics
    ///
    /// If it fails, or finds something else.
    pub async fn number(&self, url: &str, query: &str) -> i64 {
        let mut connection = PgConnection::connect(url).await.expect("the database is there");
        let query = sqlx::query(sqlx::AssertSqlSafe(query.to_owned()));
        query.fetch_one(&mut connection).await.expect("the query is right").get(0)
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
        .expect("postgres starts");
    let mut lines = BufReader::new(process.stderr.take().expect("it is piped")).lines();
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
    assert!(status.expect("kill starts").success());
}

/// PostgreSQL refuses to run as root: returns who is to run it then.
fn other_user(folder: &Path) -> Option<(u32, u32)> {
    if folder.metadata().expect("the folder is there").uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("it is readable");
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
