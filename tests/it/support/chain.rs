use super::{accounts, anvil::Anvil};
use serde_json::{Value, json};
use std::{future::Future, path::Path};
use tally_chain::ChannelContracts;
use tally_chain_evm::{Deployment, Endpoint, EvmContracts, TestToken, TransactionSettings};
use tally_primitives::{NodeAddress, TokenAddress, TokenAmount};
use tokio::runtime::Runtime;

/// Number of the chain, unlike any in use.
pub(crate) const CHAIN_ID: u64 = 31_337_001;

/// The account that deploys; no node is run with it.
const DEPLOYER: u8 = 200;

/// Coin of every account, in wei.
const COIN: &str = "0x56bc75e2d63100000";

/// Anvil with the contracts on it.
#[derive(Debug)]
pub(crate) struct Chain {
    anvil: Anvil,
    runtime: Runtime,
    endpoint: Endpoint,
    deployment: Deployment,
}

impl Chain {
    /// Starts anvil and deploys.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_numbered(folder, CHAIN_ID)
    }

    /// Starts anvil as a chain with another number, and deploys.
    pub(crate) fn start_numbered(folder: &Path, chain_id: u64) -> Self {
        let anvil = Anvil::start(folder, chain_id);
        let runtime = Runtime::new().expect("threads can be started");
        let url = format!("ws://{}", anvil.address());
        let endpoint = Endpoint::from_url(&url).expect("a URL");
        fund(&anvil, accounts::key(DEPLOYER).address());
        let key = accounts::key(DEPLOYER);
        let deployment = runtime.block_on(Deployment::create(&endpoint, &key)).expect("deployed");
        Self { anvil, runtime, endpoint, deployment }
    }

    /// Deploys another set of the contracts.
    pub(crate) fn deploy_again(&self) -> Deployment {
        let key = accounts::key(DEPLOYER);
        self.run(Deployment::create(&self.endpoint, &key)).expect("deployed")
    }

    /// Deploys a token of which each of the numbered accounts holds `each`, and gives them coin.
    pub(crate) fn create_token(&self, holders: &[u8], each: u64) -> TokenAddress {
        let holders: Vec<NodeAddress> =
            holders.iter().map(|number| accounts::key(*number).address()).collect();
        holders.iter().for_each(|holder| fund(&self.anvil, *holder));
        let amount = TokenAmount::from_units(each);
        let token = TestToken {
            name: "Test".to_owned(),
            symbol: "TEST".to_owned(),
            decimals: 0,
            balances: holders.into_iter().map(|holder| (holder, amount)).collect(),
        };
        let key = accounts::key(DEPLOYER);
        self.run(token.create(&self.endpoint, &key)).expect("deployed")
    }

    /// Registers a token, for tests that begin later than that.
    pub(crate) fn register(&self, token: TokenAddress) {
        let contracts = self.contracts(DEPLOYER);
        self.run(contracts.register_token(token)).expect("registered");
    }

    /// Returns the contracts as the numbered account calls them without a node. The account's node
    /// must not run.
    pub(crate) fn contracts(&self, number: u8) -> EvmContracts {
        let key = accounts::key(number);
        let settings = TransactionSettings::default();
        let connecting = EvmContracts::connect(&self.endpoint, key, self.deployment, settings);
        self.run(connecting).expect("the contracts are there")
    }

    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    pub(crate) fn anvil(&self) -> &Anvil {
        &self.anvil
    }

    /// Returns the number of the newest block.
    pub(crate) fn height(&self) -> u64 {
        number(&self.anvil.call("eth_blockNumber", json!([])))
    }

    /// Makes empty blocks.
    pub(crate) fn mine(&self, blocks: u64) {
        self.anvil.call("anvil_mine", json!([format!("{blocks:#x}")]));
    }

    /// Makes blocks until the newest one has this number.
    pub(crate) fn mine_to(&self, block: u64) {
        let height = self.height();
        assert!(height <= block, "block {block} is past: the newest is {height}");
        if height < block {
            self.mine(block - height);
        }
    }

    /// Replaces all blocks from `block` on by as many empty ones.
    pub(crate) fn undo_from(&self, block: u64) {
        let depth = self.height() + 1 - block;
        self.anvil.call("anvil_reorg", json!([depth, []]));
    }

    /// Returns the signed transactions of a block, ready to be sent again.
    pub(crate) fn transactions_of(&self, block: u64) -> Vec<String> {
        let full = self.anvil.call("eth_getBlockByNumber", json!([format!("{block:#x}"), false]));
        let hashes = full["transactions"].as_array().expect("a list of hashes");
        let raw = |hash: &Value| self.anvil.call("eth_getRawTransactionByHash", json!([hash]));
        hashes.iter().map(|hash| raw(hash).as_str().expect("hexadecimal").to_owned()).collect()
    }

    /// Sends a signed transaction, which is mined at once.
    pub(crate) fn send_again(&self, transaction: &str) {
        self.anvil.call("eth_sendRawTransaction", json!([transaction]));
    }
}

fn fund(anvil: &Anvil, account: NodeAddress) {
    anvil.call("anvil_setBalance", json!([account.to_string(), COIN]));
}

fn number(quantity: &Value) -> u64 {
    let digits = quantity.as_str().and_then(|text| text.strip_prefix("0x"));
    u64::from_str_radix(digits.expect("a quantity"), 16).expect("a quantity")
}
