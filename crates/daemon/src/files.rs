use crate::{Failure, Kind};
use anyhow::Context;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Only the user who runs the daemon: the file holds a secret.
    Owner,
    /// Whom the system's mask allows.
    Everybody,
}

impl Readers {
    /// Returns the mode of a file that is made for them, before the system's mask.
    pub const fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Everybody => 0o666,
        }
    }
}

/// Writes a file in one step, so that a crash leaves a whole file or none, and makes the folder that
/// it is in. What was there before is replaced.
///
/// # Errors
///
/// What the system says; the file is as it was.
pub fn write_whole(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = path.with_extension("new");
    // One that an interrupted writing left could be readable for others.
    if let Err(error) = fs::remove_file(&draft)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(readers.mode()).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    fs::File::open(folder)?.sync_all()
}

/// Reads a secret from the file that a flag names; one newline at its end does not count.
///
/// # Errors
///
/// [`Kind::Settings`] if there is no such file, or if it is empty; `flag` and the path are named.
pub fn secret_in(path: &Path, flag: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(path).with_context(|| format!("{flag} {}", path.display()));
    let text = text.map_err(Failure::of(Kind::Settings))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    if text.is_empty() {
        return Err(Failure::settings(format!("{flag} {}: the file is empty", path.display())));
    }
    Ok(text.to_owned())
}

/// Names a file or folder in the user's home, if he has one.
pub fn home(name: &str) -> Option<PathBuf> {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty())?;
    Some(home.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// Goal: a secret is never readable for others, not even through what was left behind.
    #[test]
    fn a_secret_is_its_owner_s_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/key");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path.with_extension("new"), "half").unwrap();
        for text in ["one", "two"] {
            write_whole(&path, text, Readers::Owner).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "a draft is left");
    }

    #[test]
    fn a_secret_is_read_without_its_newline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (text, secret) in [("one\n", Some("one")), ("one\n\n", Some("one\n")), ("\n", None)] {
            fs::write(&path, text).unwrap();
            match secret {
                Some(secret) => assert_eq!(secret_in(&path, "--password-file").unwrap(), secret),
                None => {
                    let failure = secret_in(&path, "--password-file").unwrap_err();
                    assert!(failure.text().contains("the file is empty"), "{}", failure.text());
                }
            }
        }
        let failure = secret_in(&folder.path().join("none"), "--password-file").unwrap_err();
        assert!(failure.text().contains("--password-file"), "{}", failure.text());
    }
}
