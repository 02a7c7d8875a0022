use crate::{
    Condition, Encoding, PolicyError, asn1, draft00,
    shape::{Family, Shape, Tally},
};
use tally_crypto::ed25519::PublicKey;

/// What has to be fulfilled: what the `details` of an output describe.
///
/// A plain description: whether it makes sense in an encoding is found out when its
/// [`condition`](Self::condition) is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// A signature by this key.
    Ed25519 {
        /// Whose signature.
        public_key: PublicKey,
    },
    /// Entries that weigh at least the threshold together.
    Threshold {
        /// What the weights have to reach; at least 1.
        threshold: u32,
        /// The entries, in any order: it does not matter for the condition.
        subs: Vec<Weighted>,
    },
    /// Entries that do *not* reach the threshold (type 98, draft-00 only).
    InvertedThreshold {
        /// What the weights must not reach; at least 1.
        threshold: u32,
        /// The entries.
        subs: Vec<Weighted>,
    },
    /// Knowing these bytes.
    Preimage {
        /// The bytes.
        preimage: Vec<u8>,
    },
    /// Another condition, over the message with something before it.
    Prefix {
        /// What is put before the message.
        prefix: Vec<u8>,
        /// The longest message, in bytes: needed in ASN.1, unknown in draft-00.
        max_message_length: Option<u32>,
        /// The condition on the longer message.
        sub: Box<Self>,
    },
    /// An RSA-PSS signature with SHA-256, a salt of 32 bytes and the exponent 65537.
    Rsa {
        /// The modulus, big-endian, 128 to 512 bytes, the first of them not zero.
        modulus: Vec<u8>,
    },
    /// That this time has not passed (type 99, draft-00 only).
    Timeout {
        /// Unix seconds: ten digits, and perhaps a fraction.
        expire_time: String,
    },
    /// Something of which only the condition is known.
    Condition(Condition),
}

/// An entry of a threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighted {
    /// How much it counts; at least 1, in ASN.1 always 1.
    pub weight: u32,
    /// What has to be fulfilled.
    pub policy: Policy,
}

impl Policy {
    /// Asks for a signature by one key.
    pub const fn ed25519(public_key: PublicKey) -> Self {
        Self::Ed25519 { public_key }
    }

    /// Asks for a number of entries that all weigh 1.
    pub fn threshold(threshold: u32, subs: impl IntoIterator<Item = Self>) -> Self {
        let subs = subs.into_iter().map(|policy| Weighted { weight: 1, policy }).collect();
        Self::Threshold { threshold, subs }
    }

    /// Asks for the signatures of all keys: how BigchainDB locks an output for its owners.
    ///
    /// One key is asked for directly, several by a threshold, in the order given.
    ///
    /// # Errors
    ///
    /// [`PolicyError::NoKeys`]; [`PolicyError::TooManyEntries`].
    pub fn n_of_n(keys: &[PublicKey]) -> Result<Self, PolicyError> {
        match keys {
            [] => Err(PolicyError::NoKeys),
            [key] => Ok(Self::ed25519(*key)),
            keys => {
                Tally::default().add_entries(keys.len())?;
                let count = u32::try_from(keys.len()).map_err(|_| PolicyError::TooManyEntries)?;
                Ok(Self::threshold(count, keys.iter().copied().map(Self::ed25519)))
            }
        }
    }

    /// Returns the condition in an encoding. Polynomial in the size of the description.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if it makes no sense in this encoding or is beyond the
    /// [limits](crate::limits).
    pub fn condition(&self, encoding: Encoding) -> Result<Condition, PolicyError> {
        match encoding {
            Encoding::Draft00 => {
                self.condition_in::<draft00::Draft00>(&mut Tally::default()).map(Condition::Draft00)
            }
            Encoding::Asn1 => {
                self.condition_in::<asn1::Asn1>(&mut Tally::default()).map(Condition::Asn1)
            }
        }
    }

    /// Returns the text of the condition: `cc:…` or `ni:…`.
    ///
    /// # Errors
    ///
    /// As [`condition`](Self::condition).
    pub fn condition_uri(&self, encoding: Encoding) -> Result<String, PolicyError> {
        Ok(self.condition(encoding)?.uri())
    }

    /// Returns the Ed25519 keys, in the order in which they are described, each as often as it is.
    ///
    /// Keys behind a hashed condition are not known.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        let mut keys = Vec::new();
        self.collect_keys(&mut keys);
        keys
    }

    fn collect_keys(&self, keys: &mut Vec<PublicKey>) {
        match self {
            Self::Ed25519 { public_key } => keys.push(*public_key),
            Self::Threshold { subs, .. } | Self::InvertedThreshold { subs, .. } => {
                for sub in subs {
                    sub.policy.collect_keys(keys);
                }
            }
            Self::Prefix { sub, .. } => sub.collect_keys(keys),
            Self::Preimage { .. }
            | Self::Rsa { .. }
            | Self::Timeout { .. }
            | Self::Condition(_) => {}
        }
    }

    pub(crate) fn condition_in<F: Family>(
        &self,
        tally: &mut Tally,
    ) -> Result<F::Condition, PolicyError> {
        tally.enter()?;
        let condition = F::condition(match self {
            Self::Ed25519 { public_key } => Shape::Ed25519(public_key),
            Self::Threshold { threshold, subs } => {
                threshold_shape::<F>(false, *threshold, subs, tally)?
            }
            Self::InvertedThreshold { threshold, subs } => {
                threshold_shape::<F>(true, *threshold, subs, tally)?
            }
            Self::Preimage { preimage } => Shape::Preimage(preimage),
            Self::Prefix { prefix, max_message_length, sub } => Shape::Prefix {
                prefix,
                max_message_length: *max_message_length,
                sub: sub.condition_in::<F>(tally)?,
            },
            Self::Rsa { modulus } => Shape::Rsa { modulus },
            Self::Timeout { expire_time } => Shape::Timeout(expire_time),
            Self::Condition(condition) => {
                tally.leave();
                return F::given(condition);
            }
        })?;
        tally.leave();
        Ok(condition)
    }
}

fn threshold_shape<F: Family>(
    inverted: bool,
    threshold: u32,
    subs: &[Weighted],
    tally: &mut Tally,
) -> Result<Shape<'static, F::Condition>, PolicyError> {
    tally.add_entries(subs.len())?;
    let subs = subs
        .iter()
        .map(|sub| Ok((sub.weight, sub.policy.condition_in::<F>(tally)?)))
        .collect::<Result<_, PolicyError>>()?;
    Ok(Shape::Threshold { inverted, threshold, subs })
}
