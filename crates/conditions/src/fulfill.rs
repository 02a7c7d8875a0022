use crate::{
    Condition, Encoding, FulfillError, Fulfillment, Policy, PolicyError, Weighted, asn1, draft00,
    fulfillment::{Content, Entry, Node},
    knapsack::{Choice, shortest_set},
    shape::{Family, Tally, parse_timeout},
};
use tally_crypto::ed25519::SigningKey;

impl Policy {
    /// Signs a message with those of the keys that are needed.
    ///
    /// Of a threshold the shortest sufficient set of entries is fulfilled; of several as short one
    /// with the earlier entries. The order of the keys does not matter, and keys that nothing asks
    /// for are not used. Timeouts are taken as they are, whether they have passed or not.
    ///
    /// # Errors
    ///
    /// [`FulfillError::MissingKeys`] if the keys are not enough, or an RSA signature or a preimage
    /// behind a hash is needed. [`FulfillError::Refused`] if it takes more than the
    /// [limits](crate::limits) of a fulfilment. [`FulfillError::Policy`].
    pub fn fulfill(
        &self,
        encoding: Encoding,
        message: &[u8],
        keys: &[&SigningKey],
    ) -> Result<Fulfillment, FulfillError> {
        let made = match encoding {
            Encoding::Draft00 => self.fulfill_in::<draft00::Draft00>(message, keys)?,
            Encoding::Asn1 => self.fulfill_in::<asn1::Asn1>(message, keys)?,
        };
        // Parsing is cheap beside signing, and it is what everybody else will do.
        Fulfillment::parse(encoding, &made.to_uri()).map_err(FulfillError::Refused)
    }

    fn fulfill_in<F: Family>(
        &self,
        message: &[u8],
        keys: &[&SigningKey],
    ) -> Result<Fulfillment, FulfillError> {
        // This checks the bounds before anything is signed.
        let condition: Condition = F::wrap(self.condition_in::<F>(&mut Tally::default())?);
        let root = self.node::<F>(message, keys)?.ok_or(FulfillError::MissingKeys)?;
        Ok(Fulfillment { root, condition })
    }

    /// Fulfils this level, or returns `None` if the keys are not enough.
    fn node<F: Family>(
        &self,
        message: &[u8],
        keys: &[&SigningKey],
    ) -> Result<Option<Node>, PolicyError> {
        Ok(Some(match self {
            Self::Ed25519 { public_key } => {
                let Some(key) = keys.iter().find(|key| key.public_key() == *public_key) else {
                    return Ok(None);
                };
                Node::Ed25519 { key: *public_key, signature: key.sign(message) }
            }
            Self::Threshold { threshold, subs } => {
                return threshold_node::<F>(*threshold, subs, message, keys);
            }
            Self::InvertedThreshold { threshold, subs } => {
                return inverted_node::<F>(*threshold, subs, message, keys);
            }
            Self::Preimage { preimage } => Node::Preimage(preimage.clone()),
            Self::Prefix { prefix, max_message_length, sub } => {
                let Some(sub) = sub.node::<F>(&[prefix, message].concat(), keys)? else {
                    return Ok(None);
                };
                let (prefix, max_message_length) = (prefix.clone(), *max_message_length);
                Node::Prefix { prefix, max_message_length, sub: Box::new(sub) }
            }
            Self::Timeout { expire_time } => {
                Node::Timeout { text: expire_time.clone(), last: parse_timeout(expire_time)? }
            }
            Self::Rsa { .. } | Self::Condition(_) => return Ok(None),
        }))
    }
}

fn threshold_node<F: Family>(
    threshold: u32,
    subs: &[Weighted],
    message: &[u8],
    keys: &[&SigningKey],
) -> Result<Option<Node>, PolicyError> {
    // The heaviest first, as the reference implementation tries them.
    let mut by_weight: Vec<&Weighted> = subs.iter().collect();
    by_weight.sort_by_key(|sub| std::cmp::Reverse(sub.weight));
    let mut entries = Vec::with_capacity(subs.len());
    let (mut choices, mut nodes) = (Vec::new(), Vec::new());
    for sub in by_weight {
        let condition = sub.policy.condition_in::<F>(&mut Tally::default())?;
        let left_out = F::encode_condition(&condition).len() as u64;
        entries.push(Entry { weight: sub.weight, content: Content::Condition(F::wrap(condition)) });
        if let Some(node) = sub.policy.node::<F>(message, keys)? {
            let taken = F::encode(&node).len() as u64;
            choices.push(Choice { weight: sub.weight, taken, left_out });
            nodes.push((entries.len() - 1, node));
        }
    }
    let Some(set) = shortest_set(&choices, threshold)? else {
        return Ok(None);
    };
    for ((index, node), _) in nodes.into_iter().zip(set).filter(|(_, is_taken)| *is_taken) {
        entries[index].content = Content::Fulfilled(node);
    }
    F::sort(&mut entries);
    Ok(Some(Node::Threshold { inverted: false, threshold, entries }))
}

/// All entries have to be shown for something that must not be reached.
fn inverted_node<F: Family>(
    threshold: u32,
    subs: &[Weighted],
    message: &[u8],
    keys: &[&SigningKey],
) -> Result<Option<Node>, PolicyError> {
    let mut entries = Vec::with_capacity(subs.len());
    for sub in subs {
        let Some(node) = sub.policy.node::<F>(message, keys)? else {
            return Ok(None);
        };
        entries.push(Entry { weight: sub.weight, content: Content::Fulfilled(node) });
    }
    F::sort(&mut entries);
    Ok(Some(Node::Threshold { inverted: true, threshold, entries }))
}
