//! Every interface as a row of a table.

use tally_apip_node::Content::{self, Entities, History};
use tally_fcdsl::Forced;
use tally_feip::Kind;

/// An interface.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Card {
    /// Its path below a URL prefix.
    pub(crate) tail: &'static str,
    pub(crate) call: Call,
    pub(crate) summary: &'static str,
}

/// How an interface is called, and what it does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Call {
    /// A signed `POST` of a user with a session.
    Signed(Signed),
    /// A `POST` that opens a session.
    SignIn(SignIn),
    /// A `GET` without a signature; a signed `POST` as well if it says so.
    Free(Free, Option<Signed>),
}

/// What a signed request is answered with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signed {
    /// Documents of a table.
    Query(Query),
    /// Documents of the table that the request names.
    General,
    /// How many documents each table has.
    Totals,
    /// Nothing but the balance; costs nothing.
    Ping,
}

/// A search in one table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query {
    pub(crate) kind: Kind,
    pub(crate) content: Content,
    pub(crate) forced: Forced<'static>,
    pub(crate) shape: Shape,
}

/// What `data` looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An array of documents.
    List,
    /// Documents under the ids that the request must name.
    ById,
    /// The names of users under their addresses.
    Names,
}

/// How a session is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// As the seeds' documents say: public key in the body, key encrypted.
    V1,
    /// As of 2023-06: address in a header, key as it is.
    Plain,
    /// As of 2023-06: address in a header, key encrypted in format C.
    Ecc,
}

/// What is answered without a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Free {
    /// The provider's own service.
    OwnService,
    Totals,
    Ping,
    Services,
    Apps,
    FidCid,
    BestBlock,
    /// What a directory does not know.
    Unknown,
}

impl Card {
    /// Returns the interface's name, by which it is priced.
    pub(crate) fn name(&self) -> &'static str {
        self.tail.rsplit('/').next().unwrap_or(self.tail)
    }
}

const RATE: Forced<'static> = Forced::Filter { field: "op", value: "rate" };
const NO_RATE: Forced<'static> = Forced::Except { field: "op", value: "rate" };

const fn query(
    tail: &'static str,
    kind: Kind,
    content: Content,
    forced: Forced<'static>,
    shape: Shape,
    summary: &'static str,
) -> Card {
    Card {
        tail,
        call: Call::Signed(Signed::Query(Query { kind, content, forced, shape })),
        summary,
    }
}

/// The four interfaces of what is published and rated.
macro_rules! published {
    ($kind:expr, $sn:literal, $name:literal, $what:literal) => {
        [
            query(
                concat!("apip", $sn, "/v1/", $name, "ByIds"),
                $kind,
                Entities,
                Forced::None,
                Shape::ById,
                concat!($what, " by their ids"),
            ),
            query(
                concat!("apip", $sn, "/v1/", $name, "Search"),
                $kind,
                Entities,
                Forced::None,
                Shape::List,
                concat!("Searches ", $what),
            ),
            query(
                concat!("apip", $sn, "/v1/", $name, "OpHistory"),
                $kind,
                History,
                NO_RATE,
                Shape::List,
                concat!("What was done to ", $what, ", ratings aside"),
            ),
            query(
                concat!("apip", $sn, "/v1/", $name, "RateHistory"),
                $kind,
                History,
                RATE,
                Shape::List,
                concat!("Ratings of ", $what),
            ),
        ]
    };
}

const PUBLISHED: [[Card; 4]; 4] = [
    published!(Kind::Protocol, "4", "protocol", "protocols"),
    published!(Kind::Code, "5", "code", "code"),
    published!(Kind::Service, "6", "service", "services"),
    published!(Kind::App, "7", "app", "apps"),
];

/// Records of users are told apart by the number of the document that they follow.
const fn numbered(tail: &'static str, number: &'static str, summary: &'static str) -> Card {
    let forced = Forced::Filter { field: "sn", value: number };
    query(tail, Kind::Cid, History, forced, Shape::List, summary)
}

const USERS: [Card; 6] = [
    query(
        "apip3/v1/cidInfoByIds",
        Kind::Cid,
        Entities,
        Forced::None,
        Shape::ById,
        "Users by their addresses",
    ),
    query(
        "apip3/v1/cidInfoSearch",
        Kind::Cid,
        Entities,
        Forced::None,
        Shape::List,
        "Searches users",
    ),
    query(
        "apip3/v1/fidCidSeek",
        Kind::Cid,
        Entities,
        Forced::None,
        Shape::Names,
        "The names that addresses have had",
    ),
    numbered("apip3/v1/cidHistory", "3", "Names taken and given up"),
    numbered("apip3/v1/homepageHistory", "9", "Homepages of users, as they changed"),
    numbered("apip3/v1/noticeFeeHistory", "10", "Notice fees of users, as they changed"),
];

