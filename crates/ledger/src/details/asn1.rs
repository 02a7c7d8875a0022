use crate::{Rejection, codec::schema::At, json::Value};
use tally_conditions::{Kind, Policy, Weighted};

/// Reads `{"type": "ed25519-sha-256", "public_key"}` or
/// `{"type": "threshold-sha-256", "threshold", "subconditions": […]}`.
pub(super) fn read(at: &At<'_>) -> Result<Policy, Rejection> {
    let kind = at.member("type")?;
    let text = kind.text()?;
    if text == Kind::Ed25519.name() {
        let [_, key] = at.members(["type", "public_key"])?;
        return Ok(Policy::ed25519(key.parsed()?));
    }
    if text == Kind::Threshold.name() {
        let [_, threshold, subs] = at.members(["type", "threshold", "subconditions"])?;
        let subs = subs
            .elements()?
            .map(|sub| Ok(Weighted { weight: 1, policy: read(&sub)? }))
            .collect::<Result<_, Rejection>>()?;
        return Ok(Policy::Threshold { threshold: threshold.index()?, subs });
    }
    Err(kind.violation("must be ed25519-sha-256 or threshold-sha-256"))
}

pub(super) fn write(policy: &Policy) -> Option<Value<'static>> {
    match policy {
        Policy::Ed25519 { public_key } => Some(Value::object([
            ("type", Value::string(Kind::Ed25519.name())),
            ("public_key", Value::string(public_key.to_string())),
        ])),
        Policy::Threshold { threshold, subs } => {
            let entry = |sub: &Weighted| if sub.weight == 1 { write(&sub.policy) } else { None };
            let subs: Vec<_> = subs.iter().map(entry).collect::<Option<_>>()?;
            Some(Value::object([
                ("type", Value::string(Kind::Threshold.name())),
                ("threshold", Value::integer((*threshold).into())),
                ("subconditions", Value::array(subs)),
            ]))
        }
        Policy::InvertedThreshold { .. }
        | Policy::Preimage { .. }
        | Policy::Prefix { .. }
        | Policy::Rsa { .. }
        | Policy::Timeout { .. }
        | Policy::Condition(_) => None,
    }
}
