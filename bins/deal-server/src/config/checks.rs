use super::{
    API_ADDRESS, Api, Chain, Config, Embedded, Module, Remote, Server, Settings, chain_network,
    values::{AnyAddress, ServiceKey, Setting, TrustName},
};
use crate::command_line::PROGRAM;
use anyhow::Context;
use std::{fs, path::Path, sync::Arc, time::Duration};
use tally_chain::utxo::FeeRate;
use tally_chain_utxo::{Credentials, EsploraSettings, NodeSettings};
use tally_daemon::{
    AccessSettings, Database, Failure, HiddenText, Kind, ListenAddress, LogSettings, Login, Place,
    PostgresSettings, home, secret_in,
};
use tally_deal::{Address, Fee, Network, ServiceKeys};
use tally_deal_api::{AccessRule, OAuthClient};
use tally_deal_node::{
    Clock, FixedClock, Settling, SystemClock, Trust, WebhookRules,
    module::{AllowList, ServerAddress, ServiceAccount},
};
use tally_http::Exposure;
use tally_pgp::{PublicKey, SecretKey};
use zeroize::Zeroizing;

const SERVER_TIMEOUT_MS: u64 = 5000;

/// What must not stand on a command line.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    pub(super) api_token: Option<String>,
    pub(super) node_password: Option<HiddenText>,
    pub(super) postgres_url: Option<HiddenText>,
    pub(super) key_passphrase: Option<HiddenText>,
}

impl Secrets {
    pub(super) fn of_environment() -> Self {
        Self {
            api_token: PROGRAM.api_token(),
            node_password: PROGRAM.secret("NODE_PASSWORD"),
            postgres_url: PROGRAM.secret("POSTGRES_URL"),
            key_passphrase: PROGRAM.secret("KEY_PASSPHRASE"),
        }
    }
}

impl Settings {
    /// Fills what is absent with the defaults.
    pub(super) fn completed(self) -> Self {
        let is_dev = self.dev == Some(true);
        let keeps_data = !is_dev && self.memory_store != Some(true) && self.server.is_none();
        let settling = Settling::default();
        let defaults = Self {
            dev: Some(false),
            data_dir: home(".deals").filter(|_| keeps_data),
            memory_store: Some(is_dev),
            compat: Some(false),
            module_fee: Some(Setting(Fee::default())),
            server_timeout: Some(SERVER_TIMEOUT_MS),
            service_fee: Some(Setting(Fee::NONE)),
            trust: Some(if is_dev { TrustName::Anyone } else { TrustName::Registered }),
            confirmations: Some(1),
            local_webhooks: Some(is_dev),
            network: Some(Setting(if is_dev { Network::Test } else { Network::Main })),
            fee_rate_max: Some(settling.fee_rate_max.sat_per_kvb()),
            fee_rate_fallback: Some(settling.fee_rate_fallback.sat_per_kvb()),
            postgres: PostgresSettings::defaults(),
            api_address: Some(ListenAddress(API_ADDRESS)),
            access: AccessSettings::defaults(),
            log: LogSettings::defaults(),
            ..Self::default()
        };
        self.or(defaults)
    }
}

/// Checks complete settings.
pub(super) fn check(settings: Settings, secrets: Secrets) -> Result<Config, Failure> {
    let network = settings.network.as_ref().map_or(Network::Main, |Setting(network)| *network);
    let api = api(&settings, secrets.api_token.as_deref())?;
    let server = if settings.server.as_ref().is_some_and(|servers| !servers.is_empty()) {
        Server::Remote(Box::new(remote(&settings)?))
    } else {
        Server::Embedded(Box::new(embedded(&settings, network, &api, secrets)?))
    };
    Ok(Config {
        network,
        clock: clock(&settings),
        module: module(&settings, network)?,
        server,
        api,
        logging: settings.log.check(&PROGRAM),
        effective: settings,
    })
}

