//! The user's private key.

use crate::failure::{Failure, Kind};
use std::{env, fs, path::Path};
use tally_crypto::{Zeroizing, fch::PrivateKey};

/// Holds the key itself, for whom a file is in the way.
const VARIABLE: &str = "APIP_KEY";

/// Reads the key from the file, or from the environment if there is no file.
pub(crate) fn read(file: Option<&Path>) -> Result<PrivateKey, Failure> {
    let (text, place) = match file {
        Some(path) => {
            let place = path.display().to_string();
            let text = fs::read_to_string(path).map_err(|error| {
                Failure::new(Kind::Key, anyhow::Error::new(error).context(place.clone()))
            })?;
            (text, place)
        }
        None => {
            let text = env::var(VARIABLE).map_err(|_| {
                Failure::message(
                    Kind::Key,
                    format!("no private key: give --key-file, or set {VARIABLE}"),
                )
            })?;
            (text, VARIABLE.to_owned())
        }
    };
    let text = Zeroizing::new(text);
    PrivateKey::from_wif(text.trim())
        .map_err(|error| Failure::new(Kind::Key, anyhow::Error::new(error).context(place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_files_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let wif = "L2bHRej6Fxxipvb4TiR5bu1rkT3tRp8yWEsUy4R1Zb8VMm2x7sd8";
        fs::write(&path, format!(" {wif}\n")).unwrap();
        assert_eq!(*read(Some(&path)).unwrap().to_wif(), wif);
        fs::write(&path, &wif[1..]).unwrap();
        let failure = read(Some(&path)).unwrap_err();
        assert_eq!(failure.kind(), Kind::Key);
        assert!(!failure.text().contains("bHRej6"), "{}", failure.text());
        let failure = read(Some(&folder.path().join("none"))).unwrap_err();
        assert!(failure.text().contains("none"), "{}", failure.text());
    }
}
