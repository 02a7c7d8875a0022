use crate::{
    Entity, EntityKey, EntityState, HistoryRow, Ignored, Json, Kind, Moment, Object, Op, Outcome,
    View,
    apply::{Stop, address},
    family::{text_member, texts_of},
    text::FeipText,
};
use serde::{Deserialize, Serialize};
use tally_chain::utxo::Record;
use tally_primitives::Fid;

/// How many different names an address may ever have.
pub const CID_NAMES_MAX: usize = 4;

/// What an address must say to give itself to a master.
pub const MASTER_PROMISE: &str = "The master owns all my rights.";

/// How much of the address a name ends with, if nobody else has that name: letters.
const SUFFIX_MIN: usize = 4;

/// What is known about an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CidState {
    /// Its present name, such as `C_armX`.
    pub cid: Option<Box<str>>,
    /// All names that it ever had, in the order in which it first took them. They stay its own.
    pub used: Vec<Box<str>>,
    /// Whom it gave all its rights to.
    pub master: Option<Fid>,
    /// Where more about it can be read.
    pub homepages: Vec<Box<str>>,
    /// What a message to it must carry to be read, in coins.
    pub notice_fee: Option<Box<str>>,
    /// When it first took a name, Unix seconds; 0 for never. Later names do not change it.
    pub name_time: u64,
    /// Its latest record.
    pub last: Moment,
}

impl CidState {
    pub(crate) fn write(&self, object: &mut Object) {
        if let Some(cid) = &self.cid {
            object.push("cid", Json::string(cid.clone()));
        }
        if !self.used.is_empty() {
            object.push("usedCids", Json::strings(self.used.iter().cloned()));
        }
        if let Some(master) = &self.master {
            object.push("master", Json::string(master.as_str()));
        }
        if !self.homepages.is_empty() {
            object.push("homepages", Json::strings(self.homepages.iter().cloned()));
        }
        if let Some(fee) = &self.notice_fee {
            object.push("noticeFee", Json::string(fee.clone()));
        }
        object.push("nameTime", Json::integer(self.name_time));
        object.push("lastHeight", Json::integer(self.last.height.0));
    }
}

/// What an address says about itself.
#[derive(Debug)]
pub(crate) enum Statement {
    /// FEIP3: its name is this from now on.
    Name(Box<str>),
    /// FEIP3: it has no name any more.
    NoName,
    /// FEIP6: all its rights are this one's.
    Master(Fid),
    /// FEIP9: these are its homepages from now on.
    Homepages(Vec<Box<str>>),
    /// FEIP9: it has no homepages any more.
    NoHomepages,
    /// FEIP10: messages to it cost this.
    NoticeFee(Box<str>),
}

impl Statement {
    pub(crate) fn read(text: &FeipText) -> Result<Self, Ignored> {
        let data = &text.data;
        match &*text.sn {
            "3" => read_name(data),
            "6" => read_master(data),
            "9" => read_homepages(data),
            "10" => present(text_member(data, "noticeFee")?, "noticeFee").map(Self::NoticeFee),
            _ => Err(Ignored::UnknownFamily),
        }
    }

    const fn op(&self) -> Op {
        match self {
            Self::Name(_) | Self::Homepages(_) => Op::Register,
            Self::NoName | Self::NoHomepages => Op::Unregister,
            Self::Master(_) | Self::NoticeFee(_) => Op::Declare,
        }
    }
}

fn read_name(data: &Object) -> Result<Statement, Ignored> {
    let name = text_member(data, "name")?;
    match text_member(data, "op")?.as_deref() {
        Some("register") => {
            let name = name.ok_or(Ignored::Missing("name"))?;
            let is_bad = name.is_empty() || name.contains([' ', '@', ':', '/', '_']);
            if is_bad { Err(Ignored::BadName) } else { Ok(Statement::Name(name)) }
        }
        Some("unregister") => Ok(Statement::NoName),
        Some(_) => Err(Ignored::UnknownOp),
        None => Err(Ignored::Missing("op")),
    }
}

fn read_master(data: &Object) -> Result<Statement, Ignored> {
    let master = present(text_member(data, "master")?, "master")?;
    if text_member(data, "promise")?.as_deref() != Some(MASTER_PROMISE) {
        return Err(Ignored::WrongPromise);
    }
    master.parse().map(Statement::Master).map_err(|_| Ignored::WrongShape("master"))
}

