//! Settlements of deals whose money the parties' own keys guard: the transaction goes from hand to
//! hand as a PSBT until two of the three have signed.
//!
//! What is handed out is kept, so that signatures that come back are for the same transaction; what
//! comes back is looked at for signatures only.

use crate::{
    ServerError,
    building::{build, may_wait},
    core::{Core, read_failed, write_failed},
};
use tally_chain::utxo::FeeRate;
use tally_deal::{
    Action, Deal, DealCode, Plan, PublicKey, SettlementId,
    settlement::{PartialSettlement, PsbtError, SettlementError, SignedSettlement},
};
use tally_deal_store::{Commit, CommitError, Expected, NewEvent, SECRET_BYTES_MAX, SecretChange};
use tally_primitives::Txid;
use zeroize::Zeroizing;

/// How long a transaction that nobody signs is kept: then it is made anew, with the fees of the day.
const KEPT_MS: u64 = 366 * 86_400_000;

/// Parts that a stored PSBT has at most.
const PARTS_MAX: usize = 256;

/// The kind of the event that somebody has signed.
const SIGNED: &str = "settlement_signed";

/// How often an import is tried when others import at the same time.
const TRIES_MAX: usize = 8;

/// A settlement that waits for signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSettlement {
    /// Which of the deal's settlements.
    pub id: SettlementId,
    /// The id that its transaction will have.
    pub txid: Txid,
    /// The PSBT in Base64, with the signatures that there are.
    pub psbt: String,
    /// Whose signatures those are.
    pub signers: Vec<PublicKey>,
}

/// What there is of a settlement.
#[derive(Debug)]
pub(crate) enum Draft {
    /// Signatures are missing.
    Waiting,
    /// Two have signed.
    Signed(SignedSettlement),
    /// It cannot be made today.
    Later(SettlementError),
    /// It cannot be made.
    Refused(String),
}

