//! What a node tells of payments: afterwards, meanwhile, and as it happens.

use crate::support::{Client, Daemon, Network, Reply, eventually};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

/// Longer than anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stream of events that is being read.
struct Stream(BufReader<TcpStream>);

/// An event: its id, its type, its data.
type Event = (u64, String, Value);

impl Stream {
    /// Asks for what happened after an event.
    fn after(node: &Daemon, last: u64) -> Self {
        let address = node.settings().value("--api-address");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "GET /api/1/stream HTTP/1.1\r\nhost: {address}\r\nlast-event-id: {last}\r\n\r\n"
        )
        .unwrap();
        Self(BufReader::new(stream))
    }

    /// Waits for the next event; `None` when the stream has ended.
    fn next(&mut self) -> Option<Event> {
        let (mut id, mut kind) = (None, None);
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            let line = line.trim_end();
            if let Some(text) = line.strip_prefix("id: ") {
                id = Some(text.parse().unwrap());
            } else if let Some(text) = line.strip_prefix("event: ") {
                kind = Some(text.to_owned());
            } else if let Some(text) = line.strip_prefix("data: ") {
                return Some((id?, kind?, serde_json::from_str(text).unwrap()));
            }
        }
    }

    /// Reads until an event is as wanted; returns all up to it.
    fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut seen = vec![];
        loop {
            let event = self.next().expect("the stream goes on");
            let is_last = wanted(&event);
            seen.push(event);
            if is_last {
                return seen;
            }
        }
    }
}

fn is_payment(event: &Event, identifier: u64) -> bool {
    event.1 == "payment" && event.2["identifier"] == identifier
}

/// Three nodes in a row, and the two channels between them.
fn line() -> (Network, [Daemon; 3], [String; 2]) {
    let net = Network::start(3);
    let nodes = net.daemons::<3>();
    let near = net.channel((&nodes[0], 1000), (&nodes[1], 0));
    let far = net.channel((&nodes[1], 1000), (&nodes[2], 0));
    for (node, peers) in nodes.iter().zip([1, 2, 1]) {
        node.sees_peers(peers);
        node.sees_block(net.chain.height());
    }
    (net, nodes, [near, far])
}

fn pay_async(net: &Network, from: &Daemon, to: &Daemon, body: &Value) -> String {
    let path = format!("/api/1/transfers/{}/{}?async=true", net.token(), to.address());
    let reply = from.api().post(&path, body);
    let status = reply.expect(202);
    assert_eq!(status["amount"], body["amount"]);
    reply.header("location").unwrap().to_owned()
}

fn sees_state(node: &Daemon, location: &str, state: &str) {
    eventually(&format!("{location} to be {state}"), || {
        let status = node.api().get(location).expect(200);
        if status["state"] == state { Ok(()) } else { Err(status.to_string()) }
    });
}

fn list(node: &Daemon, path: &str) -> Vec<Value> {
    node.api().get(path).expect(200).as_array().unwrap().clone()
}

