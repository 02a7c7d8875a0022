//! Secrets that reach the chain: in time, too late, or before the lock.

use crate::support::{
    chain::Call,
    world::{REVEAL, SETTLE, World, secret_of},
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
