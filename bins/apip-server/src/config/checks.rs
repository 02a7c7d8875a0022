use super::{
    Api, Chain, Config, Settings,
    values::{ChargeMode, KeyFormatName, NetworkName, ServiceId},
};
use crate::{command_line::PROGRAM, dev};
use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU64,
    time::Duration,
};
use tally_apip_api::{ApipConfig, Clock};
use tally_apip_node::{AddressVersions, DirectoryConfig};
use tally_chain_utxo::{Credentials, FilesSettings, Network, NodeSettings, RecordSettings};
use tally_crypto::fch::AddressVersion;
use tally_daemon::{
    AccessSettings, Database, Failure, HiddenText, Kind, ListenAddress, LogSettings, Login, Place,
    PostgresSettings, home,
};
use tally_feip::Rules;
use tally_primitives::BlockNumber;

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// As upstream's servers had it.
const WINDOW_MS: u64 = 5000;
const POLL_INTERVAL_MS: NonZeroU64 = NonZeroU64::new(2000).expect("it is not zero");

/// What must not stand on a command line.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    pub(super) api_token: Option<String>,
    pub(super) node_password: Option<HiddenText>,
    pub(super) postgres_url: Option<HiddenText>,
}

impl Secrets {
    pub(super) fn of_environment() -> Self {
        Self {
            api_token: PROGRAM.api_token(),
            node_password: PROGRAM.secret("NODE_PASSWORD"),
            postgres_url: PROGRAM.secret("POSTGRES_URL"),
        }
    }
}

impl Settings {
    /// Fills what is absent with the defaults.
    pub(super) fn completed(self) -> Self {
        let is_dev = self.dev == Some(true);
        let keeps_data = !is_dev && self.memory_store != Some(true);
        let rules = Rules::default();
        let defaults = Self {
            dev: Some(false),
            data_dir: home(".apip").filter(|_| keeps_data),
            memory_store: Some(is_dev),
            network: Some(NetworkName(Network::FREECASH)),
            poll_interval: Some(POLL_INTERVAL_MS),
            cdd_check_height: Some(rules.cdd_check_height.0),
            publish_cdd_factor: Some(rules.publish_cdd_factor),
            rating_touches_last: Some(rules.rating_touches_last),
            sid: is_dev.then(|| ServiceId(dev::sid())),
            window_time: Some(WINDOW_MS),
            key_format: Some(KeyFormatName::Fipa9),
            charge: Some(ChargeMode::Answered),
            free_get: Some(true),
            plain_keys: Some(false),
            postgres: PostgresSettings::defaults(),
            api_address: Some(ListenAddress(ADDRESS)),
            access: AccessSettings::defaults(),
            log: LogSettings::defaults(),
            ..Self::default()
        };
        self.or(defaults)
    }
}

/// Checks complete settings.
pub(super) fn check(settings: Settings, secrets: Secrets) -> Result<Config, Failure> {
    let Secrets { api_token, node_password, postgres_url } = secrets;
    let network = settings.network.map_or(Network::FREECASH, |NetworkName(network)| network);
    let api = api(&settings, api_token.as_deref())?;
    let chain = chain(&settings, network, node_password)?;
    let postgres = settings.postgres.check(postgres_url, cfg!(feature = "postgres"))?;
    // Of several servers that share accounts another one may see the payments.
    let finds_payments = postgres.is_some() || !matches!(chain, Chain::Records(_));
    Ok(Config {
        chain,
        data: data(&settings)?,
        directory: directory(&settings, network),
        postgres,
        interfaces: ApipConfig { finds_payments, ..interfaces(&settings, network, &api)? },
        api,
        logging: settings.log.check(&PROGRAM),
        effective: settings,
    })
}

