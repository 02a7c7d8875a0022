//! Integration tests of the EVM adapter.
use tally_chain::*;
use tally_chain_evm::*;
use tally_crypto::SecretKey;
use tally_primitives::*;

#[tokio::test]
async fn smoke() {
    let keys: Vec<_> = (1..4u8).map(|n| SecretKey::from_bytes(&[n; 32]).unwrap()).collect();
    let coin = Wei::from_units(1_000_000_000_000_000_000);
    let chain = DevChain::start(&DevChainConfig {
        chain_id: ChainId(1337),
        accounts: keys.iter().map(|key| (key.address(), coin)).collect(),
        mining: Mining::Instant,
    });
    let endpoint = Endpoint::in_process(&chain);
    let deployment = Deployment::create(&endpoint, &keys[0]).await.unwrap();
    let token = TestToken {
        name: "Test".into(),
        symbol: "T".into(),
        decimals: 18,
        balances: keys.iter().map(|key| (key.address(), TokenAmount::from_units(1000))).collect(),
    };
    let token = token.create(&endpoint, &keys[0]).await.unwrap();
    let a = EvmContracts::connect(&endpoint, keys[1].clone(), deployment, Default::default())
        .await
        .unwrap();
    let manager = a.register_token(token).await.unwrap();
    println!("{manager}");
    let opened = a
        .open_channel(OpenChannel {
            token,
            partner: keys[2].address(),
            settle_timeout: BlockSpan(10),
            deposit: TokenAmount::from_units(100),
        })
        .await
        .unwrap();
    println!("{opened:?}");
    println!("{:?}", a.deposit(token, opened.channel, TokenAmount::from_units(11)).await);
    println!("{:?}", a.deposit(token, opened.channel, TokenAmount::from_units(1100)).await);
    println!("{:?}", a.close(opened.channel, None).await);
    println!("{:?}", a.close(opened.channel, None).await);
    println!("{:?}", a.token_balance(token, a.account()).await);
    chain.mine(11);
    println!("{:?}", a.settle(opened.channel, Default::default()).await);

    let mut source =
        EvmSource::start(&endpoint, deployment, SourceStart::Fresh, SourceSettings::development());
    for _ in 0..24 {
        println!("{:?}", source.next_update().await);
    }
    chain.reorg(3, Undone::Dropped).unwrap();
    for _ in 0..4 {
        println!("{:?}", source.next_update().await);
    }
}
