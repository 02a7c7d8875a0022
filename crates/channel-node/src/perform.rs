use crate::{
    calls::CallResult,
    commit::Committed,
    effect::{Effect, Query, Task},
    input::Input,
};
use std::sync::Arc;
use tally_chain::ChannelContracts;
use tally_net::{Net, SendOutcome};
use tally_storage::Store;
use tokio::{runtime::Handle, sync::mpsc};

/// Carries out what is committed. Nothing here waits: what takes time becomes a task.
#[derive(Debug)]
pub(crate) struct Performer {
    pub(crate) net: Net,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) contracts: Arc<dyn ChannelContracts>,
    pub(crate) runtime: Handle,
    pub(crate) owner: mpsc::Sender<Input>,
}

impl Performer {
    /// Carries out the effects in order.
    pub(crate) fn perform(&mut self, committed: Committed) {
        // The transport starts tasks of its own.
        let _runtime = self.runtime.enter();
        for effect in committed.into_effects() {
            self.perform_one(effect);
        }
    }

    fn perform_one(&mut self, effect: Effect) {
        match effect {
            Effect::Send { peer, connection, seq, payload } => {
                match self.net.send(peer, Some(connection), seq, payload) {
                    // A message that was not taken is sent again when the peer connects, or when
                    // the queue has room; the outbox keeps it until it is acknowledged.
                    SendOutcome::Queued
                    | SendOutcome::AlreadySent
                    | SendOutcome::NotConnected
                    | SendOutcome::QueueFull
                    | SendOutcome::Gap { .. } => {}
                    SendOutcome::TooLong => {
                        tracing::error!(%peer, seq, "a message is too long for the transport");
                    }
                }
            }
            Effect::Acknowledge { peer, received } => {
                self.net.acknowledge(peer, received.epoch, received.seq);
            }
            Effect::Connect(peer) => self.net.connect(peer),
            Effect::Disconnect(peer) => self.net.disconnect(peer),
            Effect::Locate(peer, Some(address)) => self.net.set_address(peer, address),
            Effect::Locate(peer, None) => self.net.remove_address(peer),
            Effect::Answer(answer) => answer.give(),
            Effect::Task(Task(work)) => drop(self.runtime.spawn(work)),
            Effect::Query(Query(read)) => {
                let store = Arc::clone(&self.store);
                drop(self.runtime.spawn_blocking(move || read(store.as_ref())));
            }
            Effect::Call(call) => {
                let (contracts, owner) = (Arc::clone(&self.contracts), self.owner.clone());
                drop(self.runtime.spawn(async move {
                    let subject = call.subject();
                    let result = call.make(contracts).await;
                    // The owner is gone only when the node stops.
                    drop(owner.send(Input::CallDone(CallResult { subject, result })).await);
                }));
            }
        }
    }
}
