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
    use proptest::{collection::btree_set, prelude::*};

    proptest! {
        #[test]
        fn the_root_alone_is_the_root_of_the_tree(
            leaves in btree_set(any::<[u8; 32]>().prop_map(B256::new), 0..40),
        ) {
            let leaves: Vec<B256> = leaves.into_iter().rev().collect();
            prop_assert_eq!(root(leaves.clone()), LockTree::new(leaves).root());
        }
    }
}
