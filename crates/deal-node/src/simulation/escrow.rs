//! Deals whose money the parties' own keys guard.
