use crate::{
    Entity, EntityKey, EntityState, Family, HistoryRow, Ignored, Json, Kind, Moment, Object, Op,
    Outcome, Rating, Rules, View, ViewError,
    apply::{Stop, address, require_coin_days},
    family::Request,
};
use serde::{Deserialize, Serialize};
use tally_chain::utxo::Record;
use tally_primitives::{Fid, Txid};

/// The best rate there is; the worst is 0.
pub const RATE_MAX: u8 = 5;

/// What is known about something published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConstructState {
    /// What its owner says about it: the fields of its [`Family`].
    pub fields: Object,
    /// Who published it.
    pub owner: Fid,
    /// When it was published.
    pub birth: Moment,
    /// When it was operated on most recently.
    pub last: Moment,
    /// The coin-days of all its ratings.
    pub rated_cdd: u64,
    /// The average of its rates, weighted by coin-days.
    pub rate: f32,
    /// Whether it can be used now.
    pub is_active: bool,
    /// Whether it has ended for good.
    pub is_closed: bool,
    /// What was said when it was closed.
    pub close_statement: Option<Box<str>>,
}

impl ConstructState {
    pub(crate) fn write(&self, kind: Kind, object: &mut Object) {
        for (name, value) in self.fields.iter() {
            object.push(name, value.clone());
        }
        if let Some(title) = kind.family().and_then(|family| family.title) {
            object.push("title", Json::string(title(&self.fields)));
        }
        object.push("owner", Json::string(self.owner.as_str()));
        object.push("birthTxid", Json::string(self.birth.txid.to_string()));
        object.push("birthTime", Json::integer(self.birth.time));
        object.push("birthHeight", Json::integer(self.birth.height.0));
        object.push("lastTxid", Json::string(self.last.txid.to_string()));
        object.push("lastTime", Json::integer(self.last.time));
        object.push("lastHeight", Json::integer(self.last.height.0));
        object.push("tCdd", Json::integer(self.rated_cdd));
        object.push("tRate", Json::Number(decimal(self.rate).into()));
        object.push("active", Json::Bool(self.is_active));
        object.push("closed", Json::Bool(self.is_closed));
        if let Some(statement) = &self.close_statement {
            object.push("closeStatement", Json::string(statement.clone()));
        }
    }
}

/// Writes the shortest decimal that is this number, with at least one digit of fraction.
fn decimal(number: f32) -> String {
    let text = number.to_string();
    if text.contains('.') { text } else { text + ".0" }
}

/// The most coin-days that count: what readers of answers can hold in a signed integer.
const CDD_MAX: u64 = i64::MAX.unsigned_abs();

/// Returns the average with one more rating, whose weight is at least 1: all in 32-bit floating point, products of integers
/// being rounded once, so that every server shows the same digits.
pub fn average_rate(rate: f32, rated_cdd: u64, rating: Rating) -> f32 {
    let weighted = u128::from(rating.rate) * u128::from(rating.cdd);
    let total = u128::from(rated_cdd) + u128::from(rating.cdd);
    (rate * rated_cdd as f32 + weighted as f32) / total as f32
}

/// Applies a record of a family.
pub(crate) fn apply(
    record: &Record,
    signer: &Fid,
    family: &Family,
    request: Request,
    view: &dyn View,
    rules: &Rules,
) -> Result<Outcome, Stop> {
    let needed = if request.op == Op::Publish { rules.publish_cdd_factor.max(1) } else { 1 };
    require_coin_days(record, rules, needed)?;
    if matches!(request.op, Op::Publish | Op::Update) {
        require_fields(family, &request.fields)?;
    }
    if request.op == Op::Publish {
        return publish(record, signer, family, request, view);
    }
    let before = named(family, &request, view)?;
    let EntityState::Construct(state) = &before.state else {
        return Err(Ignored::UnknownEntity.into());
    };
    let mut after = state.clone();
    let mut history = HistoryRow::new(record, signer, family.kind, &before.key.id, request.op);
    match request.op {
        Op::Rate => history.rating = Some(rate(&mut after, record, signer, &request)?),
        Op::Update | Op::Stop | Op::Recover | Op::Close => {
            operate(&mut after, &mut history, family, request, view)?;
        }
        Op::Publish | Op::Register | Op::Unregister | Op::Declare => {
            return Err(Ignored::UnknownOp.into());
        }
    }
    if history.op != Op::Rate || rules.rating_touches_last {
        after.last = Moment::of(record);
    }
    let after = Entity { key: before.key.clone(), state: EntityState::Construct(after) };
    Ok(Outcome::of(Some(before), after, history))
}

