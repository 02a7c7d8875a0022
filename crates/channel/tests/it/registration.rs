//! Secrets that reach the chain: in time, too late, or before the lock.

use crate::support::{
    chain::Call,
    users::secret_of,
    world::{REVEAL, SETTLE, World},
};

/// Nodes 1, 2, 3 in a line.
fn line() -> World {
    World::with_channels(3, &[(1, 2, 100, 100), (2, 3, 100, 100)])
}

/// Goal: a mediator never passes a lock on whose secret is public already. Such a lock stays
/// claimable for ever, because the registry says "in time", while the mediator would take it for
/// expired and let its own payer go.
/// Method: payer and payee conspire. The secret is registered before the transfer starts, the
/// payee stays silent, and claims after both locks have "expired".
#[test]
fn a_lock_whose_secret_is_public_already_is_given_up() {
    let mut world = line();
    let secret = secret_of(&world.next_key(3), 0);
    world.submit(3, Call::RegisterSecret(secret.clone()));
    world.mine(1);
    let key = world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    assert_eq!(world.locked(2, 3), [0, 0], "nothing is passed on");
    world.run();
    assert!(world.failed(1, &key));
    world.assert_nothing_pending();
    world.stop(2);
    world.start(2);
    let hashlock = tally_crypto::hashlock(&secret);
    assert!(world.node(2).protocol.registered_at(&hashlock).is_some(), "restarts forget nothing");
    world.mine(SETTLE.0 + REVEAL.0);
    world.assert_mirrored();
}

/// Lets node 1 pay 10 through 2 to 3 until 2 has shown 1 the secret in vain: 1 cannot be reached.
/// Returns the block in which 1's lock expires.
fn unpaid_mediator(world: &mut World) -> u64 {
    let key = world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.deliver_all(2, 3);
    world.deliver_all(3, 1);
    world.deliver_all(1, 3);
    world.cut(1, 2);
    world.run();
    assert_eq!(world.received(3), [10]);
    assert_eq!(world.locked(2, 1), [0, 10]);
    let hashlock = tally_crypto::hashlock(&secret_of(&key, 0));
    world.channel(2, 1).end(tally_channel::Side::Theirs).locks()[&hashlock].lock.expiration.0
}

/// Goal: a secret registered in time keeps the lock claimable, and the payer pays it afterwards.
/// Method: the payer is out of reach until the lock would have expired.
#[test]
fn a_secret_on_the_chain_keeps_the_lock_claimable() {
    let mut world = line();
    let expiration = unpaid_mediator(&mut world);
    world.mine_to(expiration - REVEAL.0 - 1);
    assert!(world.chain.registered(&hashlock_of(&world)).is_none(), "there is time to wait");
    world.mine(2);
    let at = world.chain.registered(&hashlock_of(&world)).expect("it was registered");
    assert!(at.0 <= expiration);
    world.mine_to(expiration + 5);
    assert_eq!(world.locked(2, 1), [0, 10], "the payer did not take it back");
    assert_eq!(world.node(1).reports.len(), 1, "the payer learnt the secret from the chain");
    world.mend(1, 2);
    world.run();
    assert_eq!(world.balances(1, 2), [90, 110]);
    world.assert_nothing_pending();
    world.assert_mirrored();
    assert!(world.chain.contract(world.between(1, 2)).closed.is_none(), "no forced close");
}

/// Returns the hash of the first payment's first attempt.
fn hashlock_of(world: &World) -> tally_primitives::Hashlock {
    let mut key = world.next_key(3);
    key.identifier.0 = 1;
    tally_crypto::hashlock(&secret_of(&key, 0))
}

/// Goal: a mediator whose payee only shows the secret on the chain still claims from its payer.
/// Method: the payee cannot reach the mediator, and registers.
#[test]
fn a_mediator_learns_the_secret_from_the_registry() {
    let mut world = line();
    let key = world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.deliver_all(2, 3);
    world.cut(2, 3);
    world.run();
    assert!(world.outcome(1, &key).is_none());
    world.mine(SETTLE.0 - REVEAL.0);
    assert!(world.chain.registered(&hashlock_of(&world)).is_some());
    assert!(world.succeeded(1, &key));
    assert_eq!(world.balances(1, 2), [90, 110]);
    world.mend(2, 3);
    world.run();
    assert_eq!(world.received(3), [10]);
    assert_eq!(world.balances(2, 3), [90, 110]);
    world.assert_nothing_pending();
}

/// Goal: a secret shown after the lock's last block moves nothing, on either side.
/// Method: the target keeps silent until both locks are gone, then shows the secret everywhere.
#[test]
fn a_secret_that_comes_too_late_moves_nothing() {
    let mut world = line();
    let key = world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.deliver_all(2, 3);
    world.deliver_all(3, 1);
    world.stop(3);
    world.mine(SETTLE.0 + 1);
    assert!(world.failed(1, &key));
    assert_eq!(world.locked(1, 2), [0, 0]);
    world.submit(3, Call::RegisterSecret(secret_of(&key, 0)));
    world.mine(2);
    world.start(3);
    world.mine(1);
    assert_eq!(world.balances(1, 2), [100, 100]);
    assert_eq!(world.balances(2, 3), [100, 100]);
    assert_eq!(world.received(3), [0; 0]);
    world.assert_nothing_pending();
    world.assert_mirrored();
}

/// Goal: the registration is ordered again after a restart, as long as it helps.
#[test]
fn a_registration_is_ordered_again_after_a_restart() {
    let mut world = line();
    let expiration = unpaid_mediator(&mut world);
    world.mine_to(expiration - REVEAL.0 - 1);
    world.stop(2);
    world.chain.drop_pending();
    for _ in 0..5 {
        world.chain.mine();
    }
    world.start(2);
    world.mine(1);
    assert!(world.chain.registered(&hashlock_of(&world)).is_some());
}
