use super::FakeChain;
use crate::{ChainError, ChainSource, ChainUpdate, SourceStart};
use tally_primitives::{BlockNumber, BlockRef, BlockSpan};
use tokio::sync::watch;

/// Blocks of a [`FakeChain`].
#[derive(Debug)]
pub struct FakeSource {
    chain: FakeChain,
    confirmations: BlockSpan,
    /// The blocks delivered, oldest first.
    delivered: Vec<BlockRef>,
    changed: watch::Receiver<()>,
}

impl FakeSource {
    pub(super) fn new(chain: FakeChain, start: SourceStart, confirmations: BlockSpan) -> Self {
        let delivered = match start {
            SourceStart::Fresh => Vec::new(),
            SourceStart::After { block, mut recent, .. } => {
                recent.retain(|recent| recent.number < block.number);
                recent.sort_by_key(|recent| recent.number);
                recent.push(block);
                recent
            }
        };
        let changed = chain.0.changed.subscribe();
        Self { chain, confirmations, delivered, changed }
    }

    fn step(&mut self) -> Result<Option<ChainUpdate>, ChainError> {
        let world = self.chain.lock();
        let head = world.head().at.number;
        let is_current = |delivered: &BlockRef| {
            world.block(delivered.number).is_none_or(|block| block.at == *delivered)
        };
        if !self.delivered.iter().all(is_current) {
            self.delivered.retain(is_current);
            // Those above the chain's end belong to the branch that was left.
            self.delivered.retain(|delivered| delivered.number <= head);
            let fork = self.delivered.last().copied().ok_or_else(|| ChainError::Permanent {
                operation: "following the fake chain",
                source: "no remembered block is left".into(),
            })?;
            return Ok(Some(ChainUpdate::RolledBackTo(fork)));
        }
        let last = self.delivered.last().map(|last| last.number);
        let next = last.map_or(BlockNumber(0), |last| last.after(BlockSpan(1)));
        if next.after(self.confirmations) > head {
            return Ok(None);
        }
        let Some(block) = world.block(next).cloned() else { return Ok(None) };
        drop(world);
        self.delivered.push(block.at);
        Ok(Some(ChainUpdate::Connected { block, head }))
    }
}

impl ChainSource for FakeSource {
    async fn next_update(&mut self) -> Result<ChainUpdate, ChainError> {
        loop {
            if let Some(update) = self.step()? {
                return Ok(update);
            }
            if self.changed.changed().await.is_err() {
                // The source itself holds the chain, so this cannot be; waiting is right anyhow.
                std::future::pending::<()>().await;
            }
        }
    }
}
