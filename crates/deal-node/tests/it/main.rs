//! Black-box tests of the embedded server.

mod accounts;
mod deals;
mod following;
mod support;
mod webhooks;
