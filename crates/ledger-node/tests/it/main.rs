//! Nodes as their users see them: on stores in memory, without HTTP.

mod power;
mod solo;
mod support;
