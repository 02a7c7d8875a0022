use super::question;
use crate::{
    config::{Config, Destination, Settings, indented, original_shape},
    failure::{Failure, Kind},
    key::{self, PRIVATE_MODE},
};
use anyhow::Context;
use serde_json::Value;
use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};
use tally_crypto::{base58, ed25519::SigningKey};

/// Makes a key pair and writes a configuration file.
pub(crate) fn configure(config: &Config, destination: &Destination) -> Result<(), Failure> {
    if let Destination::File(path) = destination
        && path.exists()
        && !config.assumes_yes
    {
        let question = format!(
            "Config file `{}` exists, do you want to override it? (cannot be undone)",
            path.display()
        );
        if !question::yes_or_no(&question)? {
            return Ok(());
        }
    }
    question::say("Generating keypair");
    let key = key::draw()?;
    let mut settings = config.effective().clone();
    if !config.assumes_yes {
        settings = ask(settings)?;
    }
    let text = indented(&document(settings, &key))?;
    match destination {
        Destination::Output => super::show(&text)?,
        Destination::File(path) => {
            write(path, &text)
                .with_context(|| format!("cannot write {}", path.display()))
                .map_err(Failure::of(Kind::Settings))?;
            question::say(&format!("Configuration written to {}", path.display()));
        }
    }
    question::say("Ready to go!");
    Ok(())
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

/// Others must not read the private key, not even in a file that was there before.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(PRIVATE_MODE).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
