//! Scenes one to seven of the users' document.

use crate::{
    network::Network,
    stage::Stage,
    table::{Row, balances, print_changes},
};
use anyhow::{Result, ensure};
use serde_json::json;

/// A scene: its title, what it shows, and its actions.
type Scene = (&'static str, fn(&Stage, &Network) -> Result<()>);

const SCENES: [Scene; 7] = [
    ("One: transfers to the partners of direct channels", one),
    ("Two: transfers through others", two),
    ("Three: no route", three),
    ("Four: many transfers, one after the other", four),
    ("Five: not enough balance", five),
    ("Six: a mediator is offline", six),
    ("Seven: a mediator lacks balance and refunds", seven),
];

/// Plays all scenes. Between them the nodes pay back, so that each starts from the deposits.
pub(crate) fn play(stage: &Stage, network: &Network) -> Result<()> {
    for (title, scene) in SCENES {
        println!("\nScene {title}");
        let before = balances(stage)?;
        scene(stage, network)?;
        let after = settled_balances(stage)?;
        print_changes(&before, &after);
        pay_back(stage, &before, &after)?;
    }
    Ok(())
}

fn one(stage: &Stage, _: &Network) -> Result<()> {
    for to in [1, 3, 4, 7] {
        pays(stage, 2, to, 20)?;
    }
    Ok(())
}

fn two(stage: &Stage, _: &Network) -> Result<()> {
    pays(stage, 1, 3, 10)?;
    pays(stage, 2, 6, 20)
}

fn three(stage: &Stage, _: &Network) -> Result<()> {
    println!("    node 6 opens a channel with node 5 in a second token, where nobody else is");
    stage.open((6, 5), 100, &stage.second_token)?;
    let path = format!("transfers/{}/{}", stage.second_token, stage.address(1));
    let reply = stage.node(6).post(&path, &json!({ "amount": 10 }))?;
    println!("    6 -> 1  10 of it: {} {}", reply.status, reply.body);
    ensure!(reply.status == 409, "a transfer without a route must be refused");
    Ok(())
}

fn four(stage: &Stage, _: &Network) -> Result<()> {
    let started = std::time::Instant::now();
    for _ in 0..50 {
        stage.pay(1, 2, 2)?.expect(200)?;
    }
    let each_ms = started.elapsed().as_secs_f64() * 1_000.0 / 50.0;
    println!("    1 -> 2  50 times 2: 200 each, {each_ms:.1} ms on average");
    Ok(())
}

fn five(stage: &Stage, _: &Network) -> Result<()> {
    refused(stage, 1, 2, 10_000)
}

fn six(stage: &Stage, network: &Network) -> Result<()> {
    println!("    node 3 goes offline");
    network.stop(3)?;
    pays(stage, 1, 6, 20)?;
    println!("    the way 1-2-3-6 is the shortest; with 3 away it went 1-2-4-5-6");
    network.restart(3)?;
    println!("    node 3 is back");
    stage.wait_until("node 3 answers", || Ok(stage.node(3).get("address").is_ok()))?;
    network.wait_connected(3)
}

fn seven(stage: &Stage, _: &Network) -> Result<()> {
    println!("    node 3 first spends what it has towards 6 and 7");
    pays(stage, 3, 6, 270)?;
    pays(stage, 3, 7, 30)?;
    pays(stage, 1, 6, 45)?;
    println!("    3 cannot pass 45 on and gives the lock up at once; 2 takes 4-5-6 instead");
    Ok(())
}

fn pays(stage: &Stage, from: usize, to: usize, amount: u64) -> Result<()> {
    let reply = stage.pay(from, to, amount)?;
    println!("    {from} -> {to}  {amount}: {}", reply.status);
    reply.expect(200).map(drop)
}

fn refused(stage: &Stage, from: usize, to: usize, amount: u64) -> Result<()> {
    let reply = stage.pay(from, to, amount)?;
    println!("    {from} -> {to}  {amount}: {} {}", reply.status, reply.body);
    ensure!(reply.status == 409, "a transfer beyond the balance must be refused");
    Ok(())
}

/// Returns the balances once no lock is pending: the last unlocks arrive just after the reply.
fn settled_balances(stage: &Stage) -> Result<Vec<Row>> {
    stage.wait_until("no lock is pending", || {
        Ok(balances(stage)?.iter().all(|row| row.locked == (0, 0)))
    })?;
    balances(stage)
}

fn pay_back(stage: &Stage, before: &[Row], after: &[Row]) -> Result<()> {
    for (old, new) in before.iter().zip(after) {
        let (left, right) = new.ends;
        let gained = new.balances.0.saturating_sub(old.balances.0);
        let lost = old.balances.0.saturating_sub(new.balances.0);
        if gained > 0 {
            stage.pay_directly(left, right, gained)?;
        }
        if lost > 0 {
            stage.pay_directly(right, left, lost)?;
        }
    }
    Ok(())
}
