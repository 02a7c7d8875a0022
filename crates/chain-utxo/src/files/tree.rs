//! The tree of all headers, and its best branch.

use crate::block::HeaderFacts;
use std::collections::HashMap;
use tally_primitives::{BlockId, BlockNumber};

/// Where a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: u32,
    pub(super) offset: u64,
    pub(super) length: u32,
}

#[derive(Debug)]
struct Node {
    id: BlockId,
    parent: u32,
    height: u32,
    /// Of the branch up to here.
    work: u128,
    place: Place,
}

enum Attached {
    Yes,
    /// Its parent is not known yet.
    Waits,
    /// It begins another chain.
    Foreign,
}

/// All blocks whose ancestors are known up to the first one, and those that wait for theirs.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    by_id: HashMap<BlockId, u32>,
    /// By the block that they wait for.
    orphans: HashMap<BlockId, Vec<(HeaderFacts, Place)>>,
    /// The best branch: the node at each height.
    best: Vec<u32>,
    /// The end of the branch with the most work.
    tip: Option<u32>,
}

impl Tree {
    /// Adds a block. If it is known already, the place is the new one: a node writes a block again
    /// when it lost it.
    pub(super) fn insert(&mut self, header: &HeaderFacts, place: Place) {
        if let Some(known) =
            self.by_id.get(&header.id).and_then(|it| self.nodes.get_mut(*it as usize))
        {
            known.place = place;
            return;
        }
        let mut waiting = vec![(*header, place)];
        while let Some((header, place)) = waiting.pop() {
            match self.attach(&header, place) {
                // The first that came is attached first.
                Attached::Yes => {
                    waiting.extend(self.orphans.remove(&header.id).into_iter().flatten().rev());
                }
                Attached::Waits => {
                    let siblings = self.orphans.entry(header.previous).or_default();
                    siblings.retain(|(sibling, _)| sibling.id != header.id);
                    siblings.push((header, place));
                }
                Attached::Foreign => {}
            }
        }
    }

    fn attach(&mut self, header: &HeaderFacts, place: Place) -> Attached {
        let Ok(number) = u32::try_from(self.nodes.len()) else { return Attached::Foreign };
        let (parent, height, work) = if header.previous == BlockId::default() {
            if !self.nodes.is_empty() {
                return Attached::Foreign;
            }
            (number, 0, header.work)
        } else {
            let parent = self.by_id.get(&header.previous).copied();
            match parent.and_then(|parent| Some((parent, self.nodes.get(parent as usize)?))) {
                Some((parent, node)) => {
                    (parent, node.height + 1, node.work.saturating_add(header.work))
                }
                None => return Attached::Waits,
            }
        };
        self.by_id.insert(header.id, number);
        self.nodes.push(Node { id: header.id, parent, height, work, place });
        let best = self.tip.and_then(|tip| self.nodes.get(tip as usize)).map(|node| node.work);
        if best.is_none_or(|best| work > best) {
            self.tip = Some(number);
        }
        Attached::Yes
    }

    /// Makes the branch with the most work the one that [`at`](Self::at) speaks of.
    pub(super) fn choose(&mut self) {
        let Some(tip) = self.tip else { return };
        let mut branch = Vec::new();
        let mut number = tip;
        while let Some(node) = self.nodes.get(number as usize) {
            if self.best.get(node.height as usize) == Some(&number) {
                break;
            }
            branch.push(number);
            if node.height == 0 {
                break;
            }
            number = node.parent;
        }
        let Some(last) = branch.last().and_then(|last| self.nodes.get(*last as usize)) else {
            return;
        };
        self.best.truncate(last.height as usize);
        self.best.extend(branch.into_iter().rev());
    }

    /// Returns the height of the best branch.
    pub(super) fn height(&self) -> Option<BlockNumber> {
        self.best.len().checked_sub(1).map(|height| BlockNumber(height as u64))
    }

    /// Returns a block of the best branch.
    pub(super) fn at(&self, height: BlockNumber) -> Option<(BlockId, Place)> {
        let number = *self.best.get(usize::try_from(height.0).ok()?)?;
        self.nodes.get(number as usize).map(|node| (node.id, node.place))
    }

    /// Returns whether there are blocks but not the first one.
    pub(super) fn is_rootless(&self) -> bool {
        self.nodes.is_empty() && !self.orphans.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Block `n` of a made-up tree: its id is its number, its parent any earlier one.
    fn header(number: u8, parent: u8, work: u8) -> HeaderFacts {
        let id = |number: u8| BlockId::from_shown([number; 32]);
        HeaderFacts { id: id(number), previous: id(parent), work: work.into(), is_proven: true }
    }

    fn place(offset: u64) -> Place {
        Place { file: 0, offset, length: 81 }
    }

    #[test]
    fn the_first_of_equal_branches_counts_until_the_other_has_more_work() {
        let mut tree = Tree::default();
        for (number, parent, work) in [(1, 0, 1), (2, 1, 1), (3, 1, 1)] {
            tree.insert(&header(number, parent, work), place(0));
        }
        tree.choose();
        assert_eq!(tree.at(BlockNumber(1)).unwrap().0, BlockId::from_shown([2; 32]));
        tree.insert(&header(4, 3, 1), place(7));
        tree.choose();
        assert_eq!(tree.height(), Some(BlockNumber(2)));
        assert_eq!(tree.at(BlockNumber(1)).unwrap().0, BlockId::from_shown([3; 32]));
        assert_eq!(tree.at(BlockNumber(2)), Some((BlockId::from_shown([4; 32]), place(7))));
        // Fewer blocks, more work.
        tree.insert(&header(5, 1, 9), place(0));
        tree.choose();
        assert_eq!(tree.height(), Some(BlockNumber(1)));
        assert_eq!(tree.at(BlockNumber(2)), None);
    }

    proptest! {
        /// Goal: the order of the file does not matter. Method: any tree with works that decide,
        /// in any order and with repeats, against the branch found by adding works up.
        #[test]
        fn any_order_gives_the_branch_with_the_most_work(
            parents in proptest::collection::vec(any::<proptest::sample::Index>(), 1..40),
            order in proptest::collection::vec(any::<proptest::sample::Index>(), 40..80),
        ) {
            let headers: Vec<HeaderFacts> = (1..=parents.len() as u8)
                .map(|number| {
                    let parent = parents[usize::from(number) - 1].index(usize::from(number)) as u8;
                    let parent = if number == 1 { 0 } else { parent.max(1) };
                    let mut header = header(number, parent, 0);
                    // No two sums are equal.
                    header.work = 1 << number;
                    header
                })
                .collect();
            let mut tree = Tree::default();
            let picks = order.iter().map(|pick| &headers[pick.index(headers.len())]);
            for header in picks.chain(&headers) {
                tree.insert(header, place(1));
            }
            tree.choose();
            // The newest block has more work than all others together.
            let mut branch = vec![headers.last().unwrap()];
            while let Some(parent) =
                headers.iter().find(|header| header.id == branch.last().unwrap().previous)
            {
                branch.push(parent);
            }
            prop_assert_eq!(tree.height().unwrap().0 as usize, branch.len() - 1);
            for (height, header) in branch.iter().rev().enumerate() {
                prop_assert_eq!(tree.at(BlockNumber(height as u64)).unwrap().0, header.id);
            }
            prop_assert!(tree.orphans.is_empty());
        }
    }
}
