//! The rules of a deal, each by its name in `docs/deal-rules.md`, and the laws of its money.

mod money;
mod terms;
mod world;
