use crate::{OpenError, WebhookRules};
use std::time::Duration;
use tally_chain::utxo::FeeRate;
use tally_deal::{Address, Fee, Network, Percent, Policy, settlement::FeeRules};
use tally_primitives::Satoshi;

/// How an embedded server works.
#[derive(Debug, Clone)]
pub struct Config {
    /// The network that deals are paid on.
    pub network: Network,
    /// The server's name, under which the key service has its key.
    pub name: String,
    /// Where the server answers, for the record in its key: `http://localhost:4988`.
    pub url: String,
    /// The address of the module within the process, if it has one: other modules that name it are
    /// refused.
    pub module_address: Option<Address>,
    /// What the service takes of a payout.
    pub service_fee: Fee,
    /// Where the service's fee and what nobody else is to get goes; without one the service takes
    /// nothing.
    pub service_address: Option<Address>,
    /// What is decided about all deals.
    pub policy: Policy,
    /// Whose deals are taken.
    pub trust: Trust,
    /// Whether messages of other modules must be signed by the PGP key of the module's account.
    pub needs_module_signature: bool,
    /// Addresses whose holders decide disputes, by a message signature.
    pub arbiters: Vec<Address>,
    /// How settlements are made and sent.
    pub settling: Settling,
    /// How the transactions that wait for a block are looked at.
    pub mempool: Mempool,
    /// How long after its end money that comes to a deal's address is still sent back, in seconds.
    pub late_money_seconds: u64,
    /// Where webhooks may go.
    pub webhooks: WebhookRules,
}

/// Whose deals a server takes, by the lists of trusted URLs that accounts have.
///
/// A seller or a customer lists the sites that may make deals in its name. The site of a deal is its
/// `at`, and, if the module tells one, the `Origin` of the request; both have to be listed, compared
/// by scheme, host and port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Everybody's, whatever the accounts say: for development.
    Anyone,
    /// Those whose parties, if they have accounts with a list, list the site.
    Listed,
    /// Those whose parties both have accounts that list the site.
    #[default]
    Registered,
}

/// How settlements are made and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settling {
    /// The least that is paid to the miner, whatever the estimate says.
    pub fee_rate_min: FeeRate,
    /// The most.
    pub fee_rate_max: FeeRate,
    /// Between which sums the fee of one settlement is, whatever its rate.
    pub fee_rules: FeeRules,
    /// What is paid if there is no estimate.
    pub fee_rate_fallback: FeeRate,
    /// In how many blocks a settlement should be confirmed.
    pub target_blocks: u16,
    /// After how many blocks without it the miner is offered more.
    pub bump_after_blocks: u64,
    /// How often a settlement that is in no block is sent again.
    pub rebroadcast_every: Duration,
    /// How long it takes until something that failed for now is tried again.
    pub retry_every: Duration,
}

impl Default for Settling {
    fn default() -> Self {
        Self {
            fee_rate_min: FeeRate::RELAYED_MIN,
            fee_rate_max: FeeRate::per_kvb(200_000),
            fee_rules: FeeRules::new(Satoshi(200), Satoshi(100_000))
                .expect("200 is below 100,000")
                .with_part_max(Percent::whole(25).expect("25 is below 100")),
            fee_rate_fallback: FeeRate::per_kvb(5_000),
            target_blocks: 6,
            bump_after_blocks: 12,
            rebroadcast_every: Duration::from_secs(600),
            retry_every: Duration::from_secs(10),
        }
    }
}

/// How the transactions that wait for a block are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mempool {
    /// How often some deals are looked for.
    pub every: Duration,
    /// How many deals at a time: the others' turn comes later.
    pub deals: usize,
}

impl Default for Mempool {
    fn default() -> Self {
        Self { every: Duration::from_secs(5), deals: 2_000 }
    }
}

impl Config {
    /// Makes the settings of a server for a network, with everything else as most need it.
    pub fn new(network: Network) -> Self {
        Self {
            network,
            name: "localhost".to_owned(),
            url: "http://localhost:4988".to_owned(),
            module_address: None,
            service_fee: Fee::NONE,
            service_address: None,
            policy: Policy::default(),
            trust: Trust::default(),
            needs_module_signature: true,
            arbiters: vec![],
            settling: Settling::default(),
            mempool: Mempool::default(),
            late_money_seconds: 90 * 86_400,
            webhooks: WebhookRules::default(),
        }
    }

    /// Checks that the settings fit together.
    pub(crate) fn check(&self) -> Result<(), OpenError> {
        let wrong =
            |setting, reason: &str| Err(OpenError::Setting { setting, reason: reason.to_owned() });
        let settling = &self.settling;
        if settling.fee_rate_min > settling.fee_rate_max {
            return wrong("settling.fee_rate_min", "is above the maximum");
        }
        if settling.fee_rate_min.sat_per_kvb() == 0 {
            return wrong("settling.fee_rate_min", "nobody passes on what pays nothing");
        }
        if settling.target_blocks == 0 {
            return wrong("settling.target_blocks", "must be at least 1");
        }
        if settling.bump_after_blocks == 0 {
            return wrong("settling.bump_after_blocks", "must be at least 1");
        }
        if self.mempool.deals == 0 {
            return wrong("mempool.deals", "must be at least 1");
        }
        if self.policy.confirmations == 0 {
            return wrong("policy.confirmations", "must be at least 1");
        }
        if self.service_fee != Fee::NONE && self.service_address.is_none() {
            return wrong("service_fee", "there is no address that it could be paid to");
        }
        if let Fee::Percent(fee) = self.service_fee
            && fee > self.policy.fee_max
        {
            return wrong("service_fee", "is above policy.fee_max: no deal could be made");
        }
        let others = self.arbiters.iter().chain(&self.service_address).chain(&self.module_address);
        if let Some(address) = others.into_iter().find(|address| !address.is_for(self.network)) {
            let reason = format!("{address} is of another network than {}", self.network);
            return Err(OpenError::Setting { setting: "network", reason });
        }
        Ok(())
    }
}
