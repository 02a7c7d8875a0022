use crate::{
    Condition, ConditionError, Encoding, PolicyError, asn1, draft00, rsa,
    shape::{Family, Shape},
};
use tally_crypto::ed25519::{Check, PublicKey, Signature};

/// The proof that a condition is met, parsed strictly.
///
/// Two different texts never parse to equal fulfilments: [`to_uri`](Self::to_uri) gives back
/// exactly the text that was parsed. Parsing verifies no signature; that is asked of
/// [`is_satisfied`](Self::is_satisfied) with the verdicts on [`checks`](Self::checks), which may
/// come from one batch over many fulfilments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fulfillment {
    pub(crate) root: Node,
    pub(crate) condition: Condition,
}

/// One level of a fulfilment. Entries are in the order of the encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Preimage(Vec<u8>),
    Prefix { prefix: Vec<u8>, max_message_length: Option<u32>, sub: Box<Self> },
    Threshold { inverted: bool, threshold: u32, entries: Vec<Entry> },
    Rsa { modulus: Vec<u8>, signature: Vec<u8> },
    Ed25519 { key: PublicKey, signature: Signature },
    Timeout { text: String, last: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) weight: u32,
    pub(crate) content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Fulfilled(Node),
    Condition(Condition),
}

/// One Ed25519 signature of a fulfilment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// Whose signature it should be.
    pub public_key: &'a PublicKey,
    /// The signature.
    pub signature: &'a Signature,
    /// What is before the message in what was signed; nearly always empty.
    pub prefix: Vec<u8>,
}

impl Fulfillment {
    /// Reads the text of a fulfilment.
    ///
    /// In draft-00 that is `cf:<type>:<payload>`, in ASN.1 the DER in Base64url.
    ///
    /// # Errors
    ///
    /// [`ConditionError`] says where the text is wrong.
    pub fn parse(encoding: Encoding, text: &str) -> Result<Self, ConditionError> {
        match encoding {
            Encoding::Draft00 => draft00::parse_fulfillment(text),
            Encoding::Asn1 => asn1::parse_fulfillment(text),
        }
    }

    /// Returns the text.
    pub fn to_uri(&self) -> String {
        match &self.condition {
            Condition::Draft00(_) => draft00::fulfillment_uri(&self.root),
            Condition::Asn1(_) => asn1::fulfillment_uri(&self.root),
        }
    }

    /// Returns the binary form, as it is inside other fulfilments.
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.condition {
            Condition::Draft00(_) => draft00::Draft00::encode(&self.root),
            Condition::Asn1(_) => asn1::Asn1::encode(&self.root),
        }
    }

    /// Returns the condition that this fulfils, if its signatures are valid.
    pub const fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Returns the text of [`condition`](Self::condition).
    pub fn condition_uri(&self) -> String {
        self.condition.uri()
    }

    /// Returns the Ed25519 signatures, in the order of the encoding.
    pub fn leaves(&self) -> impl Iterator<Item = Leaf<'_>> {
        let mut leaves = Vec::new();
        self.root.collect_leaves(&[], &mut leaves);
        leaves.into_iter()
    }

    /// Returns the bytes of the modulus of each RSA signature. They are verified by
    /// [`is_satisfied`](Self::is_satisfied), each over the whole message.
    pub fn rsa_lengths(&self) -> impl Iterator<Item = usize> {
        let mut lengths = Vec::new();
        self.root.collect_rsa(&mut lengths);
        lengths.into_iter()
    }

    /// Returns what has to be verified for each of the [`leaves`](Self::leaves), in their order.
    ///
    /// The message is copied only for the few leaves that have a prefix.
    pub fn checks<'a>(&self, message: &'a [u8]) -> Vec<Check<'a>> {
        self.leaves()
            .map(|leaf| Check {
                key: *leaf.public_key,
                signature: *leaf.signature,
                message: if leaf.prefix.is_empty() {
                    message.into()
                } else {
                    [&leaf.prefix, message].concat().into()
                },
            })
            .collect()
    }

    /// Returns whether [`condition`](Self::condition) is met. That this is the condition asked for
    /// is for the caller to compare.
    ///
    /// `verdicts` says for each of the [`leaves`](Self::leaves), in their order, whether its
    /// signature is valid; with another number of verdicts nothing is met. `message` is what was
    /// signed, `now` the time in unix seconds against which timeouts are held. RSA signatures are
    /// verified here.
    pub fn is_satisfied(&self, verdicts: &[bool], message: &[u8], now: u64) -> bool {
        self.is_met(verdicts, message, Times { lasting: now, passed: now })
    }

    /// Returns whether [`is_satisfied`](Self::is_satisfied) may say yes at `now` or later: `false`
    /// is for good. Only an inverted threshold over a timeout, "not before", makes a no into a yes
    /// with time.
    ///
    /// Each timeout is taken to stand as it is best for the whole, some as if it were `now` and the
    /// others as if all time had passed. So this may be `true` for what contradicts itself, but not
    /// after its timeouts have passed.
    pub fn may_be_satisfied(&self, verdicts: &[bool], message: &[u8], now: u64) -> bool {
        self.is_met(verdicts, message, Times { lasting: now, passed: u64::MAX })
    }

    fn is_met(&self, verdicts: &[bool], message: &[u8], times: Times) -> bool {
        let mut verdicts = verdicts.iter().copied();
        let mut facts = Facts { verdicts: &mut verdicts, times, missing: false };
        let is_met = self.root.is_met(&mut facts, &[], message);
        is_met && !facts.missing && verdicts.next().is_none()
    }

    /// Returns whether it holds a timeout, so that the answer of
    /// [`is_satisfied`](Self::is_satisfied) may change with time.
    pub fn has_timeout(&self) -> bool {
        self.root.has_timeout()
    }

    /// Verifies the signatures one by one and returns whether the condition is met.
    pub fn verify(&self, message: &[u8], now: u64) -> bool {
        let verdicts: Vec<bool> =
            self.checks(message).iter().map(|check| check.verify().is_ok()).collect();
        self.is_satisfied(&verdicts, message, now)
    }
}

