use super::question;
use crate::{
    config::{Config, Destination, KEY_FILE, Key, Settings, indented, original_shape},
    key,
};
use anyhow::Context;
use serde_json::Value;
use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use tally_crypto::{base58, ed25519::SigningKey};
use tally_daemon::{Failure, Kind, Readers, say, write_whole};

/// Writes a configuration file with the node's key pair, which is made if there is none.
pub(crate) fn configure(config: &Config, destination: &Destination) -> Result<(), Failure> {
    if let Destination::File(path) = destination
        && path.exists()
        && !config.assumes_yes
    {
        let question = format!(
            "Config file `{}` exists, do you want to override it? (its key and a copy are kept)",
            path.display()
        );
        if !question::yes_or_no(&question)? {
            say("Nothing was done.");
            return Ok(());
        }
    }
    let mut settings = config.effective().clone();
    if !config.assumes_yes {
        settings = ask(settings)?;
    }
    let key = key_for(config, &settings)?;
    let text = indented(&document(settings, &key))?;
    match destination {
        Destination::Output => super::show(&text)?,
        Destination::File(path) => {
            let backup = back_up(path)
                .with_context(|| format!("cannot keep a copy of {}", path.display()))
                .map_err(Failure::of(Kind::Settings))?;
            if let Some(backup) = backup {
                say(&format!("The file as it was is kept in {}", backup.display()));
            }
            // Others must not read the private key, not even in a file that was there before.
            write_whole(path, &text, Readers::Owner)
                .with_context(|| format!("cannot write {}", path.display()))
                .map_err(Failure::of(Kind::Settings))?;
            say(&format!("Configuration written to {}", path.display()));
        }
    }
    say("Ready to go!");
    Ok(())
}

/// Returns the key that the node has already, or a new one. A ledger and the other members know the
/// node by its key, so that no key is ever replaced.
fn key_for(config: &Config, settings: &Settings) -> Result<SigningKey, Failure> {
    if let Key::Configured(key) = &config.key {
        say(&format!("Keeping the key pair of {}", key.public_key()));
        return Ok(key.clone());
    }
    let kept = settings.data_dir.as_ref().map(|folder| Key::Kept(folder.join(KEY_FILE)));
    if let Some(kept @ Key::Kept(path)) = &kept
        && let Some(key) = key::find(kept)?
    {
        say(&format!("Taking the key pair of {}", path.display()));
        return Ok(key);
    }
    say("Generating keypair");
    key::draw()
}

fn ask(settings: Settings) -> Result<Settings, Failure> {
    let answer = |question: &str, default: Option<String>| {
        question::text(question, &default.unwrap_or_default())
    };
    let bind = answer("API Server bind", settings.server_bind.map(String::from))?;
    let folder = settings.data_dir.as_ref().map(|folder| folder.display().to_string());
    let folder = answer("Data folder", folder)?;
    let name = answer("Database name", settings.database_name.clone())?;
    Ok(Settings {
        server_bind: Some(bind.parse().map_err(|error: String| Failure::settings(error))?),
        data_dir: Some(folder.into()),
        database_name: Some(name),
        ..settings
    })
}

fn document(settings: Settings, key: &SigningKey) -> Value {
    let settings = Settings { keypair_public: Some(key.public_key().to_string()), ..settings };
    let mut document = original_shape(&settings);
    document["keypair"]["private"] = base58::encode(key.seed().as_slice()).into();
    document["data_dir"] = settings.data_dir.map(|folder| folder.display().to_string()).into();
    document["listen_peers"] = settings.listen_peers.map(String::from).into();
    document["peer"] = settings.peer.unwrap_or_default().iter().map(ToString::to_string).collect();
    document
}

/// Keeps a copy of a file that is about to be replaced, beside it and under a name that was free.
fn back_up(path: &Path) -> std::io::Result<Option<PathBuf>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(Readers::Owner.mode());
    let mut number = 1_u64;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".old.{number}"));
        let backup = PathBuf::from(name);
        match options.open(&backup) {
            Ok(mut file) => {
                file.write_all(&text)?;
                file.sync_all()?;
                return Ok(Some(backup));
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}
