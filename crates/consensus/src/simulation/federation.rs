use super::{Behaviour, Link, Setup, network};
use crate::{
    Application, Handle,
    desk::Desk,
    engine::{self, Parts},
    members::{self, Members},
    network::Channels,
};
use commonware_consensus::simplex::{
    mocks::{conflicter, nuller},
    scheme::ed25519::Scheme,
};
use commonware_cryptography::{ed25519, sha256::Sha256};
use commonware_p2p::simulated::Oracle;
use commonware_runtime::{
    Clock as _, Handle as Task, Runner as _, Spawner as _, Supervisor as _,
    deterministic::{self, Context},
};
use futures_util::future::select_all;
use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tally_crypto::{
    ed25519::{PublicKey, SigningKey},
    sha256,
};

/// How often a condition is looked at, and how long the tasks of a crashed node have to vanish.
const TICK: Duration = Duration::from_millis(10);
/// The chain of every simulation.
const GENESIS: [u8; 32] = [0x5a; 32];

/// What came out of a simulation.
#[derive(Debug)]
pub struct Outcome<T> {
    /// What the scenario returned.
    pub value: T,
    /// A digest of everything that happened, in its order.
    pub history: String,
}

/// Plays `scenario` with a federation of which no node is started yet.
///
/// # Panics
/// When the scenario or an application panics, when the virtual time is up, and when the setup
/// makes no federation.
pub fn run<T>(setup: Setup, scenario: impl AsyncFnOnce(&mut Federation) -> T) -> Outcome<T> {
    members::check_timing(&setup.timing).expect("the timing of a setup is one");
    let settings =
        deterministic::Config::new().with_seed(setup.seed).with_timeout(Some(setup.limit));
    deterministic::Runner::new(settings).start(|context| async move {
        let auditor = context.auditor();
        let mut federation = Federation::new(context, setup).await;
        let value = scenario(&mut federation).await;
        Outcome { value, history: auditor.state() }
    })
}

/// A simulated federation, in the hands of a scenario.
pub struct Federation {
    context: Context,
    setup: Setup,
    begin: SystemTime,
    keys: Vec<SigningKey>,
    members: Vec<Members>,
    oracle: Oracle<ed25519::PublicKey, Context>,
    links: Vec<Vec<Option<Link>>>,
    nodes: Vec<Option<Running>>,
    /// How often nodes were started: no two starts may have the same names.
    starts: u64,
}

struct Running {
    handles: Vec<Handle>,
    tasks: Vec<Task<()>>,
}

impl fmt::Debug for Federation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Federation").field("setup", &self.setup).finish_non_exhaustive()
    }
}

impl Federation {
    async fn new(context: Context, setup: Setup) -> Self {
        let mut keys: Vec<_> = (0..setup.nodes).map(|node| key(setup.seed, node)).collect();
        keys.sort_by_key(SigningKey::public_key);
        let public: Vec<_> = keys.iter().map(SigningKey::public_key).collect();
        let members: Vec<_> = keys
            .iter()
            .map(|key| Members::new(key, &public, GENESIS).expect("the keys are members"))
            .collect();
        let participants = members.first().expect("a federation has nodes");
        let oracle = network::start(&context, participants, setup.payload_bytes_max).await;
        let begin = context.current();
        let mut federation = Self {
            context,
            begin,
            links: vec![vec![None; setup.nodes]; setup.nodes],
            nodes: (0..setup.nodes).map(|_| None).collect(),
            setup,
            keys,
            members,
            oracle,
            starts: 0,
        };
        federation.heal().await;
        federation
    }

    /// Returns the keys of all nodes, by their number.
    pub fn keys(&self) -> Vec<PublicKey> {
        self.keys.iter().map(SigningKey::public_key).collect()
    }

    /// Returns the secret key of a node.
    pub fn signing_key(&self, node: usize) -> SigningKey {
        self.keys[node].clone()
    }

    /// Starts a node, or starts it again with the storage that its engine had when it crashed.
    ///
    /// # Panics
    /// When the node runs.
    pub async fn start(&mut self, node: usize, application: Arc<dyn Application>) {
        self.is_down(node);
        let channels = network::channels(&self.oracle, &self.members[node].me).await;
        let running = self.engine(node, "", application, channels).await;
        self.nodes[node] = Some(running);
    }

    /// Starts a node that breaks the protocol. Two applications for [`Behaviour::Twins`], else
    /// none.
    ///
    /// # Panics
    /// When the node runs, and when there are not as many applications as its behaviour needs.
    pub async fn start_byzantine(
        &mut self,
        node: usize,
        behaviour: Behaviour,
        applications: Vec<Arc<dyn Application>>,
    ) {
        self.is_down(node);
        let channels = network::channels(&self.oracle, &self.members[node].me).await;
        let context = self.child(node);
        let scheme: Scheme = self.members[node].scheme.clone();
        let task = match behaviour {
            Behaviour::Twins => {
                let [one, other] = <[_; 2]>::try_from(applications).unwrap_or_else(|given| {
                    panic!("twins have two applications, not {}", given.len())
                });
                let halves = self.halves(node);
                let (first, second) = network::split(&context, channels, &halves);
                let first = self.engine(node, "-one", one, first).await;
                let second = self.engine(node, "-other", other, second).await;
                let handles = [first.handles, second.handles].concat();
                let tasks = first.tasks.into_iter().chain(second.tasks).collect();
                self.nodes[node] = Some(Running { handles, tasks });
                return;
            }
            Behaviour::ConflictingVotes => {
                let config = conflicter::Config { scheme };
                conflicter::Conflicter::<_, _, Sha256>::new(context, config).start(channels.votes)
            }
            Behaviour::NullifyAndFinalize => {
                let config = nuller::Config { scheme };
                nuller::Nuller::<_, _, Sha256>::new(context, config).start(channels.votes)
            }
        };
        assert!(applications.is_empty(), "this behaviour has no application");
        self.nodes[node] = Some(Running { handles: Vec::new(), tasks: vec![task] });
    }