fn read_homepages(data: &Object) -> Result<Statement, Ignored> {
    let homepages = match data.get("homepages") {
        None | Some(Json::Null) => Vec::new(),
        Some(value) => texts_of(value).ok_or(Ignored::WrongShape("homepages"))?,
    };
    match text_member(data, "op")?.as_deref() {
        Some("register") if homepages.is_empty() => Err(Ignored::Missing("homepages")),
        Some("register") => Ok(Statement::Homepages(homepages)),
        Some("unregister") => Ok(Statement::NoHomepages),
        Some(_) => Err(Ignored::UnknownOp),
        None => Err(Ignored::Missing("op")),
    }
}

fn present(text: Option<Box<str>>, member: &'static str) -> Result<Box<str>, Ignored> {
    text.filter(|text| !text.is_empty()).ok_or(Ignored::Missing(member))
}

/// Applies a record about its signer.
pub(crate) fn apply(
    record: &Record,
    signer: &Fid,
    text: &FeipText,
    statement: Statement,
    view: &dyn View,
) -> Result<Outcome, Stop> {
    let before = address(view, signer)?;
    let mut state = match before.as_ref().map(|entity| &entity.state) {
        Some(EntityState::Cid(state)) => state.clone(),
        Some(EntityState::Construct(_)) | None => nobody(record),
    };
    let op = statement.op();
    let mut history = HistoryRow::new(record, signer, Kind::Cid, signer.as_str(), op);
    history.fields.push("sn", Json::string(text.sn.clone()));
    if let Some(ver) = &text.ver {
        history.fields.push("ver", Json::string(ver.clone()));
    }
    change(&mut state, &mut history.fields, record, signer, statement, view)?;
    state.last = Moment::of(record);
    let after = Entity { key: EntityKey::address(signer), state: EntityState::Cid(state) };
    Ok(Outcome::of(before, after, history))
}

/// An address that never said anything.
fn nobody(record: &Record) -> CidState {
    CidState {
        cid: None,
        used: Vec::new(),
        master: None,
        homepages: Vec::new(),
        notice_fee: None,
        name_time: 0,
        last: Moment::of(record),
    }
}

fn change(
    state: &mut CidState,
    fields: &mut Object,
    record: &Record,
    signer: &Fid,
    statement: Statement,
    view: &dyn View,
) -> Result<(), Stop> {
    match statement {
        Statement::Name(name) => {
            let cid = free_cid(&name, signer, view)?;
            if !state.used.contains(&cid) {
                if state.used.len() >= CID_NAMES_MAX {
                    return Err(Ignored::TooManyNames.into());
                }
                if state.used.is_empty() {
                    state.name_time = record.time;
                }
                state.used.push(cid.clone());
            }
            state.cid = Some(cid);
            fields.push("name", Json::String(name));
        }
        Statement::NoName => {
            state.cid.take().ok_or(Ignored::NothingRegistered)?;
        }
        Statement::Master(master) => {
            if master == *signer {
                return Err(Ignored::OwnMaster.into());
            }
            if state.master.is_some() {
                return Err(Ignored::MasterGiven.into());
            }
            fields.push("master", Json::string(master.as_str()));
            state.master = Some(master);
        }
        Statement::Homepages(homepages) => {
            fields.push("homepages", Json::strings(homepages.iter().cloned()));
            state.homepages = homepages;
        }
        Statement::NoHomepages => {
            if state.homepages.is_empty() {
                return Err(Ignored::NothingRegistered.into());
            }
            state.homepages.clear();
        }
        Statement::NoticeFee(fee) => {
            fields.push("noticeFee", Json::string(fee.clone()));
            state.notice_fee = Some(fee);
        }
    }
    Ok(())
}

/// Returns the shortest CID of that name which is the signer's or nobody's: the name, `_` and the
/// address's last letters, at least [`SUFFIX_MIN`].
fn free_cid(name: &str, signer: &Fid, view: &dyn View) -> Result<Box<str>, Stop> {
    let fid = signer.as_str();
    for length in SUFFIX_MIN.min(fid.len())..=fid.len() {
        let cid = format!("{name}_{}", &fid[fid.len() - length..]);
        if view.cid_holder(&cid)?.is_none_or(|holder| holder == *signer) {
            return Ok(cid.into());
        }
    }
    Err(Ignored::NameTaken.into())
}
