//! What the figures were measured on.

use std::{
    env, fs,
    path::Path,
    process::Command,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

const UNKNOWN: &str = "unknown";
const SECONDS_PER_DAY: u64 = 86_400;

/// The machine, without its name and its paths.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) model: String,
    pub(crate) memory_gib: String,
    pub(crate) kernel: String,
    pub(crate) file_system: String,
    pub(crate) rustc: String,
    pub(crate) date: String,
}

impl Machine {
    /// Describes this machine; `folder` is where the databases are.
    pub(crate) fn describe(folder: &Path) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let unknown = || UNKNOWN.to_owned();
        let memory = field(&read("/proc/meminfo"), "MemTotal").and_then(|total| {
            let kib: f64 = total.strip_suffix("kB")?.trim().parse().ok()?;
            Some(format!("{:.0}", kib / 1024.0 / 1024.0))
        });
        let seconds =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self {
            cores: thread::available_parallelism().map_or(0, Into::into),
            model: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
            memory_gib: memory.unwrap_or_else(unknown),
            kernel: format!("{} {}", env::consts::OS, read("/proc/sys/kernel/osrelease").trim()),
            file_system: file_system(&read("/proc/self/mounts"), folder).unwrap_or_else(unknown),
            rustc: rustc().unwrap_or_else(unknown),
            date: date(seconds / SECONDS_PER_DAY),
        }
    }
}

/// Returns the value of the first line `name: value`.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

/// Returns the kind of the file system that `folder` is on: of all that are mounted above it, the
/// deepest.
fn file_system(mounts: &str, folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let above = mounts.lines().filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (place, kind) = (fields.next()?, fields.next()?);
        folder.starts_with(place).then_some((place.len(), kind))
    });
    above.max_by_key(|(length, _)| *length).map(|(_, kind)| kind.to_owned())
}

fn rustc() -> Option<String> {
    let name = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(name).arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Returns the date of a day counted from 1970-01-01, in the Gregorian calendar.
fn date(day: u64) -> String {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut rest) = (1970, day);
    loop {
        let days = if is_leap(year) { 366 } else { 365 };
        if rest < days {
            break;
        }
        rest -= days;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if rest < days {
            break;
        }
        rest -= days;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        for (day, expected) in
            [(0, "1970-01-01"), (58, "1970-02-28"), (11_016, "2000-02-29"), (20_088, "2024-12-31")]
        {
            assert_eq!(date(day), expected);
        }
    }

    #[test]
    fn fields_are_found_by_name() {
        let text = "a: 1\nmodel name\t: Some CPU @ 2\n";
        assert_eq!(field(text, "model name").as_deref(), Some("Some CPU @ 2"));
        assert_eq!(field(text, "b"), None);
    }
}