    /// Ends a node at once, wherever it is.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn crash(&mut self, node: usize) {
        let running = self.nodes[node].take().expect("the node runs");
        for task in &running.tasks {
            task.abort();
        }
        for task in running.tasks {
            // The task was told to end and says so.
            let _ = task.await;
        }
        for handle in running.handles {
            handle.update(|status| status.is_running = false);
        }
        self.sleep(TICK).await;
    }

    /// Returns the handle of a running node; of the first twin for [`Behaviour::Twins`].
    ///
    /// # Panics
    /// When the node does not run, or has no engine.
    pub fn handle(&self, node: usize) -> &Handle {
        let running = self.nodes[node].as_ref().expect("the node runs");
        running.handles.first().expect("the node has an engine")
    }

    /// Changes how messages travel from one node to another; `None` cuts the link. What is on its
    /// way arrives nevertheless.
    ///
    /// # Panics
    /// When both are the same node.
    pub async fn link(&mut self, from: usize, to: usize, link: Option<Link>) {
        assert_ne!(from, to, "a node has no link to itself");
        if self.links[from][to] == link {
            return;
        }
        let (sender, receiver) = (self.members[from].me.clone(), self.members[to].me.clone());
        if self.links[from][to].is_some() {
            let removed = self.oracle.remove_link(sender.clone(), receiver.clone()).await;
            removed.expect("the link was there");
        }
        if let Some(link) = link {
            let added = self.oracle.add_link(sender, receiver, network::link(link)).await;
            added.expect("the link was not there");
        }
        self.links[from][to] = link;
    }

    /// Cuts all links between nodes of different groups, and mends those within a group. A node in
    /// no group is alone.
    pub async fn partition(&mut self, groups: &[&[usize]]) {
        for from in 0..self.setup.nodes {
            for to in (0..self.setup.nodes).filter(|to| *to != from) {
                let joined =
                    groups.iter().any(|group| group.contains(&from) && group.contains(&to));
                self.link(from, to, joined.then_some(self.setup.link)).await;
            }
        }
    }

    /// Mends all links.
    pub async fn heal(&mut self) {
        let all: Vec<_> = (0..self.setup.nodes).collect();
        self.partition(&[&all]).await;
    }

    /// Lets virtual time pass.
    pub async fn sleep(&self, time: Duration) {
        self.context.sleep(time).await;
    }

    /// Lets virtual time pass until `condition` holds, at most `time`. Says whether it does.
    pub async fn until(&self, time: Duration, mut condition: impl FnMut() -> bool) -> bool {
        let end = self.now() + time;
        loop {
            if condition() {
                return true;
            }
            if self.now() >= end {
                return false;
            }
            self.sleep(TICK).await;
        }
    }

    /// Returns the virtual time since the start.
    pub fn now(&self) -> Duration {
        self.context.current().duration_since(self.begin).unwrap_or_default()
    }

    fn is_down(&self, node: usize) {
        assert!(self.nodes[node].is_none(), "node {node} runs already");
    }

    fn child(&mut self, node: usize) -> Context {
        self.starts += 1;
        let context = self.context.child("node").with_attribute("node", node);
        context.with_attribute("start", self.starts)
    }

    /// Starts an engine of a node; `name` tells those of twins apart.
    async fn engine<S, R>(
        &mut self,
        node: usize,
        name: &str,
        application: Arc<dyn Application>,
        channels: Channels<S, R>,
    ) -> Running
    where
        S: commonware_p2p::Sender<PublicKey = ed25519::PublicKey>,
        R: commonware_p2p::Receiver<PublicKey = ed25519::PublicKey>,
    {
        let (handle, outgoing) = Handle::new(self.keys[node].public_key());
        let members = self.members[node].clone();
        let blocker = self.oracle.control(members.me.clone());
        let parts = Parts {
            members,
            timing: self.setup.timing,
            payload_bytes_max: self.setup.payload_bytes_max,
            files: format!("node-{node}{name}"),
            desk: Desk::new(application),
            handle: handle.clone(),
            outgoing,
        };
        let peers = self.oracle.manager();
        let running = handle.clone();
        let task = self.child(node).spawn(move |context| async move {
            let tasks = engine::start(&context, parts, channels, peers, blocker).await;
            running.update(|status| status.is_running = true);
            let (ended, ..) = select_all(tasks).await;
            running.update(|status| status.is_running = false);
            ended.expect("no part of an engine ends");
        });
        Running { handles: vec![handle], tasks: vec![task] }
    }

    /// Returns the other nodes at even and those at odd places.
    fn halves(&self, node: usize) -> [Vec<ed25519::PublicKey>; 2] {
        let others = self.members.iter().enumerate().filter(|(other, _)| *other != node);
        let mut halves = [Vec::new(), Vec::new()];
        for (place, (_, member)) in others.enumerate() {
            halves[place % 2].push(member.me.clone());
        }
        halves
    }
}

/// Makes the key of a node.
fn key(seed: u64, node: usize) -> SigningKey {
    let node = u64::try_from(node).expect("nodes are few");
    let text = [&b"simulated node"[..], &seed.to_be_bytes(), &node.to_be_bytes()].concat();
    SigningKey::from_seed(&sha256(&text))
}
