use super::{Breach, breach, must};
use crate::{Block, ChainEvent, ChainSource, ChainUpdate};
use tally_primitives::{BlockRef, BlockSpan};

/// What a source has delivered, with everything undone taken out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct History {
    pub(super) blocks: Vec<Block>,
    pub(super) rollbacks: Vec<BlockRef>,
    /// The block the source started after.
    start: Option<BlockRef>,
}

impl History {
    /// Expects blocks after `start`.
    pub(super) fn after(start: BlockRef) -> Self {
        Self { start: Some(start), ..Self::default() }
    }

    pub(super) fn last(&self) -> Option<BlockRef> {
        self.blocks.last().map(|block| block.at).or(self.start)
    }

    /// Returns the events in order.
    pub(super) fn events(&self) -> Vec<ChainEvent> {
        let events = self.blocks.iter().flat_map(|block| &block.events);
        events.map(|logged| logged.event.clone()).collect()
    }

    /// Reads updates until `block` has been delivered.
    pub(super) async fn read_to(
        &mut self,
        check: &'static str,
        source: &mut impl ChainSource,
        block: BlockRef,
    ) -> Result<(), Breach> {
        while self.last() != Some(block) {
            let update = must(check, "next update", source.next_update().await)?;
            self.take(check, update)?;
        }
        Ok(())
    }

    /// Takes one update and checks that it fits.
    pub(super) fn take(&mut self, check: &'static str, update: ChainUpdate) -> Result<(), Breach> {
        match update {
            ChainUpdate::Connected { block, head } => {
                if let Some(last) = self.last()
                    && (block.parent != last.hash
                        || block.at.number != last.number.after(BlockSpan(1)))
                {
                    let at = block.at;
                    return Err(breach(check, format!("{at:?} does not follow {last:?}")));
                }
                if head < block.at.number {
                    return Err(breach(check, format!("{:?} is above the head", block.at)));
                }
                let indices = block.events.windows(2);
                if indices.into_iter().any(|pair| pair[0].log_index >= pair[1].log_index) {
                    return Err(breach(check, format!("events of {:?} out of order", block.at)));
                }
                self.blocks.push(block);
            }
            ChainUpdate::RolledBackTo(fork) => {
                let is_known = self.start.is_none_or(|start| fork.number < start.number)
                    || self.blocks.iter().any(|block| block.at == fork)
                    || self.start == Some(fork);
                if !is_known || self.last() == Some(fork) {
                    return Err(breach(check, format!("a rollback to {fork:?}")));
                }
                self.blocks.retain(|block| block.at.number <= fork.number);
                if self.blocks.is_empty() {
                    self.start = Some(fork);
                }
                self.rollbacks.push(fork);
            }
        }
        Ok(())
    }
}
