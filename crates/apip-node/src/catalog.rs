//! The tables that can be searched, as data: another family of records is another description.

use tally_fcdsl::{
    Field,
    Kind::{Boolean, Float, Keyword, Long, Object, Text},
    Order, Schema,
};
use tally_feip::Kind;

/// What a searchable table consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The present state of each entity, under its id.
    Entities,
    /// The accepted records, in the order of the chain, each under its transaction's id.
    History,
}

/// A searchable table.
#[derive(Debug)]
pub struct IndexTable {
    /// What the interface `general` calls it, such as `service_history`.
    pub name: &'static str,
    /// What it is about.
    pub kind: Kind,
    /// Whether it holds states or histories.
    pub content: Content,
    /// The fields of its documents.
    pub schema: Schema,
    /// The order of a search that names none.
    pub default_sort: &'static [(&'static str, Order)],
}

/// Names a searchable table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(usize);

impl TableId {
    /// Returns all tables.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..INDEX_TABLES.len()).map(Self)
    }

    /// Returns the table of that name, such as `protocol` or `cid_history`.
    pub fn named(name: &str) -> Option<Self> {
        INDEX_TABLES.iter().position(|table| table.name == name).map(Self)
    }

    /// Returns the table of a kind.
    ///
    /// # Panics
    ///
    /// Never: every kind has both tables, as a test of this crate checks.
    pub fn of(kind: Kind, content: Content) -> Self {
        let is_it = |table: &IndexTable| table.kind == kind && table.content == content;
        Self(INDEX_TABLES.iter().position(is_it).expect("every kind has both tables"))
    }

    /// Returns its description.
    pub fn table(self) -> &'static IndexTable {
        &INDEX_TABLES[self.0]
    }

    pub(crate) const fn position(self) -> usize {
        self.0
    }
}

/// The newest first.
const NEWEST: &[(&str, Order)] = &[("height", Order::Desc), ("index", Order::Desc)];

const fn field(name: &'static str, kind: tally_fcdsl::Kind) -> Field {
    Field::new(name, kind)
}

/// Members that queries may call by other names too: those of later or earlier documents.
const BIRTH_TXID: Field = Field::with_aliases("birthTxid", &["birthTxId"], Keyword);
const LAST_TXID: Field = Field::with_aliases("lastTxid", &["lastTxId"], Keyword);
const TX_ID: Field = Field::with_aliases("txId", &["txid"], Keyword);
const LOCAL_NAMES: Field = Field::with_aliases("localNames", &["localName"], Keyword);
const CODE_VER: Field = Field::with_aliases("ver", &["version"], Keyword);
const PRE_DID: Field = Field::with_aliases("preDid", &["prePid"], Keyword);

/// What a protocol is published with.
const PROTOCOL: &[Field] = &[
    field("type", Keyword),
    field("sn", Keyword),
    field("ver", Keyword),
    field("did", Keyword),
    field("name", Keyword),
    field("lang", Keyword),
    field("desc", Text),
    field("waiters", Keyword),
    PRE_DID,
    field("fileUrls", Text),
];

/// What a code is published with.
const CODE: &[Field] = &[
    field("name", Keyword),
    CODE_VER,
    field("did", Keyword),
    field("desc", Text),
    field("langs", Keyword),
    field("urls", Text),
    field("protocols", Keyword),
    field("waiters", Keyword),
];

/// What a service is published with.
const SERVICE: &[Field] = &[
    field("stdName", Keyword),
    LOCAL_NAMES,
    field("desc", Text),
    field("types", Keyword),
    field("urls", Text),
    field("waiters", Keyword),
    field("protocols", Keyword),
    field("codes", Keyword),
    field("params", Object),
];

/// What an app is published with.
const APP: &[Field] = &[
    field("stdName", Keyword),
    LOCAL_NAMES,
    field("desc", Text),
    field("types", Keyword),
    field("urls", Text),
    field("downloads", Object),
    field("waiters", Keyword),
    field("protocols", Keyword),
    field("services", Keyword),
    field("codes", Keyword),
];

/// What has become of what was published.
const LIFE: &[Field] = &[
    field("owner", Keyword),
    BIRTH_TXID,
    field("birthTime", Long),
    field("birthHeight", Long),
    LAST_TXID,
    field("lastTime", Long),
    field("lastHeight", Long),
    field("tCdd", Long),
    field("tRate", Float),
    field("active", Boolean),
    field("closed", Boolean),
    field("closeStatement", Text),
];

/// Where a record stands in the chain, and whose it is.
const PLACE: &[Field] = &[
    TX_ID,
    field("height", Long),
    field("index", Long),
    field("time", Long),
    field("signer", Keyword),
];