fn clock(settings: &Settings) -> Arc<dyn Clock> {
    match &settings.fixed_time {
        Some(Setting(time)) => Arc::new(FixedClock::at(time.0)),
        None => Arc::new(SystemClock),
    }
}

fn module(settings: &Settings, network: Network) -> Result<Module, Failure> {
    Ok(Module {
        address: address(settings.module_address.as_ref(), "--module-address", network)?,
        fee: settings.module_fee.as_ref().map_or_else(Fee::default, |Setting(fee)| *fee),
        pgp: pgp(settings)?,
        compat: settings.compat == Some(true),
    })
}

/// Requires that an address is of the network.
fn address(
    given: Option<&AnyAddress>,
    flag: &str,
    network: Network,
) -> Result<Option<Address>, Failure> {
    match given {
        Some(AnyAddress(address)) if !address.is_for(network) => {
            let why = "is not an address of the network";
            Err(Failure::settings(format!("{flag} {address} {why} {network}")))
        }
        Some(AnyAddress(address)) => Ok(Some(address.clone())),
        None => Ok(None),
    }
}

fn pgp(settings: &Settings) -> Result<Option<SecretKey>, Failure> {
    let Some(path) = &settings.pgp_key_file else {
        return match settings.pgp_passphrase_file {
            Some(_) => Err(Failure::settings("--pgp-passphrase-file needs --pgp-key-file")),
            None => Ok(None),
        };
    };
    let named = || format!("--pgp-key-file {}", path.display());
    let passphrase = match &settings.pgp_passphrase_file {
        Some(path) => secret_in(path, "--pgp-passphrase-file")?,
        None => String::new(),
    };
    let text = text_of(path, "--pgp-key-file")?;
    let key = SecretKey::from_armored(&text, &passphrase).with_context(named);
    key.map(Some).map_err(Failure::of(Kind::Settings))
}

fn text_of(path: &Path, flag: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(path).with_context(|| format!("{flag} {}", path.display()));
    text.map_err(Failure::of(Kind::Settings))
}

fn servers(given: Option<&Vec<Setting<ServerAddress>>>) -> Vec<ServerAddress> {
    given.into_iter().flatten().map(|Setting(server)| server.clone()).collect()
}

fn remote(settings: &Settings) -> Result<Remote, Failure> {
    let embedded = [
        (settings.dev == Some(true), "--dev"),
        (settings.data_dir.is_some(), "--data-dir"),
        (settings.postgres.postgres_url_file.is_some(), "--postgres-url-file"),
        (settings.node.node_url.is_some(), "--node-url"),
        (settings.esplora_url.is_some(), "--esplora-url"),
        (settings.server_address.is_some(), "--server-address"),
        (settings.arbiter.is_some(), "--arbiter"),
        (settings.needs_login.is_some(), "--needs-login"),
        (settings.clients_file.is_some(), "--clients-file"),
    ];
    if let Some((_, flag)) = embedded.into_iter().find(|(is_given, _)| *is_given) {
        let why = "is for the embedded server, which does not run with --server";
        return Err(Failure::settings(format!("{flag} {why}")));
    }
    let account = settings.oauth2_file.as_deref().map(|path| {
        let account = ServiceAccount::parse(&text_of(path, "--oauth2-file")?);
        let account = account.with_context(|| format!("--oauth2-file {}", path.display()));
        account.map_err(Failure::of(Kind::Settings))
    });
    let keys = both(settings)?
        .map(|(key1, key2)| ServiceKeys { key1: key1.public(), key2: key2.public() });
    Ok(Remote {
        servers: servers(settings.server.as_ref()),
        allowed: AllowList::new(servers(settings.allow_server.as_ref())),
        timeout: Duration::from_millis(settings.server_timeout.unwrap_or(SERVER_TIMEOUT_MS)),
        account: account.transpose()?,
        account_name: settings.server_account.clone(),
        keys,
        server_key: server_key(settings)?,
    })
}

