use tally_crypto::keccak256_parts;
use tally_primitives::{B256, LocksRoot};

/// The tree over a participant's pending locks.
///
/// Leaves are sorted; each pair is hashed smaller first; an odd last element moves up unchanged; a
/// tree without leaves has a zero root.
///
/// Source: docs/formats.md, "Lock tree".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockTree {
    /// From the leaves to the root; no layer is empty unless there are no leaves.
    layers: Vec<Vec<B256>>,
}

impl LockTree {
    /// Builds the tree over `leaves`, in any order. They must differ.
    pub fn new(mut leaves: Vec<B256>) -> Self {
        leaves.sort_unstable();
        let mut layers = vec![leaves];
        while let Some(layer) = layers.last().filter(|layer| layer.len() > 1) {
            let parents = layer.chunks(2).map(parent).collect();
            layers.push(parents);
        }
        Self { layers }
    }

    /// Returns the root; zero without leaves.
    pub fn root(&self) -> LocksRoot {
        LocksRoot(self.layers.last().and_then(|layer| layer.first()).copied().unwrap_or_default())
    }

    /// Returns the siblings from `leaf` up to the root, or `None` if the tree has no such leaf.
    pub fn proof(&self, leaf: B256) -> Option<Vec<B256>> {
        let mut index = self.layers[0].iter().position(|candidate| *candidate == leaf)?;
        let mut proof = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            if let Some(sibling) = layer.get(index ^ 1) {
                proof.push(*sibling);
            }
            index /= 2;
        }
        Some(proof)
    }

    /// Says whether `proof` leads from `leaf` to `root`.
    ///
    /// Source: `LockTree.rootsBeforeAndAfter` in the contracts.
    pub fn verify_proof(leaf: B256, proof: &[B256], root: LocksRoot) -> bool {
        proof.iter().fold(leaf, |node, sibling| pair(&node, sibling)) == root.0
    }

    /// Puts `marker` in the place of `leaf`; every other leaf keeps its place. Returns whether the
    /// leaf was there.
    ///
    /// This is what a contract's unlock does, so that a lock pays only once.
    pub fn replace(&mut self, leaf: B256, marker: B256) -> bool {
        let Some(mut index) = self.layers[0].iter().position(|candidate| *candidate == leaf) else {
            return false;
        };
        self.layers[0][index] = marker;
        for depth in 1..self.layers.len() {
            index /= 2;
            let children = &self.layers[depth - 1];
            let end = children.len().min(2 * index + 2);
            self.layers[depth][index] = parent(&children[2 * index..end]);
        }
        true
    }
}

/// Returns the root over `leaves`, in any order, without keeping the tree.
pub(crate) fn root(mut leaves: Vec<B256>) -> LocksRoot {
    leaves.sort_unstable();
    while leaves.len() > 1 {
        let parents = leaves.len().div_ceil(2);
        for index in 0..parents {
            let end = leaves.len().min(2 * index + 2);
            leaves[index] = parent(&leaves[2 * index..end]);
        }
        leaves.truncate(parents);
    }
    LocksRoot(leaves.first().copied().unwrap_or_default())
}

/// The newest tree of a participant, from which the next root follows with fewer hashes.
///
/// A lock that comes or goes moves the leaves behind its place; what lies before it hashes as it
/// did. The leaves are compared each time, so a root never depends on what was remembered.
#[derive(Debug, Clone, Default)]
pub(crate) struct RootMemo {
    /// From the leaves to the root, as in [`LockTree`].
    layers: Vec<Vec<B256>>,
}

/// What is remembered is no part of a participant's state.
impl PartialEq for RootMemo {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for RootMemo {}

impl RootMemo {
    /// Returns the root over `leaves`, in any order, which must differ; remembers the tree.
    pub(crate) fn root(&mut self, mut leaves: Vec<B256>) -> LocksRoot {
        leaves.sort_unstable();
        let known = self.layers.first().map_or(&[][..], Vec::as_slice);
        let mut same = leaves.iter().zip(known).take_while(|(new, old)| new == old).count();
        let mut depth = 0;
        loop {
            let length = leaves.len();
            if depth == self.layers.len() {
                self.layers.push(vec![]);
            }
            self.layers[depth] = leaves;
            depth += 1;
            if length <= 1 {
                break;
            }
            // Parents whose children all stayed stay too.
            same /= 2;
            let mut parents = self.layers.get_mut(depth).map(std::mem::take).unwrap_or_default();
            parents.truncate(same);
            parents.extend(self.layers[depth - 1].chunks(2).skip(same).map(parent));
            leaves = parents;
        }
        self.layers.truncate(depth);
        LocksRoot(self.layers[depth - 1].first().copied().unwrap_or_default())
    }
}

/// Returns the value that an unlock leaves in the place of a spent lock's leaf.
pub fn spent_marker(leaf: B256) -> B256 {
    keccak256_parts(&[b"spent", leaf.as_slice()])
}

fn parent(children: &[B256]) -> B256 {
    match children {
        [left, right] => pair(left, right),
        [only] => *only,
        _ => unreachable!("chunks of two have one or two elements"),
    }
}

fn pair(left: &B256, right: &B256) -> B256 {
    let (low, high) = if left <= right { (left, right) } else { (right, left) };
    keccak256_parts(&[low.as_slice(), high.as_slice()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{
        collection::{btree_set, vec},
        prelude::*,
    };
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn the_root_alone_is_the_root_of_the_tree(
            leaves in btree_set(any::<[u8; 32]>().prop_map(B256::new), 0..40),
        ) {
            let leaves: Vec<B256> = leaves.into_iter().rev().collect();
            prop_assert_eq!(root(leaves.clone()), LockTree::new(leaves).root());
        }

        /// Goal: what is remembered never shows. Method: leaves come and go, one at a time or many
        /// at once, in trees that share leaves.
        #[test]
        fn a_remembered_tree_gives_the_same_roots(
            sets in vec(btree_set((0..60_u8).prop_map(B256::repeat_byte), 0..40), 1..8),
            toggled in vec(0..60_u8, 0..40),
        ) {
            let mut memo = RootMemo::default();
            let mut leaves = BTreeSet::new();
            for set in sets {
                prop_assert_eq!(memo.root(set.iter().copied().collect()), root(set.iter().copied().collect()));
                leaves = set;
            }
            for byte in toggled {
                let leaf = B256::repeat_byte(byte);
                if !leaves.remove(&leaf) {
                    leaves.insert(leaf);
                }
                let all: Vec<B256> = leaves.iter().rev().copied().collect();
                prop_assert_eq!(memo.root(all.clone()), root(all));
            }
        }
    }
}