/// What a record does to what was published.
const OPERATION: &[Field] =
    &[field("op", Keyword), field("closeStatement", Text), field("rate", Long), field("cdd", Long)];

/// The fields of several lists, one after the other.
macro_rules! fields {
    ($($part:expr),+) => {{
        const PARTS: &[&[Field]] = &[$($part),+];
        const ALL: [Field; count(PARTS)] = joined(PARTS);
        &ALL
    }};
}

const fn count(parts: &[&[Field]]) -> usize {
    let (mut count, mut part) = (0, 0);
    while part < parts.len() {
        count += parts[part].len();
        part += 1;
    }
    count
}

/// Joins lists of fields, `N` in all.
const fn joined<const N: usize>(parts: &[&[Field]]) -> [Field; N] {
    let mut all = [TX_ID; N];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let mut field = 0;
        while field < parts[part].len() {
            all[at] = parts[part][field];
            at += 1;
            field += 1;
        }
        part += 1;
    }
    all
}

/// All searchable tables.
pub static INDEX_TABLES: [IndexTable; 10] = [
    IndexTable {
        name: "protocol",
        kind: Kind::Protocol,
        content: Content::Entities,
        schema: Schema {
            id: "pid",
            appended: false,
            fields: fields![&[field("pid", Keyword)], PROTOCOL, &[field("title", Keyword)], LIFE],
        },
        default_sort: &[("active", Order::Desc), ("tRate", Order::Desc), ("pid", Order::Asc)],
    },
    IndexTable {
        name: "protocol_history",
        kind: Kind::Protocol,
        content: Content::History,
        schema: Schema {
            id: "txId",
            appended: true,
            fields: fields![PLACE, PROTOCOL, &[field("pid", Keyword)], OPERATION],
        },
        default_sort: NEWEST,
    },
    IndexTable {
        name: "code",
        kind: Kind::Code,
        content: Content::Entities,
        schema: Schema {
            id: "codeId",
            appended: false,
            fields: fields![&[field("codeId", Keyword)], CODE, LIFE],
        },
        default_sort: &[("active", Order::Desc), ("tRate", Order::Desc), ("codeId", Order::Asc)],
    },
    IndexTable {
        name: "code_history",
        kind: Kind::Code,
        content: Content::History,
        schema: Schema {
            id: "txId",
            appended: true,
            fields: fields![PLACE, CODE, &[field("codeId", Keyword)], OPERATION],
        },
        default_sort: NEWEST,
    },
    IndexTable {
        name: "service",
        kind: Kind::Service,
        content: Content::Entities,
        schema: Schema {
            id: "sid",
            appended: false,
            fields: fields![&[field("sid", Keyword)], SERVICE, LIFE],
        },
        default_sort: &[("active", Order::Desc), ("tRate", Order::Desc), ("sid", Order::Asc)],
    },
    IndexTable {
        name: "service_history",
        kind: Kind::Service,
        content: Content::History,
        schema: Schema {
            id: "txId",
            appended: true,
            fields: fields![PLACE, SERVICE, &[field("sid", Keyword)], OPERATION],
        },
        default_sort: NEWEST,
    },
    IndexTable {
        name: "app",
        kind: Kind::App,
        content: Content::Entities,
        schema: Schema {
            id: "aid",
            appended: false,
            fields: fields![&[field("aid", Keyword)], APP, LIFE],
        },
        default_sort: &[("active", Order::Desc), ("tRate", Order::Desc), ("aid", Order::Asc)],
    },
    IndexTable {
        name: "app_history",
        kind: Kind::App,
        content: Content::History,
        schema: Schema {
            id: "txId",
            appended: true,
            fields: fields![PLACE, APP, &[field("aid", Keyword)], OPERATION],
        },
        default_sort: NEWEST,
    },
    IndexTable {
        name: "cid",
        kind: Kind::Cid,
        content: Content::Entities,
        schema: Schema {
            id: "fid",
            appended: false,
            fields: &[
                field("fid", Keyword),
                field("cid", Keyword),
                field("usedCids", Keyword),
                field("master", Keyword),
                field("homepages", Text),
                field("noticeFee", Keyword),
                field("nameTime", Long),
                field("lastHeight", Long),
            ],
        },
        default_sort: &[("lastHeight", Order::Desc), ("fid", Order::Asc)],
    },
    IndexTable {
        name: "cid_history",
        kind: Kind::Cid,
        content: Content::History,
        schema: Schema {
            id: "txId",
            appended: true,
            fields: fields![
                PLACE,
                &[
                    field("sn", Keyword),
                    field("ver", Keyword),
                    field("op", Keyword),
                    field("name", Keyword),
                    field("master", Keyword),
                    field("homepages", Text),
                    field("noticeFee", Keyword),
                ]
            ],
        },
        default_sort: NEWEST,
    },
];
