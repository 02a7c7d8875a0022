use crate::lock::lock;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tally_ledger::Block;

/// Text of the blocks that are kept. Parsed they take several times as much, but most of it is
/// shared with what the store keeps parsed anyway.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// The blocks that were appended last, parsed as they were, for the text index: reading and parsing
/// them again costs more than indexing them. What is not here any more, or was appended by an
/// earlier run, is read from the store.
#[derive(Debug, Default)]
pub(crate) struct Fresh(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// In order of height, with the bytes of their texts.
    blocks: VecDeque<(u64, Arc<Block>, usize)>,
    text_bytes: usize,
}

impl Fresh {
    /// Keeps a block that was appended, and drops the oldest ones while there is too much text.
    pub(crate) fn keep(&self, height: u64, block: Arc<Block>) {
        let bytes = block.transactions().iter().map(|found| found.to_json().len()).sum();
        let mut kept = lock(&self.0);
        kept.text_bytes += bytes;
        kept.blocks.push_back((height, block, bytes));
        while kept.text_bytes > TEXT_BYTES_MAX {
            kept.drop_first();
        }
    }

    /// Takes the block of a height, and drops those below, which nobody asks for any more.
    pub(crate) fn take(&self, height: u64) -> Option<Arc<Block>> {
        let mut kept = lock(&self.0);
        while kept.blocks.front()?.0 < height {
            kept.drop_first();
        }
        if kept.blocks.front()?.0 > height {
            return None;
        }
        kept.drop_first()
    }
}

impl Kept {
    fn drop_first(&mut self) -> Option<Arc<Block>> {
        let (_, block, bytes) = self.blocks.pop_front()?;
        self.text_bytes -= bytes;
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tally_crypto::ed25519::SigningKey;
    use tally_ledger::{Timestamp, Version, build::Draft};

    fn block(text_bytes: usize) -> Arc<Block> {
        let key = SigningKey::from_seed(&[1; 32]);
        let owner = [key.public_key()];
        let data = format!(r#"{{"text":"{}"}}"#, "x".repeat(text_bytes));
        let draft = Draft::create(Version::Flat2_0, &owner).asset_data(data).output(1, &owner);
        let transaction = Arc::new(draft.sign(&[&key]).unwrap());
        Arc::new(Block::make(&key, Timestamp::MIN, vec![transaction], owner.to_vec()))
    }

    #[test]
    fn a_block_is_taken_once_and_drops_those_below() {
        let (fresh, block) = (Fresh::default(), block(10));
        for height in [3, 4, 6, 7] {
            fresh.keep(height, Arc::clone(&block));
        }
        assert!(fresh.take(2).is_none(), "it was never there");
        assert_eq!(fresh.take(4).as_ref(), Some(&block));
        assert!(fresh.take(4).is_none());
        assert!(fresh.take(5).is_none(), "another one was not kept");
        assert_eq!(fresh.take(7).as_ref(), Some(&block));
        let kept = lock(&fresh.0);
        assert!(kept.blocks.is_empty() && kept.text_bytes == 0);
    }

    /// Goal: an index that is far behind holds no more than the bound.
    #[test]
    fn the_oldest_are_dropped_when_there_is_too_much_text() {
        let (fresh, block) = (Fresh::default(), block(900_000));
        for height in 0..40 {
            fresh.keep(height, Arc::clone(&block));
            assert!(lock(&fresh.0).text_bytes <= TEXT_BYTES_MAX);
        }
        assert!(fresh.take(0).is_none());
        assert_eq!(fresh.take(39).as_ref(), Some(&block));
    }
}
