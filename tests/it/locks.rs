//! Locks that are not paid in the usual way: claimed on the chain, expired, or given up.
//!
//! The payer and the target are kept from finding each other, so that a transfer through the
//! mediator stops where the target asks the payer for the secret.

use crate::support::{
    Daemon, Network, Reply,
    daemon::{REVEAL_TIMEOUT, SETTLE_TIMEOUT},
    eventually,
    network::introduce,
};
use serde_json::{Value, json};
use std::thread;

/// A payer, a mediator and a target, with a channel from each to the next.
struct Row {
    payer: Daemon,
    mediator: Daemon,
    target: Daemon,
    near: String,
    far: String,
    /// Last, because its folder holds the files of the others.
    net: Network,
}

impl Row {
    /// Starts the nodes; the payer and the target do not know where the other listens.
    fn start() -> Self {
        let net = Network::start(3);
        let [payer, mediator, target] = [1, 2, 3].map(|number| net.daemon(number));
        introduce(&[&payer, &mediator]);
        introduce(&[&target, &mediator]);
        introduce_one(&mediator, &[&payer, &target]);
        let near = net.channel((&payer, 500), (&mediator, 100));
        let far = net.channel((&mediator, 400), (&target, 0));
        for (node, peers) in [(&payer, 1), (&mediator, 2), (&target, 1)] {
            node.sees_peers(peers);
            node.sees_block(net.chain.height());
        }
        Self { payer, mediator, target, near, far, net }
    }

    fn pay(&self, amount: u64) -> Reply {
        let body = json!({ "amount": amount, "identifier": 1 });
        self.payer.pay(&self.net.token(), &self.target, &body)
    }

    /// Waits until the target has the lock, and returns the last block in which it can be claimed.
    fn target_has_lock(&self, amount: u64) -> u64 {
        let seen =
            self.target.sees_channel(&self.far, |seen| seen["partner_locked_amount"] == amount);
        lock(&seen["PartnerUnkownSecretLocks"])["Expiration"].as_u64().unwrap()
    }

    /// Makes blocks one by one, as a real chain does, until `is_reached`.
    fn mine_until(&self, what: &str, mut is_reached: impl FnMut() -> bool) {
        eventually(what, || {
            if is_reached() {
                return Ok(());
            }
            self.net.chain.mine(1);
            self.target.sees_block(self.net.chain.height());
            Err(format!("block {}", self.net.chain.height()))
        });
    }
}

/// Goal: a target that knows the secret is paid even if the mediator never speaks again, and the
/// mediator gets the money back from the payer when it wakes up. Method: the mediator's process is
/// stopped before the payer reveals the secret; the target's user closes and settles.
#[test]
fn a_secret_is_worth_its_money_on_the_chain() {
    let row = Row::start();
    let Row { net, payer, mediator, target, near, far } = &row;
    thread::scope(|scope| {
        let payment = scope.spawn(|| row.pay(70));
        let expiration = row.target_has_lock(70);
        mediator.freeze();
        introduce_one(payer, &[mediator, target]);
        introduce_one(target, &[mediator, payer]);
        target.sees_channel(far, |seen| seen["PartnerKnownSecretLocks"] != json!({}));

        // The reserve before the expiration begins: the secret goes to the chain.
        row.mine_until("the secret on the chain", || {
            let events = target.channel_events(far, "");
            events.iter().any(|event| event["event_type"] == "ChannelSecretRevealed")
        });
        assert!(net.chain.height() <= expiration, "in time");
        assert!(net.chain.height() + REVEAL_TIMEOUT >= expiration, "and not sooner than needed");
        assert_eq!(target.close(far).expect(200)["state"], "closed");
        let closed_at = target.channel(far)["ClosedBlock"].as_u64().unwrap();
        // The claim needs a block of its own.
        eventually("the claim", || {
            let height = net.chain.height();
            if height > closed_at { Ok(()) } else { Err(format!("block {height}")) }
        });
        net.chain.mine_to(closed_at + SETTLE_TIMEOUT);
        target.sees_block(closed_at + SETTLE_TIMEOUT);
        let settled = target.settle(far).expect(200);
        let payouts = (&settled["payout"], &settled["partner_payout"]);
        assert_eq!(payouts, (&json!(70), &json!(330)));
        assert_eq!(target.holdings(&net.token(), &target.address()), 10_070);

        mediator.thaw();
        payment.join().unwrap().expect(200);
    });
    payer.sees_balances(near, 430, 170);
    mediator.sees_balances(near, 170, 430);
    mediator.sees_channel(far, |seen| seen["state"] == "settled");
}

