use super::wait::eventually;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
};

/// Lines of a log that a failing test shows.
const LOG_LINES_SHOWN: usize = 60;

/// A program that runs, with everything it writes in one file. Ends with the test.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program; what it writes is added to the file `log`.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Self {
        let open = || {
            File::options().create(true).append(true).open(log).expect("the test's own log opens")
        };
        let child = command.stdin(Stdio::null()).stdout(open()).stderr(open()).spawn();
        let child = child.unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Self { name: name.to_owned(), child, log: log.to_owned() }
    }

    /// Returns everything the program has written.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).expect("the log is there")).into_owned()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        // The shell's own `kill`: the program of that name is not everywhere.
        let command = format!("kill -{signal} {pid}");
        let status = Command::new("sh").arg("-c").arg(&command).status().expect("there is a shell");
        assert!(status.success(), "{command} failed for {}", self.name);
    }

    /// Says how the program ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the child is ours")
    }

    /// Waits for the end of a program that was asked to end, or that ends by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let name = self.name.clone();
        eventually(&format!("the end of {name}"), || {
            self.ended().ok_or_else(|| "it running".to_owned())
        })
    }

    /// Ends the program at once, as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        // A program that has ended cannot be killed, which is just as well.
        drop(self.child.kill());
        self.child.wait().expect("the child is ours");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking()
            && let Ok(written) = fs::read(&self.log)
        {
            show_end(&self.name, &String::from_utf8_lossy(&written));
        }
    }
}

#[expect(clippy::print_stderr, reason = "the log of a failing test")]
fn show_end(name: &str, log: &str) {
    // What the tests' own looking causes, and what anvil writes for every call, would hide the rest.
    let is_noise = |line: &&str| {
        line.contains("/readyz") || line.contains("/metrics") || line.starts_with("eth_")
    };
    let lines: Vec<&str> = log.lines().filter(|line| !is_noise(line)).collect();
    let skipped = lines.len().saturating_sub(LOG_LINES_SHOWN);
    eprintln!("---- {name}, {skipped} lines and then:\n{}\n----", lines[skipped..].join("\n"));
}
