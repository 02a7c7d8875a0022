use crate::{
    Entity, EntityKey, Family, HistoryRow, Ignored, Rules, View, ViewError, cid, construct,
    family::Request, text::FeipText,
};
use tally_chain::utxo::Record;
use tally_primitives::Fid;

/// An entity that is new or different.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Which.
    pub key: EntityKey,
    /// What it was; `None` if it is new. Undoing is putting this back.
    pub before: Option<Entity>,
    /// What it is from now on.
    pub after: Entity,
}

/// What a record does to the state.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The entities that change, each once.
    pub changes: Vec<Change>,
    /// The row that its kind's history gets.
    pub history: Option<HistoryRow>,
}

impl Outcome {
    pub(crate) fn of(before: Option<Entity>, after: Entity, history: HistoryRow) -> Self {
        let change = Change { key: after.key.clone(), before, after };
        Self { changes: vec![change], history: Some(history) }
    }
}

/// Why a record has no outcome.
#[derive(Debug)]
pub(crate) enum Stop {
    Ignored(Ignored),
    Unreadable(ViewError),
}

impl From<Ignored> for Stop {
    fn from(ignored: Ignored) -> Self {
        Self::Ignored(ignored)
    }
}

impl From<ViewError> for Stop {
    fn from(error: ViewError) -> Self {
        Self::Unreadable(error)
    }
}

/// Says what a record changes in the state that `view` shows, or why it changes nothing.
///
/// The answer depends on the arguments only. The work is bounded: a text of at most
/// [`TEXT_BYTES_MAX`](crate::TEXT_BYTES_MAX) bytes is read once, and the view is asked at most
/// about as many times as an address has characters. No text makes it panic.
///
/// # Errors
///
/// The view could not be read; nothing is known about the record.
pub fn apply(
    record: &Record,
    view: &dyn View,
    rules: &Rules,
) -> Result<Result<Outcome, Ignored>, ViewError> {
    match try_apply(record, view, rules) {
        Ok(outcome) => Ok(Ok(outcome)),
        Err(Stop::Ignored(ignored)) => Ok(Err(ignored)),
        Err(Stop::Unreadable(error)) => Err(error),
    }
}

fn try_apply(record: &Record, view: &dyn View, rules: &Rules) -> Result<Outcome, Stop> {
    let text = FeipText::read(&record.text)?;
    if let Some((family, dialect)) = Family::of(&text.sn) {
        let request = Request::read(family, dialect, &text.data)?;
        let signer = signer(record)?;
        return construct::apply(record, signer, family, request, view, rules);
    }
    let statement = cid::Statement::read(&text)?;
    let signer = signer(record)?;
    require_coin_days(record, rules, 1)?;
    cid::apply(record, signer, &text, statement, view)
}

fn signer(record: &Record) -> Result<&Fid, Ignored> {
    record.signer.as_ref().ok_or(Ignored::NoSigner)
}

/// Checks that a record above the gate's height destroyed that many coin-days.
pub(crate) fn require_coin_days(
    record: &Record,
    rules: &Rules,
    needed: u64,
) -> Result<(), Ignored> {
    if record.height > rules.cdd_check_height && record.cdd < needed {
        return Err(Ignored::TooFewCoinDays(needed));
    }
    Ok(())
}

/// Reads the state of an address.
pub(crate) fn address(view: &dyn View, fid: &Fid) -> Result<Option<Entity>, ViewError> {
    view.entity(&EntityKey::address(fid))
}
