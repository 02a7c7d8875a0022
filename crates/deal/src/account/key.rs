use crate::{Address, PublicKey};
use bitcoin::{CompressedPublicKey, ScriptBuf, XOnlyPublicKey, hashes::Hash, key::PubkeyHash};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// The public key of an account: a point of the curve, compressed or not, as its owner writes it.
///
/// Both forms are kept apart because they have different P2PKH addresses. Written in lower-case
/// hexadecimal digits, 66 or 130.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AccountKey(bitcoin::PublicKey);

/// A text is no Bitcoin public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a Bitcoin public key")]
pub struct AccountKeyParseError;

impl AccountKey {
    /// Returns the point without its form.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_point(&self.0.inner)
    }

    /// Says whether `address` commits to this key and to nothing else: P2PKH of this form of the key,
    /// or, for a compressed one, P2WPKH, P2SH-P2WPKH, or P2TR without scripts.
    pub fn is_of(&self, address: &Address) -> bool {
        let script = address.script();
        let is = |other: ScriptBuf| other.as_bytes() == script.as_slice();
        let hash = PubkeyHash::hash(&self.0.to_bytes());
        if is(ScriptBuf::new_p2pkh(&hash)) {
            return true;
        }
        let Ok(compressed) = CompressedPublicKey::try_from(self.0) else { return false };
        let program = ScriptBuf::new_p2wpkh(&compressed.wpubkey_hash());
        let taproot = || {
            let key = XOnlyPublicKey::from(self.0.inner);
            ScriptBuf::new_p2tr(&crate::curve::CURVE, key, None)
        };
        is(ScriptBuf::new_p2sh(&program.script_hash())) || is(program) || is(taproot())
    }
}

impl FromStr for AccountKey {
    type Err = AccountKeyParseError;

    /// Reads 66 or 130 hexadecimal digits that begin 02, 03 or 04.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !matches!(text.len(), 66 | 130) {
            return Err(AccountKeyParseError);
        }
        let bytes = hex::decode(text).map_err(|_| AccountKeyParseError)?;
        // A hybrid key (06, 07) has the hash of neither form.
        if !matches!(bytes.first(), Some(2..=4)) {
            return Err(AccountKeyParseError);
        }
        bitcoin::PublicKey::from_slice(&bytes).map(Self).map_err(|_| AccountKeyParseError)
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.to_bytes()))
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for AccountKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccountKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