fn chain(
    settings: &Settings,
    network: Network,
    password: Option<HiddenText>,
) -> Result<Chain, Failure> {
    let given = [
        (settings.node.node_url.is_some(), "--node-url"),
        (settings.block_files.is_some(), "--block-files"),
        (settings.records.is_some(), "--records"),
    ];
    let given: Vec<&str> =
        given.iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| *flag).collect();
    if settings.dev == Some(true) {
        return match given.iter().find(|flag| **flag != "--records") {
            Some(flag) => {
                let why = "--dev brings its own chain";
                Err(Failure::settings(format!("{flag} cannot be given with --dev: {why}")))
            }
            None => Ok(Chain::Dev { records: settings.records.clone() }),
        };
    }
    if let [one, other, ..] = given.as_slice() {
        return Err(Failure::settings(format!("{one} and {other} exclude each other")));
    }
    let poll = settings.poll_interval.unwrap_or(POLL_INTERVAL_MS);
    let poll = Duration::from_millis(poll.get());
    if let Some((url, login)) = settings.node.check(&PROGRAM, password)? {
        let node = NodeSettings::new(network, url, credentials(login));
        return Ok(Chain::Node(NodeSettings { poll, ..node }));
    }
    if let Some(folder) = &settings.block_files {
        return Ok(Chain::Files(FilesSettings { poll, ..FilesSettings::new(network, folder) }));
    }
    if let Some(file) = &settings.records {
        return Ok(Chain::Records(RecordSettings { poll, ..RecordSettings::new(file) }));
    }
    Err(Failure::settings(
        "no chain: give --node-url, --block-files or --records, or --dev for a directory with real \
         records to try out",
    ))
}

fn credentials(login: Login) -> Credentials {
    match login {
        Login::CookieFile(path) => Credentials::CookieFile(path),
        Login::Password { user, password: HiddenText(password) } => {
            Credentials::Password { user, password }
        }
    }
}

fn data(settings: &Settings) -> Result<Place, Failure> {
    if settings.dev == Some(true) && settings.data_dir.is_some() {
        return Err(Failure::settings(
            "--data-dir cannot be given with --dev: its chain is forgotten when the daemon ends",
        ));
    }
    let in_memory = settings.memory_store == Some(true);
    let database = if cfg!(feature = "rocksdb") { Database::Present } else { Database::Absent };
    Place::choose("--data-dir", settings.data_dir.as_deref(), in_memory, database)
}

fn directory(settings: &Settings, network: Network) -> DirectoryConfig {
    let versions = AddressVersions {
        p2pkh: AddressVersion(network.key_version),
        p2sh: AddressVersion(network.script_version),
    };
    let rules = Rules {
        cdd_check_height: BlockNumber(settings.cdd_check_height.unwrap_or_default()),
        publish_cdd_factor: settings.publish_cdd_factor.unwrap_or_default(),
        rating_touches_last: settings.rating_touches_last == Some(true),
    };
    DirectoryConfig {
        rules,
        service: settings.sid.map(|ServiceId(sid)| sid),
        ..DirectoryConfig::new(versions)
    }
}

fn interfaces(settings: &Settings, network: Network, api: &Api) -> Result<ApipConfig, Failure> {
    let is_private = api.access.tls().is_some() || api.exposure.address.ip().is_loopback();
    let factors = settings.price_factor.iter().flatten();
    let own = || vec![url_head(api.exposure.address, api.access.scheme())];
    let config = ApipConfig {
        url_heads: settings.url_head.clone().filter(|heads| !heads.is_empty()).unwrap_or_else(own),
        window_ms: settings.window_time.unwrap_or(WINDOW_MS),
        address_version: AddressVersion(network.key_version),
        key_format: settings.key_format.unwrap_or(KeyFormatName::Fipa9).into(),
        plain_keys: is_private || settings.plain_keys == Some(true),
        free_get: settings.free_get == Some(true),
        charge: settings.charge.unwrap_or(ChargeMode::Answered).into(),
        price_factors: factors.map(|one| (one.interface.clone(), one.factor)).collect(),
        finds_payments: true,
        clock: Clock::system(),
    };
    config.check().map_err(Failure::of(Kind::Settings))?;
    Ok(config)
}

/// The prefix of the URLs if none is given: of this machine, as the documents' samples have it.
pub(super) fn url_head(address: SocketAddr, scheme: &str) -> String {
    if address.ip().is_loopback() {
        format!("{scheme}://localhost:{}/APIP/", address.port())
    } else {
        format!("{scheme}://{address}/APIP/")
    }
}

fn api(settings: &Settings, token: Option<&str>) -> Result<Api, Failure> {
    let access = settings.access.check(&PROGRAM, token)?.with_any_origin();
    let address = settings.api_address.map_or(ADDRESS, |address| address.0);
    let exposure = access.exposure(address)?;
    Ok(Api { guard: access.guard(&exposure)?, exposure, access })
}
