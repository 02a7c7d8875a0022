//! Makes the vectors. Every value is fixed: the messages are those of one payer in one channel,
//! followed by each kind of plain message and by the largest values there are.

mod messages;
mod typed_data;

pub(crate) use messages::fields;

use super::file::{
    Key, LockVector, ProofVector, Refused, SpentVector, TreeVector, Vectors, to_hex,
};
use tally_channel::{Lock, LockTree, Message, Rejected, WIRE_VERSION, spent_marker};
use tally_crypto::{SecretKey, hashlock, keccak256};
use tally_primitives::{
    B256, BlockNumber, ChainId, ChannelAddress, LocksRoot, Nonce, Secret, TokenAmount,
};

const CHAIN: ChainId = ChainId(1337);
const CHANNEL: [u8; 20] = [0xc4; 20];

pub(crate) fn vectors() -> Vectors {
    Vectors {
        about: "Formats of docs/formats.md. Written by the test formats::vectors; numbers are \
                decimal, bytes hexadecimal."
            .into(),
        keys: ["payer", "payee", "delegate"].map(|name| named(name, &key(name))).into(),
        locks: locks(),
        trees: [0, 1, 2, 3, 5, 8].map(tree).into(),
        typed_data: typed_data::vectors(),
        messages: messages::vectors(),
        refused: refused(),
    }
}

fn key(name: &str) -> SecretKey {
    SecretKey::generate(keccak256(name).0)
}

fn named(name: &str, key: &SecretKey) -> Key {
    let address = key.address().to_string();
    Key { name: name.into(), secret_key: to_hex(*key.expose()), address }
}

fn secret(number: u8) -> Secret {
    Secret::new([number; 32])
}

fn lock(number: u8) -> Lock {
    Lock {
        expiration: BlockNumber(100 + u64::from(number)),
        amount: TokenAmount::from_units(10 * u64::from(number)),
        hashlock: hashlock(&secret(number)),
    }
}

fn locks() -> Vec<LockVector> {
    let largest = Lock {
        expiration: BlockNumber(u64::MAX),
        amount: TokenAmount::MAX,
        hashlock: hashlock(&secret(0xff)),
    };
    [(1, lock(1)), (2, lock(2)), (3, lock(3)), (0xff, largest)]
        .map(|(number, lock)| LockVector {
            expiration: lock.expiration.to_string(),
            amount: lock.amount.to_string(),
            secret: to_hex(secret(number).expose()),
            hashlock: lock.hashlock.to_string(),
            encoded: to_hex(lock.encode()),
            leaf: to_hex(lock.leaf()),
        })
        .into()
}

fn tree(size: u8) -> TreeVector {
    let leaves: Vec<B256> = (1..=size).map(|number| lock(number).leaf()).collect();
    let mut tree = LockTree::new(leaves.clone());
    TreeVector {
        root: tree.root().to_string(),
        proofs: leaves
            .iter()
            .map(|leaf| ProofVector { leaf: to_hex(leaf), proof: proof(&tree, *leaf) })
            .collect(),
        spent: leaves.iter().map(|leaf| spend(&mut tree, *leaf)).collect(),
        leaves: leaves.iter().map(to_hex).collect(),
    }
}

fn spend(tree: &mut LockTree, leaf: B256) -> SpentVector {
    let (proof, marker) = (proof(tree, leaf), spent_marker(leaf));
    assert!(tree.replace(leaf, marker));
    SpentVector { leaf: to_hex(leaf), proof, marker: to_hex(marker), root: tree.root().to_string() }
}

fn proof(tree: &LockTree, leaf: B256) -> Vec<String> {
    tree.proof(leaf).unwrap().iter().map(to_hex).collect()
}

fn root(numbers: &[u8]) -> LocksRoot {
    LockTree::new(numbers.iter().map(|number| lock(*number).leaf()).collect()).root()
}

/// Returns one example of each way to be no message.
fn refused() -> Vec<Refused> {
    let rejected =
        Message::Rejected(Rejected { channel: ChannelAddress::new(CHANNEL), nonce: Nonce(7) });
    let bytes = rejected.encode();
    let with = |index: usize, byte: u8| {
        let mut changed = bytes.clone();
        changed[index] = byte;
        changed
    };
    [
        vec![],
        vec![WIRE_VERSION],
        with(0, 0),
        with(0, 2),
        with(1, 0),
        with(1, 6),
        with(1, 18),
        bytes[..29].to_vec(),
        [&bytes[..], &[0]].concat(),
        with(29, 0),
    ]
    .map(|bytes| {
        let error = Message::decode(&bytes).unwrap_err().to_string();
        Refused { bytes: to_hex(bytes), error }
    })
    .into()
}
