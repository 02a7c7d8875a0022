use super::{Api, Config, Data, Federation, KEY_FILE, Key, Settings};
use crate::{
    command_line::PROGRAM,
    config::values::{EraName, StreamScheme, public_key},
};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_daemon::{
    AccessSettings, Database, Failure, Kind, ListenAddress, LogSettings, Place, home,
};

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
            access: AccessSettings::defaults(),
            log: LogSettings::defaults(),
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
        logging: settings.log.check(&PROGRAM),
        assumes_yes: settings.yes == Some(true),
        remarks: vec![],
        effective: settings,
    })
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
    let database = if cfg!(feature = "rocksdb") { Database::Present } else { Database::Absent };
    match Place::choose("--data-dir", settings.data_dir.as_deref(), in_memory, database)? {
        Place::Memory => Ok(Data::Memory),
        Place::Folder(folder) => Ok(Data::Folder { folder: folder.join(&name), name }),
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
    let access = settings.access.check(&PROGRAM, token)?.with_any_origin();
    let exposure = access.exposure(address(settings.server_bind))?;
    let stream = access.exposure(stream_address(settings, exposure.address)?)?;
    if exposure.address == stream.address && exposure.address.port() != 0 {
        let message = format!("--wsserver-port and --server-bind are both {}", stream.address);
        return Err(Failure::settings(message));
    }
    Ok(Api {
        guard: access.guard(&exposure)?,
        stream_guard: access.guard(&stream)?,
        streams_base: streams_base(settings, exposure.address, access.tls().is_some()),
        exposure,
        stream,
        access,
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
