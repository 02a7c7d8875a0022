//! The state machine of one deal: facts in, actions out.
//!
//! # Money
//!
//! What holds after every sequence of facts, whatever their order and however often they are told
//! (`docs/deal-rules.md` has the rules one by one):
//!
//! * Every satoshi that came in is either unspent and waits for a reason that
//!   [`Deal::waiting`] names, or is spent by exactly one settlement, or by its replacement with a
//!   higher miner's fee.
//! * The shares of a plan sum up to its inputs. Nobody but the seller, the customer and those with
//!   a stated fee has a share, and [`Fact::Settled`] takes no transaction that pays otherwise.
//! * An output that is an input of a signed settlement which can still be mined is in no other
//!   plan, unless the operator gave the settlement up after the network had refused it; then both
//!   spend the same output, so that the chain takes one of them at most.
//! * What was decided by people stays decided. What was read from the chain is undone with it: the
//!   state is computed from the outputs that are there now, never from a memory of them.

mod action;
mod apply;
mod clock;
mod command;
mod commands;
mod deal;
mod event;
mod fact;
mod invariants;
mod output;
mod plan;
mod planning;
mod policy;
mod refused;
mod room;
mod said;
mod settlement;
mod stage;
mod state;
mod verify;
mod waiting;

pub use action::Action;
pub use clock::Wakeup;
pub use command::{Actor, Command, Opinion};
pub use deal::{Cancellation, Deal, Decision, Dispute, Feedback, Maker, Marks, NewDeal, Payee};
pub use event::Event;
pub use fact::Fact;
pub use output::{Confirmation, DealOutput, Spend};
pub use plan::{Plan, Purpose, Recipient, SettlementId};
pub use policy::{Policy, Rules};
pub use refused::{CommandRefused, FeeTooHigh, WrongSettlement};
pub use settlement::{DealSettlement, RawTransaction, Version};
pub use state::State;
pub use waiting::Waiting;
