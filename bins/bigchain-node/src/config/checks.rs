use super::{Api, Config, Data, Federation, KEY_FILE, Key, Logging, Settings};
use crate::{
    config::values::{EraName, ListenAddress, LogFormat, LogLevel, StreamScheme, public_key},
    failure::{Failure, Kind},
};
use anyhow::Context;
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_http::{BearerToken, Exposure, Guard, TlsFiles};

/// The port of the API: the product of the letters of "BigchainDB" as the original has it.
const API_PORT: u16 = 9984;
/// The port of the stream, like the original's.
const STREAM_PORT: u16 = 9985;
/// The port for the other members.
const PEERS_PORT: u16 = 9986;

impl Settings {
    /// Fills what is absent with the defaults.
    pub(super) fn completed(self) -> Self {
        let keeps_data = self.memory_store != Some(true);
        let listen = |ip: Ipv4Addr, port| Some(ListenAddress((ip, port).into()));
        let defaults = Self {
            yes: Some(false),
            data_dir: home(".bigchain-node").filter(|_| keeps_data),
            database_name: Some("bigchain".to_owned()),
            memory_store: Some(false),
            keyring: Some(Default::default()),
            peer: Some(vec![]),
            listen_peers: listen(Ipv4Addr::UNSPECIFIED, PEERS_PORT),
            server_bind: listen(Ipv4Addr::LOCALHOST, API_PORT),
            wsserver_port: Some(STREAM_PORT),
            api: Some(EraName::default()),
            allow_unauthenticated: Some(false),
            log_level: Some(LogLevel::Info),
            log_format: Some(LogFormat::Text),
            ..Self::default()
        };
        self.or(defaults)
    }
}

/// Checks complete settings. `token` is the API token of the environment.
pub(super) fn check(settings: Settings, token: Option<&str>) -> Result<Config, Failure> {
    Ok(Config {
        key: key(&settings)?,
        key_source: None,
        data: data(&settings)?,
        federation: federation(&settings)?,
        api: api(&settings, token)?,
        logging: logging(&settings),
        assumes_yes: settings.yes == Some(true),
        remarks: vec![],
        effective: settings,
    })
}

/// Names a file or folder in the user's home, if he has one.
pub(super) fn home(name: &str) -> Option<PathBuf> {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty())?;
    Some(home.join(name))
}

fn key(settings: &Settings) -> Result<Key, Failure> {
    let wrong = |what: &str| Failure::new(Kind::Key, anyhow::Error::msg(what.to_owned()));
    let public = settings.keypair_public.as_deref().map(public_key).transpose();
    let public = public.map_err(|error| wrong(&format!("keypair.public: {error}")))?;
    match (&settings.keypair_private, public) {
        (Some(private), public) => {
            let key: SigningKey =
                private.0.trim().parse().map_err(|_| {
                    wrong("keypair.private is not a private key: 32 bytes in Base58")
                })?;
            if public.is_some_and(|public| public != key.public_key()) {
                return Err(wrong("keypair.public does not belong to keypair.private"));
            }
            Ok(Key::Configured(key))
        }
        (None, Some(_)) => Err(wrong(
            "keypair.public is set and keypair.private is not: \
             set both, or none to let the node make its own",
        )),
        (None, None) => Ok(match &settings.data_dir {
            Some(folder) if settings.memory_store != Some(true) => Key::Kept(folder.join(KEY_FILE)),
            Some(_) | None => Key::Drawn,
        }),
    }
}

fn data(settings: &Settings) -> Result<Data, Failure> {
    let name = settings.database_name.clone().unwrap_or_default();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(is_plain) {
        return Err(Failure::settings(
            "--database-name must consist of letters, digits, dashes, dots and underscores, and \
             not begin with a dot",
        ));
    }
    let in_memory = settings.memory_store == Some(true);
    match &settings.data_dir {
        Some(_) if in_memory => {
            Err(Failure::settings("--data-dir and --memory-store exclude each other"))
        }
        _ if in_memory => Ok(Data::Memory),
        _ if !cfg!(feature = "rocksdb") => Err(Failure::settings(
            "this build keeps nothing on disk (it lacks the feature rocksdb): use --memory-store",
        )),
        Some(folder) => Ok(Data::Folder { folder: folder.join(&name), name }),
        None => Err(Failure::settings("no home folder: give --data-dir")),
    }
}

fn federation(settings: &Settings) -> Result<Federation, Failure> {
    let keyring = settings.keyring.clone().unwrap_or_default().0;
    let peers = settings.peer.clone().unwrap_or_default();
    let members: BTreeSet<&PublicKey> = keyring.iter().collect();
    if members.len() < keyring.len() {
        return Err(Failure::settings("--keyring names a key twice"));
    }
    for peer in &peers {
        if !members.contains(&peer.key) {
            let message = format!("--peer {peer}: this key is not in --keyring");
            return Err(Failure::settings(message));
        }
    }
    let named: BTreeSet<&PublicKey> = peers.iter().map(|peer| &peer.key).collect();
    if named.len() < peers.len() {
        return Err(Failure::settings("--peer names a member twice"));
    }
    let listen = address(settings.listen_peers);
    Ok(Federation { keyring, peers, listen, genesis: settings.genesis.clone() })
}

