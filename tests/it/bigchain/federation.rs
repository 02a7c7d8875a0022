//! Four nodes on loopback: `kill -9` under load, a partition of two from two, and how they heal.

use super::{
    crash::{is_once_in_chain, use_ledger, wait_for},
    ledger::{Node, Settings, create, key},
};
use crate::support::{eventually, proxy::Proxy};
use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};
use tally_crypto::base58;
use tally_ledger::{Transaction, Version};

/// One of them may be down or lie.
const MEMBERS: usize = 4;

/// Who is killed, and who stands still.
const KILLED: usize = 2;
const FROZEN: usize = 1;

/// How long a partition is looked at: several turns of the ordering engine.
const PARTITION: Duration = Duration::from_secs(8);

/// Goal: while one member of four is not there yet, killed, or standing still, the others go on, and
/// it catches up; while two are cut from two nothing becomes valid, and no fork is made; in the end
/// every accepted transaction is valid on all, each in exactly one block, and all chains are the
/// same. Method: users create and pass on all the time; connections between nodes go through proxies
/// that can be cut; each node's own verification at the end.
#[test]
fn four_members_stay_one_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let links = Links::new();
    let settings = links.settings(folder.path());
    let genesis = settings[0].data().join("bigchain/genesis.json");
    let said = settings[0].runs(&["init"]);
    assert!(said.contains(genesis.to_str().unwrap()), "{said}");
    // Before they have the file, the others say what is missing.
    settings[1].refuses(&["start"], 4, "genesis");
    fs::copy(&genesis, folder.path().join("genesis.json")).unwrap();
    for settings in &settings[1..] {
        settings.runs(&["init", "--genesis", folder.path().join("genesis.json").to_str().unwrap()]);
    }
    // The last one comes later.
    let mut nodes: Vec<Node> = settings[..MEMBERS - 1].iter().map(Settings::start).collect();
    links.lead_to(&nodes);
    let urls: Vec<String> = nodes.iter().map(|node| node.url().to_owned()).collect();
    let (accepted, is_over) = (AtomicU64::new(0), AtomicU64::new(0));
    let (nodes, posted) = thread::scope(|scope| {
        let users: Vec<_> = (0..)
            .zip(&urls)
            .map(|(user, url)| {
                let (accepted, is_over) = (&accepted, &is_over);
                scope.spawn(move || use_ledger(url, user, accepted, is_over))
            })
            .collect();
        wait_for(&accepted);
        nodes.push(settings[MEMBERS - 1].start());
        links.lead_to(&nodes);
        catches_up(&nodes, MEMBERS - 1);
        let killed = nodes.remove(KILLED).kill();
        wait_for(&accepted);
        nodes.insert(KILLED, killed.start());
        catches_up(&nodes, KILLED);
        nodes[FROZEN].freeze();
        wait_for(&accepted);
        nodes[FROZEN].thaw();
        partition(&links, &nodes);
        wait_for(&accepted);
        is_over.store(1, Ordering::SeqCst);
        let posted = users.into_iter().flat_map(|user| user.join().unwrap());
        (nodes, posted.collect::<Vec<Transaction>>())
    });
    for node in &nodes {
        for transaction in &posted {
            node.sees_valid(&transaction.id().to_string());
        }
    }
    let chains: Vec<_> = nodes.iter().map(Node::chain).collect();
    let shortest = chains.iter().map(Vec::len).min().unwrap();
    for chain in &chains {
        assert_eq!(chain[..shortest], chains[0][..shortest], "two chains");
    }
    is_once_in_chain(&nodes[0], &posted);
    for node in nodes {
        let said = node.stop().runs(&["verify"]);
        assert!(said.lines().any(|line| line == "findings      0"), "{said}");
    }
}

/// Cuts two members from two and requires that nothing becomes valid; heals, and requires that what
/// was accepted meanwhile does.
fn partition(links: &Links, nodes: &[Node]) {
    links.cut();
    let posted: Vec<Transaction> = (0..)
        .zip(nodes)
        .map(|(number, node)| {
            let transaction = create(Version::Flat2_0, 1000 + number, 0);
            node.accepts(&transaction);
            transaction
        })
        .collect();
    let start = Instant::now();
    while start.elapsed() < PARTITION {
        for (node, transaction) in nodes.iter().zip(&posted) {
            let status = node.status(&transaction.id().to_string());
            assert_ne!(status.as_deref(), Some("valid"), "a half went on without the other");
        }
        // Each look costs the node something.
        thread::sleep(PARTITION / 40);
    }
    links.restore();
    for transaction in &posted {
        nodes.iter().for_each(|node| node.sees_valid(&transaction.id().to_string()));
    }
}

/// Waits until a node has what the first has now.
fn catches_up(nodes: &[Node], late: usize) {
    let height = nodes[0].chain().len();
    eventually("a node to catch up", || {
        let reply = nodes[late].api().get(&format!("/api/v1/blocks/{}", height - 1));
        if reply.status == 200 { Ok(()) } else { Err(reply.text) }
    });
}

/// A proxy from each member to each other one.
struct Links(Vec<Vec<Proxy>>);

impl Links {
    fn new() -> Self {
        let row = |_| (0..MEMBERS).map(|_| Proxy::to_nowhere()).collect();
        Self((0..MEMBERS).map(row).collect())
    }

    /// The settings of all members, which reach each other through the proxies.
    fn settings(&self, folder: &std::path::Path) -> Vec<Settings> {
        let keys: Vec<_> = (0..MEMBERS as u64).map(|member| key(5000 + member)).collect();
        let public: Vec<String> = keys.iter().map(|key| key.public_key().to_string()).collect();
        (0..MEMBERS)
            .map(|own| {
                let peer =
                    |other: usize| format!("{}@{}", public[other], self.0[own][other].address());
                let others = (0..MEMBERS).filter(|other| *other != own);
                let peers: Vec<String> = others.map(peer).collect();
                Settings::new(folder, &format!("node-{own}"))
                    .with("--keyring", &public.join(":"))
                    .with("--peer", &peers.join(","))
                    .with("--listen-peers", "127.0.0.1:0")
                    .with_variable(
                        "BIGCHAINDB_KEYPAIR_PRIVATE",
                        &base58::encode(keys[own].seed().as_slice()),
                    )
            })
            .collect()
    }

    /// Says where the members listen.
    fn lead_to(&self, nodes: &[Node]) {
        for row in &self.0 {
            for (proxy, node) in row.iter().zip(nodes) {
                proxy.lead_to(node.peers_at().expect("a member listens"));
            }
        }
    }

    /// The proxies between the first half of the members and the second.
    fn between(&self) -> impl Iterator<Item = &Proxy> {
        let half = MEMBERS / 2;
        self.0.iter().enumerate().flat_map(move |(own, row)| {
            row.iter()
                .enumerate()
                .filter_map(move |(other, proxy)| ((own < half) != (other < half)).then_some(proxy))
        })
    }

    fn cut(&self) {
        self.between().for_each(Proxy::cut);
    }

    fn restore(&self) {
        self.between().for_each(Proxy::restore);
    }
}