fn require_fields(family: &Family, fields: &Object) -> Result<(), Ignored> {
    let is_given =
        |name| fields.get(name).and_then(Json::as_str).is_some_and(|text| !text.is_empty());
    match family.fields.iter().find(|field| field.is_required && !is_given(field.name)) {
        Some(field) => Err(Ignored::Missing(field.name)),
        None => Ok(()),
    }
}

fn publish(
    record: &Record,
    signer: &Fid,
    family: &Family,
    request: Request,
    view: &dyn View,
) -> Result<Outcome, Stop> {
    if family.publishes_without_id && request.id.is_some() {
        return Err(Ignored::IdGiven.into());
    }
    let key = EntityKey::published(family.kind, &record.txid);
    if view.entity(&key)?.is_some() {
        return Err(Ignored::AlreadyPublished.into());
    }
    let mut history = HistoryRow::new(record, signer, family.kind, &key.id, Op::Publish);
    history.fields = request.fields.clone();
    let now = Moment::of(record);
    let state = ConstructState {
        fields: request.fields,
        owner: signer.clone(),
        birth: now,
        last: now,
        rated_cdd: 0,
        rate: 0.0,
        is_active: true,
        is_closed: false,
        close_statement: None,
    };
    let after = Entity { key, state: EntityState::Construct(state) };
    Ok(Outcome::of(None, after, history))
}

/// Returns the entity that a record names.
fn named(family: &Family, request: &Request, view: &dyn View) -> Result<Entity, Stop> {
    let member = family.kind.id_member();
    let id = request.id.as_deref().filter(|id| !id.is_empty()).ok_or(Ignored::Missing(member))?;
    // Only ids of transactions are looked up, written as they are everywhere.
    let txid: Txid = id.parse().map_err(|_| Ignored::UnknownEntity)?;
    let key = EntityKey::published(family.kind, &txid);
    if *key.id != *id {
        return Err(Ignored::UnknownEntity.into());
    }
    Ok(view.entity(&key)?.ok_or(Ignored::UnknownEntity)?)
}

fn rate(
    state: &mut ConstructState,
    record: &Record,
    signer: &Fid,
    request: &Request,
) -> Result<Rating, Ignored> {
    if *signer == state.owner {
        return Err(Ignored::OwnRating);
    }
    if record.cdd < 1 {
        return Err(Ignored::TooFewCoinDays(1));
    }
    let rate = (0..=RATE_MAX).find(|rate| f64::from(*rate) == request.rate);
    let rate = rate.ok_or(Ignored::RateOutOfRange)?;
    let rating = Rating { rate, cdd: record.cdd.min(CDD_MAX) };
    state.rate = average_rate(state.rate, state.rated_cdd, rating);
    state.rated_cdd = state.rated_cdd.saturating_add(rating.cdd).min(CDD_MAX);
    Ok(rating)
}

/// Does what only owners may do.
fn operate(
    state: &mut ConstructState,
    history: &mut HistoryRow,
    family: &Family,
    request: Request,
    view: &dyn View,
) -> Result<(), Stop> {
    if state.is_closed {
        return Err(Ignored::Closed.into());
    }
    let signer = &history.signer;
    if *signer != state.owner
        && !(request.op == Op::Close && is_master(view, &state.owner, signer)?)
    {
        return Err(Ignored::NotOwner.into());
    }
    let needs_active =
        request.op == Op::Stop || (request.op == Op::Update && family.update_needs_active);
    if needs_active && !state.is_active {
        return Err(Ignored::NotActive.into());
    }
    if request.op == Op::Recover && state.is_active {
        return Err(Ignored::AlreadyActive.into());
    }
    if request.op == Op::Update {
        history.fields = request.fields.clone();
        state.fields = request.fields;
    }
    if request.op == Op::Close {
        if let Some(statement) = &request.close_statement {
            history.fields.push("closeStatement", Json::string(statement.clone()));
        }
        state.is_closed = true;
        state.close_statement = request.close_statement;
    }
    state.is_active =
        matches!(request.op, Op::Recover) || (request.op == Op::Update && state.is_active);
    Ok(())
}

/// Tells whether an address gave itself to that master.
fn is_master(view: &dyn View, owner: &Fid, signer: &Fid) -> Result<bool, ViewError> {
    let owner = address(view, owner)?;
    Ok(owner.is_some_and(|owner| match owner.state {
        EntityState::Cid(state) => state.master.as_ref() == Some(signer),
        EntityState::Construct(_) => false,
    }))
}
