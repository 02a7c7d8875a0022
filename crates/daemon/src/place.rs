use crate::{Failure, Kind};
use anyhow::Context;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tally_storage::{MemoryStore, Store, Table};

/// Where a daemon keeps its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: it is forgotten at the end.
    Memory,
    /// In this folder.
    Folder(PathBuf),
}

/// Whether a build can keep anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// It has one.
    Present,
    /// It was built without.
    Absent,
}

impl Place {
    /// Finds out what the settings mean. `flag` is the one for the folder, `in_memory` what
    /// `--memory-store` says.
    ///
    /// # Errors
    ///
    /// A failure about the settings if they contradict each other or the build, or say nothing.
    pub fn choose(
        flag: &str,
        folder: Option<&Path>,
        in_memory: bool,
        database: Database,
    ) -> Result<Self, Failure> {
        match (folder, database) {
            (Some(_), _) if in_memory => {
                Err(Failure::settings(format!("{flag} and --memory-store exclude each other")))
            }
            (None, _) if in_memory => Ok(Self::Memory),
            (_, Database::Absent) => Err(Failure::settings(
                "this build keeps nothing on disk (it lacks the feature rocksdb): use --memory-store",
            )),
            (Some(folder), Database::Present) => Ok(Self::Folder(folder.to_owned())),
            (None, Database::Present) => {
                Err(Failure::settings(format!("no home folder: give {flag}")))
            }
        }
    }

    /// Opens the store that a daemon runs on, by `database` if it is in a folder. Blocks.
    ///
    /// # Errors
    ///
    /// A failure about the data: what `database` said, and which folder it is.
    pub fn open(
        &self,
        tables: &'static [Table],
        database: impl FnOnce(&Path) -> anyhow::Result<Arc<dyn Store>>,
    ) -> Result<Arc<dyn Store>, Failure> {
        match self {
            Self::Memory => {
                tracing::warn!("the state is in memory only: it is lost when the daemon ends");
                Ok(Arc::new(MemoryStore::new(tables)))
            }
            Self::Folder(folder) => {
                tracing::info!(folder = %folder.display(), "opening the data");
                database(folder)
                    .with_context(|| format!("cannot open the data in {}", folder.display()))
                    .map_err(Failure::of(Kind::Data))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_contradicts_is_named() {
        let folder = Path::new("/data");
        let choose =
            |folder, in_memory, database| Place::choose("--data-dir", folder, in_memory, database);
        let (present, absent) = (Database::Present, Database::Absent);
        assert_eq!(choose(Some(folder), false, present).unwrap(), Place::Folder(folder.to_owned()));
        assert_eq!(choose(None, true, absent).unwrap(), Place::Memory);
        for (folder, in_memory, database, named) in [
            (Some(folder), true, present, "--data-dir and --memory-store"),
            (Some(folder), false, absent, "rocksdb"),
            (None, false, present, "--data-dir"),
        ] {
            let failure = choose(folder, in_memory, database).unwrap_err();
            assert_eq!(failure.kind(), Kind::Settings);
            assert!(failure.text().contains(named), "{}", failure.text());
        }
    }

    /// Goal: the user learns which folder it was, and why.
    #[test]
    fn a_database_that_does_not_open_is_named() {
        let place = Place::Folder(PathBuf::from("/data"));
        let opened = place.open(&[], |_| anyhow::bail!("it is in use"));
        let Err(failure) = opened else { panic!("it was opened") };
        assert_eq!(failure.kind(), Kind::Data);
        assert_eq!(failure.text(), "cannot open the data in /data: it is in use");
    }
}