/// Goal: whoever pays without waiting finds the outcome, also after `kill -9`, and all three roles
/// have the payment in their lists and on their streams, without gap over a restart. Method: two
/// asynchronous payments through a mediator; the target stands still during the second, and the
/// payer is killed meanwhile.
#[test]
fn an_asynchronous_payment_is_seen_by_everybody() {
    let (net, [payer, mediator, target], [near, far]) = line();
    let mut stream = Stream::after(&mediator, 0);
    let first = pay_async(&net, &payer, &target, &json!({ "amount": 30, "identifier": 1 }));
    sees_state(&payer, &first, "succeeded");
    payer.api().get(&first.replace("/1", "/2")).refused(404, "");

    let passed = stream.until(|event| is_payment(event, 1));
    let (last, _, mediated) = passed.last().unwrap();
    assert_eq!((&mediated["role"], &mediated["amount"]), (&json!("mediator"), &json!(30)));
    assert_eq!(
        (&mediated["incoming_channel"], &mediated["outgoing_channel"]),
        (&json!(near), &json!(far))
    );
    let ids: Vec<u64> = passed.iter().map(|(id, ..)| *id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    let listed = list(&mediator, "/api/1/payments?role=mediator");
    assert_eq!((listed.len(), &listed[0]), (1, mediated));

    let sent = list(&payer, "/api/1/querysenttransfer");
    assert_eq!(sent[0]["to_address"], target.address());
    assert_eq!((&sent[0]["channel_address"], &sent[0]["amount"]), (&json!(near), &json!(30)));
    let key = format!("{near}-{}", sent[0]["nonce"]);
    assert_eq!(sent[0]["Key"], key);
    eventually("the target to be paid", || {
        let received = list(&target, "/api/1/queryreceivedtransfer");
        match received.as_slice() {
            [row] if row["from_address"] == payer.address() && row["amount"] == 30 => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    assert!(list(&payer, "/api/1/queryreceivedtransfer").is_empty());

    // The target stands still: the locks wait, and everybody shows them.
    target.freeze();
    let second = pay_async(&net, &payer, &target, &json!({ "amount": 40, "identifier": 2 }));
    let pending = list(&payer, "/api/1/pending_transfers");
    let [transfer] = pending.as_slice() else { panic!("one transfer: {pending:?}") };
    assert_eq!((&transfer["role"], &transfer["identifier"]), (&json!("initiator"), &json!(2)));
    let lock = &transfer["locks"][0];
    assert_eq!((&lock["channel_address"], &lock["amount"]), (&json!(near), &json!(40)));
    assert_eq!(payer.api().get(&second).expect(200)["state"], "pending");
    let waiting = eventually("the mediator to hold both locks", || {
        let pending = list(&mediator, "/api/1/pending_transfers");
        let is_there =
            pending.first().is_some_and(|one| one["locks"].as_array().unwrap().len() == 2);
        if is_there { Ok(pending[0].clone()) } else { Err(format!("{pending:?}")) }
    });
    assert_eq!(waiting["role"], "mediator");
    let expiration = |at: usize| waiting["locks"][at]["expiration"].as_u64().unwrap();
    assert!(expiration(0) > expiration(1), "{waiting}");

    let mut payer = payer;
    payer.kill();
    target.thaw();
    let payer = payer.start_again_knowing(&[&mediator, &target]);
    sees_state(&payer, &second, "succeeded");
    let all = list(&payer, "/api/1/payments?state=succeeded&role=initiator");
    let identifiers: Vec<&Value> = all.iter().map(|payment| &payment["identifier"]).collect();
    assert_eq!(identifiers, [1, 2]);
    // One page after the other shows the same.
    let page = payer.api().get("/api/1/payments?limit=1");
    let cursor = page.header("x-next-cursor").unwrap();
    let rest = list(&payer, &format!("/api/1/payments?limit=1&cursor={cursor}"));
    assert_eq!((&page.json()[0], &rest[0]), (&all[0], &all[1]));

    // The mediator's stream ends with the daemon, and goes on where it ended.
    stream.until(|event| is_payment(event, 2));
    let mut mediator = mediator;
    assert_eq!(mediator.terminate().code(), Some(0));
    assert!(stream.next().is_none(), "the stream ends with the daemon");
    let mediator = mediator.start_again_knowing(&[&payer, &target]);
    let mut stream = Stream::after(&mediator, *last);
    let again = stream.until(|event| is_payment(event, 2));
    assert_eq!(again.len(), 1, "nothing is told twice: {again:?}");
    mediator.close(&far).expect(200);
    let closed = stream.until(|event| event.2["event_type"] == "ChannelClosed");
    assert_eq!(closed.last().unwrap().2["channel_address"], far);
}

/// Goal: a node that was switched to direct transfers makes and takes no others, also after a
/// restart, until it is switched back; and it says how it is connected.
#[test]
fn a_mesh_node_only_pays_directly() {
    let (net, [payer, mediator, target], _) = line();
    let token = net.token();
    let status = |node: &Daemon| node.api().get("/api/1/debug/ethstatus").expect(200);
    let first = status(&mediator);
    assert_eq!((&first["EthStatus"], &first["XMPPStatus"]), (&json!(1), &json!(1)), "{first}");
    assert_eq!((&first["mesh"], &first["peers"]), (&json!(false), &json!(2)));
    assert_eq!(first["block_number"], net.chain.height());
    let version = payer.api().get("/api/1/version").expect(200);
    assert!(version["version"].is_string() && version["api_version"] == 1, "{version}");
    let coin = payer.api().get(&format!("/api/1/debug/ethbalance/{}", payer.address())).expect(200);
    assert!(coin.as_f64().unwrap() > 1e15, "{coin}");

    mediator.api().get("/api/1/switch/true").expect_text(200, "ok");
    let mut mediator = mediator;
    mediator.kill();
    let mediator = mediator.start_again_knowing(&[&payer, &target]);
    assert_eq!(status(&mediator)["mesh"], true);
    payer.sees_peers(1);
    mediator.sees_peers(2);
    payer.pay(&token, &target, &json!({ "amount": 1 })).refused(409, "route");
    payer.pay(&token, &mediator, &json!({ "amount": 1 })).refused(409, "route");
    mediator
        .pay(&token, &target, &json!({ "amount": 1 }))
        .refused(409, "no mediated transfer on mesh only network");
    let directly = json!({ "amount": 1, "is_direct": true });
    payer.pay(&token, &mediator, &directly).expect(200);
    mediator.pay(&token, &target, &directly).expect(200);
    assert!(list(&payer, "/api/1/pending_transfers").is_empty());

    mediator.api().get("/api/1/switch/false").expect_text(200, "ok");
    payer.pay(&token, &target, &json!({ "amount": 1 })).expect(200);
    let peers = json!([payer.as_peer(), target.as_peer()]);
    mediator.api().post("/api/1/switch", &peers).expect_text(200, "ok");
    mediator.api().get("/api/1/switch/maybe").refused(400, "mesh must be true or false");
}

/// Goal: a deposit with an Idempotency-Key is made once, whenever the node is killed. Method: the
/// daemon is killed a little later after each request; the request is sent again until it is
/// answered, and once more.
#[test]
fn a_killed_node_does_not_deposit_twice() {
    let net = Network::start(2);
    let [node, partner] = net.daemons::<2>();
    let channel = net.channel((&node, 100), (&partner, 0));
    let path = format!("/api/1/channels/{channel}");
    let deposit = |api: &Client, key: &str| {
        let body = json!({ "balance": 10 }).to_string();
        api.with_header("idempotency-key", key).send("PATCH", &path, Some(&body))
    };
    let mut node = node;
    for (count, millis) in [1, 4, 10, 25, 60, 150].into_iter().enumerate() {
        let key = format!("deposit-{count}");
        let api = node.api().clone();
        thread::scope(|scope| {
            let asked = scope.spawn(|| deposit(&api, &key));
            // Not a wait for something: the moment of the death is what varies.
            thread::sleep(Duration::from_millis(millis));
            node.kill();
            drop(asked.join().unwrap());
        });
        node = node.start_again_knowing(&[&partner]);
        let answered = eventually("the deposit to be made", || match deposit(node.api(), &key) {
            Ok(Reply { status: 408 | 503, text, .. }) | Err(text) => Err(text),
            Ok(reply) => Ok(reply.expect(200)),
        });
        let total = 100 + 10 * (count as u64 + 1);
        assert_eq!(answered["balance"], total, "{answered}");
        assert_eq!(deposit(node.api(), &key).unwrap().expect(200)["balance"], total);
        assert_eq!(node.holdings(&net.token(), &channel), total);
    }
    let other = json!({ "balance": 11 }).to_string();
    node.api()
        .with_header("idempotency-key", "deposit-0")
        .send("PATCH", &path, Some(&other))
        .unwrap()
        .refused(409, "Idempotency-Key belongs to another request");
    partner.sees_channel(&channel, |seen| seen["partner_balance"] == 160);
}
