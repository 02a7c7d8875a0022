use super::{eventually, process::Process};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    sync::atomic::{AtomicU32, Ordering},
};

/// Programs that were started by these tests.
static RUNS: AtomicU32 = AtomicU32::new(0);

/// How a daemon is started: its program, flags and variables.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    program: PathBuf,
    /// What the names of its environment variables begin with.
    prefix: &'static str,
    folder: PathBuf,
    name: String,
    flags: Vec<(&'static str, String)>,
    variables: Vec<(&'static str, String)>,
    /// A command that knows none of the flags.
    plain: Option<&'static str>,
}

impl Launch {
    /// A daemon that is called `name`, and that keeps its data and its log below `folder`.
    pub(crate) fn new(program: PathBuf, prefix: &'static str, folder: &Path, name: &str) -> Self {
        let data = folder.join(name).to_str().expect("UTF-8").to_owned();
        Self {
            program,
            prefix,
            folder: folder.to_owned(),
            name: name.to_owned(),
            flags: vec![("--data-dir", data)],
            variables: vec![],
            plain: None,
        }
    }

    /// Gives a flag another value; none if it is empty.
    pub(crate) fn with(mut self, flag: &'static str, value: &str) -> Self {
        self = self.without(flag);
        self.flags.push((flag, value.to_owned()));
        self
    }

    /// Leaves a flag out.
    pub(crate) fn without(mut self, flag: &str) -> Self {
        self.flags.retain(|(other, _)| *other != flag);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn with_variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Names a command that knows none of the flags.
    pub(crate) fn with_plain(self, command: &'static str) -> Self {
        Self { plain: Some(command), ..self }
    }

    /// The folder of its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Starts the daemon and waits until it is ready; returns what it said of itself until then,
    /// which is where it listens.
    pub(crate) fn start(&self, arguments: &[&str]) -> (Process, Announced) {
        let mut process = self.begin(arguments);
        let announced = eventually(&format!("{} to say where it is", self.name), || {
            let written = process.written();
            assert!(process.ended().is_none(), "{} ended: {written}", self.name);
            Announced::read(&written).ok_or(written)
        });
        (process, announced)
    }

    /// Runs a command until it ends by itself; returns how, and what it wrote.
    pub(crate) fn run(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let mut process = self.begin(arguments);
        (process.wait(), process.written())
    }

    /// Requires that it ends with this code, and says `part`.
    pub(crate) fn refuses(&self, arguments: &[&str], code: i32, part: &str) -> String {
        let (status, written) = self.run(arguments);
        assert_eq!(status.code(), Some(code), "{arguments:?}: {part}: {written}");
        assert!(!written.contains("panicked"), "{written}");
        assert!(written.contains(part), "{arguments:?}: {part:?} is not in {written}");
        assert!(!written.lines().any(|line| line == "ready"), "ready, and refused: {written}");
        written
    }

    /// Starts the daemon, or a command, and does not wait for anything.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Process {
        // Nobody takes another run's log for its own: a command may run beside the daemon.
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let log = self.folder.join(format!("{}.{run}.log", self.name));
        let mut command = Command::new(&self.program);
        without_variables(&mut command, self.prefix);
        command.env("HOME", &self.folder).envs(self.variables.iter().cloned()).args(arguments);
        if self.plain.is_none() || arguments.first().copied() != self.plain {
            command.args(self.flags.iter().map(|(flag, value)| match value.as_str() {
                "" => (*flag).to_owned(),
                value => format!("{flag}={value}"),
            }));
        }
        Process::start(&self.name, &mut command, &log)
    }
}

/// Only what a test says counts, not what the shell around it has set.
pub(crate) fn without_variables(command: &mut Command, prefix: &str) {
    let inherited = std::env::vars_os().map(|(name, _)| name);
    for name in inherited.filter(|name| name.to_string_lossy().starts_with(prefix)) {
        command.env_remove(name);
    }
}

/// What a daemon says before it is ready: a name and a value on each line.
#[derive(Debug)]
pub(crate) struct Announced(BTreeMap<String, String>);

impl Announced {
    fn read(written: &str) -> Option<Self> {
        let lines = || written.lines().take_while(|line| *line != "ready");
        let is_ready = lines().count() < written.lines().count();
        let pair = |line: &str| {
            let mut words = line.split_whitespace().map(str::to_owned);
            Some((words.next()?, words.next()?))
        };
        is_ready.then(|| Self(lines().filter_map(pair).collect()))
    }

    /// The value of a name; `None` if it was not said.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a name that must have been said.
    pub(crate) fn of(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no {name:?} in {:?}", self.0))
    }
}

/// `host:port` of `scheme://host:port`.
pub(crate) fn host_of(url: &str) -> &str {
    url.split_once("://").expect("a URL").1
}
