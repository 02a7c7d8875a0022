use super::{hash, rows};
use proptest::{
    collection::{btree_set, vec},
    prelude::*,
    sample::Index,
};
use tally_channel::{LockTree, spent_marker};
use tally_crypto::keccak256;
use tally_primitives::{B256, LocksRoot};

/// Returns the leaves that a row of `merkle_roots.txt` stands for.
fn leaves(rule: &str) -> Vec<B256> {
    let mut words = rule.split(' ');
    let kind = words.next().unwrap();
    match kind {
        "texts" => words.map(keccak256).collect(),
        "bytes" => {
            let last: u8 = words.next().unwrap().parse().unwrap();
            (0..=last).map(|byte| keccak256([byte])).collect()
        }
        "repeat" => {
            words.map(|byte| B256::repeat_byte(u8::from_str_radix(byte, 16).unwrap())).collect()
        }
        other => panic!("no rule {other}"),
    }
}

#[test]
fn roots_are_those_of_the_vectors_in_any_order_of_leaves() {
    let mut checked = 0;
    for row in rows(include_str!("../../../vectors/merkle_roots.txt")) {
        let (mut leaves, root) = (leaves(row[0]), LocksRoot(hash(row[1])));
        assert_eq!(LockTree::new(leaves.clone()).root(), root, "{}", row[0]);
        leaves.reverse();
        assert_eq!(LockTree::new(leaves).root(), root, "{} reversed", row[0]);
        checked += 1;
    }
    assert_eq!(checked, 14);
}

#[test]
fn proofs_are_those_of_the_vectors() {
    let rows: Vec<_> = rows(include_str!("../../../vectors/merkle_proofs.txt")).collect();
    assert_eq!(rows.len(), 11);
    for row in &rows {
        let siblings = rows.iter().filter(|other| other[2] == row[2]);
        let tree = LockTree::new(siblings.map(|other| hash(other[0])).collect());
        let (leaf, root) = (hash(row[0]), LocksRoot(hash(row[2])));
        assert_eq!(tree.root(), root);

        let proof = tree.proof(leaf).unwrap();
        let joined: String = proof.iter().map(hex::encode).collect();
        assert_eq!(joined, row[1]);
        assert!(LockTree::verify_proof(leaf, &proof, root));
    }
}

#[test]
fn an_empty_tree_proves_nothing() {
    let mut tree = LockTree::new(vec![]);
    assert_eq!(tree.root(), LocksRoot::default());
    assert_eq!(tree.proof(B256::ZERO), None);
    assert!(!tree.replace(B256::ZERO, B256::ZERO));
}

/// The tree as the text of docs/formats.md has it, with nothing kept: places, not layers.
fn naive_root(places: &[B256]) -> B256 {
    match places {
        [] => B256::ZERO,
        [only] => *only,
        several => {
            let above: Vec<B256> = several
                .chunks(2)
                .map(|pair| {
                    let mut pair = pair.to_vec();
                    pair.sort();
                    if pair.len() == 2 { keccak256(pair.as_slice().concat()) } else { pair[0] }
                })
                .collect();
            naive_root(&above)
        }
    }
}

fn naive_proof(places: &[B256], place: usize) -> Vec<B256> {
    if places.len() < 2 {
        return vec![];
    }
    let above: Vec<B256> = places.chunks(2).map(naive_root).collect();
    let sibling = places.get(place ^ 1).copied();
    sibling.into_iter().chain(naive_proof(&above, place / 2)).collect()
}

fn any_leaves() -> impl Strategy<Value = Vec<B256>> {
    btree_set(any::<[u8; 32]>().prop_map(B256::new), 1..24)
        .prop_map(|leaves| leaves.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
}

proptest! {
    /// Law: the tree is the naive one.
    #[test]
    fn root_and_proofs_are_the_naive_ones(leaves in any_leaves()) {
        let tree = LockTree::new(leaves.clone());
        let mut places = leaves;
        places.sort();
        prop_assert_eq!(tree.root().0, naive_root(&places));
        for (place, leaf) in places.iter().enumerate() {
            let proof = tree.proof(*leaf).unwrap();
            prop_assert_eq!(&proof, &naive_proof(&places, place));
            prop_assert!(LockTree::verify_proof(*leaf, &proof, tree.root()));
        }
    }

    /// Law: spending leaves, one after the other, keeps every other leaf provable, and the root is
    /// the one a contract computes of the proof it was shown.
    #[test]
    fn spending_keeps_the_other_leaves_provable(
        leaves in any_leaves(), order in vec(any::<Index>(), 1..16),
    ) {
        let mut tree = LockTree::new(leaves.clone());
        let mut places = leaves;
        places.sort();
        for index in order {
            let place = index.index(places.len());
            let (leaf, marker) = (places[place], spent_marker(places[place]));
            let proof = tree.proof(leaf).unwrap();
            prop_assert!(tree.replace(leaf, marker));
            places[place] = marker;

            prop_assert_eq!(tree.root().0, naive_root(&places));
            prop_assert!(LockTree::verify_proof(marker, &proof, tree.root()));
            prop_assert!(!LockTree::verify_proof(leaf, &proof, tree.root()));
            prop_assert_eq!(tree.proof(leaf), None);
            prop_assert!(!tree.replace(leaf, marker), "a lock is spent once");
            for (place, other) in places.iter().enumerate() {
                let proof = tree.proof(*other).unwrap();
                prop_assert_eq!(&proof, &naive_proof(&places, place));
                prop_assert!(LockTree::verify_proof(*other, &proof, tree.root()));
            }
        }
    }

    /// Law: what is not in the tree has no proof, and a damaged proof proves nothing.
    #[test]
    fn nothing_else_is_proved(
        leaves in any_leaves(), stranger: [u8; 32], index: Index, damaged: Index, bit in 0..256_usize,
    ) {
        let stranger = B256::new(stranger);
        prop_assume!(!leaves.contains(&stranger));
        let tree = LockTree::new(leaves.clone());
        prop_assert_eq!(tree.proof(stranger), None);

        let leaf = *index.get(&leaves);
        let mut proof = tree.proof(leaf).unwrap();
        prop_assert!(!LockTree::verify_proof(stranger, &proof, tree.root()));
        if !proof.is_empty() {
            let damaged = damaged.index(proof.len());
            proof[damaged].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!LockTree::verify_proof(leaf, &proof, tree.root()));
            proof.truncate(damaged);
            prop_assert!(!LockTree::verify_proof(leaf, &proof, tree.root()));
        }
    }
}
