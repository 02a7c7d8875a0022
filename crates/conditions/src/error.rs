use crate::{Encoding, Kind, limits};
use std::fmt;

/// A condition does not make sense, or is beyond the [limits].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The kind does not exist in this encoding.
    #[error("{kind} does not exist in {encoding}")]
    Kind {
        /// The kind.
        kind: Kind,
        /// The encoding.
        encoding: Encoding,
    },
    /// A hashed condition is of another encoding than what is around it.
    #[error("a hashed condition is not of {0}")]
    ForeignCondition(Encoding),
    /// A threshold is zero: anybody could fulfil it.
    #[error("a threshold is zero")]
    ZeroThreshold,
    /// An entry's weight is zero: it could never help.
    #[error("a weight is zero")]
    ZeroWeight,
    /// All the entries of a threshold together do not reach it.
    #[error("the threshold is {threshold} but all weights add up to {total}")]
    Unreachable {
        /// The threshold.
        threshold: u32,
        /// The sum of the weights.
        total: u64,
    },
    /// ASN.1 thresholds have no weights.
    #[error("an entry weighs {0}, but ASN.1 knows no weights")]
    Weight(u32),
    /// The entries of a threshold differ in weight and it is too large.
    #[error("a threshold of {0} with different weights is above {max}", max = limits::WEIGHTED_THRESHOLD_MAX)]
    WeightedThreshold(u32),
    /// Conditions are nested too deep.
    #[error("conditions are nested deeper than {max}", max = limits::DEPTH_MAX)]
    TooDeep,
    /// The thresholds have too many entries.
    #[error("thresholds have more than {max} entries together", max = limits::ENTRIES_MAX)]
    TooManyEntries,
    /// A prefix has a largest message length where the encoding knows none, or lacks it.
    #[error("a prefix has a largest message length exactly in ASN.1")]
    MessageLength,
    /// An RSA modulus has a wrong length or begins with a zero byte.
    #[error("an RSA modulus has 128 to 512 bytes, the first of them not zero")]
    Modulus,
    /// A timeout is not ten digits with an optional fraction.
    #[error("a timeout is ten digits, and perhaps a point and more of them")]
    Timeout,
    /// The maximum fulfilment length or the cost is beyond what the encoding can express.
    #[error("the largest fulfilment or its cost is beyond all bounds")]
    TooLarge,
    /// A hashed condition has features, or kinds inside, that do not belong to its kind.
    #[error("the features of a hashed condition do not fit its type")]
    Features,
    /// A condition of no owners at all.
    #[error("nobody could ever fulfil a condition without keys")]
    NoKeys,
}

/// Where in a text the reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A byte of the text itself, from 0.
    Text(usize),
    /// A byte of the binary that the text holds in Base64url, from 0.
    Payload(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(at) => write!(f, "character {at}"),
            Self::Payload(at) => write!(f, "byte {at} of the payload"),
        }
    }
}

/// A text is not a condition or a fulfilment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at {place}: {fault}")]
pub struct ConditionError {
    /// Where it is wrong. For what concerns a whole part, such as a threshold: behind that part.
    pub place: Place,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The text does not begin as it must.
    #[error("this is not the start of a condition or fulfilment")]
    Scheme,
    /// A part of the text is missing or there are too many.
    #[error("the parts between the separators are not as they must be")]
    Parts,
    /// A number is not written in the one way that numbers are.
    #[error("this is not a number in its shortest form")]
    Number,
    /// The number stands for no known type.
    #[error("no such type")]
    Type,
    /// Not unpadded Base64url, or bits of the last character are left over.
    #[error("this is not canonical Base64url without padding")]
    Base64,
    /// A fingerprint or key has a wrong length.
    #[error("this has {found} bytes instead of {expected}")]
    Length {
        /// How many bytes there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// There are bytes behind the end.
    #[error("there are bytes behind the end")]
    Trailing,
    /// A length or number does not have its shortest form.
    #[error("a length or number is not in its shortest form, or too large")]
    NotCanonical,
    /// Another tag is expected here.
    #[error("the tag is {found:#04x} instead of {expected:#04x}")]
    Tag {
        /// The tag that must be here.
        expected: u8,
        /// The tag that is.
        found: u8,
    },
    /// The entries of a threshold are not sorted.
    #[error("the entries of a threshold are not sorted")]
    Unsorted,
    /// An entry has both a fulfilment and a condition, or neither.
    #[error("an entry is a fulfilment or a condition, not both or neither")]
    Entry,
    /// A fulfilment could be taken away and the threshold would still be reached.
    #[error("a threshold has more fulfilments than it needs")]
    NotMinimal,
    /// The text is too long.
    #[error("the text has {0} bytes, more than any fulfilment")]
    TooLong(usize),
    /// Too many signatures that are dear to verify.
    #[error("too many RSA signatures, prefixes, or signatures below a prefix")]
    TooDear,
    /// An RSA signature is not as long as the modulus or not below it.
    #[error("an RSA signature is as long as the modulus and below it")]
    RsaSignature,
    /// What is described makes no sense.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// A condition cannot be fulfilled with these keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FulfillError {
    /// The condition itself makes no sense.
    #[error("the condition makes no sense")]
    Policy(#[from] PolicyError),
    /// The keys do not reach the condition.
    #[error("the keys are not enough")]
    MissingKeys,
    /// The proof would be beyond the [limits], so nobody would accept it.
    #[error("the fulfilment would be refused")]
    Refused(#[source] ConditionError),
}
