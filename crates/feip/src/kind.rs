use crate::family::{self, Family};
use serde::{Deserialize, Serialize};
use std::fmt;
use tally_primitives::{Fid, Txid};

/// What the state consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A protocol document: FEIP1.
    Protocol,
    /// A program's source: FEIP2.
    Code,
    /// A service: FEIP5, and FEIP29 before it.
    Service,
    /// An application: FEIP15.
    App,
    /// An address with its names (FEIP3), master (FEIP6), homepages (FEIP9) and notice fee (FEIP10).
    Cid,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Protocol, Self::Code, Self::Service, Self::App, Self::Cid];

    /// Returns the name of the kind and of the table of its entities, such as `service`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Code => "code",
            Self::Service => "service",
            Self::App => "app",
            Self::Cid => "cid",
        }
    }

    /// Returns the name of the table of its history, such as `service_history`.
    pub const fn history_name(self) -> &'static str {
        match self {
            Self::Protocol => "protocol_history",
            Self::Code => "code_history",
            Self::Service => "service_history",
            Self::App => "app_history",
            Self::Cid => "cid_history",
        }
    }

    /// Returns the member that holds an entity's id, such as `sid`.
    pub const fn id_member(self) -> &'static str {
        match self {
            Self::Protocol => "pid",
            Self::Code => "codeId",
            Self::Service => "sid",
            Self::App => "aid",
            Self::Cid => "fid",
        }
    }

    /// Returns the description of a kind that is published and rated; `None` for [`Kind::Cid`],
    /// which has rules of its own.
    pub const fn family(self) -> Option<&'static Family> {
        match self {
            Self::Protocol => Some(&family::PROTOCOL),
            Self::Code => Some(&family::CODE),
            Self::Service => Some(&family::SERVICE),
            Self::App => Some(&family::APP),
            Self::Cid => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Names one entity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntityKey {
    /// What it is.
    pub kind: Kind,
    /// The id of the transaction that published it, 64 lower-case hexadecimal digits; the address
    /// for [`Kind::Cid`].
    pub id: Box<str>,
}

impl EntityKey {
    /// Names what a transaction published.
    pub fn published(kind: Kind, txid: &Txid) -> Self {
        Self { kind, id: txid.to_string().into() }
    }

    /// Names an address.
    pub fn address(fid: &Fid) -> Self {
        Self { kind: Kind::Cid, id: fid.as_str().into() }
    }
}

/// What a record does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Op {
    /// Makes an entity.
    Publish,
    /// Replaces all its fields.
    Update,
    /// Makes it inactive.
    Stop,
    /// Makes it active again.
    Recover,
    /// Ends it for good.
    Close,
    /// Gives it marks.
    Rate,
    /// Takes a name, or says which homepages there are.
    Register,
    /// Gives up the name, or the homepages.
    Unregister,
    /// States a fact; such records carry no op.
    Declare,
}

impl Op {
    /// Returns the word for it in records and answers; `None` for [`Op::Declare`].
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Publish => Some("publish"),
            Self::Update => Some("update"),
            Self::Stop => Some("stop"),
            Self::Recover => Some("recover"),
            Self::Close => Some("close"),
            Self::Rate => Some("rate"),
            Self::Register => Some("register"),
            Self::Unregister => Some("unregister"),
            Self::Declare => None,
        }
    }
}
