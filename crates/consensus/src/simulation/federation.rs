use super::{Behaviour, Link, Setup};
use crate::{Application, Handle};
use std::{sync::Arc, time::Duration};
use tally_crypto::ed25519::{PublicKey, SigningKey};

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
    drop(scenario);
    panic!("{} nodes cannot be simulated yet", setup.nodes)
}

/// A simulated federation, in the hands of a scenario.
#[derive(Debug)]
pub struct Federation {
    keys: Vec<SigningKey>,
    handles: Vec<Option<Handle>>,
}

impl Federation {
    /// Returns the keys of all nodes, by their number.
    pub fn keys(&self) -> Vec<PublicKey> {
        self.keys.iter().map(SigningKey::public_key).collect()
    }

    /// Returns the secret key of a node.
    pub fn signing_key(&self, node: usize) -> SigningKey {
        self.keys[node].clone()
    }

    /// Starts a node, or starts it again with the storage that its engine had when it crashed.
    pub async fn start(&mut self, node: usize, application: Arc<dyn Application>) {
        let _ = (node, application);
    }

    /// Starts a node that breaks the protocol. Two applications for [`Behaviour::Twins`], else
    /// none.
    pub async fn start_byzantine(
        &mut self,
        node: usize,
        behaviour: Behaviour,
        applications: Vec<Arc<dyn Application>>,
    ) {
        let _ = (node, behaviour, applications);
    }

    /// Ends a node at once, wherever it is.
    pub async fn crash(&mut self, node: usize) {
        self.handles[node] = None;
    }

    /// Returns the handle of a running node.
    ///
    /// # Panics
    /// When it does not run.
    pub fn handle(&self, node: usize) -> &Handle {
        self.handles[node].as_ref().expect("the node runs")
    }

    /// Changes how messages travel from one node to another; `None` cuts the link.
    pub async fn link(&mut self, from: usize, to: usize, link: Option<Link>) {
        let _ = (from, to, link);
    }

    /// Cuts all links between nodes of different groups, and mends those within a group. A node in
    /// no group is alone.
    pub async fn partition(&mut self, groups: &[&[usize]]) {
        let _ = groups;
    }

    /// Mends all links.
    pub async fn heal(&mut self) {}

    /// Lets virtual time pass.
    pub async fn sleep(&self, time: Duration) {
        let _ = time;
    }

    /// Lets virtual time pass until `condition` holds, at most `time`. Says whether it does.
    pub async fn until(&self, time: Duration, condition: impl FnMut() -> bool) -> bool {
        let _ = (time, condition);
        false
    }

    /// Returns the virtual time since the start.
    pub fn now(&self) -> Duration {
        Duration::ZERO
    }
}
