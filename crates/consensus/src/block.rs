use crate::Digest;
use bytes::{BufMut, Bytes};
use commonware_codec::{Buf, EncodeSize, Error, FixedSize as _, Read, ReadExt as _, Write};
use commonware_consensus::{Block, BoundedBlock, Heightable, types::Height};
use commonware_cryptography::{
    Digested, Digestible, Hasher as _,
    sha256::{self, Sha256},
};

/// The most bytes of the length in front of a payload: a varint of 32 bits.
const LENGTH_BYTES_MAX: usize = 5;

/// What the engine orders: a payload and its place.
///
/// A block without payload is a *filler*: an idle federation makes one now and then so that the
/// engine can forget old views. Fillers have a height and no number, and no application sees them.
///
/// On the wire and on disk: height (8 bytes, big endian), number (8), the parent's digest (32), the
/// length of the payload (varint) and the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The height among all blocks. The genesis block has 0.
    pub(crate) height: u64,
    /// How many payloads there are up to and with this block: what the application calls height.
    pub(crate) number: u64,
    /// The block before it.
    pub(crate) parent: sha256::Digest,
    /// The payload; empty in a filler.
    pub(crate) payload: Bytes,
}

impl Entry {
    /// Makes the block that all nodes of a chain start from.
    pub(crate) fn genesis(chain: [u8; 32]) -> Digested<Self> {
        let payload = Bytes::copy_from_slice(&chain);
        Self { height: 0, number: 0, parent: sha256::Digest::from([0; 32]), payload }.sealed()
    }

    /// Makes the block that follows `parent`; a filler if the payload is empty.
    pub(crate) fn after(parent: &Digested<Self>, payload: Bytes) -> Digested<Self> {
        let number = parent.inner().number + u64::from(!payload.is_empty());
        let height = parent.inner().height + 1;
        Self { height, number, parent: parent.digest(), payload }.sealed()
    }

    /// Says whether this is a block without payload.
    pub(crate) fn is_filler(&self) -> bool {
        self.payload.is_empty()
    }

    /// Says whether the number is the one that a block has which follows `parent`.
    pub(crate) fn counts_on_from(&self, parent: &Self) -> bool {
        parent.number.checked_add(u64::from(!self.is_filler())) == Some(self.number)
    }

    fn sealed(self) -> Digested<Self> {
        let digest = self.digest();
        Digested::precomputed(self, digest)
    }
}

/// Translates a digest for the application.
pub(crate) fn digest_of(block: &Digested<Entry>) -> Digest {
    let digest = block.digest();
    let bytes: &[u8] = digest.as_ref();
    Digest::from_bytes(bytes.try_into().expect("SHA-256 has 32 bytes"))
}

impl Write for Entry {
    fn write(&self, buf: &mut impl BufMut) {
        self.height.write(buf);
        self.number.write(buf);
        self.parent.write(buf);
        self.payload.write(buf);
    }
}

impl EncodeSize for Entry {
    fn encode_size(&self) -> usize {
        u64::SIZE + u64::SIZE + sha256::Digest::SIZE + self.payload.encode_size()
    }
}

impl Read for Entry {
    /// The most bytes of a payload.
    type Cfg = usize;

    fn read_cfg(buf: &mut impl Buf, payload_bytes_max: &usize) -> Result<Self, Error> {
        Ok(Self {
            height: u64::read(buf)?,
            number: u64::read(buf)?,
            parent: sha256::Digest::read(buf)?,
            payload: Bytes::read_cfg(buf, &(..=*payload_bytes_max).into())?,
        })
    }
}

impl Digestible for Entry {
    type Digest = sha256::Digest;

    fn digest(&self) -> sha256::Digest {
        Sha256::hash(&[
            &self.height.to_be_bytes(),
            &self.number.to_be_bytes(),
            self.parent.as_ref(),
            &self.payload,
        ])
    }
}

impl Heightable for Entry {
    fn height(&self) -> Height {
        Height::new(self.height)
    }
}

impl Block for Entry {
    fn parent(&self) -> sha256::Digest {
        self.parent
    }
}

impl BoundedBlock for Entry {
    fn max_encode_size(payload_bytes_max: &usize) -> usize {
        u64::SIZE + u64::SIZE + sha256::Digest::SIZE + LENGTH_BYTES_MAX + payload_bytes_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use commonware_codec::{Decode as _, Encode as _};

    /// A block is what it was after its way through bytes, and is refused when its payload is a
    /// byte too long, when bytes are missing and when some follow.
    #[test]
    fn bytes_and_back() {
        let genesis = Entry::genesis([7; 32]);
        let block = Entry::after(&genesis, Bytes::from_static(b"payload"));
        let bytes = block.inner().encode();
        assert_eq!(bytes.len(), block.inner().encode_size());
        assert!(bytes.len() <= Entry::max_encode_size(&7));
        assert_eq!(Entry::decode_cfg(bytes.clone(), &7).unwrap(), *block.inner());
        assert!(Entry::decode_cfg(bytes.clone(), &6).is_err());
        assert!(Entry::decode_cfg(bytes.slice(..bytes.len() - 1), &7).is_err());
        let longer = Bytes::from([&bytes[..], &[0]].concat());
        assert!(Entry::decode_cfg(longer, &7).is_err());
    }

    /// Payloads are counted, fillers are not.
    #[test]
    fn numbers() {
        let genesis = Entry::genesis([0; 32]);
        let filler = Entry::after(&genesis, Bytes::new());
        let block = Entry::after(&filler, Bytes::from_static(b"x"));
        assert_eq!((filler.inner().height, filler.inner().number), (1, 0));
        assert_eq!((block.inner().height, block.inner().number), (2, 1));
        assert!(filler.inner().counts_on_from(genesis.inner()));
        assert!(block.inner().counts_on_from(filler.inner()));
        let skipping = Entry { number: 2, ..block.inner().clone() };
        assert!(!skipping.counts_on_from(filler.inner()));
    }

    /// Every part of a block is under its digest.
    #[test]
    fn digest_covers_all() {
        let block = Entry::after(&Entry::genesis([0; 32]), Bytes::from_static(b"x"));
        let entry = block.inner();
        let others = [
            Entry { height: 9, ..entry.clone() },
            Entry { number: 9, ..entry.clone() },
            Entry { parent: sha256::Digest::from([9; 32]), ..entry.clone() },
            Entry { payload: Bytes::from_static(b"y"), ..entry.clone() },
        ];
        for other in others {
            assert_ne!(other.digest(), block.digest());
        }
    }
}
