use super::doc::{Kind, Parameter};

const fn query(name: &'static str, description: &'static str, kind: Kind) -> Parameter {
    Parameter { name, place: "query", is_required: false, description, kind }
}

const fn header(name: &'static str, description: &'static str) -> Parameter {
    Parameter { name, place: "header", is_required: false, description, kind: Kind::Text }
}

pub(super) const PAYLOAD: Parameter = query(
    "payload",
    "The reply is the content of `payload` alone, in this form; without it, the whole package.",
    Kind::Word(&["html", "json", "xml", "text"]),
);
pub(super) const SERVER: Parameter =
    query("server", "The server to ask: one of the module's list.", Kind::Text);
pub(super) const PGP: Parameter =
    query("pgp", "`off` or `false`: nothing is signed with PGP.", Kind::Text);
pub(super) const ADDRESS: Parameter =
    query("address", "The account; without it, the module's own.", Kind::Text);
pub(super) const PAYMENT_ADDRESS: Parameter =
    Parameter { is_required: true, ..query("address", "Where the deal is paid.", Kind::Text) };
pub(super) const KEY: Parameter = header(
    "Idempotency-Key",
    "A key of the client's own: the same request with the same key is answered as the first time.",
);
pub(super) const LIMIT: Parameter = query("limit", "The most items of the page.", Kind::Count);
pub(super) const CURSOR: Parameter =
    query("cursor", "The X-Next-Cursor of the page before.", Kind::Text);
pub(super) const MODULE: Parameter = query("module", "The module's address.", Kind::Text);
pub(super) const BITCOIN: Parameter =
    Parameter { is_required: true, ..query("bitcoin", "The account's address.", Kind::Text) };
pub(super) const PAYMENT: Parameter =
    Parameter { is_required: true, ..query("payment", "Where the deal is paid.", Kind::Text) };
pub(super) const SELLER: Parameter = query("seller", "The seller's address.", Kind::Text);
pub(super) const CUSTOMER: Parameter = query("customer", "The customer's address.", Kind::Text);
pub(super) const PARTY: Parameter =
    query("party", "The address of the seller or of the customer.", Kind::Text);
pub(super) const STATE: Parameter = query(
    "state",
    "The state.",
    Kind::Word(&["Created", "Paid", "Completed", "Executed", "Canceled", "Failed", "Deleted"]),
);
pub(super) const SITE: Parameter = query("site", "The `at` of the deal.", Kind::Text);
pub(super) const TEXT: Parameter =
    query("text", "Words of addresses, site or comments, all of which occur.", Kind::Text);
pub(super) const SINCE: Parameter =
    query("since", "The earliest date of the deal, Unix seconds.", Kind::Count);
pub(super) const BEFORE: Parameter =
    query("before", "The date that the deal is before, Unix seconds.", Kind::Count);
pub(super) const AFTER: Parameter =
    query("after", "The number of the last event that is known.", Kind::Count);
pub(super) const LAST_EVENT: Parameter =
    header("Last-Event-ID", "As `after`; browsers send it when they come back.");
pub(super) const ACCOUNT: Parameter = Parameter {
    is_required: true,
    ..query("account", "`DEFAULT` for the service, a server's name, or an address.", Kind::Text)
};

pub(super) const ACCOUNTS: &[Parameter] = &[PAYLOAD, SERVER, PGP, ADDRESS];
pub(super) const ACCOUNT_POSTS: &[Parameter] = &[PAYLOAD, SERVER, PGP, ADDRESS, KEY];
pub(super) const DEALS: &[Parameter] = &[PAYLOAD, SERVER, PGP, ADDRESS, KEY];
pub(super) const STATUS: &[Parameter] = &[PAYMENT_ADDRESS, PAYLOAD, SERVER, PGP];
pub(super) const DEAL_LIST: &[Parameter] =
    &[MODULE, SELLER, CUSTOMER, PARTY, STATE, SITE, TEXT, SINCE, BEFORE, LIMIT, CURSOR];
