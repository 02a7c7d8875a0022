use crate::JsonError;
use std::fmt;

/// Why a record changes nothing. Most texts in the chain are none of ours, so this is no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ignored {
    /// Longer than any transaction may carry.
    TooLong,
    /// Not UTF-8.
    NotText,
    /// No `{` in it: a memo.
    NoObject,
    /// What begins at the first `{` is not one JSON object.
    Malformed(JsonError),
    /// Its `type` is not `FEIP`.
    NotFeip,
    /// Its `sn` is of no family that is read here.
    UnknownFamily,
    /// A member has another shape than the family's document says.
    WrongShape(&'static str),
    /// A member that it needs is missing or empty.
    Missing(&'static str),
    /// Its `op` is none of the family's.
    UnknownOp,
    /// The transaction has no signer with an address.
    NoSigner,
    /// The transaction destroyed fewer coin-days than this.
    TooFewCoinDays(u64),
    /// It publishes, but names an entity that exists.
    IdGiven,
    /// The transaction published something of this kind already.
    AlreadyPublished,
    /// There is no such entity.
    UnknownEntity,
    /// The entity was closed.
    Closed,
    /// The signer is not the entity's owner, nor, where that is enough, its owner's master.
    NotOwner,
    /// The entity is stopped.
    NotActive,
    /// The entity is not stopped.
    AlreadyActive,
    /// Owners do not rate what they own.
    OwnRating,
    /// The rate is not an integer from 0 to 5.
    RateOutOfRange,
    /// The name is empty or has a character that names cannot have.
    BadName,
    /// The address has had all the names it may have.
    TooManyNames,
    /// Others have every name that could be made of this one and the address.
    NameTaken,
    /// There is nothing to unregister.
    NothingRegistered,
    /// The promise is not the one that the document asks for.
    WrongPromise,
    /// Nobody is his own master.
    OwnMaster,
    /// The address has a master already.
    MasterGiven,
}

impl Ignored {
    /// Returns a stable word for counting; lower-case words joined by `_`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotText => "not_text",
            Self::NoObject => "no_object",
            Self::Malformed(_) => "malformed",
            Self::NotFeip => "not_feip",
            Self::UnknownFamily => "unknown_family",
            Self::WrongShape(_) => "wrong_shape",
            Self::Missing(_) => "missing",
            Self::UnknownOp => "unknown_op",
            Self::NoSigner => "no_signer",
            Self::TooFewCoinDays(_) => "too_few_coin_days",
            Self::IdGiven => "id_given",
            Self::AlreadyPublished => "already_published",
            Self::UnknownEntity => "unknown_entity",
            Self::Closed => "closed",
            Self::NotOwner => "not_owner",
            Self::NotActive => "not_active",
            Self::AlreadyActive => "already_active",
            Self::OwnRating => "own_rating",
            Self::RateOutOfRange => "rate_out_of_range",
            Self::BadName => "bad_name",
            Self::TooManyNames => "too_many_names",
            Self::NameTaken => "name_taken",
            Self::NothingRegistered => "nothing_registered",
            Self::WrongPromise => "wrong_promise",
            Self::OwnMaster => "own_master",
            Self::MasterGiven => "master_given",
        }
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code().replace('_', " ");
        match self {
            Self::Malformed(error) => write!(f, "{code}: {error}"),
            Self::WrongShape(member) | Self::Missing(member) => write!(f, "{code}: {member}"),
            Self::TooFewCoinDays(needed) => write!(f, "{code}: {needed} needed"),
            Self::TooLong
            | Self::NotText
            | Self::NoObject
            | Self::NotFeip
            | Self::UnknownFamily
            | Self::UnknownOp
            | Self::NoSigner
            | Self::IdGiven
            | Self::AlreadyPublished
            | Self::UnknownEntity
            | Self::Closed
            | Self::NotOwner
            | Self::NotActive
            | Self::AlreadyActive
            | Self::OwnRating
            | Self::RateOutOfRange
            | Self::BadName
            | Self::TooManyNames
            | Self::NameTaken
            | Self::NothingRegistered
            | Self::WrongPromise
            | Self::OwnMaster
            | Self::MasterGiven => f.write_str(&code),
        }
    }
}
