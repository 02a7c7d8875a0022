//! Nodes as their users see them: on stores in memory, without HTTP.

mod federation;
mod power;
mod solo;
mod support;
