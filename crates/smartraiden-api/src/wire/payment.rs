use super::Amount;
use serde::Serialize;
use tally_channel_node::{
    Happening, JournalEntry, LegView, PaymentProgress, PaymentRecord, PaymentRole, PendingStage,
    PendingTransfer,
};
use tally_primitives::ChannelAddress;

/// A payment that came to its end.
#[derive(Serialize)]
pub(crate) struct Payment {
    id: u64,
    time: u64,
    block_number: u64,
    role: &'static str,
    state: &'static str,
    reason: Option<&'static str>,
    token_address: String,
    initiator_address: String,
    target_address: String,
    identifier: u64,
    amount: Amount,
    fee: Amount,
    incoming_channel: Option<String>,
    outgoing_channel: Option<String>,
}

impl Payment {
    /// Shows an entry that is a payment; `None` for any other.
    pub(crate) fn of(entry: &JournalEntry) -> Option<Self> {
        let payment = record(entry)?;
        let text = |channel: Option<ChannelAddress>| channel.map(|channel| channel.to_string());
        Some(Self {
            id: entry.number,
            time: entry.time,
            block_number: entry.block.0,
            role: word_of(payment.role),
            state: if payment.failure.is_none() { "succeeded" } else { "failed" },
            reason: payment.reason(),
            token_address: payment.token.to_string(),
            initiator_address: payment.initiator.to_string(),
            target_address: payment.target.to_string(),
            identifier: payment.identifier.0,
            amount: Amount(payment.amount),
            fee: Amount(payment.fee),
            incoming_channel: text(payment.incoming),
            outgoing_channel: text(payment.outgoing),
        })
    }
}

const fn record(entry: &JournalEntry) -> Option<&PaymentRecord> {
    match &entry.what {
        Happening::Payment(payment) => Some(payment),
        Happening::ChannelOpened { .. }
        | Happening::Channel { .. }
        | Happening::RolledBack { .. } => None,
    }
}

const fn word_of(role: PaymentRole) -> &'static str {
    match role {
        PaymentRole::Initiator => "initiator",
        PaymentRole::Mediator => "mediator",
        PaymentRole::Target => "target",
    }
}

/// A payment as the original listed it: a different other end for what was sent and received.
#[derive(Serialize)]
pub(crate) struct OldTransfer {
    #[serde(rename = "Key")]
    key: String,
    block_number: u64,
    channel_address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_address: Option<String>,
    token_address: String,
    nonce: u64,
    amount: Amount,
}

impl OldTransfer {
    /// Shows an entry that is a payment of or to this node; `None` for any other.
    pub(crate) fn of(entry: &JournalEntry) -> Option<Self> {
        let payment = record(entry)?;
        let is_sent = payment.role == PaymentRole::Initiator;
        let channel = if is_sent { payment.outgoing } else { payment.incoming }?.to_string();
        let nonce = payment.nonce.unwrap_or_default().0;
        // The original counted what was sent by the proof that would come next.
        let nonce = if is_sent { nonce.saturating_add(1) } else { nonce };
        Some(Self {
            key: format!("{channel}-{nonce}"),
            block_number: entry.block.0,
            channel_address: channel,
            to_address: is_sent.then(|| payment.target.to_string()),
            from_address: (!is_sent).then(|| payment.initiator.to_string()),
            token_address: payment.token.to_string(),
            nonce,
            amount: Amount(payment.amount),
        })
    }
}

/// How far a payment of this node is.
#[derive(Serialize)]
pub(crate) struct PaymentStatus {
    state: &'static str,
    reason: Option<&'static str>,
    initiator_address: String,
    target_address: String,
    token_address: String,
    amount: Amount,
    identifier: u64,
    fee: Amount,
    is_direct: bool,
}

impl From<&PaymentProgress> for PaymentStatus {
    fn from(progress: &PaymentProgress) -> Self {
        let receipt = &progress.receipt;
        Self {
            state: if progress.is_pending {
                "pending"
            } else if progress.failure.is_none() {
                "succeeded"
            } else {
                "failed"
            },
            reason: progress.reason(),
            initiator_address: receipt.initiator.to_string(),
            target_address: receipt.target.to_string(),
            token_address: receipt.token.to_string(),
            amount: Amount(receipt.amount),
            identifier: receipt.identifier.0,
            fee: Amount(receipt.fee),
            is_direct: receipt.is_direct,
        }
    }
}

impl PaymentStatus {
    /// Returns the path under which the payment is found.
    pub(crate) fn path(&self) -> String {
        let Self { token_address, target_address, identifier, .. } = self;
        format!("/api/1/payments/{token_address}/{target_address}/{identifier}")
    }
}

/// A transfer that is not finished.
#[derive(Serialize)]
pub(crate) struct Pending {
    role: &'static str,
    state: &'static str,
    token_address: String,
    initiator_address: String,
    target_address: String,
    identifier: u64,
    amount: Amount,
    fee: Amount,
    locks: Vec<PendingLock>,
}

#[derive(Serialize)]
struct PendingLock {
    direction: &'static str,
    channel_address: String,
    amount: Amount,
    expiration: u64,
    hashlock: String,
}

impl From<&PendingTransfer> for Pending {
    fn from(transfer: &PendingTransfer) -> Self {
        Self {
            role: word_of(transfer.role),
            state: match transfer.stage {
                PendingStage::Sent => "sent",
                PendingStage::Locked => "locked",
                PendingStage::Revealed => "revealed",
                PendingStage::Cancelling => "cancelling",
            },
            token_address: transfer.token.to_string(),
            initiator_address: transfer.initiator.to_string(),
            target_address: transfer.target.to_string(),
            identifier: transfer.identifier.0,
            amount: Amount(transfer.amount),
            fee: Amount(transfer.fee),
            locks: transfer.locks.iter().map(PendingLock::from).collect(),
        }
    }
}

impl From<&LegView> for PendingLock {
    fn from(leg: &LegView) -> Self {
        Self {
            direction: if leg.is_outgoing { "outgoing" } else { "incoming" },
            channel_address: leg.channel.to_string(),
            amount: Amount(leg.amount),
            expiration: leg.expiration.0,
            hashlock: leg.hashlock.to_string(),
        }
    }
}
