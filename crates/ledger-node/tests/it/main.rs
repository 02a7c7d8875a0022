//! Nodes as their users see them: on stores in memory, without HTTP.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod federation;
mod power;
mod solo;
mod support;
