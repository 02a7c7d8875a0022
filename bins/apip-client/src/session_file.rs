//! The session between two calls of the program.

use crate::failure::{Failure, Kind};
use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};
use tally_apip_client::{Session, UrlHead};
use tally_crypto::Zeroizing;
use tally_daemon::{Readers, home, write_whole};
use tally_primitives::Fid;

/// Where sessions are kept, in the user's home folder.
const DEFAULT: &str = ".apip-client/session.json";

/// A session with where and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) head: UrlHead,
    pub(crate) fid: Fid,
    pub(crate) session: Session,
}

/// The file. It holds what a thief needs to spend the user's balance, but not the private key.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File<'a> {
    url: &'a str,
    fid: &'a str,
    session_key: &'a str,
    /// Milliseconds since 1970.
    expires: Option<u64>,
}

/// Returns the path of the file.
pub(crate) fn path(given: Option<&Path>) -> Result<PathBuf, Failure> {
    let path = given.map(Path::to_owned).or_else(|| home(DEFAULT));
    path.ok_or_else(|| {
        Failure::message(
            Kind::Settings,
            "no home folder to keep the session in: give --session-file",
        )
    })
}

/// Reads the session, or `None` if there is no file.
pub(crate) fn read(path: &Path) -> Result<Option<Kept>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let error = anyhow::Error::new(error).context(path.display().to_string());
            return Err(Failure::new(Kind::Session, error));
        }
    };
    let kept = parse(&text).ok_or_else(|| {
        // The parser's message may hold a part of the key.
        let path = path.display();
        Failure::new(Kind::Session, anyhow!("{path} holds no session; sign in again"))
    })?;
    Ok(Some(kept))
}

/// Keeps a session in place of the one that was there.
pub(crate) fn write(path: &Path, kept: &Kept) -> Result<(), Failure> {
    let key = Zeroizing::new(hex::encode(*kept.session.expose()));
    let file = File {
        url: kept.head.as_str(),
        fid: kept.fid.as_str(),
        session_key: &key,
        expires: kept.session.expires_ms(),
    };
    let text = serde_json::to_string_pretty(&file).map(|text| Zeroizing::new(text + "\n"));
    let text = text.map_err(|error| Failure::new(Kind::Unexpected, error))?;
    write_whole(path, &text, Readers::Owner)
        .with_context(|| format!("cannot keep the session in {}", path.display()))
        .map_err(|error| Failure::new(Kind::Session, error))
}

fn parse(text: &str) -> Option<Kept> {
    let file: File<'_> = serde_json::from_str(text).ok()?;
    Some(Kept {
        head: file.url.parse().ok()?,
        fid: file.fid.parse().ok()?,
        session: Session::from_hex(file.session_key, file.expires).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const KEY: &str = "d2c03bbc1ba1380eafc395374e8da61f92545a1aac5d30b0c19289a69bd34a09";

    #[test]
    fn a_session_survives_and_is_its_owner_s_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/session.json");
        assert!(read(&path).unwrap().is_none());
        for expires in [None, Some(1_709_107_541_895)] {
            let kept = Kept {
                head: "http://localhost:8080/APIP/".parse().unwrap(),
                fid: "FEk41Kqjar45fLDriztUDTUkdki7mmcjWK".parse().unwrap(),
                session: Session::from_hex(KEY, expires).unwrap(),
            };
            write(&path, &kept).unwrap();
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let again = read(&path).unwrap().unwrap();
            assert_eq!((again.head, again.fid), (kept.head, kept.fid));
            assert_eq!(hex::encode(*again.session.expose()), KEY);
            assert_eq!(again.session.expires_ms(), expires);
        }
    }

    #[test]
    fn a_damaged_file_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        for text in ["", "{}", &format!(r#"{{"url":"x","fid":"F","sessionKey":"{KEY}"}}"#)] {
            fs::write(&path, text).unwrap();
            let failure = read(&path).unwrap_err();
            assert_eq!(failure.kind(), Kind::Session);
            assert!(failure.text().contains("session.json"), "{}", failure.text());
            assert!(!failure.text().contains(&KEY[..8]), "{}", failure.text());
        }
    }
}
