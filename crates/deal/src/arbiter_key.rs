use crate::{PrivateKey, PublicKey, Terms, curve::CURVE};
use bitcoin::{
    hashes::{Hash as _, HashEngine as _, sha256},
    secp256k1::{self, Scalar},
};

/// Begins what is hashed into a key of an arbiter, so that the hash means nothing elsewhere.
const TAG: &[u8] = b"deal/arbiter\n";

impl Terms {
    /// Returns the arbiter's key for a deal of these terms: `key + SHA-256(tag, key, hash)·G`.
    ///
    /// The parties' own keys are the same in each of their deals. The arbiter's differs, so no two
    /// deals are paid to the same address, and an address shows which terms it is for: whoever knows
    /// the arbiter's one public key and the terms computes the same.
    ///
    /// # Panics
    ///
    /// For one hash in 2^127, which gives no key. Nobody can look for one.
    pub fn arbiter_key(&self, key: &PublicKey) -> PublicKey {
        let point = secp256k1::PublicKey::from_slice(key.as_bytes())
            .and_then(|point| point.add_exp_tweak(&CURVE, &self.tweak(key)))
            .expect("one hash in 2^127 gives no key; nobody finds one");
        PublicKey::from_point(&point)
    }

    /// Returns the private key of [`arbiter_key`](Self::arbiter_key), for which the arbiter's one
    /// private key is needed.
    ///
    /// # Panics
    ///
    /// As [`arbiter_key`](Self::arbiter_key).
    pub fn arbiter_private_key(&self, key: &PrivateKey) -> PrivateKey {
        let mut sum = key
            .inner()
            .add_tweak(&self.tweak(&key.public_key()))
            .expect("one hash in 2^127 gives no key; nobody finds one");
        let key = PrivateKey::from_bytes(&sum.secret_bytes()).expect("the sum is a key");
        sum.non_secure_erase();
        key
    }

    fn tweak(&self, key: &PublicKey) -> Scalar {
        let mut engine = sha256::Hash::engine();
        engine.input(TAG);
        engine.input(key.as_bytes());
        engine.input(&self.hash());
        let hash = sha256::Hash::from_engine(engine).to_byte_array();
        Scalar::from_be_bytes(hash).expect("one hash in 2^127 is not below the curve's order")
    }
}
