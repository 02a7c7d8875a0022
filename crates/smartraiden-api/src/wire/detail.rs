use super::{Amount, Channel};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use tally_channel::Lock;
use tally_channel_node::{ChannelView, LockView, ProofView};
use tally_primitives::ChannelAddress;

/// One channel with its locks and proofs. The names of the second part, the misspelt ones too, are
/// the original's.
///
/// A secret is never shown: whoever knows one before its lock is paid can take the money.
#[derive(Serialize)]
pub(crate) struct ChannelDetail {
    #[serde(flatten)]
    channel: Channel,
    deposit: Amount,
    partner_deposit: Amount,
    opened_block: u64,
    #[serde(rename = "ClosedBlock")]
    closed_block: u64,
    #[serde(rename = "SettledBlock")]
    settled_block: u64,
    #[serde(rename = "OurUnkownSecretLocks")]
    our_unknown: Locks,
    #[serde(rename = "OurKnownSecretLocks")]
    our_known: Locks,
    #[serde(rename = "PartnerUnkownSecretLocks")]
    partner_unknown: Locks,
    #[serde(rename = "PartnerKnownSecretLocks")]
    partner_known: Locks,
    #[serde(rename = "OurLeaves")]
    our_leaves: Vec<String>,
    #[serde(rename = "PartnerLeaves")]
    partner_leaves: Vec<String>,
    #[serde(rename = "OurBalanceProof")]
    our_proof: Option<Proof>,
    #[serde(rename = "PartnerBalanceProof")]
    partner_proof: Option<Proof>,
    /// Always null, as in the original.
    #[serde(rename = "Signature")]
    signature: Nothing,
}

/// Locks by their hash.
type Locks = BTreeMap<String, LockEntry>;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LockEntry {
    lock: LockFields,
    lock_hashed: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LockFields {
    expiration: u64,
    amount: Amount,
    hash_lock: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Proof {
    nonce: u64,
    transfer_amount: Amount,
    locks_root: String,
    channel_address: String,
    message_hash: String,
    signature: Option<String>,
}

struct Nothing;

impl Serialize for Nothing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

impl From<&ChannelView> for ChannelDetail {
    fn from(view: &ChannelView) -> Self {
        Self {
            channel: Channel::from(view),
            deposit: Amount(view.deposit),
            partner_deposit: Amount(view.partner_deposit),
            opened_block: view.opened_block.0,
            closed_block: view.closed_block.map_or(0, |block| block.0),
            settled_block: view.settled_block.map_or(0, |block| block.0),
            our_unknown: locks(&view.locks, false),
            our_known: locks(&view.locks, true),
            partner_unknown: locks(&view.partner_locks, false),
            partner_known: locks(&view.partner_locks, true),
            our_leaves: leaves(&view.locks),
            partner_leaves: leaves(&view.partner_locks),
            our_proof: view.proof.as_ref().map(|proof| Proof::new(view.channel, proof)),
            partner_proof: view.partner_proof.as_ref().map(|proof| Proof::new(view.channel, proof)),
            signature: Nothing,
        }
    }
}

fn locks(views: &[LockView], secret_known: bool) -> Locks {
    let chosen = views.iter().filter(|view| view.secret_known == secret_known);
    chosen.map(|view| (view.hashlock.to_string(), LockEntry::from(view))).collect()
}

/// Returns the leaves of the locks' Merkle tree in the tree's order.
fn leaves(views: &[LockView]) -> Vec<String> {
    let mut leaves: Vec<String> = views.iter().map(leaf).collect();
    leaves.sort_unstable();
    leaves
}

fn leaf(view: &LockView) -> String {
    let lock = Lock { expiration: view.expiration, amount: view.amount, hashlock: view.hashlock };
    format!("{:?}", lock.leaf())
}

impl From<&LockView> for LockEntry {
    fn from(view: &LockView) -> Self {
        let lock = LockFields {
            expiration: view.expiration.0,
            amount: Amount(view.amount),
            hash_lock: view.hashlock.to_string(),
        };
        Self { lock, lock_hashed: leaf(view) }
    }
}

impl Proof {
    fn new(channel: ChannelAddress, proof: &ProofView) -> Self {
        Self {
            nonce: proof.nonce.0,
            transfer_amount: Amount(proof.transferred),
            locks_root: proof.locksroot.to_string(),
            channel_address: channel.to_string(),
            message_hash: proof.message_hash.to_string(),
            signature: proof.signature.map(|signature| format!("{signature:?}")),
        }
    }
}
