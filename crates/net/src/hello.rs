use crate::{Epoch, Received};
use bytes::{Buf, BufMut};
use tally_crypto::{SecretKey, SignatureError, keccak256_parts};
use tally_primitives::{B256, ChainId, NodeAddress, Signature};

/// Keeps these signatures apart from everything else the key signs.
const TAG: &[u8] = b"tallystick transport hello\0";

/// Ties a greeting to one TLS session: both ends compute it, nobody else can, and no two sessions
/// share it.
pub(crate) type ChannelBinding = [u8; 32];

/// Which end of the connection speaks; signed, so that a greeting cannot be sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The end that dialled.
    Dialler = 1,
    /// The end that was called.
    Acceptor = 2,
}

/// What each side says first: who it is, where it works and how far it has the other's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hello {
    /// The version of the protocol; always the first field, whatever the version.
    pub(crate) version: u16,
    /// The chain the node works on.
    pub(crate) chain_id: ChainId,
    /// The node's address.
    pub(crate) node: NodeAddress,
    /// Names the process: random, drawn at its start.
    pub(crate) instance: u64,
    /// Names the node's data.
    pub(crate) epoch: Epoch,
    /// How far the node has the messages of the node it speaks to.
    pub(crate) received: Received,
    /// The node's signature over all this and the channel binding.
    pub(crate) signature: Signature,
}

impl Hello {
    const FIELDS: usize = 62;
    /// The encoded length.
    pub(crate) const LENGTH: usize = Self::FIELDS + Signature::LENGTH;

    /// Signs the greeting for one end of one connection.
    pub(crate) fn sign(&mut self, key: &SecretKey, role: Role, binding: &ChannelBinding) {
        self.signature = key.sign_digest(&self.digest(role, binding));
    }

    /// Checks that the key of `node` signed the greeting for that end of that connection.
    pub(crate) fn verify(
        &self,
        role: Role,
        binding: &ChannelBinding,
    ) -> Result<(), SignatureError> {
        tally_crypto::verify(&self.digest(role, binding), &self.signature, self.node)
    }

    /// Returns the bytes, as docs/transport.md specifies them.
    pub(crate) fn encode(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..Self::FIELDS].copy_from_slice(&self.encode_fields());
        bytes[Self::FIELDS..].copy_from_slice(&self.signature.0);
        bytes
    }

    /// Reads the bytes. Any bytes are a greeting; only a valid signature makes it a true one.
    pub(crate) fn decode(bytes: &[u8; Self::LENGTH]) -> Self {
        let mut rest = &bytes[..];
        let version = rest.get_u16();
        let chain_id = ChainId(rest.get_u64());
        let mut node = [0; 20];
        rest.copy_to_slice(&mut node);
        let instance = rest.get_u64();
        let epoch = Epoch(rest.get_u64());
        let received = Received { epoch: Epoch(rest.get_u64()), seq: rest.get_u64() };
        let mut signature = [0; Signature::LENGTH];
        rest.copy_to_slice(&mut signature);
        Self {
            version,
            chain_id,
            node: NodeAddress::new(node),
            instance,
            epoch,
            received,
            signature: Signature(signature),
        }
    }

    fn encode_fields(&self) -> [u8; Self::FIELDS] {
        let mut bytes = [0; Self::FIELDS];
        let mut rest = &mut bytes[..];
        rest.put_u16(self.version);
        rest.put_u64(self.chain_id.0);
        rest.put_slice(self.node.as_bytes());
        rest.put_u64(self.instance);
        rest.put_u64(self.epoch.0);
        rest.put_u64(self.received.epoch.0);
        rest.put_u64(self.received.seq);
        bytes
    }

    fn digest(&self, role: Role, binding: &ChannelBinding) -> B256 {
        keccak256_parts(&[TAG, &[role as u8], binding, &self.encode_fields()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hello() -> (SecretKey, Hello) {
        let key = SecretKey::generate([7; 32]);
        let hello = Hello {
            version: 1,
            chain_id: ChainId(1337),
            node: key.address(),
            instance: 2,
            epoch: Epoch(3),
            received: Received { epoch: Epoch(4), seq: 5 },
            signature: Signature([0; 65]),
        };
        (key, hello)
    }

    /// Goal: the signature covers the role, the binding and every field.
    #[test]
    fn nothing_can_be_changed() {
        let (key, mut hello) = hello();
        hello.sign(&key, Role::Dialler, &[9; 32]);
        assert_eq!(hello.verify(Role::Dialler, &[9; 32]), Ok(()));
        assert!(hello.verify(Role::Acceptor, &[9; 32]).is_err());
        assert!(hello.verify(Role::Dialler, &[8; 32]).is_err());
        let bytes = hello.encode();
        for index in 0..Hello::LENGTH {
            let mut changed = bytes;
            changed[index] ^= 1;
            assert!(Hello::decode(&changed).verify(Role::Dialler, &[9; 32]).is_err(), "{index}");
        }
    }

    /// Goal: the layout of docs/transport.md, byte for byte.
    #[test]
    fn layout_is_the_documented_one() {
        let (_, hello) = hello();
        let bytes = hello.encode();
        assert_eq!(bytes.len(), 127);
        assert_eq!(bytes[..10], [0, 1, 0, 0, 0, 0, 0, 0, 5, 0x39]);
        assert_eq!(bytes[10..30], *hello.node.as_bytes());
        for (start, value) in [(30, 2), (38, 3), (46, 4), (54, 5)] {
            assert_eq!(bytes[start..start + 8], [0, 0, 0, 0, 0, 0, 0, value]);
        }
        assert_eq!(bytes[62..], [0; 65]);
    }

    proptest! {
        #[test]
        fn decoding_is_the_inverse(bytes in prop::collection::vec(any::<u8>(), Hello::LENGTH)) {
            let bytes = *bytes.first_chunk().unwrap();
            prop_assert_eq!(Hello::decode(&bytes).encode(), bytes);
        }
    }
}
