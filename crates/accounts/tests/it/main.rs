//! Laws of the embedded accounts, on a store that loses power.

mod crash;
