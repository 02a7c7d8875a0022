//! Nonces, fees and receipts when things go wrong.

use crate::{
    common::{Deployed, key},
    suite::Dev,
};
use std::{future::Future, time::Duration};
use tally_chain::{
    ChainEvent, ChainSource, ChainUpdate, ChannelContracts, OpenChannel, Refusal, SourceStart,
    TransactionError,
};
use tally_chain_evm::{
    DevChain, EvmContracts, EvmSource, Mining, SourceSettings, TransactionSettings, Undone,
};
use tally_primitives::{BlockSpan, Secret, TokenAmount, TransactionHash};

/// How long anything here may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Settings under which a transaction is stuck after a moment.
fn impatient() -> TransactionSettings {
    TransactionSettings {
        poll: Duration::from_millis(20),
        stuck_after: Duration::from_millis(150),
        give_up_after: LIMIT,
    }
}

fn secret(byte: u8) -> Secret {
    Secret::new([byte; 32])
}

async fn connect(deployed: &Deployed<Dev>, number: u8) -> EvmContracts {
    let endpoint = &deployed.control.endpoint;
    EvmContracts::connect(endpoint, key(number), deployed.deployment, impatient()).await.unwrap()
}

/// Looks at the waiting transactions until they are as wanted.
async fn wait_for(
    chain: &DevChain,
    wanted: impl Fn(&[TransactionHash]) -> bool,
) -> Vec<TransactionHash> {
    let look = async {
        loop {
            let waiting = chain.waiting();
            if wanted(&waiting) {
                return waiting;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, look).await.expect("the pool never was as wanted")
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.expect("it takes too long")
}

/// Returns the secrets registered on the chain, in order.
async fn secrets(deployed: &Deployed<Dev>) -> Vec<Secret> {
    let settings = SourceSettings::development();
    let endpoint = &deployed.control.endpoint;
    let mut source = EvmSource::start(endpoint, deployed.deployment, SourceStart::Fresh, settings);
    let head = deployed.control.chain.head();
    let mut secrets = Vec::new();
    loop {
        let update = in_time(source.next_update()).await.unwrap();
        let ChainUpdate::Connected { block, .. } = update else { panic!("{update:?}") };
        for logged in block.events {
            if let ChainEvent::SecretRevealed { secret, .. } = logged.event {
                secrets.push(secret);
            }
        }
        if block.at == head {
            return secrets;
        }
    }
}

/// Goal: a transaction that is not mined is replaced by one that pays more, and the caller gets the
/// receipt of the one mined. Method: no blocks until the replacement is there.
#[tokio::test]
async fn a_stuck_transaction_is_replaced() {
    let deployed = Deployed::on(Dev::in_process()).await;
    let chain = &deployed.control.chain;
    let contracts = connect(&deployed, 1).await;
    chain.set_mining(Mining::OnDemand);
    let steer = async {
        let first = wait_for(chain, |waiting| waiting.len() == 1).await;
        let second = wait_for(chain, |waiting| waiting.len() == 1 && waiting != first).await;
        chain.mine(1);
        second
    };
    let (receipt, mined) = tokio::join!(in_time(contracts.register_secret(secret(1))), steer);
    let receipt = receipt.unwrap();
    assert!(mined.contains(&receipt.transaction) || chain.waiting().is_empty());
    assert_eq!(secrets(&deployed).await, [secret(1)]);
}

/// Goal: what an earlier run left in the pool neither blocks the next run nor happens later on.
/// Method: drop a sender with a transaction waiting, then start another.
#[tokio::test]
async fn leftovers_of_an_earlier_run_are_cancelled() {
    let deployed = Deployed::on(Dev::in_process()).await;
    let chain = &deployed.control.chain;
    chain.set_mining(Mining::OnDemand);
    let earlier = connect(&deployed, 1).await;
    let leftover = tokio::select! {
        result = earlier.register_secret(secret(1)) => panic!("{result:?}"),
        waiting = wait_for(chain, |waiting| waiting.len() == 1) => waiting,
    };
    drop(earlier);

    let later = connect(&deployed, 1).await;
    let steer = async {
        let is_cancelled = |waiting: &[TransactionHash]| !waiting.contains(&leftover[0]);
        wait_for(chain, is_cancelled).await;
        chain.set_mining(Mining::Instant);
    };
    let (receipt, ()) = tokio::join!(in_time(later.register_secret(secret(2))), steer);
    receipt.unwrap();
    assert_eq!(secrets(&deployed).await, [secret(2)]);
}

/// Goal: a reorganisation that loses a mined transaction does not block those after it. Method:
/// undo the first of two while the second waits.
#[tokio::test]
async fn a_lost_transaction_is_sent_again() {
    let deployed = Deployed::on(Dev::in_process()).await;
    let chain = &deployed.control.chain;
    let contracts = connect(&deployed, 1).await;
    contracts.register_secret(secret(1)).await.unwrap();
    chain.set_mining(Mining::OnDemand);
    let steer = async {
        wait_for(chain, |waiting| waiting.len() == 1).await;
        chain.reorg(1, Undone::Dropped).unwrap();
        wait_for(chain, |waiting| waiting.len() == 2).await;
        chain.mine(1);
    };
    let (receipt, ()) = tokio::join!(in_time(contracts.register_secret(secret(2))), steer);
    receipt.unwrap();
    assert_eq!(secrets(&deployed).await, [secret(1), secret(2)]);
}

/// Goal: a call that another one overtakes is refused with its reason. Method: two closes in one
/// block; both simulations succeed.
#[tokio::test]
async fn an_overtaken_call_is_refused() {
    let deployed = Deployed::on(Dev::in_process()).await;
    let [first, second] = &deployed.contracts;
    first.register_token(deployed.token).await.unwrap();
    let order = OpenChannel {
        token: deployed.token,
        partner: second.account(),
        settle_timeout: BlockSpan(6),
        deposit: TokenAmount::ZERO,
    };
    let channel = first.open_channel(order).await.unwrap().channel;
    let chain = &deployed.control.chain;
    chain.set_mining(Mining::OnDemand);
    let steer = async {
        wait_for(chain, |waiting| waiting.len() == 2).await;
        chain.mine(1);
    };
    let (one, other, ()) = in_time(async {
        tokio::join!(first.close(channel, None), second.close(channel, None), steer)
    })
    .await;
    let refusals = [one, other].into_iter().filter_map(|result| match result {
        Ok(_) => None,
        Err(TransactionError::Refused(refusal)) => Some(refusal),
        Err(error) => panic!("{error:?}"),
    });
    assert_eq!(refusals.collect::<Vec<_>>(), [Refusal::ChannelNotOpen]);
}

/// Goal: an account without coin hears that it lacks coin, and how much it has.
#[tokio::test]
async fn an_account_without_coin_is_told() {
    let deployed = Deployed::on(Dev::in_process()).await;
    let poor = connect(&deployed, 200).await;
    let result = in_time(poor.register_secret(secret(1))).await;
    assert!(
        matches!(result, Err(TransactionError::InsufficientGas { balance }) if balance.is_zero()),
        "{result:?}"
    );
}

/// Goal: the caller of a transaction that is not mined in time hears its hash, and later calls work.
#[tokio::test]
async fn a_late_transaction_is_named() {
    let deployed = Deployed::on(Dev::in_process()).await;
    let chain = &deployed.control.chain;
    let hurried = TransactionSettings { give_up_after: Duration::from_millis(100), ..impatient() };
    let endpoint = &deployed.control.endpoint;
    let contracts =
        EvmContracts::connect(endpoint, key(1), deployed.deployment, hurried).await.unwrap();
    chain.set_mining(Mining::OnDemand);
    let result = in_time(contracts.register_secret(secret(1))).await;
    assert!(matches!(result, Err(TransactionError::TimedOut { .. })), "{result:?}");
    chain.set_mining(Mining::Instant);
    in_time(contracts.register_secret(secret(2))).await.unwrap();
    assert_eq!(secrets(&deployed).await, [secret(1), secret(2)]);
}
