use crate::{
    Handle,
    block::Entry,
    desk::{Desk, Unfit, ancestry},
};
use bytes::Bytes;
use commonware_consensus::{
    Application, Viewable as _,
    marshal::ancestry::Ancestry as Lineage,
    simplex::{scheme::ed25519::Scheme, types::Context},
};
use commonware_cryptography::{Digested, ed25519, sha256};
use commonware_runtime::{Clock, Spawner};
use futures_util::{FutureExt as _, StreamExt as _, future, pin_mut, select_biased};
use std::time::Duration;
use tracing::{debug, error, warn};

/// Views without a block after which a leader may propose a filler.
///
/// The engine keeps the votes of every view since the last final block, in memory and in its
/// journal. An idle federation with a leader's turn of two seconds makes a filler every minute.
pub(crate) const IDLE_VIEWS: u64 = 32;

/// Puts proposals to the application.
#[derive(Debug, Clone)]
pub(crate) struct Judge {
    pub(crate) desk: Desk,
    pub(crate) handle: Handle,
    /// How long a leader waits for something to propose before it thinks of a filler.
    pub(crate) patience: Duration,
    pub(crate) payload_bytes_max: usize,
}

type Place = Context<sha256::Digest, ed25519::PublicKey>;

impl<E: Spawner + Clock> Application<E> for Judge {
    type SigningScheme = Scheme;
    type Context = Place;
    type Block = Entry;
    type Input = ();

    async fn propose(
        &mut self,
        (context, place): (E, Place),
        ancestors: impl Lineage<Entry>,
        (): (),
    ) -> Option<Digested<Entry>> {
        let lineage = self.lineage(ancestors, 1).await?;
        let parent = lineage.first()?.clone();
        let mut wakes = self.handle.wakes();
        let tired = context.sleep(self.patience).fuse();
        pin_mut!(tired);
        loop {
            wakes.borrow_and_update();
            if let Some(payload) = self.ask(&context, lineage.clone()).await? {
                return Some(Entry::after(&parent, payload));
            }
            let woken = wakes.changed().fuse();
            pin_mut!(woken);
            select_biased! {
                woken = woken => woken.ok()?,
                () = tired => break,
            }
        }
        if is_idle(&place) {
            return Some(Entry::after(&parent, Bytes::new()));
        }
        // The turn is not over: what comes now is still proposed in time.
        loop {
            wakes.changed().await.ok()?;
            if let Some(payload) = self.ask(&context, lineage.clone()).await? {
                return Some(Entry::after(&parent, payload));
            }
        }
    }

    async fn verify(
        &mut self,
        (context, place): (E, Place),
        ancestors: impl Lineage<Entry>,
    ) -> bool {
        let Some(mut lineage) = self.lineage(ancestors, 2).await else {
            return future::pending().await;
        };
        let block = lineage.remove(0);
        let Some(parent) = lineage.first() else {
            return future::pending().await;
        };
        if !block.inner().counts_on_from(parent.inner()) {
            warn!(view = place.view().get(), "a proposal counts wrongly");
            return false;
        }
        let asked = self.desk.run(context, move |application, position| {
            let ancestry = ancestry(&lineage, (*position).ok_or(Unfit::Late)?)?;
            let is_valid = if block.inner().is_filler() {
                is_idle(&place)
            } else {
                application.verify(&ancestry, &block.inner().payload)
            };
            Ok(is_valid)
        });
        match asked.await {
            Some(Ok(is_valid)) => is_valid,
            Some(Err(Unfit::Conflicts)) => false,
            // Nobody needs the answer any more: the engine drops the question.
            Some(Err(Unfit::Late)) | None => future::pending().await,
        }
    }
}

impl Judge {
    /// Collects `count_min` blocks or more, newest first, down to where the application stands.
    async fn lineage(
        &self,
        mut ancestors: impl Lineage<Entry>,
        count_min: usize,
    ) -> Option<Vec<Digested<Entry>>> {
        let floor = self.desk.position().await.height;
        let mut lineage = Vec::new();
        while let Some(block) = ancestors.next().await {
            let height = block.inner().height;
            lineage.push(block);
            if height <= floor && lineage.len() >= count_min {
                return Some(lineage);
            }
        }
        debug!(have = lineage.len(), "the ancestors of a proposal cannot be found");
        None
    }

    /// Asks the application for a payload. The outer `None` says that the turn is lost.
    async fn ask<E: Spawner>(
        &self,
        context: &E,
        lineage: Vec<Digested<Entry>>,
    ) -> Option<Option<Bytes>> {
        let bytes_max = self.payload_bytes_max;
        let asked = self.desk.run(context.child("propose"), move |application, position| {
            let ancestry = ancestry(&lineage, (*position).ok_or(Unfit::Late)?)?;
            Ok::<_, Unfit>(application.propose(&ancestry))
        });
        match asked.await?.ok()? {
            Some(payload) if payload.is_empty() || payload.len() > bytes_max => {
                error!(bytes = payload.len(), bytes_max, "a payload of this length is impossible");
                Some(None)
            }
            payload => Some(payload),
        }
    }
}

/// Says whether so many views passed without a block that a filler may be proposed. All nodes
/// answer the same for the same proposal.
fn is_idle(place: &Place) -> bool {
    let (parent_view, _) = place.parent;
    place.view().get().saturating_sub(parent_view.get()) > IDLE_VIEWS
}

#[cfg(test)]
mod tests {
    use super::*;
    use commonware_codec::{Copying, DecodeExt as _};
    use commonware_consensus::types::{Epoch, Round, View};
    use tally_crypto::ed25519::SigningKey;

    /// A filler may come after the thirty-third view without a block, not earlier: a leader who
    /// lies about it is refused by all.
    #[test]
    fn idleness() {
        let key = SigningKey::from_seed(&[1; 32]).public_key();
        let leader = ed25519::PublicKey::decode(Copying(key.as_bytes())).unwrap();
        let place = |view, parent| Context {
            round: Round::new(Epoch::zero(), View::new(view)),
            leader: leader.clone(),
            parent: (View::new(parent), sha256::Digest::from([0; 32])),
        };
        assert!(!is_idle(&place(8, 7)));
        assert!(!is_idle(&place(IDLE_VIEWS + 7, 7)));
        assert!(is_idle(&place(IDLE_VIEWS + 8, 7)));
    }
}