/// The unix seconds against which timeouts are held.
#[derive(Clone, Copy)]
struct Times {
    /// For those that help while they have not passed.
    lasting: u64,
    /// For those that help when they have: below an odd number of inverted thresholds.
    passed: u64,
}

impl Times {
    /// The times below an inverted threshold.
    fn inverted(self) -> Self {
        Self { lasting: self.passed, passed: self.lasting }
    }
}

/// What is known of the world while a fulfilment is evaluated.
struct Facts<'a> {
    verdicts: &'a mut dyn Iterator<Item = bool>,
    times: Times,
    /// Whether there were too few verdicts.
    missing: bool,
}

impl Facts<'_> {
    fn next_verdict(&mut self) -> bool {
        let verdict = self.verdicts.next();
        self.missing |= verdict.is_none();
        verdict.unwrap_or(false)
    }
}

impl Node {
    fn collect_leaves<'a>(&'a self, prefix: &[u8], leaves: &mut Vec<Leaf<'a>>) {
        match self {
            Self::Ed25519 { key, signature } => {
                leaves.push(Leaf { public_key: key, signature, prefix: prefix.to_vec() });
            }
            Self::Prefix { prefix: inner, sub, .. } => {
                sub.collect_leaves(&[inner, prefix].concat(), leaves);
            }
            Self::Threshold { entries, .. } => {
                for entry in entries {
                    if let Content::Fulfilled(node) = &entry.content {
                        node.collect_leaves(prefix, leaves);
                    }
                }
            }
            Self::Preimage(_) | Self::Rsa { .. } | Self::Timeout { .. } => {}
        }
    }

    fn collect_rsa(&self, lengths: &mut Vec<usize>) {
        match self {
            Self::Rsa { modulus, .. } => lengths.push(modulus.len()),
            Self::Prefix { sub, .. } => sub.collect_rsa(lengths),
            Self::Threshold { entries, .. } => {
                for entry in entries {
                    if let Content::Fulfilled(node) = &entry.content {
                        node.collect_rsa(lengths);
                    }
                }
            }
            Self::Preimage(_) | Self::Ed25519 { .. } | Self::Timeout { .. } => {}
        }
    }

    fn has_timeout(&self) -> bool {
        match self {
            Self::Timeout { .. } => true,
            Self::Prefix { sub, .. } => sub.has_timeout(),
            Self::Threshold { entries, .. } => entries.iter().any(|entry| match &entry.content {
                Content::Fulfilled(node) => node.has_timeout(),
                Content::Condition(_) => false,
            }),
            Self::Preimage(_) | Self::Rsa { .. } | Self::Ed25519 { .. } => false,
        }
    }

    /// Whether this level is met over `prefix ‖ message`. Takes the verdict of every leaf below,
    /// whatever the others say.
    fn is_met(&self, facts: &mut Facts<'_>, prefix: &[u8], message: &[u8]) -> bool {
        match self {
            Self::Preimage(_) => true,
            Self::Ed25519 { .. } => facts.next_verdict(),
            Self::Timeout { last, .. } => facts.times.lasting <= *last,
            Self::Rsa { modulus, signature } => {
                rsa::is_valid(modulus, signature, &[prefix, message])
            }
            Self::Prefix { prefix: inner, max_message_length, sub } => {
                let length = prefix.len() + message.len();
                let fits = max_message_length.is_none_or(|max| length <= max as usize);
                sub.is_met(facts, &[inner, prefix].concat(), message) && fits
            }
            Self::Threshold { inverted, threshold, entries } => {
                let times = facts.times;
                if *inverted {
                    facts.times = times.inverted();
                }
                // Something withheld proves nothing: it neither helps to reach a threshold, nor to
                // show that one is not reached.
                let weight: u64 = entries
                    .iter()
                    .filter(|entry| match &entry.content {
                        Content::Fulfilled(node) => node.is_met(facts, prefix, message),
                        Content::Condition(_) => *inverted,
                    })
                    .map(|entry| u64::from(entry.weight))
                    .sum();
                facts.times = times;
                (weight >= u64::from(*threshold)) != *inverted
            }
        }
    }

    /// Returns the condition of this level. The parser has bounded the depth.
    pub(crate) fn condition_in<F: Family>(&self) -> Result<F::Condition, PolicyError> {
        F::condition(match self {
            Self::Preimage(preimage) => Shape::Preimage(preimage),
            Self::Prefix { prefix, max_message_length, sub } => Shape::Prefix {
                prefix,
                max_message_length: *max_message_length,
                sub: sub.condition_in::<F>()?,
            },
            Self::Threshold { inverted, threshold, entries } => Shape::Threshold {
                inverted: *inverted,
                threshold: *threshold,
                subs: entries
                    .iter()
                    .map(|entry| Ok((entry.weight, entry.content.condition_in::<F>()?)))
                    .collect::<Result<_, PolicyError>>()?,
            },
            Self::Rsa { modulus, .. } => Shape::Rsa { modulus },
            Self::Ed25519 { key, .. } => Shape::Ed25519(key),
            Self::Timeout { text, .. } => Shape::Timeout(text),
        })
    }
}

impl Content {
    pub(crate) fn condition_in<F: Family>(&self) -> Result<F::Condition, PolicyError> {
        match self {
            Self::Fulfilled(node) => node.condition_in::<F>(),
            Self::Condition(condition) => F::given(condition),
        }
    }
}
