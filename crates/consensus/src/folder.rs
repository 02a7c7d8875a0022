use crate::{StartError, members::Members};
use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

/// The version of everything that is stored. The sizes of pages and sections are part of it.
const FORMAT: u32 = 1;

/// The folder of one engine, which nobody else uses while this lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder or checks that it belongs to this node and chain, and locks it.
    pub(crate) fn open(path: &Path, members: &Members) -> Result<Self, StartError> {
        let failed = |source| StartError::Folder { path: path.to_owned(), source };
        fs::create_dir_all(path.join("store")).map_err(failed)?;
        let lock = File::options().create(true).append(true).open(path.join("lock"));
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StartError::InUse { path: path.to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let owner = owner(members);
        match fs::read_to_string(path.join("owner")) {
            Ok(found) if found == owner => {}
            Ok(_) => return Err(StartError::Foreign { path: path.to_owned() }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                write_durably(path, "owner", &owner).map_err(failed)?;
            }
            Err(source) => return Err(failed(source)),
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Returns the folder of the engine's files.
    pub(crate) fn store(&self) -> PathBuf {
        self.path.join("store")
    }
}

/// Says whose files these are. Votes of another member set or chain mean nothing here.
fn owner(members: &Members) -> String {
    let lines = members.all.iter().map(|key| format!("participant {key}\n"));
    let genesis: String = members.genesis.iter().map(|byte| format!("{byte:02x}")).collect();
    let head = format!("format {FORMAT}\nnode {}\ngenesis {genesis}\n", members.me);
    std::iter::once(head).chain(lines).collect()
}

/// Writes a file so that a crash leaves all of it or nothing.
fn write_durably(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let draft = folder.join(format!("{name}.draft"));
    let mut file = File::create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(draft, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tally_crypto::ed25519::SigningKey;

    fn members(genesis: u8) -> Members {
        let key = SigningKey::from_seed(&[1; 32]);
        Members::new(&key, &[key.public_key()], [genesis; 32]).unwrap()
    }

    /// A folder is opened again by its owner, but not twice at a time and not by another.
    #[test]
    fn one_owner_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let folder = Folder::open(&path, &members(1)).unwrap();
        assert!(folder.store().is_dir());
        assert!(matches!(Folder::open(&path, &members(1)), Err(StartError::InUse { .. })));
        drop(folder);
        drop(Folder::open(&path, &members(1)).unwrap());
        assert!(matches!(Folder::open(&path, &members(2)), Err(StartError::Foreign { .. })));
    }
}
