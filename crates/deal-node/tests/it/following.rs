//! The runner on a chain that grows: from the payment to the payout, without anybody asking.

use crate::support::{ONE, TWO, own, sale, site, told};
use std::{sync::Arc, time::Duration};
use tally_chain::utxo::Source;
use tally_deal::{DealCode, Order, State};
use tally_deal_node::{DealServer, Sources};
use tally_primitives::Satoshi;
use tokio::{sync::oneshot, time::timeout};

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a deal has a state, woken by events.
async fn until(server: &DealServer, code: DealCode, state: State) {
    let mut news = server.news();
    let reached = async {
        loop {
            news.mark_unchanged();
            if server.find_deal(code).await.unwrap().unwrap().state() == state {
                return;
            }
            news.changed().await.unwrap();
        }
    };
    timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("the deal never is {state}"));
}

/// A prepaid deal is paid, seen, confirmed, paid out and counted for the ratings; another one is
/// not, and expires. Then the server stops when it is told to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_by_itself() {
    let mut site = site(|_| {});
    for address in [ONE, TWO] {
        let text = format!("{address}\n");
        assert!(site.account(tally_deal_node::AccountAction::New, &text).await.success);
    }
    let made = site.json(Order::Create, &sale(&site, "Prepaid"), own()).await;
    let (_, json) = told(&made);
    let code: DealCode = json["code"].as_str().unwrap().parse().unwrap();
    site.clock.advance(1);
    let other = site.json(Order::Create, &sale(&site, "Postpaid"), own()).await;
    let other: DealCode = told(&other).1["code"].as_str().unwrap().parse().unwrap();
    let chain = site.chain.clone();
    let sources: Sources = Arc::new(move |start| Box::new(chain.source(start)) as Box<dyn Source>);
    let (stop, stopped) = oneshot::channel::<()>();
    let runner = site.runner.take().unwrap();
    let running = tokio::spawn(runner.run(sources, async {
        drop(stopped.await);
    }));
    let deal = site.server.find_deal(code).await.unwrap().unwrap();
    site.chain.faucet(deal.address().script(), Satoshi(1_000_000)).unwrap();
    site.chain.mine_pending(site.now().0).unwrap();
    until(&site.server, code, State::Executed).await;
    site.chain.mine_pending(site.now().0).unwrap();
    site.clock.advance(4_000);
    until(&site.server, other, State::Canceled).await;
    let mut news = site.server.news();
    let rated = async {
        loop {
            news.mark_unchanged();
            let seller = site.server.find_account(ONE).await.unwrap().unwrap();
            if seller.account.seller().count() == 1 {
                return;
            }
            news.changed().await.unwrap();
        }
    };
    timeout(PATIENCE, rated).await.expect("the deal is counted");
    let status = site.server.status();
    assert!(status.is_leading && status.is_caught_up && !status.leads_elsewhere);
    let history = site.server.history(deal.address().as_str()).await.unwrap().unwrap();
    assert_eq!(history.transfers.len(), 1);
    assert_eq!(history.transfers[0].value, 1_000_000);
    assert!(history.transfers[0].spent.is_some());
    stop.send(()).unwrap();
    timeout(PATIENCE, running).await.expect("it stops").unwrap().unwrap();
}
