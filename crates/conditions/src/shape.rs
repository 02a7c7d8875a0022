use crate::{Condition, PolicyError, fulfillment::Node, limits};
use tally_crypto::ed25519::PublicKey;

/// One level of a condition: its own facts, and the conditions directly inside.
///
/// What is to be fulfilled and what fulfils it are different trees; both are seen as shapes from
/// the leaves up, so the rules for conditions are written once per encoding.
#[derive(Debug)]
pub(crate) enum Shape<'a, C> {
    Preimage(&'a [u8]),
    Prefix { prefix: &'a [u8], max_message_length: Option<u32>, sub: C },
    Threshold { inverted: bool, threshold: u32, subs: Vec<(u32, C)> },
    Rsa { modulus: &'a [u8] },
    Ed25519(&'a PublicKey),
    Timeout(&'a str),
}

/// An encoding, as far as the trees are concerned.
pub(crate) trait Family {
    type Condition: Clone;

    /// Returns the condition of a shape.
    fn condition(shape: Shape<'_, Self::Condition>) -> Result<Self::Condition, PolicyError>;

    /// Returns a given condition if it is of this encoding.
    fn given(condition: &Condition) -> Result<Self::Condition, PolicyError>;

    fn wrap(condition: Self::Condition) -> Condition;

    /// Returns the binary of a fulfilment inside another: with its type.
    fn encode(node: &Node) -> Vec<u8>;

    fn encode_condition(condition: &Self::Condition) -> Vec<u8>;

    /// Brings the entries of a threshold into the order of their encoding.
    fn sort(entries: &mut Vec<crate::fulfillment::Entry>);
}

/// Counts how deep a tree is and how many entries it has.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    depth: usize,
    entries: usize,
}

impl Tally {
    pub(crate) fn enter(&mut self) -> Result<(), PolicyError> {
        self.depth += 1;
        if self.depth > limits::DEPTH_MAX { Err(PolicyError::TooDeep) } else { Ok(()) }
    }

    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(crate) fn add_entries(&mut self, entries: usize) -> Result<(), PolicyError> {
        self.entries = self.entries.saturating_add(entries);
        if self.entries > limits::ENTRIES_MAX { Err(PolicyError::TooManyEntries) } else { Ok(()) }
    }
}

/// Checks a threshold against the weights of its entries.
pub(crate) fn check_threshold(
    threshold: u32,
    weights: impl Iterator<Item = u32>,
) -> Result<(), PolicyError> {
    if threshold == 0 {
        return Err(PolicyError::ZeroThreshold);
    }
    let mut total = 0_u64;
    for weight in weights {
        if weight == 0 {
            return Err(PolicyError::ZeroWeight);
        }
        total += u64::from(weight);
    }
    if total < u64::from(threshold) {
        return Err(PolicyError::Unreachable { threshold, total });
    }
    Ok(())
}

/// Checks a modulus: its length, and that it has no leading zero.
pub(crate) fn check_modulus(modulus: &[u8]) -> Result<(), PolicyError> {
    let fits = limits::RSA_MODULUS_LENGTH.contains(&modulus.len()) && modulus[0] != 0;
    if fits { Ok(()) } else { Err(PolicyError::Modulus) }
}

/// Returns the last second at which a timeout holds.
pub(crate) fn parse_timeout(text: &str) -> Result<u64, PolicyError> {
    let (seconds, fraction) = match text.split_once('.') {
        Some((seconds, fraction)) => (seconds, Some(fraction)),
        None => (text, None),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = text.len() <= limits::TIMEOUT_LENGTH_MAX
        && seconds.len() == 10
        && is_digits(seconds)
        && fraction.is_none_or(|fraction| !fraction.is_empty() && is_digits(fraction));
    if !fits {
        return Err(PolicyError::Timeout);
    }
    // The time is asked in whole seconds, so a fraction never matters.
    seconds.parse().map_err(|_| PolicyError::Timeout)
}
