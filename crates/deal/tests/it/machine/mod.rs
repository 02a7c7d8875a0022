//! The rules of a deal, each by its name in `docs/deal-rules.md`, and the laws of its money.

mod commands;
mod disputes;
mod fees;
mod money;
mod payments;
mod ratings;
mod reorganisations;
mod settlements;
mod states;
mod terms;
mod world;
