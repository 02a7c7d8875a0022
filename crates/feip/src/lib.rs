//! On-chain records of Freecash and the state that they make.
//!
//! People write JSON into the chain: they publish protocols, services, code and apps, rate them,
//! and give names to addresses. [`apply`] reads one [`Record`](tally_chain::utxo::Record) and says
//! what changes, or why nothing does ([`Ignored`]). The crate is pure: it has no clock, no
//! randomness and no I/O; what is known already is asked of a [`View`]. So the state is a function
//! of the chain, and undoing is putting back what each [`Change`] says was there before.
//!
//! Protocols, services, code and apps differ in their fields only. One state machine serves them
//! all; each is a [`Family`], a table of fields. Another one is another table.
//!
//! Start with [`apply`]. The rules, each with its test: `docs/feip.md`.

mod apply;
mod buy_mark;
mod cid;
mod construct;
mod entity;
mod family;
mod history;
mod ignored;
mod json;
mod kind;
mod rules;
mod text;
mod view;

pub use apply::{Change, Outcome, apply};
pub use buy_mark::{BuyMark, BuyMarkOp, buy_mark};
pub use cid::{CID_NAMES_MAX, CidState, MASTER_PROMISE};
pub use construct::{ConstructState, RATE_MAX, average_rate};
pub use entity::{Entity, EntityState, Moment};
pub use family::{Dialect, Family, Field, Shape};
pub use history::{HistoryRow, Rating};
pub use ignored::Ignored;
pub use json::{DEPTH_MAX, Json, JsonError, Object};
pub use kind::{EntityKey, Kind, Op};
pub use rules::Rules;
pub use text::TEXT_BYTES_MAX;
pub use view::{View, ViewError};