const SIGN_IN: [Card; 5] = [
    Card {
        tail: "apip1/v1/signIn",
        call: Call::SignIn(SignIn::V1),
        summary: "Opens a session; the session key comes encrypted",
    },
    Card {
        tail: "apip0/v1/signIn",
        call: Call::SignIn(SignIn::Plain),
        summary: "Opens a session; the session key comes as it is",
    },
    Card {
        tail: "apip0/v1/signInEcc",
        call: Call::SignIn(SignIn::Ecc),
        summary: "Opens a session; the session key comes in a cipher object",
    },
    Card {
        tail: "ping",
        call: Call::Free(Free::Ping, Some(Signed::Ping)),
        summary: "Says that it is there, and what the user has left",
    },
    Card {
        tail: "apip1/v1/general",
        call: Call::Signed(Signed::General),
        summary: "Searches the table that the request names",
    },
];

const fn free(tail: &'static str, free: Free, summary: &'static str) -> Card {
    Card { tail, call: Call::Free(free, None), summary }
}

const FREE: [Card; 15] = [
    free("apip0/v1/getService", Free::OwnService, "The service that this directory gives"),
    Card {
        tail: "apip0/v1/totals",
        call: Call::Free(Free::Totals, Some(Signed::Totals)),
        summary: "How many documents each table has",
    },
    free("freeGet/v1/getServices", Free::Services, "One service, or the best rated ones"),
    free("freeGet/v1/getApps", Free::Apps, "One app, or the best rated ones"),
    free("freeGet/v1/getFidCid", Free::FidCid, "A user by address or name"),
    free("freeGet/v1/getBestBlock", Free::BestBlock, "The newest block that is indexed"),
    free("freeGet/v1/getTotals", Free::Totals, "How many documents each table has"),
    free("freeGet/v1/getAllSums", Free::Totals, "How many documents each table has"),
    free("freeGet/v1/getFreeService", Free::OwnService, "The service that this directory gives"),
    free("freeGet/v1/getCashes", Free::Unknown, "Not answered: a directory knows no payments"),
    free("freeGet/v1/getAvatar", Free::Unknown, "Not answered: a directory draws no pictures"),
    free("freeGet/v1/broadcast", Free::Unknown, "Not answered: a directory sends no payments"),
    free("freeGet/v1/getPrices", Free::Unknown, "Not answered: a directory knows no rates"),
    free("apip0/v1/getFreeKey", Free::Unknown, "Not answered: every user has a session"),
    free("apip0/v1/getCirculating", Free::Unknown, "Not answered: a directory counts no coins"),
];

const COUNT: usize = SIGN_IN.len() + USERS.len() + 4 * PUBLISHED.len() + FREE.len();

static CARDS: [Card; COUNT] = {
    let mut cards = [FREE[0]; COUNT];
    let (mut at, mut from) = (0, 0);
    while from < SIGN_IN.len() {
        cards[at] = SIGN_IN[from];
        (at, from) = (at + 1, from + 1);
    }
    from = 0;
    while from < USERS.len() {
        cards[at] = USERS[from];
        (at, from) = (at + 1, from + 1);
    }
    from = 0;
    while from < 4 * PUBLISHED.len() {
        cards[at] = PUBLISHED[from / 4][from % 4];
        (at, from) = (at + 1, from + 1);
    }
    from = 0;
    while from < FREE.len() {
        cards[at] = FREE[from];
        (at, from) = (at + 1, from + 1);
    }
    cards
};

/// Returns all interfaces, in the order of the documents.
pub(crate) fn all() -> &'static [Card] {
    &CARDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use tally_apip_node::TableId;

    #[test]
    fn every_interface_has_a_path_and_a_table_of_its_own() {
        let tails: BTreeSet<&str> = all().iter().map(|card| card.tail).collect();
        assert_eq!(tails.len(), all().len());
        for card in all() {
            if let Call::Signed(Signed::Query(query)) = card.call {
                let schema = &TableId::of(query.kind, query.content).table().schema;
                if let Forced::Filter { field, .. } | Forced::Except { field, .. } = query.forced {
                    let known = schema.fields.iter().any(|known| known.name == field);
                    assert!(known, "{}: {field}", card.tail);
                }
            }
        }
        for tail in ["apip4/v1/protocolOpHistory", "apip6/v1/serviceByIds", "apip3/v1/fidCidSeek"] {
            assert!(tails.contains(tail), "{tail}");
        }
    }
}
