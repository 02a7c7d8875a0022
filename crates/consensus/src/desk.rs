use crate::{
    Ancestry, Application, Digest,
    block::{Entry, digest_of},
};
use bytes::Bytes;
use commonware_cryptography::{Digested, Digestible as _, sha256};
use commonware_runtime::Spawner;
use std::{fmt, sync::Arc};
use tokio::sync::{Mutex, watch};

/// Where the application stands: the last block that it has, or was spared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The height among all blocks.
    pub(crate) height: u64,
    /// The application's height.
    pub(crate) number: u64,
    /// The block's digest.
    pub(crate) digest: sha256::Digest,
}

impl Position {
    /// Returns the position of an application that has this block.
    pub(crate) fn at(block: &Digested<Entry>) -> Self {
        let Entry { height, number, .. } = *block.inner();
        Self { height, number, digest: block.digest() }
    }
}

/// The application and its position, for one caller at a time.
///
/// The position is `None` until it is known where the application stands; until then it can only
/// be given blocks.
#[derive(Clone)]
pub(crate) struct Desk {
    application: Arc<dyn Application>,
    turn: Arc<Mutex<()>>,
    position: watch::Sender<Option<Position>>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("position", &*self.position.borrow()).finish_non_exhaustive()
    }
}

/// A proposal cannot be put to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Its ancestors are not the blocks that are final.
    Conflicts,
    /// What it follows is followed by a final block already.
    Late,
}

impl Desk {
    /// Makes the desk of an application whose position is not known yet.
    pub(crate) fn new(application: Arc<dyn Application>) -> Self {
        let position = watch::Sender::new(None);
        Self { application, turn: Arc::default(), position }
    }

    /// Waits until the position is known, and returns it.
    pub(crate) async fn position(&self) -> Position {
        let mut position = self.position.subscribe();
        let known = position.wait_for(Option::is_some).await;
        let known = *known.expect("this desk keeps the sender");
        known.expect("it was waited for")
    }

    /// Returns the position if it is known.
    pub(crate) fn known_position(&self) -> Option<Position> {
        *self.position.borrow()
    }

    /// Says where the application stands.
    pub(crate) fn set_position(&self, position: Position) {
        self.position.send_replace(Some(position));
    }

    /// Runs `work` with the application when nobody else does, where it may block.
    ///
    /// The work may move the position; nobody else sees the application before it did. When this
    /// future is dropped the work still ends. `None` when the engine is being stopped.
    pub(crate) async fn run<E, T>(
        &self,
        context: E,
        work: impl FnOnce(&dyn Application, &mut Option<Position>) -> T + Send + 'static,
    ) -> Option<T>
    where
        E: Spawner,
        T: Send + 'static,
    {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let desk = self.clone();
        let running = context.shared(true).spawn(move |_| async move {
            let mut position = desk.known_position();
            let result = work(&*desk.application, &mut position);
            desk.position.send_replace(position);
            drop(turn);
            result
        });
        running.await.ok()
    }

    /// Runs `work` with the application beside others, where it may block.
    pub(crate) async fn run_beside<E: Spawner>(
        &self,
        context: E,
        work: impl FnOnce(&dyn Application) + Send + 'static,
    ) -> Option<()> {
        let application = Arc::clone(&self.application);
        let running = context.shared(true).spawn(move |_| async move { work(&*application) });
        running.await.ok()
    }
}

/// Describes what follows `lineage` (newest first, down to the application's position or below).
///
/// # Errors
/// [`Unfit`] when the lineage does not contain the position.
pub(crate) fn ancestry(lineage: &[Digested<Entry>], position: Position) -> Result<Ancestry, Unfit> {
    let newest = lineage.first().map_or(0, |block| block.inner().height);
    if newest < position.height {
        return Err(Unfit::Late);
    }
    let base = lineage.iter().find(|block| block.inner().height == position.height);
    let Some(base) = base.filter(|block| block.digest() == position.digest) else {
        return Err(Unfit::Conflicts);
    };
    let finalized: Digest = digest_of(base);
    let pending: Vec<Bytes> = lineage
        .iter()
        .rev()
        .filter(|block| block.inner().height > position.height && !block.inner().is_filler())
        .map(|block| block.inner().payload.clone())
        .collect();
    Ok(Ancestry::new(position.number, finalized, pending))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ancestry has the payloads above the position, oldest first and without fillers.
    #[test]
    fn pending_payloads() {
        let genesis = Entry::genesis([0; 32]);
        let first = Entry::after(&genesis, Bytes::from_static(b"1"));
        let filler = Entry::after(&first, Bytes::new());
        let second = Entry::after(&filler, Bytes::from_static(b"2"));
        let third = Entry::after(&second, Bytes::from_static(b"3"));
        let lineage = [third.clone(), second, filler.clone(), first.clone(), genesis.clone()];

        let seen = ancestry(&lineage, Position::at(&first)).unwrap();
        assert_eq!(seen.finalized_height(), 1);
        assert_eq!(seen.pending(), ["2", "3"]);
        assert_eq!(seen.height(), 4);
        let seen = ancestry(&lineage, Position::at(&third)).unwrap();
        assert_eq!((seen.finalized_height(), seen.pending().len()), (3, 0));

        let other = Entry::after(&genesis, Bytes::from_static(b"other"));
        assert_eq!(ancestry(&lineage, Position::at(&other)), Err(Unfit::Conflicts));
        assert_eq!(ancestry(&lineage[3..], Position::at(&filler)), Err(Unfit::Late));
    }
}
