use super::{Setup, run};
use crate::{Ancestry, Application};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use tally_crypto::ed25519::PublicKey;

/// Has nothing to say.
struct Silent;

impl Application for Silent {
    fn propose(&self, _: &Ancestry) -> Option<Bytes> {
        None
    }

    fn verify(&self, _: &Ancestry, _: &Bytes) -> bool {
        panic!("nobody proposes a payload");
    }

    fn finalized(&self, _: u64, _: Bytes) {
        panic!("no payload is final");
    }

    fn received(&self, _: PublicKey, _: Bytes) {}

    fn finalized_height(&self) -> u64 {
        0
    }
}

/// An idle federation makes a block about every 33 turns and no more, also after all of it crashed,
/// and no application sees one.
#[test]
fn fillers() {
    run(Setup::new(4, 1), async |federation| {
        for node in 0..4 {
            federation.start(node, Arc::new(Silent)).await;
        }
        let turns = |count: u32| Duration::from_millis(550) * count;
        federation.sleep(turns(33 * 6)).await;
        let before = federation.handle(1).delivered();
        assert!((4..=7).contains(&before), "{before} fillers");
        for node in 0..4 {
            federation.crash(node).await;
        }
        for node in 0..4 {
            federation.start(node, Arc::new(Silent)).await;
        }
        federation.sleep(turns(33 * 3)).await;
        let after = federation.handle(1).delivered();
        assert!((before + 1..=before + 4).contains(&after), "{before}, then {after} fillers");
        assert_eq!(federation.handle(1).status().finalized_height, 0);
    });
}