/// Why signatures were not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no such deal.
    #[error("There is no such deal.")]
    Unknown,
    /// No settlement of the deal waits for signatures.
    #[error("No settlement of the deal waits for signatures.")]
    NothingToSign,
    /// The PSBT is not one of the deal's settlement, or its signatures are wrong.
    #[error("The PSBT is not taken: {0}.")]
    Psbt(#[from] PsbtError),
    /// The settlement cannot be made.
    #[error("The settlement cannot be made: {0}.")]
    Settlement(#[from] SettlementError),
    /// The server failed.
    #[error(transparent)]
    Server(#[from] ServerError),
}

/// A PSBT as it is stored, and the versions of its parts.
struct Stored {
    partial: PartialSettlement,
    parts: Vec<Expected>,
}

/// Makes sure that there is a transaction to sign, and finishes it if two have signed.
pub(crate) async fn prepare(
    core: &Core,
    deal: &Deal,
    plan: &Plan,
    rate: FeeRate,
) -> Result<Draft, ServerError> {
    let draft = match open(core, deal, plan, rate).await {
        Ok(stored) => stored.partial,
        Err(ImportError::Server(error)) => return Err(error),
        Err(ImportError::Settlement(error)) if may_wait(core, deal, plan, &error) => {
            return Ok(Draft::Later(error));
        }
        Err(error) => return Ok(Draft::Refused(error.to_string())),
    };
    Ok(match draft.finalise() {
        Ok(signed) => Draft::Signed(signed),
        Err(PsbtError::Incomplete { .. }) => Draft::Waiting,
        Err(error) => Draft::Refused(error.to_string()),
    })
}

/// Returns the settlements of a deal that wait for signatures; empty for deals whose money the
/// service guards.
pub(crate) async fn list(core: &Core, deal: &Deal) -> Result<Vec<OpenSettlement>, ServerError> {
    let mut found = vec![];
    for plan in plans(deal) {
        // The runner has not made it yet.
        let Some(stored) = load(core, deal, plan.id).await? else { continue };
        found.push(OpenSettlement {
            id: plan.id,
            txid: stored.partial.txid(),
            psbt: stored.partial.to_text(),
            signers: stored.partial.signers(),
        });
    }
    Ok(found)
}

/// Takes the signatures of a PSBT; returns whose they are.
pub(crate) async fn import(
    core: &Core,
    code: DealCode,
    text: &str,
) -> Result<Vec<PublicKey>, ImportError> {
    for _ in 0..TRIES_MAX {
        let found = core.store.deal(code).await.map_err(read_failed)?;
        let deal = found.ok_or(ImportError::Unknown)?.value;
        let mut refused = ImportError::NothingToSign;
        for plan in plans(&deal) {
            let Some(mut stored) = load(core, &deal, plan.id).await? else { continue };
            let signers = match stored.partial.import(text) {
                Ok(signers) => signers,
                Err(error) => {
                    refused = error.into();
                    continue;
                }
            };
            let event = signed_event(core, &deal, plan.id, &signers);
            match save(core, code, plan.id, &stored, vec![event]).await {
                Ok(()) => {
                    core.wake(code);
                    return Ok(signers);
                }
                Err(CommitError::Conflict(_)) => {
                    refused = ServerError::Contended { what: "the settlement" }.into();
                }
                Err(error) => return Err(write_failed(error).into()),
            }
        }
        if !matches!(refused, ImportError::Server(ServerError::Contended { .. })) {
            return Err(refused);
        }
    }
    Err(ServerError::Contended { what: "the settlement" }.into())
}

fn plans(deal: &Deal) -> Vec<Plan> {
    let actions = deal.pending().into_iter();
    let plans = actions.filter_map(|action| match action {
        Action::Settle(plan) => Some(plan),
        Action::Broadcast { .. } | Action::Notify(_) => None,
    });
    plans.collect()
}

/// Reads the transaction of a plan, or makes it and signs it for the arbiter.
async fn open(core: &Core, deal: &Deal, plan: &Plan, rate: FeeRate) -> Result<Stored, ImportError> {
    if let Some(stored) = load(core, deal, plan.id).await? {
        return Ok(stored);
    }
    let unsigned = build(core, deal, plan, rate)?;
    let mut partial = unsigned.to_partial();
    let arbiter = core.keys.arbiter.as_ref().map(|key| deal.terms().arbiter_private_key(key));
    if let Some(arbiter) = arbiter
        && deal.payment_address().keys().contains(&arbiter.public_key())
    {
        partial.sign(&arbiter)?;
    }
    let stored = Stored { partial, parts: vec![] };
    let signers = stored.partial.signers();
    let event = signed_event(core, deal, plan.id, &signers);
    match save(core, deal.code(), plan.id, &stored, vec![event]).await {
        Ok(()) => Ok(stored),
        // Somebody else made it: the one that is kept counts.
        Err(CommitError::Conflict(_)) => {
            let kept = load(core, deal, plan.id).await?;
            kept.ok_or_else(|| ServerError::Contended { what: "the settlement" }.into())
        }
        Err(error) => Err(write_failed(error).into()),
    }
}

fn signed_event(core: &Core, deal: &Deal, id: SettlementId, signers: &[PublicKey]) -> NewEvent {
    let signers: Vec<String> = signers.iter().map(ToString::to_string).collect();
    let details = serde_json::json!({"id": id.0, "signers": signers});
    crate::record::event_of(deal, SIGNED, details, core.clock.now_ms())
}

fn prefix(code: DealCode, id: SettlementId) -> String {
    format!("deal-node/psbt/{code}/{id}/")
}

async fn load(core: &Core, deal: &Deal, id: SettlementId) -> Result<Option<Stored>, ServerError> {
    let prefix = prefix(deal.code(), id);
    let now_ms = core.clock.now_ms();
    let page = core.store.secrets(&prefix, None, PARTS_MAX, now_ms).await.map_err(read_failed)?;
    if page.rows.is_empty() {
        return Ok(None);
    }
    let mut text = String::new();
    let mut parts = vec![];
    let corrupt = || ServerError::Corrupt { what: format!("settlement {id} of {}", deal.code()) };
    for part in page.rows {
        text.push_str(std::str::from_utf8(&part.value).map_err(|_| corrupt())?);
        parts.push(Expected::At(part.version));
    }
    let partial = PartialSettlement::stored(&text, &deal.payment_address());
    Ok(Some(Stored { partial: partial.map_err(|_| corrupt())?, parts }))
}

async fn save(
    core: &Core,
    code: DealCode,
    id: SettlementId,
    stored: &Stored,
    events: Vec<NewEvent>,
) -> Result<(), CommitError> {
    let prefix = prefix(code, id);
    let now_ms = core.clock.now_ms();
    let text = stored.partial.to_text();
    let expires_ms = Some(now_ms.saturating_add(KEPT_MS));
    let mut secrets = vec![];
    for (number, part) in text.as_bytes().chunks(SECRET_BYTES_MAX).enumerate() {
        secrets.push(SecretChange {
            name: format!("{prefix}{number:03}"),
            expected: stored.parts.get(number).copied().unwrap_or(Expected::Absent),
            value: Some((Zeroizing::new(part.to_vec()), expires_ms)),
        });
    }
    // What was longer before must not stay behind.
    for (number, expected) in stored.parts.iter().enumerate().skip(secrets.len()) {
        let name = format!("{prefix}{number:03}");
        secrets.push(SecretChange { name, expected: *expected, value: None });
    }
    core.commit(Commit { now_ms, secrets, events, ..Commit::default() }).await?;
    Ok(())
}
