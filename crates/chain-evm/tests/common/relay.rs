//! Connections that are cut while the adapter works.

use super::{Control, Deployed, key};
use std::{net::SocketAddr, time::Duration};
use tally_chain::{ChainEvent, ChainSource, ChainUpdate, ChannelContracts, SourceStart};
use tally_chain_evm::{Endpoint, EvmContracts, EvmSource, SourceSettings, TransactionSettings};
use tally_primitives::{BlockRef, BlockSpan, Secret};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// How long one update may take to come.
const LIMIT: Duration = Duration::from_secs(60);

/// A TCP relay whose connections can be cut.
struct Relay {
    address: SocketAddr,
    cuts: watch::Sender<u64>,
}

impl Relay {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let cuts = watch::Sender::new(0);
        let seen = cuts.subscribe();
        tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut cut = seen.clone();
                cut.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(server).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { address, cuts }
    }

    fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

/// Reads until `head`, checking that each block follows the one before; returns the secrets seen.
pub(crate) async fn read_to(
    source: &mut EvmSource,
    last: &mut Option<BlockRef>,
    head: BlockRef,
) -> Vec<Secret> {
    let mut secrets = Vec::new();
    while *last != Some(head) {
        let update = tokio::time::timeout(LIMIT, source.next_update()).await;
        match update.expect("an update was missed").unwrap() {
            ChainUpdate::Connected { block, .. } => {
                if let Some(last) = last {
                    assert_eq!(
                        (block.parent, block.at.number),
                        (last.hash, last.number.after(BlockSpan(1)))
                    );
                }
                for logged in block.events {
                    if let ChainEvent::SecretRevealed { secret, .. } = logged.event {
                        secrets.push(secret);
                    }
                }
                *last = Some(block.at);
            }
            ChainUpdate::RolledBackTo(fork) => *last = Some(fork),
        }
    }
    secrets
}

/// Follows the chain and registers secrets through connections that are all cut before and after
/// each; nothing may be missed or come twice.
pub(crate) async fn cut_connections_lose_nothing<C: Control>(
    deployed: &Deployed<C>,
    scheme: &str,
    server: SocketAddr,
) {
    let relay = Relay::to(server).await;
    let endpoint = Endpoint::from_url(&format!("{scheme}://{}", relay.address)).unwrap();
    let poll = Duration::from_millis(50);
    let settings = TransactionSettings { poll, ..TransactionSettings::development() };
    let contracts =
        EvmContracts::connect(&endpoint, key(1), deployed.deployment, settings).await.unwrap();
    let settings = SourceSettings { poll, ..SourceSettings::development() };
    let mut source = EvmSource::start(&endpoint, deployed.deployment, SourceStart::Fresh, settings);
    let (mut last, mut seen, mut sent) = (None, Vec::new(), Vec::new());
    for byte in 0..12 {
        relay.cut();
        let secret = Secret::new([byte; 32]);
        sent.push(secret.clone());
        // A call that was cut off before it was sent says so; it is made again until it is
        // through. Registering is idempotent.
        while contracts.register_secret(secret.clone()).await.is_err() {}
        relay.cut();
        let head = deployed.control.head().await;
        seen.extend(read_to(&mut source, &mut last, head).await);
    }
    assert_eq!(seen, sent, "{scheme}");
}
