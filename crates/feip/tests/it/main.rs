//! Every rule of records, the real ones, and laws for any.

mod documented;
mod examples;
mod fixture;
mod properties;
mod real;
mod rules_address;
mod rules_buy_mark;
mod rules_envelope;
mod rules_gate;
mod rules_published;
mod rules_rating;
mod samples;
mod support;
mod vectors;
