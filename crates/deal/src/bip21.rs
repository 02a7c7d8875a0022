//! Payment requests that wallets open: `bitcoin:` URIs as BIP-21 has them.

use crate::{Address, coins};
use tally_primitives::Satoshi;

/// Returns the URI that asks a wallet to pay `sum` to `address`.
///
/// `bitcoin:<address>?amount=<coins>&label=<label>&message=<message>`; the amount is exact, in
/// coins and without trailing zeros. An empty label or message is left out. The texts are in UTF-8
/// with everything but unreserved characters percent-encoded.
///
/// *Source:* BIP-21.
pub fn uri(address: &Address, sum: Satoshi, label: &str, message: &str) -> String {
    let mut uri = format!("bitcoin:{address}?amount={}", coins(sum));
    for (name, value) in [("label", label), ("message", message)] {
        if !value.is_empty() {
            uri.push('&');
            uri.push_str(name);
            uri.push('=');
            push_encoded(&mut uri, value);
        }
    }
    uri
}

/// Appends `text` with everything but the unreserved characters of RFC 3986 percent-encoded.
fn push_encoded(uri: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push('%');
            uri.push(char::from(DIGITS[usize::from(byte >> 4)]));
            uri.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Network;

    #[test]
    fn a_uri_has_the_exact_amount_and_encoded_texts() {
        let address = Address::parse("2N6abv3qhgHQxvntfDzmmi4kHm14TadoBpu", Network::Test).unwrap();
        let base = "bitcoin:2N6abv3qhgHQxvntfDzmmi4kHm14TadoBpu?amount=";
        assert_eq!(uri(&address, Satoshi(1_000), "", ""), format!("{base}0.00001"));
        assert_eq!(
            uri(&address, Satoshi(150_000_000), "Заказ 1", "50% off & more"),
            format!(
                "{base}1.5&label=%D0%97%D0%B0%D0%BA%D0%B0%D0%B7%201&message=50%25%20off%20%26%20more"
            ),
        );
    }
}