/// Goal: a lock whose secret nobody learns costs nothing. Method: the payer and the target never
/// find each other, and blocks pass until the lock has expired.
#[test]
fn a_lock_that_nobody_claims_comes_back() {
    let row = Row::start();
    let Row { payer, mediator, target, near, far, .. } = &row;
    thread::scope(|scope| {
        let payment = scope.spawn(|| row.pay(70));
        row.target_has_lock(70);
        let locked = payer.channel(near);
        assert_eq!((&locked["locked_amount"], &locked["balance"]), (&json!(70), &json!(500)));
        row.mine_until("the payment's end", || payment.is_finished());
        // The mediator's own lock ended first, and it gave the payer's up.
        payment.join().unwrap().refused(409, "route");
    });
    payer.sees_balances(near, 500, 100);
    mediator.sees_balances(near, 100, 500);
    mediator.sees_balances(far, 400, 0);
    target.sees_balances(far, 0, 400);
    assert_eq!(row.pay(70).status, 409, "the same payment gets the same answer");
    introduce_one(payer, &[mediator, target]);
    introduce_one(target, &[mediator, payer]);
    let body = json!({ "amount": 70, "identifier": 2 });
    payer.pay(&row.net.token(), target, &body).expect(200);
    payer.sees_balances(near, 430, 170);
    target.sees_balances(far, 70, 330);
}

/// Goal: who gave a lock up cannot come back to it on the chain. Method: the mediator's API shows
/// the payer's proof with the lock; the target is never paid, so that the mediator gives the lock
/// up; and then somebody closes with that old proof in the mediator's name.
#[test]
fn a_lock_given_up_cannot_be_claimed() {
    let row = Row::start();
    let old_proof = thread::scope(|scope| {
        let payment = scope.spawn(|| row.pay(70));
        row.target_has_lock(70);
        let seen = row.mediator.channel(&row.near);
        assert_eq!(seen["partner_locked_amount"], 70);
        row.mine_until("the payment's end", || payment.is_finished());
        payment.join().unwrap().refused(409, "route");
        seen["PartnerBalanceProof"].clone()
    });
    let Row { payer, mut mediator, near, net, .. } = row;
    payer.sees_balances(&near, 500, 100);
    mediator.sees_balances(&near, 100, 500);
    let new_proof = mediator.channel(&near)["PartnerBalanceProof"].clone();
    assert!(new_proof["Nonce"].as_u64() > old_proof["Nonce"].as_u64(), "{new_proof}");
    assert_ne!(new_proof["LocksRoot"], old_proof["LocksRoot"]);
    mediator.kill();

    net.close_by_hand(mediator.number(), &near, &old_proof);
    let closed = payer.sees_channel(&near, |seen| seen["state"] == "closed");
    let update = payer.sees_update(&near);
    assert_eq!(update["participant"], payer.address(), "{update}");
    let until = closed["ClosedBlock"].as_u64().unwrap() + SETTLE_TIMEOUT;
    net.chain.mine_to(until);
    payer.sees_block(until);
    let settled = payer.settle(&near).expect(200);
    assert_eq!((&settled["payout"], &settled["partner_payout"]), (&json!(500), &json!(100)));
}

/// Tells one daemon where the others listen.
fn introduce_one(daemon: &Daemon, others: &[&Daemon]) {
    let peers: Vec<Value> = others.iter().map(|other| other.as_peer()).collect();
    daemon.api().post("/api/1/updatenodes", &json!(peers)).expect_text(200, "ok");
}

/// Returns the only lock of a list by hash.
fn lock(locks: &Value) -> &Value {
    let mut locks = locks.as_object().unwrap().values();
    let (Some(lock), None) = (locks.next(), locks.next()) else { panic!("one lock: {locks:?}") };
    &lock["Lock"]
}
