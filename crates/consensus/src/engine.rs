use crate::{
    Handle, Timing,
    block::Entry,
    delivery::{Delivery, Reports},
    desk::Desk,
    handle::Outgoing,
    members::{Members, outward},
    network::Channels,
    settings, side,
};
use commonware_actor::Feedback;
use commonware_broadcast::buffered;
use commonware_consensus::{
    Reporter, Viewable as _,
    marshal::{self, core::Processed, resolver::p2p as resolver, standard::Inline},
    simplex::{
        self,
        scheme::ed25519::Scheme,
        types::{Activity, Finalization},
    },
};
use commonware_cryptography::{Digestible as _, certificate::Verifier as _, ed25519, sha256};
use commonware_p2p::{Blocker, CheckedSender as _, Provider, Receiver, Recipients, Sender};
use commonware_runtime::{
    Clock, Handle as Task, Metrics, Spawner, Storage, buffer::paged::CacheRef,
};
use commonware_storage::archive::immutable;
use rand_core::CryptoRng;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// How often it is looked who is connected.
const PRESENCE: Duration = Duration::from_millis(500);

/// What the engine needs of the runtime that it runs on.
pub(crate) trait Runtime: Spawner + Metrics + Clock + Storage + CryptoRng {}

impl<E: Spawner + Metrics + Clock + Storage + CryptoRng> Runtime for E {}

/// What one node's engine is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) members: Members,
    pub(crate) timing: Timing,
    pub(crate) payload_bytes_max: usize,
    /// What the names of the node's files start with.
    pub(crate) files: String,
    pub(crate) desk: Desk,
    pub(crate) handle: Handle,
    pub(crate) outgoing: mpsc::Receiver<Outgoing>,
}

/// Starts all parts of a node's engine. None of the tasks ends while the engine is well.
pub(crate) async fn start<E, S, R, P, B>(
    context: &E,
    parts: Parts,
    channels: Channels<S, R>,
    peers: P,
    blocker: B,
) -> Vec<Task<()>>
where
    E: Runtime,
    S: Sender<PublicKey = ed25519::PublicKey>,
    R: Receiver<PublicKey = ed25519::PublicKey>,
    P: Provider<PublicKey = ed25519::PublicKey>,
    B: Blocker<PublicKey = ed25519::PublicKey>,
{
    let pages = settings::pages();
    let genesis = Entry::genesis(parts.members.genesis);

    let fetch = parts.fetch_settings(peers.clone(), blocker.clone());
    let fetch = resolver::init(context.child("backfill"), fetch, channels.backfill);
    let (spread, buffer) =
        buffered::Engine::new(context.child("blocks"), parts.spread_settings(peers));
    let spread = spread.start(channels.blocks);

    let store = Store { context, files: &parts.files, pages: &pages };
    let certificates = store.certificates(&parts.members.scheme).await;
    let blocks = store.blocks(parts.payload_bytes_max).await;
    let settings = parts.marshal_settings(genesis.clone(), &pages);
    let (marshal, archive, floor) =
        marshal::core::Actor::init(context.child("marshal"), certificates, blocks, settings).await;
    let acknowledged = floor.processed().map_or(0, |processed| Processed::height(processed).get());
    let (reports, arrivals) = Reports::new(parts.handle.clone());
    let marshal = marshal.start(reports, buffer, fetch);

    let delivery = Delivery {
        context: context.child("delivery"),
        desk: parts.desk.clone(),
        handle: parts.handle.clone(),
        archive: archive.clone(),
        genesis: genesis.clone(),
        acknowledged,
    };
    let delivery = context.child("deliver").spawn(move |_| delivery.run(arrivals));

    let ballot = Inline::new(context.child("ballot"), parts.judge(), archive, settings::epochs());
    let observer = Observer { inner: ballot.clone(), handle: parts.handle.clone() };
    let settings = parts.simplex_settings(genesis.digest(), pages, ballot, observer, blocker);
    let simplex = simplex::Engine::new(context.child("simplex"), settings);
    let simplex = simplex.start(channels.votes, channels.certificates, channels.resolver);

    let Parts { desk, handle, outgoing, .. } = parts;
    let (to_peers, from_peers) = channels.side;
    let sending = context.child("send").spawn(move |own| side::send(own, outgoing, to_peers));
    let receiving = context.child("receive").spawn(move |own| side::receive(own, desk, from_peers));
    let (presence, silence) = channels.presence;
    let watching =
        context.child("presence").spawn(move |own| watch_presence(own, handle, presence, silence));
    vec![spread, marshal, delivery, simplex, sending, receiving, watching]
}

/// Keeps the list of connected peers up to date. Nothing is ever sent on this channel.
async fn watch_presence<E, S, R>(context: E, handle: Handle, mut network: S, silence: R)
where
    E: Clock,
    S: Sender<PublicKey = ed25519::PublicKey>,
    R: Receiver,
{
    loop {
        if let Ok(reached) = network.check(Recipients::All) {
            let mut connected: Vec<_> = reached.recipients().iter().map(outward).collect();
            connected.sort();
            handle.update(|status| status.connected = connected);
        }
        context.sleep(PRESENCE).await;
        debug_assert!(silence.capacity().get() > 0, "the channel stays open");
    }
}

/// Notes the view on the way of what the engine reports.
#[derive(Clone)]
struct Observer<A> {
    inner: A,
    handle: Handle,
}

impl<A> Reporter for Observer<A>
where
    A: Reporter<Activity = Activity<Scheme, sha256::Digest>>,
{
    type Activity = A::Activity;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        let view = activity.view().get();
        self.handle.update(|status| status.view = status.view.max(view));
        self.inner.report(activity)
    }
}

/// The archives of final blocks.
struct Store<'a, E> {
    context: &'a E,
    files: &'a str,
    pages: &'a CacheRef,
}

impl<E: Runtime> Store<'_, E> {
    async fn certificates(
        &self,
        scheme: &Scheme,
    ) -> immutable::Archive<E, sha256::Digest, Finalization<Scheme, sha256::Digest>> {
        let config = self.config("certificates", scheme.certificate_codec_config());
        immutable::Archive::init(self.context.child("certificates"), config)
            .await
            .expect("the archive of certificates can be opened")
    }

    async fn blocks(
        &self,
        payload_bytes_max: usize,
    ) -> immutable::Archive<E, sha256::Digest, Arc<Entry>> {
        let config = self.config("blocks", payload_bytes_max);
        immutable::Archive::init(self.context.child("archive"), config)
            .await
            .expect("the archive of blocks can be opened")
    }

    fn config<C>(&self, name: &str, codec_config: C) -> immutable::Config<C> {
        settings::archive(&format!("{}-{name}", self.files), self.pages, codec_config)
    }
}
