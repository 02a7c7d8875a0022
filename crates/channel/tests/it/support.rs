//! The vocabulary of the scenarios: nodes as their shell runs them, wires, a disk, a chain.

pub(crate) mod chain;
pub(crate) mod cheater;
pub(crate) mod contract;
pub(crate) mod disk;
pub(crate) mod mailbox;
pub(crate) mod node;
pub(crate) mod observe;
pub(crate) mod routes;
pub(crate) mod seven;
pub(crate) mod users;
pub(crate) mod world;
