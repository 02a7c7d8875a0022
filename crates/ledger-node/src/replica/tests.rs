//! Whole federations in virtual time: the engine, the network and the disks are simulated, the
//! replicas are the ones that run. A seed plays the same history again: set `TALLY_SEED` to one
//! that a failure printed.

mod byzantine;
mod honest;
mod liar;
mod random;
mod rules;
mod spreading;
mod timeouts;
mod votes;
mod world;
