use super::*;
use crate::{
    Deployment, DevChain, DevChainConfig, Endpoint, Mining, TestToken, TransactionSettings,
};
use tally_primitives::{ChainId, Wei};

/// Goal: an approval sets exactly the amount, also over a remainder, by way of zero. Method: approve
/// twice and count the transactions.
#[tokio::test]
async fn approvals_are_exact() {
    let key = SecretKey::generate([7; 32]);
    let chain = DevChain::start(&DevChainConfig {
        chain_id: ChainId(1337),
        accounts: vec![(key.address(), Wei::from_units(u64::MAX))],
        mining: Mining::Instant,
    });
    let endpoint = Endpoint::in_process(&chain);
    let token = TestToken {
        name: "Test".to_owned(),
        symbol: "T".to_owned(),
        decimals: 0,
        balances: Vec::new(),
    };
    let token = token.create(&endpoint, &key).await.unwrap();
    let spender = Deployment::create(&endpoint, &key).await.unwrap().registry;
    let settings = TransactionSettings::development();
    let sender = Transactor::start(&endpoint, key.clone(), ChainId(1337), settings);
    let allowances = Allowances::new(sender.clone(), key.clone());

    for (units, transactions) in [(100, 1), (7, 2)] {
        let before = chain.head().number;
        let amount = TokenAmount::from_units(units);
        let spending = Spending { token, spender, amount, plain: Bytes::new() };
        allowances.approve(&spending).await.unwrap();
        assert_eq!(chain.head().number.since(before).0, transactions);
        let call = Token::allowanceCall { owner: key.address().0, spender };
        assert_eq!(read(&sender, token.0, call).await.unwrap(), amount.units());
    }
}