fn server_key(settings: &Settings) -> Result<Option<PublicKey>, Failure> {
    let Some(path) = &settings.server_key_file else { return Ok(None) };
    let key = PublicKey::from_armored(&text_of(path, "--server-key-file")?);
    let key = key.with_context(|| format!("--server-key-file {}", path.display()));
    key.map(Some).map_err(Failure::of(Kind::Settings))
}

/// Returns both service keys, or none.
fn both(settings: &Settings) -> Result<Option<(&ServiceKey, &ServiceKey)>, Failure> {
    match (&settings.service_key1, &settings.service_key2) {
        (Some(key1), Some(key2)) => Ok(Some((key1, key2))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(Failure::settings("--service-key1 needs --service-key2")),
        (None, Some(_)) => Err(Failure::settings("--service-key2 needs --service-key1")),
    }
}

fn embedded(
    settings: &Settings,
    network: Network,
    api: &Api,
    secrets: Secrets,
) -> Result<Embedded, Failure> {
    for (is_given, flag) in [
        (settings.allow_server.is_some(), "--allow-server"),
        (settings.oauth2_file.is_some(), "--oauth2-file"),
        (settings.server_account.is_some(), "--server-account"),
        (settings.server_key_file.is_some(), "--server-key-file"),
    ] {
        if is_given {
            return Err(Failure::settings(format!("{flag} needs --server")));
        }
    }
    let Secrets { node_password, postgres_url, key_passphrase, .. } = secrets;
    let keys = match both(settings)? {
        None => None,
        Some((ServiceKey::Private(key1), ServiceKey::Private(key2))) => {
            Some([key1.clone(), key2.clone()])
        }
        Some(_) => {
            return Err(Failure::settings(
                "--service-key1 and --service-key2 must be private keys: the embedded server pays \
                 out with them",
            ));
        }
    };
    let passphrase = match (&settings.key_passphrase_file, key_passphrase) {
        (Some(path), _) => Some(Zeroizing::new(secret_in(path, "--key-passphrase-file")?)),
        (None, given) => given.map(|HiddenText(text)| Zeroizing::new(text)),
    };
    // What everybody has to say is asked for first.
    let data = data(settings)?;
    let chain = chain(settings, network, node_password)?;
    let postgres = settings.postgres.check(postgres_url, cfg!(feature = "postgres"))?;
    let is_kept = postgres.is_some() || !matches!(data, Place::Memory);
    if is_kept && passphrase.is_none() {
        return Err(Failure::settings(
            "the server's keys are kept with its data: give the passphrase that seals them, by \
             --key-passphrase-file or the variable DEAL_KEY_PASSPHRASE (or --dev to try things out)",
        ));
    }
    let exposure = settings.server_address.map(|address| api.access.exposure(address.0));
    Ok(Embedded {
        config: server(settings, network)?,
        data,
        postgres,
        chain,
        keys,
        // What is in memory only is not sealed.
        passphrase: passphrase.filter(|_| is_kept),
        exposure: exposure.transpose()?,
    })
}

fn server(settings: &Settings, network: Network) -> Result<tally_deal_node::Config, Failure> {
    let mut config = tally_deal_node::Config::new(network);
    if let Some(url) = &settings.server_url {
        config.url.clone_from(url);
    }
    config.module_address = address(settings.module_address.as_ref(), "--module-address", network)?;
    config.service_fee = settings.service_fee.as_ref().map_or(Fee::NONE, |Setting(fee)| *fee);
    config.service_address =
        address(settings.service_address.as_ref(), "--service-address", network)?;
    for arbiter in settings.arbiter.iter().flatten() {
        config.arbiters.extend(address(Some(arbiter), "--arbiter", network)?);
    }
    config.trust = settings.trust.map_or(Trust::Registered, Trust::from);
    config.policy.confirmations = settings.confirmations.unwrap_or(1);
    config.settling.fee_rate_max = fee_rate(settings.fee_rate_max, "--fee-rate-max")?;
    config.settling.fee_rate_fallback =
        fee_rate(settings.fee_rate_fallback, "--fee-rate-fallback")?;
    if settings.local_webhooks == Some(true) {
        config.webhooks = WebhookRules { allows_loopback: true, ..WebhookRules::default() };
    }
    // Another module that is tried out has no key that this server could know.
    config.needs_module_signature = settings.dev != Some(true);
    Ok(config)
}

fn fee_rate(given: Option<u64>, flag: &str) -> Result<FeeRate, Failure> {
    match given {
        Some(rate @ 1_000..) => Ok(FeeRate::per_kvb(rate)),
        Some(_) | None => Err(Failure::settings(format!("{flag} must be at least 1000"))),
    }
}

fn chain(
    settings: &Settings,
    network: Network,
    password: Option<HiddenText>,
) -> Result<Chain, Failure> {
    let given = [
        (settings.dev == Some(true), "--dev"),
        (settings.node.node_url.is_some(), "--node-url"),
        (settings.esplora_url.is_some(), "--esplora-url"),
    ];
    let mut given = given.into_iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| flag);
    if let (Some(one), Some(other)) = (given.next(), given.next()) {
        return Err(Failure::settings(format!("{one} and {other} exclude each other")));
    }
    if settings.dev == Some(true) {
        return Ok(Chain::Dev);
    }
    let poll = match settings.poll_interval {
        Some(0) => return Err(Failure::settings("--poll-interval must be at least 1")),
        given => given.map(Duration::from_millis),
    };
    if let Some((url, login)) = settings.node.check(&PROGRAM, password)? {
        let node = NodeSettings::new(chain_network(network), url, credentials(login));
        return Ok(Chain::Node(NodeSettings { poll: poll.unwrap_or(node.poll), ..node }));
    }
    if let Some(url) = &settings.esplora_url {
        let esplora = EsploraSettings::new(chain_network(network), url);
        return Ok(Chain::Esplora(EsploraSettings {
            poll: poll.unwrap_or(esplora.poll),
            ..esplora
        }));
    }
    Err(Failure::settings(
        "no chain: give --node-url or --esplora-url, or --dev for a server with a simulated chain; \
         or --server to stand in front of another server",
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

fn api(settings: &Settings, token: Option<&str>) -> Result<Api, Failure> {
    if token.is_some() || settings.access.api_token_file.is_some() {
        return Err(Failure::settings(
            "--api-token-file does not go with deals, whose requests show access tokens of their own \
             in the same header: use --needs-login and --clients-file",
        ));
    }
    let address = settings.api_address.map_or(API_ADDRESS, |address| address.0);
    let is_embedded = settings.server.is_none();
    let reached = [Some(address), settings.server_address.map(|address| address.0)];
    let is_local = reached.iter().flatten().all(|address| address.ip().is_loopback());
    let needs_login = is_embedded && settings.needs_login.unwrap_or(!is_local);
    let mut access = settings.access.clone();
    if needs_login {
        // Who asks is found out request by request.
        access.allow_unauthenticated = Some(true);
    }
    let access = access.check(&PROGRAM, None)?.with_any_origin();
    let exposure: Exposure = access.exposure(address)?;
    Ok(Api {
        guard: access.guard(&exposure)?,
        exposure,
        origins: settings.access.cors_origin.clone().unwrap_or_default(),
        access_rule: if needs_login { AccessRule::Required } else { AccessRule::Open },
        clients: clients(settings)?,
        access,
    })
}

fn clients(settings: &Settings) -> Result<Vec<OAuthClient>, Failure> {
    let Some(path) = &settings.clients_file else { return Ok(vec![]) };
    let text = Zeroizing::new(text_of(path, "--clients-file")?);
    let clients = super::clients::read(&text);
    let clients = clients.with_context(|| format!("--clients-file {}", path.display()));
    clients.map_err(Failure::of(Kind::Settings))
}
