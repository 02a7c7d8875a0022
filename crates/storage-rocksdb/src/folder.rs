use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// Held under an exclusive lock as long as a process uses the folder. Its content means nothing.
const LOCK_FILE: &str = "lock";

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process, or another part of this one, uses the folder.
    #[error("the data folder {} is used by another running instance", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The folder or its lock file cannot be made or opened.
    #[error("the data folder {} cannot be used", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A data folder that belongs to this process until the value is dropped or the process ends,
/// however it ends.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// The system releases the lock with the last handle to the file.
    _lock: File,
}

impl DataFolder {
    /// Takes the folder at `path`, which is made if it is absent, readable by its owner alone.
    ///
    /// # Errors
    ///
    /// [`FolderError::InUse`] if it is taken, [`FolderError::Io`] if it cannot be made or locked.
    pub fn lock(path: impl Into<PathBuf>) -> Result<Self, FolderError> {
        let path = path.into();
        let opened = make_private_folder(&path).and_then(|()| {
            File::options().create(true).truncate(false).write(true).open(path.join(LOCK_FILE))
        });
        let lock = match opened {
            Ok(lock) => lock,
            Err(source) => return Err(FolderError::Io { path, source }),
        };
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse { path }),
            Err(TryLockError::Error(source)) => Err(FolderError::Io { path, source }),
        }
    }

    /// Returns where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes the folder and those above it; what exists stays as it is.
fn make_private_folder(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn a_folder_is_taken_once_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let first = DataFolder::lock(&path).unwrap();
        let refused = DataFolder::lock(&path).unwrap_err();
        assert!(matches!(&refused, FolderError::InUse { path: named } if *named == path));
        assert!(refused.to_string().contains(&*path.to_string_lossy()), "{refused}");
        drop(first);
        assert_eq!(DataFolder::lock(&path).unwrap().path(), path);
    }

    #[cfg(unix)]
    #[test]
    fn a_new_folder_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::lock(parent.path().join("new")).unwrap();
        let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("file");
        fs::write(&path, "").unwrap();
        let error = DataFolder::lock(&path).unwrap_err();
        assert!(matches!(error, FolderError::Io { .. }), "{error}");
        assert!(error.source().is_some());
    }
}
