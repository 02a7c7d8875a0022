//! Deals whose money the parties' own keys guard: the arbiter's server signs what was decided, and
//! one party's signature sends it.

use super::{
    money::{flow, transactions},
    world::{CUSTOMER, SELLER, Terms, World, address, key},
};
use crate::{AccountAction, AccountCall, ImportError, Origin, Payload};
use tally_deal::{Order, Scheme, State, settlement::PartialSettlement};

async fn register(world: &World, number: u8) {
    let text = format!("{}\n{}\n", address(number), key(number).public_key());
    let origin = Origin { is_own: true, ..Origin::default() };
    let action = Some(AccountAction::New);
    let outcome = world.server.account(AccountCall { action, address: None, text, origin }).await;
    let outcome = outcome.unwrap();
    assert!(outcome.success, "{}", outcome.message);
}

/// Goal: the money of an escrow deal moves only when a party has signed too, whether the server
/// restarts or not, and only by the transaction that was handed out.
#[tokio::test]
async fn a_party_signs_its_payout() {
    let mut world = World::new().await;
    register(&world, SELLER).await;
    register(&world, CUSTOMER).await;
    let terms = Terms { is_escrow: true, is_prepaid: false, ..Terms::default() };
    let code = world.create(terms).await.unwrap();
    let made = world.deal(code).await;
    assert!(matches!(made.scheme(), Scheme::Escrow { .. }));
    world.work().await.unwrap();
    let early = world.server.import_psbt(code, "cHNidP8=").await;
    assert!(matches!(early, Err(ImportError::NothingToSign)));
    world.pay(&made, 1_000_000);
    world.mine();
    world.work().await.unwrap();
    let paid = world.deal(code).await;
    let outcome = world.order(Order::Feedback, &paid, &[]).await.unwrap();
    assert!(outcome.success, "{}", outcome.message);
    world.work().await.unwrap();
    assert!(world.chain.pending().is_empty(), "the arbiter alone spends nothing");
    world.restart();
    world.work().await.unwrap();
    let open = world.server.open_settlements(code).await.unwrap().unwrap();
    assert_eq!(open.len(), 1);
    let arbiter = paid.terms().arbiter_key(&key(3).public_key());
    assert_eq!(open[0].signers, [arbiter]);
    let payment = paid.payment_address();
    let mut partial = PartialSettlement::stored(&open[0].psbt, &payment).unwrap();
    partial.sign(&key(SELLER)).unwrap();
    let signers = world.server.import_psbt(code, &partial.to_text()).await.unwrap();
    assert!(signers.contains(&key(SELLER).public_key()));
    world.work().await.unwrap();
    let waiting: Vec<_> = world.chain.pending().iter().map(|waiting| waiting.txid).collect();
    assert_eq!(waiting, [open[0].txid]);
    world.mine();
    world.work().await.unwrap();
    let end = world.deal(code).await;
    assert_eq!(end.state(), State::Executed);
    let flow = flow(&end, &transactions(&world, false));
    assert_eq!((flow.unspent, flow.settlements, flow.customer), (0, 1, 0));
}

/// A party without a key cannot make a deal of this kind, and others' deals have nothing to sign.
#[tokio::test]
async fn keys_are_needed() {
    let mut world = World::new().await;
    register(&world, SELLER).await;
    let terms = Terms { is_escrow: true, ..Terms::default() };
    let outcome = world.try_create(terms).await.unwrap();
    assert!(!outcome.success);
    assert_eq!(outcome.message, "The payment scheme \"escrow\" is not available.");
    assert_eq!(outcome.payload, Payload::None);
    let code = world.create(Terms::default()).await.unwrap();
    assert_eq!(world.server.open_settlements(code).await.unwrap(), Some(vec![]));
}
