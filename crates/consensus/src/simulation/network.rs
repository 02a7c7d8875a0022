use super::Link;
use crate::{
    members::Members,
    network::{Channels, Topic, message_bytes_max},
};
use commonware_cryptography::ed25519::PublicKey;
use commonware_p2p::{
    Recipients,
    simulated::{
        self, Config, Network, Oracle, Receiver, Sender, SplitForwarder, SplitOrigin, SplitSender,
        SplitTarget,
    },
};
use commonware_runtime::{Supervisor as _, deterministic::Context};
use commonware_utils::{NZUsize, Probability};
use std::{num::NonZeroUsize, time::Duration};

/// Starts a network without links.
pub(super) async fn start(
    context: &Context,
    members: &Members,
    payload_bytes_max: usize,
) -> Oracle<PublicKey, Context> {
    let config = Config {
        max_size: message_bytes_max(members.count(), payload_bytes_max),
        max_peers_per_set: NonZeroUsize::new(members.all.len()).expect("there are members"),
        disconnect_on_block: true,
        tracked_peer_sets: NZUsize!(1),
    };
    let peers: Vec<_> = members.all.iter().cloned().collect();
    let (network, oracle) = Network::new_with_peers(context.child("network"), config, peers).await;
    network.start();
    oracle
}

/// Translates a link for the network.
pub(super) fn link(link: Link) -> simulated::Link {
    let arriving = 1_000_u64.saturating_sub(u64::from(link.lost_per_thousand));
    simulated::Link {
        latency: Duration::from_millis(link.latency_ms),
        jitter: Duration::from_millis(link.jitter_ms),
        success_rate: Probability::new(arriving, 1_000).expect("at most a thousand arrive"),
    }
}

/// Returns a node's end of all topics.
pub(super) async fn channels(
    oracle: &Oracle<PublicKey, Context>,
    me: &PublicKey,
) -> Channels<Sender<PublicKey, Context>, Receiver<PublicKey>> {
    let control = oracle.control(me.clone());
    let mut pairs = Vec::new();
    for topic in Topic::ALL {
        let pair = control.register(topic.channel(), topic.quota()).await;
        pairs.push(pair.expect("the network runs"));
    }
    let pairs = pairs.try_into().unwrap_or_else(|_| unreachable!("there is a pair for each topic"));
    Channels::new(pairs)
}

/// Divides a node's end of all topics in two, each of which reaches one half of the others.
#[expect(clippy::type_complexity, reason = "the type of the closure has no name")]
pub(super) fn split(
    context: &Context,
    channels: Channels<Sender<PublicKey, Context>, Receiver<PublicKey>>,
    halves: &[Vec<PublicKey>; 2],
) -> (
    Channels<SplitSender<PublicKey, Context, impl SplitForwarder<PublicKey>>, Receiver<PublicKey>>,
    Channels<SplitSender<PublicKey, Context, impl SplitForwarder<PublicKey>>, Receiver<PublicKey>>,
) {
    let forwarder = {
        let halves = halves.clone();
        move |origin: SplitOrigin, to: &Recipients<PublicKey>, _: &_| {
            let half = match origin {
                SplitOrigin::Primary => &halves[0],
                SplitOrigin::Secondary => &halves[1],
            };
            let reached = half.iter().filter(|key| match to {
                Recipients::All => true,
                Recipients::Some(some) => some.contains(key),
                Recipients::One(one) => one == *key,
            });
            Some(Recipients::Some(reached.cloned().collect()))
        }
    };
    let pairs = channels.into_pairs().map(|(sender, receiver)| {
        let senders = sender.split_with(forwarder.clone());
        let first = halves[0].clone();
        let receivers = receiver.split_with(context.child("split"), move |(from, _)| {
            if first.contains(from) { SplitTarget::Primary } else { SplitTarget::Secondary }
        });
        (senders, receivers)
    });
    let mut one = Vec::new();
    let mut other = Vec::new();
    for ((sender_one, sender_other), (receiver_one, receiver_other)) in pairs {
        one.push((sender_one, receiver_one));
        other.push((sender_other, receiver_other));
    }
    let one = one.try_into().unwrap_or_else(|_| unreachable!("as many as there were"));
    let other = other.try_into().unwrap_or_else(|_| unreachable!("as many as there were"));
    (Channels::new(one), Channels::new(other))
}
