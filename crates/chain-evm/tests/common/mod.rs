//! What the integration tests share: a deployed chain as the contract suite wants it.

pub(crate) mod relay;

use std::{future::Future, time::Duration};
use tally_chain::{
    ChannelContracts, Proof, SourceStart,
    contract::{Account, Harness, Statement, check},
};
use tally_chain_evm::{
    Deployment, Endpoint, EvmContracts, EvmSource, SourceSettings, TestToken, TransactionSettings,
};
use tally_crypto::{
    Domain, SecretKey, keccak256, struct_hash, type_hash, typed_data_digest, word_address, word_u64,
};
use tally_primitives::{
    BlockRef, BlockSpan, ChainId, ChannelAddress, NodeAddress, TokenAddress, TokenAmount, Wei,
};

/// How long the whole contract suite may take on a busy machine.
const SUITE_LIMIT: Duration = Duration::from_secs(240);

/// How often to look where nobody tells; short, because the suite waits for it hundreds of times.
const POLL: Duration = Duration::from_millis(20);

/// The number of every test chain.
pub(crate) const CHAIN_ID: ChainId = ChainId(1337);

/// A chain that tests can steer.
pub(crate) trait Control: Send + Sync {
    fn endpoint(&self) -> &Endpoint;
    fn head(&self) -> impl Future<Output = BlockRef> + Send;
    fn mine(&self, count: u64) -> impl Future<Output = ()> + Send;
    fn reorg(&self, depth: u64) -> impl Future<Output = ()> + Send;
}

/// Returns a test account's key.
pub(crate) fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&keccak256([number]).0).unwrap()
}

/// The deployer and the two accounts of the suite.
pub(crate) fn accounts() -> Vec<(NodeAddress, Wei)> {
    let coin = "1000000000000000000000".parse().unwrap();
    (0..4).map(|number| (key(number).address(), coin)).collect()
}

pub(crate) fn tokens_each() -> TokenAmount {
    TokenAmount::from_units(1_000_000)
}

/// The contracts on some chain, called by two accounts.
pub(crate) struct Deployed<C> {
    pub(crate) control: C,
    pub(crate) deployment: Deployment,
    pub(crate) token: TokenAddress,
    pub(crate) contracts: [EvmContracts; 2],
}

impl<C: Control> Deployed<C> {
    pub(crate) async fn on(control: C) -> Self {
        let endpoint = control.endpoint().clone();
        let deployment = Deployment::create(&endpoint, &key(0)).await.unwrap();
        let token = TestToken {
            name: "Test".to_owned(),
            symbol: "TST".to_owned(),
            decimals: 18,
            balances: [1, 2].map(|number| (key(number).address(), tokens_each())).to_vec(),
        };
        let token = token.create(&endpoint, &key(0)).await.unwrap();
        let connect = async |number| {
            let settings = TransactionSettings { poll: POLL, ..TransactionSettings::development() };
            EvmContracts::connect(&endpoint, key(number), deployment, settings).await.unwrap()
        };
        let contracts = [connect(1).await, connect(2).await];
        Self { control, deployment, token, contracts }
    }
}

impl<C: Control> Harness for Deployed<C> {
    type Source = EvmSource;

    fn contracts(&self, account: Account) -> &dyn ChannelContracts {
        &self.contracts[account as usize]
    }

    fn token(&self) -> TokenAddress {
        self.token
    }

    fn tokens_each(&self) -> TokenAmount {
        tokens_each()
    }

    fn source(&self, start: SourceStart, confirmations: BlockSpan) -> EvmSource {
        let settings =
            SourceSettings { confirmations, poll: POLL, ..SourceSettings::development() };
        EvmSource::start(self.control.endpoint(), self.deployment, start, settings)
    }

    async fn head(&self) -> BlockRef {
        self.control.head().await
    }

    async fn mine(&self, count: u64) {
        self.control.mine(count).await;
    }

    async fn reorg(&self, depth: u64) {
        self.control.reorg(depth).await;
    }

    fn sign(
        &self,
        account: Account,
        channel: ChannelAddress,
        statement: Statement,
        proof: Proof,
    ) -> Proof {
        sign(&key(1 + account as u8), channel, statement, proof)
    }
}

/// Signs a proof as the contracts want it.
pub(crate) fn sign(
    key: &SecretKey,
    channel: ChannelAddress,
    statement: Statement,
    mut proof: Proof,
) -> Proof {
    let values = [
        word_u64(proof.nonce.0),
        proof.transferred.to_be_bytes(),
        *proof.locksroot.as_bytes(),
        *proof.message_hash.as_bytes(),
    ];
    const VALUES: &str =
        "uint64 nonce,uint256 transferredAmount,bytes32 locksroot,bytes32 messageHash)";
    let hash = match statement {
        Statement::BalanceProof => {
            struct_hash(&type_hash(&format!("BalanceProof({VALUES}")), &values)
        }
        Statement::Acknowledgement { payer } => {
            let mut fields = vec![word_address(&payer.0)];
            fields.extend(values);
            let kind = format!("ProofAcknowledgement(address payer,{VALUES}");
            struct_hash(&type_hash(&kind), &fields)
        }
    };
    let domain = Domain {
        name: "Tallystick",
        version: "1",
        chain_id: CHAIN_ID,
        verifying_contract: channel.0,
    };
    proof.signature = key.sign_digest(&typed_data_digest(&domain.separator(), &hash));
    proof
}

/// Runs the contract suite, each check on a chain that `control` makes.
pub(crate) async fn run_suite<C: Control>(control: impl AsyncFn() -> C) {
    let suite = check(async || Deployed::on(control().await).await);
    let result = tokio::time::timeout(SUITE_LIMIT, suite).await;
    result.expect("a source never delivered what was awaited").unwrap();
}
