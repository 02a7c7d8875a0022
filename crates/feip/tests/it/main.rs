//! Every rule of records, the real ones, and laws for any.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod documented;
mod examples;
mod fixture;
mod properties;
mod real;
mod rules_address;
mod rules_buy_mark;
mod rules_gate;
mod rules_published;
mod rules_rating;
mod rules_text;
mod samples;
mod support;
mod vectors;
