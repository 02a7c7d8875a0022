//! A participant closes with a state that is over, and is corrected.

use crate::support::{Network, daemon::SETTLE_TIMEOUT};
use serde_json::json;
use std::{fs, path::Path};

/// Goal: who closes without the payments it made gains nothing. Method: the cheater's data folder is
/// copied, the cheater pays, and then a daemon on the old copy, which knows nothing of that, closes
/// while the honest node runs.
#[test]
fn a_restored_old_state_is_corrected() {
    let net = Network::start(2);
    let [mut cheater, honest] = net.daemons::<2>();
    let token = net.token();
    let channel = net.channel((&cheater, 500), (&honest, 300));
    cheater.sees_peers(1);
    honest.sees_peers(1);
    honest.pay(&token, &cheater, &json!({ "amount": 50 })).expect(200);
    cheater.sees_balances(&channel, 550, 250);

    assert!(cheater.terminate().success());
    let data = cheater.settings().value("--datadir").to_owned();
    let copy = net.folder.path().join("old-copy");
    copy_folder(Path::new(&data), &copy);
    let mut cheater = cheater.start_again_knowing(&[&honest]);
    cheater.sees_peers(1);
    cheater.pay(&token, &honest, &json!({ "amount": 200 })).expect(200);
    honest.sees_balances(&channel, 450, 350);
    cheater.kill();

    let old = cheater.settings().clone().with("--datadir", copy.to_str().unwrap()).start();
    let before = old.channel(&channel);
    assert_eq!((&before["balance"], &before["partner_balance"]), (&json!(550), &json!(250)));
    assert_eq!(old.close(&channel).expect(200)["state"], "closed");

    let closed = honest.sees_channel(&channel, |seen| seen["state"] == "closed");
    let updated = honest.sees_update(&channel);
    assert_eq!(updated["participant"], old.address(), "{updated}");
    let closed_at = closed["ClosedBlock"].as_u64().unwrap();
    assert!(updated["block_number"].as_u64().unwrap() <= closed_at + SETTLE_TIMEOUT);

    net.chain.mine_to(closed_at + SETTLE_TIMEOUT);
    honest.sees_block(closed_at + SETTLE_TIMEOUT);
    let settled = honest.settle(&channel).expect(200);
    assert_eq!(
        (&settled["payout"], &settled["partner_payout"]),
        (&json!(450), &json!(350)),
        "what was paid, not what the old copy knew"
    );
    assert_eq!(honest.holdings(&token, &honest.address()), 10_000 - 300 + 450);
    assert_eq!(honest.holdings(&token, &old.address()), 10_000 - 500 + 350);
}

/// Goal: the same when the cheater's program is another one, and the honest node was down while it
/// cheated. Method: the closing transaction is made by hand with an old proof that the cheater's API
/// once showed; the honest node starts when half the window is over.
#[test]
fn an_old_proof_is_corrected_after_a_restart() {
    let net = Network::start(2);
    let [mut cheater, mut honest] = net.daemons::<2>();
    let token = net.token();
    let channel = net.channel((&cheater, 500), (&honest, 300));
    cheater.sees_peers(1);
    honest.sees_peers(1);
    honest.pay(&token, &cheater, &json!({ "amount": 50 })).expect(200);
    cheater.sees_balances(&channel, 550, 250);
    let old_proof = cheater.channel(&channel)["PartnerBalanceProof"].clone();
    honest.pay(&token, &cheater, &json!({ "amount": 10 })).expect(200);
    cheater.pay(&token, &honest, &json!({ "amount": 200 })).expect(200);
    honest.sees_balances(&channel, 440, 360);
    cheater.kill();
    assert!(honest.terminate().success());

    net.close_by_hand(cheater.number(), &channel, &old_proof);
    let closed_at = net.chain.height();
    net.chain.mine(SETTLE_TIMEOUT / 2);
    let honest = honest.start_again();
    honest.sees_update(&channel);
    net.chain.mine_to(closed_at + SETTLE_TIMEOUT);
    honest.sees_block(closed_at + SETTLE_TIMEOUT);
    let settled = honest.settle(&channel).expect(200);
    // The cheater gave up the ten that its old proof does not show.
    assert_eq!((&settled["payout"], &settled["partner_payout"]), (&json!(450), &json!(350)));
    assert_eq!(honest.holdings(&token, &cheater.address()), 10_000 - 500 + 350);
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
