//! Connections of an earlier run: how their other ends learn that it is over.

use quinn::{
    ConnectionId, ConnectionIdGenerator, EndpointConfig,
    crypto::{CryptoError, HmacKey},
};
use std::{sync::Arc, time::Duration};
use tally_crypto::{SecretKey, Zeroizing, keccak256_parts};

/// Bytes of a connection's number.
const NUMBER_LENGTH: usize = 8;

/// Makes the endpoint's configuration for the node of `identity` in the run called `instance`.
///
/// A node that died without a word and came back cannot read what its peers still send to the
/// connections it had. With a key that is the same in every run it can answer that they are over
/// (RFC 9000 §10.3): the peers dial again at once, instead of after the idle timeout.
pub(crate) fn endpoint_config(identity: &SecretKey, instance: [u8; 8]) -> EndpointConfig {
    let label = b"tallystick transport reset\0";
    let key = Zeroizing::new(keccak256_parts(&[label, &identity.expose()[..]]).0);
    let numbers = Numbers {
        run: Zeroizing::new(keccak256_parts(&[b"connection numbers\0", &key[..], &instance]).0),
        made: 0,
    };
    let mut config = EndpointConfig::new(Arc::new(ResetKey(key)));
    config.cid_generator(move || Box::new(numbers.clone()));
    config
}

/// What proves to a peer that a connection is over.
struct ResetKey(Zeroizing<[u8; 32]>);

impl HmacKey for ResetKey {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        signature_out.copy_from_slice(keccak256_parts(&[&self.0[..], data]).as_slice());
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        // The endpoint only makes these proofs; its peers compare them, in constant time.
        let expected = keccak256_parts(&[&self.0[..], data]);
        if expected.as_slice() == signature { Ok(()) } else { Err(CryptoError) }
    }
}

/// Numbers of connections: never the same twice, in no run, and random to everybody else.
#[derive(Clone)]
struct Numbers {
    run: Zeroizing<[u8; 32]>,
    made: u64,
}

impl ConnectionIdGenerator for Numbers {
    fn generate_cid(&mut self) -> ConnectionId {
        self.made += 1;
        let digest = keccak256_parts(&[&self.run[..], &self.made.to_be_bytes()]);
        ConnectionId::new(&digest[..NUMBER_LENGTH])
    }

    fn cid_len(&self) -> usize {
        NUMBER_LENGTH
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}