fn address(address: Option<ListenAddress>) -> SocketAddr {
    address.map_or_else(|| (Ipv4Addr::LOCALHOST, 0).into(), |address| address.0)
}

fn api(settings: &Settings, token: Option<&str>) -> Result<Api, Failure> {
    let token = match (&settings.api_token_file, token) {
        (Some(path), _) => Some(
            BearerToken::from_file(path)
                .with_context(|| format!("--api-token-file {}", path.display())),
        ),
        (None, Some(text)) => Some(BearerToken::new(text).context("BIGCHAINDB_API_TOKEN")),
        (None, None) => None,
    };
    let token = token.transpose().map_err(Failure::of(Kind::Settings))?;
    let tls = tls(settings)?;
    let exposure = Exposure {
        address: address(settings.server_bind),
        needs_token: token.is_some(),
        needs_certificate: tls.as_ref().is_some_and(|tls| tls.client_ca.is_some()),
        allow_unauthenticated: settings.allow_unauthenticated == Some(true),
    };
    let stream = Exposure { address: stream_address(settings, exposure.address)?, ..exposure };
    let flags = "--api-token-file, --tls-client-ca or --allow-unauthenticated";
    for exposure in [exposure, stream] {
        exposure.check().context(flags).map_err(Failure::of(Kind::Settings))?;
    }
    if exposure.address == stream.address && exposure.address.port() != 0 {
        let message = format!("--wsserver-port and --server-bind are both {}", stream.address);
        return Err(Failure::settings(message));
    }
    let is_tls = tls.is_some();
    let origins = settings.cors_origin.clone().unwrap_or_default();
    let guard = |exposure| {
        let guard = Guard::with_wildcard(exposure, token.clone(), &origins);
        guard.context("--cors-origin").map_err(Failure::of(Kind::Settings))
    };
    Ok(Api {
        guard: guard(&exposure)?,
        stream_guard: guard(&stream)?,
        exposure,
        stream,
        token,
        tls,
        streams_base: streams_base(settings, exposure.address, is_tls),
        era: settings.api.unwrap_or_default().0,
    })
}

/// Returns where clients are told to open streams, if that is not where they reach the API.
fn streams_base(settings: &Settings, api: SocketAddr, is_tls: bool) -> Option<String> {
    let host = settings.wsserver_advertised_host.as_ref()?;
    let scheme = match settings.wsserver_advertised_scheme {
        Some(StreamScheme::Wss) => "wss",
        Some(StreamScheme::Ws) => "ws",
        None if is_tls => "wss",
        None => "ws",
    };
    // Without a port of its own the stream is where the API is.
    let port = settings.wsserver_advertised_port.or(settings.wsserver_port);
    Some(format!("{scheme}://{host}:{}", port.unwrap_or(api.port())))
}

fn stream_address(settings: &Settings, api: SocketAddr) -> Result<SocketAddr, Failure> {
    let port = settings.wsserver_port.unwrap_or(STREAM_PORT);
    let ip: IpAddr = match settings.wsserver_host.as_deref() {
        None => api.ip(),
        Some("localhost") => Ipv4Addr::LOCALHOST.into(),
        Some(host) => host.parse().map_err(|_| {
            Failure::settings(format!("--wsserver-host {host} is neither localhost nor an IP"))
        })?,
    };
    Ok((ip, port).into())
}

fn tls(settings: &Settings) -> Result<Option<TlsFiles>, Failure> {
    let client_ca = settings.tls_client_ca.clone();
    match (&settings.tls_certificate, &settings.tls_key) {
        (Some(certificate), Some(key)) => {
            let (certificate, key) = (certificate.clone(), key.clone());
            Ok(Some(TlsFiles { certificate, key, client_ca }))
        }
        (None, None) if client_ca.is_none() => Ok(None),
        _ => Err(Failure::settings(
            "--tls-certificate and --tls-key belong together, and --tls-client-ca needs both",
        )),
    }
}

fn logging(settings: &Settings) -> Logging {
    let level = match settings.log_level {
        Some(LogLevel::Debug) => "debug",
        Some(LogLevel::Info) | None => "info",
        Some(LogLevel::Warning) => "warn",
        Some(LogLevel::Error | LogLevel::Critical) => "error",
    };
    // The libraries below are worth hearing only when something is wrong.
    let others = if level == "error" { level } else { "warn" };
    let filter = format!("{others},tally={level},bigchain_node={level}");
    Logging {
        filter: settings.log_filter.clone().unwrap_or(filter),
        format: settings.log_format.unwrap_or(LogFormat::Text),
        file: settings.log_file.clone(),
    }
}
