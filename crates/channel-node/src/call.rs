use std::{sync::Arc, time::Duration};
use tally_chain::{ChannelContracts, Claim, Proof, Receipt, TransactionError};
use tally_channel::{Action, LockClaim, Report, SignedProof};
use tally_primitives::{ChannelAddress, Hashlock, LocksRoot, NodeAddress, Secret, TokenAmount};

/// A contract call that the protocol ordered, or the node itself.
///
/// Each may be made again: the contracts refuse what is done already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    RegisterSecret(Secret),
    Close {
        channel: ChannelAddress,
        partner_proof: Option<SignedProof>,
    },
    UpdateTransfer {
        channel: ChannelAddress,
        partner_proof: SignedProof,
    },
    SupersedeTransfer {
        channel: ChannelAddress,
        own_proof: SignedProof,
    },
    Unlock {
        channel: ChannelAddress,
        payer: NodeAddress,
        transferred: TokenAmount,
        locksroot: LocksRoot,
        claims: Vec<LockClaim>,
    },
    RegisterEndpoint(String),
}

/// What a call is about: at most one call about the same runs at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Secret(Hashlock),
    Close(ChannelAddress),
    PartnerProof(ChannelAddress),
    OwnProof(ChannelAddress),
    Locks(ChannelAddress),
    Endpoint,
}

/// What an action of the core is to the node.
#[derive(Debug)]
pub(crate) enum Ordered {
    Send(NodeAddress, tally_channel::Outgoing),
    Call(Call),
    Report(Report),
}

impl From<Action> for Ordered {
    fn from(action: Action) -> Self {
        match action {
            Action::Send { to, message } => Self::Send(to, message),
            Action::Report(report) => Self::Report(report),
            Action::RegisterSecret(secret) => Self::Call(Call::RegisterSecret(secret)),
            Action::Close { channel, partner_proof } => {
                Self::Call(Call::Close { channel, partner_proof })
            }
            Action::UpdateTransfer { channel, partner_proof } => {
                Self::Call(Call::UpdateTransfer { channel, partner_proof })
            }
            Action::SupersedeTransfer { channel, own_proof } => {
                Self::Call(Call::SupersedeTransfer { channel, own_proof })
            }
            Action::Unlock { channel, payer, transferred, locksroot, claims } => {
                Self::Call(Call::Unlock { channel, payer, transferred, locksroot, claims })
            }
        }
    }
}

impl Call {
    /// Returns what the call is about.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::RegisterSecret(secret) => Subject::Secret(tally_crypto::hashlock(secret)),
            Self::Close { channel, .. } => Subject::Close(*channel),
            Self::UpdateTransfer { channel, .. } => Subject::PartnerProof(*channel),
            Self::SupersedeTransfer { channel, .. } => Subject::OwnProof(*channel),
            Self::Unlock { channel, .. } => Subject::Locks(*channel),
            Self::RegisterEndpoint(_) => Subject::Endpoint,
        }
    }

    /// Makes the call.
    pub(crate) async fn make(
        self,
        contracts: Arc<dyn ChannelContracts>,
    ) -> Result<Receipt, TransactionError> {
        match self {
            Self::RegisterSecret(secret) => contracts.register_secret(secret).await,
            Self::Close { channel, partner_proof } => {
                contracts.close(channel, partner_proof.map(proof)).await
            }
            Self::UpdateTransfer { channel, partner_proof } => {
                contracts.update_transfer(channel, proof(partner_proof)).await
            }
            Self::SupersedeTransfer { channel, own_proof } => {
                contracts.supersede_transfer(channel, proof(own_proof)).await
            }
            Self::Unlock { channel, payer, transferred, locksroot, claims } => {
                let claims = claims.into_iter().map(claim).collect();
                contracts.unlock(channel, payer, transferred, locksroot, claims).await
            }
            Self::RegisterEndpoint(endpoint) => contracts.register_endpoint(endpoint).await,
        }
    }
}

/// The first pause before a failed call is made again.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest: well below the shortest settlement window on a live chain.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Returns how long to wait after `failures` failed calls in a row.
pub(crate) fn pause(failures: u32) -> Duration {
    PAUSE_MIN.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(PAUSE_MAX)
}

fn proof(signed: SignedProof) -> Proof {
    Proof {
        nonce: signed.proof.nonce,
        transferred: signed.proof.transferred,
        locksroot: signed.proof.locksroot,
        message_hash: signed.proof.message_hash,
        signature: signed.signature,
    }
}

fn claim(claim: LockClaim) -> Claim {
    let proof = claim.proof.into_iter().map(|hash| hash.0).collect();
    Claim { lock: claim.lock, secret: claim.secret, proof }
}
