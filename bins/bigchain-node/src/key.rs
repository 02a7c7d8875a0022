//! The node's key: configured, or made at the first start and kept.

use crate::config::Key;
use anyhow::{Context, anyhow};
use std::{fs, io::ErrorKind, path::Path};
use tally_crypto::{base58, ed25519::SigningKey};
use tally_daemon::{Failure, Kind, Readers, write_whole};

/// Draws a new key.
pub(crate) fn draw() -> Result<SigningKey, Failure> {
    let mut seed = [0; 32];
    let drawn = getrandom::fill(&mut seed);
    drawn.map_err(|error| Failure::new(Kind::Unexpected, anyhow!("no randomness: {error}")))?;
    Ok(SigningKey::from_seed(&seed))
}

/// Returns the node's key; `None` if it is to be kept in a file that is not there yet.
pub(crate) fn find(key: &Key) -> Result<Option<SigningKey>, Failure> {
    match key {
        Key::Configured(key) => Ok(Some(key.clone())),
        Key::Kept(path) => read(path).map_err(Failure::of(Kind::Key)),
        Key::Drawn => Ok(None),
    }
}

/// Returns the node's key, after making it if need be.
pub(crate) fn find_or_make(key: &Key) -> Result<SigningKey, Failure> {
    if let Some(key) = find(key)? {
        return Ok(key);
    }
    let drawn = draw()?;
    if let Key::Kept(path) = key {
        let text = format!("{}\n", base58::encode(drawn.seed().as_slice()));
        write_whole(path, &text, Readers::Owner)
            .with_context(|| format!("cannot write the node's key to {}", path.display()))
            .map_err(Failure::of(Kind::Key))?;
        tracing::info!(file = %path.display(), "made a key for this node");
    }
    Ok(drawn)
}

fn read(path: &Path) -> anyhow::Result<Option<SigningKey>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let what = format!("cannot read the node's key in {}", path.display());
            return Err(anyhow::Error::new(error).context(what));
        }
    };
    let key = text.trim().parse();
    // The parser's message may hold a part of the key.
    key.map(Some).map_err(|_| anyhow!("{} holds no private key in Base58", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/key");
        let kept = Key::Kept(path.clone());
        assert!(find(&kept).unwrap().is_none());
        let made = find_or_make(&kept).unwrap().public_key();
        assert_eq!(find_or_make(&kept).unwrap().public_key(), made);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, Readers::Owner.mode());
    }

    #[test]
    fn a_damaged_key_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "2kQgBtQnHoauw8Qch0").unwrap();
        let failure = find_or_make(&Key::Kept(path.clone())).unwrap_err();
        assert_eq!(failure.kind(), Kind::Key);
        assert!(failure.text().contains(path.to_str().unwrap()));
        assert!(!failure.text().contains("2kQgBtQn"));
    }
}
