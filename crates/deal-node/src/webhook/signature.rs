//! The header by which a receiver knows that a delivery is this server's.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header that carries the signature of a delivery's body.
pub const SIGNATURE_HEADER: &str = "Deal-Signature";

/// The header that carries the id of a delivery.
pub const DELIVERY_HEADER: &str = "Deal-Delivery";

/// Returns what [`SIGNATURE_HEADER`] says: `sha256=` and the lower-case hex of the HMAC-SHA256 of the
/// body, with the webhook's secret as its UTF-8 text for a key.
///
/// # Panics
///
/// Never: HMAC takes keys of any length.
pub fn webhook_signature(secret: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against RFC 4231, test case 2.
    #[test]
    fn signatures_are_those_of_the_rfc() {
        let header = webhook_signature("Jefe", b"what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(header, format!("sha256={expected}"));
    }
}
