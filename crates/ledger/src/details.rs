//! The `details` of an output: a [`Policy`] as JSON.
//!
//! There is exactly one way to write a policy: what the servers of the time wrote. Details with
//! members missing or added are refused, because servers took them apart and signed what they put
//! together again.
//!
//! *Source:* `docs/formats.md`, *Ledger: transactions*, *Details*.

mod asn1;
mod draft00;

use crate::{Rejection, codec::schema::At, json::Value};
use tally_conditions::{Encoding, Policy};

/// Reads the details of an output.
pub(crate) fn read(at: &At<'_>, encoding: Encoding) -> Result<Policy, Rejection> {
    match encoding {
        Encoding::Draft00 => draft00::read(at),
        Encoding::Asn1 => asn1::read(at),
    }
}

/// Returns the details that describe `policy`, or nothing if no details can.
pub(crate) fn write(policy: &Policy, encoding: Encoding) -> Option<Value<'static>> {
    match encoding {
        Encoding::Draft00 => draft00::write(policy),
        Encoding::Asn1 => asn1::write(policy),
    }
}

#[cfg(test)]
mod tests;
