use super::*;
use crate::{
    ChannelContracts, OpenChannel, Proof, TransactionError,
    contract::{Account, Harness, Statement, check},
};
use tally_primitives::ChannelAddress;

struct FakeHarness {
    chain: FakeChain,
    token: TokenAddress,
    contracts: [FakeContracts; 2],
}

impl FakeHarness {
    fn new() -> Self {
        let chain = FakeChain::default();
        let nodes = [NodeAddress::new([1; 20]), NodeAddress::new([2; 20])];
        let tokens = TokenAmount::from_units(1_000);
        let token = chain.create_token(&nodes.map(|node| (node, tokens)));
        let contracts = nodes.map(|node| chain.contracts(node));
        Self { chain, token, contracts }
    }
}

impl Harness for FakeHarness {
    type Source = FakeSource;

    fn contracts(&self, account: Account) -> &dyn ChannelContracts {
        &self.contracts[account as usize]
    }

    fn token(&self) -> TokenAddress {
        self.token
    }

    fn tokens_each(&self) -> TokenAmount {
        TokenAmount::from_units(1_000)
    }

    fn source(&self, start: SourceStart, confirmations: BlockSpan) -> FakeSource {
        self.chain.source(start, confirmations)
    }

    async fn head(&self) -> BlockRef {
        self.chain.head()
    }

    async fn mine(&self, count: u64) {
        self.chain.mine(count);
    }

    async fn reorg(&self, depth: u64) {
        self.chain.reorg(depth);
    }

    fn sign(&self, _: Account, _: ChannelAddress, _: Statement, proof: Proof) -> Proof {
        proof
    }
}

/// Goal: the double behaves as the port says.
#[tokio::test]
async fn meets_the_chain_contract() {
    check(async || FakeHarness::new()).await.unwrap();
}

/// Goal: failures happen as ordered. Method: one call that does not arrive, one whose answer does
/// not.
#[tokio::test]
async fn failures_happen_as_ordered() {
    let harness = FakeHarness::new();
    let first = harness.contracts(Account::First);
    harness.chain.fail_calls(1);
    let result = first.register_token(harness.token).await;
    assert!(matches!(result, Err(TransactionError::Chain(_))), "{result:?}");
    first.register_token(harness.token).await.unwrap();

    harness.chain.lose_answers(1);
    let order = OpenChannel {
        token: harness.token,
        partner: harness.contracts(Account::Second).account(),
        settle_timeout: BlockSpan(6),
        deposit: TokenAmount::ZERO,
    };
    first.open_channel(order).await.unwrap_err();
    let again = first.open_channel(order).await;
    assert!(matches!(again, Err(TransactionError::Refused(_))), "{again:?}");
}
