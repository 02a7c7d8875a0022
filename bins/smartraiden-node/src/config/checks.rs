use super::{Api, Chain, CompatMode, Config, Key, NodeSettings, Settings};
use crate::command_line::PROGRAM;
use anyhow::Context;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use tally_daemon::{
    AccessSettings, Database, Failure, Kind, ListenAddress, LogFormat, Logging, Place, home,
};
use tally_net::PeerAddress;
use tally_primitives::{BlockNumber, BlockSpan, TokenAmount};
use tally_smartraiden_api::{Compat, PATIENCE_DEFAULT};

/// What the contract accepts. Source: docs/contracts.md.
const SETTLE_TIMEOUTS: std::ops::RangeInclusive<u64> = 6..=2_700_000;
/// The fewest blocks in which a secret can reach the chain. Source: spec §2.2.
const REVEAL_TIMEOUT_MIN: u64 = 3;
/// What `--fee` charges. Source: spec §2.1.
const FEE: u64 = 3;
/// A day: nobody waits longer for an answer, and the request's own limit stays a number.
const PATIENCE_MAX_S: u64 = 86_400;

impl Settings {
    /// Fills what is absent with the defaults.
    pub(super) fn completed(self) -> Self {
        let is_dev = self.dev == Some(true);
        let listen_ip = if is_dev { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        let keeps_data = !is_dev && self.memory_store != Some(true);
        let listen = |ip: Ipv4Addr, port| Some(ListenAddress((ip, port).into()));
        let defaults = Self {
            dev: Some(false),
            data_dir: home(".smartraiden").filter(|_| keeps_data),
            memory_store: Some(is_dev),
            registry_block: Some(0),
            confirmations: Some(if is_dev { 0 } else { 5 }),
            dev_block_time: Some(1000),
            listen_address: listen(listen_ip, 40001),
            nonetwork: Some(false),
            settle_timeout: Some(90),
            reveal_timeout: Some(10),
            mediation_fee: Some(if self.fee == Some(true) { FEE } else { 0 }),
            ignore_mediatednode_request: Some(false),
            api_address: listen(Ipv4Addr::LOCALHOST, 5001),
            access: AccessSettings::defaults(),
            compat: Some(CompatMode::Document),
            transfer_patience: Some(PATIENCE_DEFAULT.as_secs()),
            verbosity: Some(3),
            log_format: Some(LogFormat::Text),
            debug: Some(false),
            debugcrash: Some(false),
            ..Self::default()
        };
        self.or(defaults)
    }
}

/// Checks complete settings. `token` is the API token of the environment.
pub(super) fn check(settings: Settings, token: Option<&str>) -> Result<Config, Failure> {
    let is_dev = settings.dev == Some(true);
    Ok(Config {
        key: key(&settings, is_dev)?,
        chain: if is_dev { embedded_chain(&settings)? } else { remote_chain(&settings)? },
        data: data(&settings, is_dev)?,
        node: node(&settings, is_dev)?,
        api: api(&settings, token)?,
        logging: logging(&settings),
        effective: settings,
    })
}

fn key(settings: &Settings, is_dev: bool) -> Result<Key, Failure> {
    let says_nothing = settings.address.is_none()
        && settings.keystore_path.is_none()
        && settings.password_file.is_none();
    if is_dev && says_nothing {
        return Ok(Key::Generated);
    }
    let folder = settings.keystore_path.clone().or_else(|| home(".ethereum/keystore"));
    let folder = folder.ok_or_else(|| Failure::settings("no home folder: give --keystore-path"))?;
    let (address, password_file) = (settings.address, settings.password_file.clone());
    Ok(Key::Keystore { folder, address, password_file })
}

fn embedded_chain(settings: &Settings) -> Result<Chain, Failure> {
    for (is_given, flag) in [
        (settings.eth_rpc_endpoint.is_some(), "--eth-rpc-endpoint"),
        (settings.registry_contract_address.is_some(), "--registry-contract-address"),
        (
            settings.endpoint_registry_contract_address.is_some(),
            "--endpoint-registry-contract-address",
        ),
    ] {
        if is_given {
            let why = "--dev brings its own chain and contracts";
            return Err(Failure::settings(format!("{flag} cannot be given with --dev: {why}")));
        }
    }
    let block_time = Duration::from_millis(settings.dev_block_time.unwrap_or_default());
    if block_time.is_zero() {
        return Err(Failure::settings("--dev-block-time must be at least 1"));
    }
    Ok(Chain::Embedded {
        block_time,
        rpc_address: settings.dev_rpc_address.map(|address| address.0),
        funded: settings.dev_fund.clone().unwrap_or_default(),
    })
}

fn remote_chain(settings: &Settings) -> Result<Chain, Failure> {
    if settings.dev_rpc_address.is_some() || settings.dev_fund.is_some() {
        let flags = "--dev-rpc-address and --dev-fund";
        return Err(Failure::settings(format!("{flags} are for the chain of --dev")));
    }
    let missing = |flag| {
        let dev = "or --dev for a node with a chain of its own";
        Failure::settings(format!("no chain: give {flag}, {dev}"))
    };
    let url = settings.eth_rpc_endpoint.clone();
    let registry = settings.registry_contract_address;
    Ok(Chain::Remote {
        url: url.ok_or_else(|| missing("--eth-rpc-endpoint"))?,
        registry: registry.ok_or_else(|| missing("--registry-contract-address"))?,
        endpoint_registry: settings.endpoint_registry_contract_address,
        first_block: BlockNumber(settings.registry_block.unwrap_or_default()),
        confirmations: BlockSpan(settings.confirmations.unwrap_or_default()),
    })
}

fn data(settings: &Settings, is_dev: bool) -> Result<Place, Failure> {
    if is_dev && settings.data_dir.is_some() {
        return Err(Failure::settings(
            "--datadir cannot be given with --dev: its chain is forgotten when the daemon ends",
        ));
    }
    let in_memory = is_dev || settings.memory_store == Some(true);
    let database = if cfg!(feature = "rocksdb") { Database::Present } else { Database::Absent };
    Place::choose("--datadir", settings.data_dir.as_deref(), in_memory, database)
}

fn node(settings: &Settings, is_dev: bool) -> Result<NodeSettings, Failure> {
    let settle_timeout = settings.settle_timeout.unwrap_or_default();
    let reveal_timeout = settings.reveal_timeout.unwrap_or_default();
    let (min, max) = (SETTLE_TIMEOUTS.start(), SETTLE_TIMEOUTS.end());
    if !SETTLE_TIMEOUTS.contains(&settle_timeout) {
        return Err(Failure::settings(format!("--settle-timeout must be {min} to {max}")));
    }
    if reveal_timeout < REVEAL_TIMEOUT_MIN || reveal_timeout >= settle_timeout {
        return Err(Failure::settings(format!(
            "--reveal-timeout must be at least {REVEAL_TIMEOUT_MIN} and below --settle-timeout"
        )));
    }
    // A claim is seen only `confirmations` late, and as much again may pass until the answer is.
    let reveal_timeout_min = settings.confirmations.unwrap_or_default().saturating_mul(2);
    if reveal_timeout < reveal_timeout_min {
        return Err(Failure::settings(format!(
            "--reveal-timeout must be at least twice --confirmations, {reveal_timeout_min}"
        )));
    }
    if let Some(address) = &settings.publish_address {
        let reachable = address.parse::<PeerAddress>();
        reachable.context("--publish-address").map_err(Failure::of(Kind::Settings))?;
        if !is_dev && settings.endpoint_registry_contract_address.is_none() {
            return Err(Failure::settings(
                "--publish-address needs --endpoint-registry-contract-address",
            ));
        }
    }
    let mut listen = listen(settings.listen_address);
    if settings.nonetwork == Some(true) {
        listen.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    Ok(NodeSettings {
        listen,
        publish_address: settings.publish_address.clone(),
        peers: settings.peer.clone().unwrap_or_default(),
        reveal_timeout: BlockSpan(reveal_timeout),
        settle_timeout: BlockSpan(settle_timeout),
        mediates: settings.ignore_mediatednode_request != Some(true),
        mediation_fee: TokenAmount::from_units(settings.mediation_fee.unwrap_or_default()),
        crash_points: crash_points(settings)?,
    })
}

/// Says whether crash points were asked for, after checking that they are named as they must be.
fn crash_points(settings: &Settings) -> Result<bool, Failure> {
    let Some(text) = settings.conditionquit.as_deref().filter(|text| !text.is_empty()) else {
        return Ok(false);
    };
    let parsed: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)
        .context("--conditionquit is not a JSON object")
        .map_err(Failure::of(Kind::Settings))?;
    let stranger =
        parsed.keys().find(|key| !["QuitEvent", "IsBefore", "RandomQuit"].contains(&key.as_str()));
    match stranger {
        Some(key) => Err(Failure::settings(format!("--conditionquit does not know {key}"))),
        None => Ok(settings.debugcrash == Some(true)),
    }
}

fn listen(address: Option<ListenAddress>) -> SocketAddr {
    address.map_or_else(|| (Ipv4Addr::LOCALHOST, 0).into(), |address| address.0)
}

fn api(settings: &Settings, token: Option<&str>) -> Result<Api, Failure> {
    let access = settings.access.check(&PROGRAM, token)?;
    let exposure = access.exposure(listen(settings.api_address))?;
    let patience = settings.transfer_patience.unwrap_or_default();
    if !(1..=PATIENCE_MAX_S).contains(&patience) {
        let message = format!("--transfer-patience must be 1 to {PATIENCE_MAX_S} seconds");
        return Err(Failure::settings(message));
    }
    Ok(Api {
        guard: access.guard(&exposure)?,
        exposure,
        access,
        compat: match settings.compat {
            Some(CompatMode::Upstream) => Compat::Upstream,
            Some(CompatMode::Document) | None => Compat::Document,
        },
        patience: Duration::from_secs(patience),
    })
}

fn logging(settings: &Settings) -> Logging {
    let level = match settings.verbosity.unwrap_or(3) {
        0 => "off",
        1 => "error",
        2 => "warn",
        3 => "info",
        4 => "debug",
        _ => "trace",
    };
    let filter = || Logging::filter(&PROGRAM, level);
    Logging {
        filter: settings.log_filter.clone().unwrap_or_else(filter),
        format: settings.log_format.unwrap_or(LogFormat::Text),
        file: settings.logfile.clone(),
        shows_place: settings.debug == Some(true),
    }
}
