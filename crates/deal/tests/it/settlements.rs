//! Settlements: what they pay, that the network takes them, and how they are passed around.

mod dust;
mod fixture;
mod laws;
mod passing_around;
mod spending;
mod vectors;
