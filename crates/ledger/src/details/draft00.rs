use crate::{
    Rejection,
    codec::schema::At,
    json::{Object, Value},
};
use std::borrow::Cow;
use tally_conditions::{Condition, Encoding, Kind, Policy, Weighted, draft00};
use tally_crypto::base58;

/// Reads what stands for itself: a policy, not a hashed condition, which can only be an entry of a
/// threshold.
pub(super) fn read(at: &At<'_>) -> Result<Policy, Rejection> {
    let kind = at.member("type")?;
    if kind.text()? != FULFILLMENT {
        return Err(kind.violation("must be fulfillment"));
    }
    read_policy(at, []).map(|(described, [])| described.policy)
}

const FULFILLMENT: &str = "fulfillment";
const CONDITION: &str = "condition";

/// A policy and the features that it and everything in it need, which details repeat.
struct Described {
    policy: Policy,
    features: u32,
}

/// Reads a policy whose object also has the members `more`, which are returned.
fn read_policy<'v, const M: usize>(
    at: &'v At<'v>,
    more: [&'v str; M],
) -> Result<(Described, [At<'v>; M]), Rejection> {
    let kind_at = at.member("type_id")?;
    let (features_at, described, more) = match read_kind(&kind_at)? {
        Kind::Ed25519 => {
            let ([features, key, signature], more) =
                members(at, ["bitmask", "public_key", "signature"], more)?;
            if !signature.is_null() {
                return Err(signature.violation("must be null"));
            }
            (features, Described::own(Policy::ed25519(key.parsed()?), Kind::Ed25519), more)
        }
        kind @ (Kind::Threshold | Kind::InvertedThreshold) => {
            let ([features, threshold, subs], more) =
                members(at, ["bitmask", "threshold", "subfulfillments"], more)?;
            (features, read_threshold(kind, &threshold, &subs)?, more)
        }
        Kind::Preimage => {
            let ([features, preimage], more) = members(at, ["bitmask", "preimage"], more)?;
            let preimage = preimage.text()?.as_bytes().to_vec();
            (features, Described::own(Policy::Preimage { preimage }, Kind::Preimage), more)
        }
        Kind::Timeout => {
            let ([features, time], more) = members(at, ["bitmask", "expire_time"], more)?;
            let expire_time = time.text()?.to_owned();
            (features, Described::own(Policy::Timeout { expire_time }, Kind::Timeout), more)
        }
        Kind::Prefix | Kind::Rsa => return Err(kind_at.violation("is not supported in details")),
    };
    if features_at.index()? != described.features {
        return Err(features_at.violation(format_args!("must be {}", described.features)));
    }
    Ok((described, more))
}

impl Described {
    const fn own(policy: Policy, kind: Kind) -> Self {
        Self { policy, features: kind.features() }
    }
}

/// Returns the members that are special to a kind and those that are special to the place, of an
/// object that has these and the ones that all have.
fn members<'v, const N: usize, const M: usize>(
    at: &'v At<'v>,
    own: [&'v str; N],
    more: [&'v str; M],
) -> Result<([At<'v>; N], [At<'v>; M]), Rejection> {
    at.check_members(&[&["type", "type_id"], &own, &more])?;
    Ok((each_member(at, own)?, each_member(at, more)?))
}

fn each_member<'v, const N: usize>(
    at: &'v At<'v>,
    names: [&'v str; N],
) -> Result<[At<'v>; N], Rejection> {
    let mut found = [*at; N];
    for (found, name) in found.iter_mut().zip(names) {
        *found = at.member(name)?;
    }
    Ok(found)
}

fn read_kind(at: &At<'_>) -> Result<Kind, Rejection> {
    let id = u16::try_from(at.index()?).ok();
    let kind = id.and_then(|id| Kind::from_id(Encoding::Draft00, id));
    kind.ok_or_else(|| at.violation("is not a type of condition"))
}

fn read_threshold(kind: Kind, threshold: &At<'_>, subs: &At<'_>) -> Result<Described, Rejection> {
    let threshold = threshold.index()?;
    let mut features = kind.features();
    let mut entries = Vec::new();
    for sub in subs.elements()? {
        let (entry, entry_features) = read_entry(&sub)?;
        features |= entry_features;
        entries.push(entry);
    }
    let policy = if kind == Kind::InvertedThreshold {
        Policy::InvertedThreshold { threshold, subs: entries }
    } else {
        Policy::Threshold { threshold, subs: entries }
    };
    Ok(Described { policy, features })
}

fn read_entry(at: &At<'_>) -> Result<(Weighted, u32), Rejection> {
    let kind = at.member("type")?;
    match kind.text()? {
        FULFILLMENT => {
            let (described, [weight]) = read_policy(at, ["weight"])?;
            let weight = weight.index()?;
            Ok((Weighted { weight, policy: described.policy }, described.features))
        }
        CONDITION => read_condition(at),
        _ => Err(kind.violation("must be fulfillment or condition")),
    }
}

fn read_condition(at: &At<'_>) -> Result<(Weighted, u32), Rejection> {
    let names = ["type", "type_id", "bitmask", "hash", "max_fulfillment_length", "weight"];
    let [_, kind, features, hash, length, weight] = at.members(names)?;
    let fingerprint = base58::decode_array(hash.text()?).map_err(|error| hash.violation(error))?;
    let condition = draft00::Condition {
        kind: read_kind(&kind)?,
        features: features.index()?,
        fingerprint,
        max_fulfillment_length: length.index()?.into(),
    };
    condition.check().map_err(|fault| at.violation(fault))?;
    let features = condition.features;
    let policy = Policy::Condition(Condition::Draft00(condition));
    Ok((Weighted { weight: weight.index()?, policy }, features))
}

pub(super) fn write(policy: &Policy) -> Option<Value<'static>> {
    let Policy::Condition(_) = policy else {
        return write_policy(policy).map(|(value, _)| Value::Object(Object::new(value)));
    };
    None
}

type Members = Vec<(Cow<'static, str>, Value<'static>)>;
type OwnMembers = Vec<(&'static str, Value<'static>)>;

/// Returns the members of the details and the features.
fn write_policy(policy: &Policy) -> Option<(Members, u32)> {
    let (kind, inner, own) = match policy {
        Policy::Ed25519 { public_key } => {
            let key = Value::string(public_key.to_string());
            (Kind::Ed25519, 0, vec![("public_key", key), ("signature", Value::Null)])
        }
        Policy::Threshold { threshold, subs } => {
            let (inner, own) = write_threshold(*threshold, subs)?;
            (Kind::Threshold, inner, own)
        }
        Policy::InvertedThreshold { threshold, subs } => {
            let (inner, own) = write_threshold(*threshold, subs)?;
            (Kind::InvertedThreshold, inner, own)
        }
        Policy::Preimage { preimage } => {
            let preimage = String::from_utf8(preimage.clone()).ok()?;
            (Kind::Preimage, 0, vec![("preimage", Value::string(preimage))])
        }
        Policy::Timeout { expire_time } => {
            (Kind::Timeout, 0, vec![("expire_time", Value::string(expire_time.clone()))])
        }
        Policy::Condition(Condition::Draft00(condition)) => {
            return Some(write_condition(condition));
        }
        Policy::Prefix { .. } | Policy::Rsa { .. } | Policy::Condition(Condition::Asn1(_)) => {
            return None;
        }
    };
    let features = inner | kind.features();
    Some((write_members(FULFILLMENT, kind, features, own), features))
}

fn write_members(name: &'static str, kind: Kind, features: u32, own: OwnMembers) -> Members {
    let common = [
        ("type", Value::string(name)),
        ("type_id", Value::integer(kind.id().into())),
        ("bitmask", Value::integer(features.into())),
    ];
    common.into_iter().chain(own).map(|(name, value)| (name.into(), value)).collect()
}

fn write_condition(condition: &draft00::Condition) -> (Members, u32) {
    let own = vec![
        ("hash", Value::string(base58::encode(&condition.fingerprint))),
        ("max_fulfillment_length", Value::integer(condition.max_fulfillment_length)),
    ];
    (write_members(CONDITION, condition.kind, condition.features, own), condition.features)
}

/// Returns the features of the entries, and the members that only thresholds have.
fn write_threshold(threshold: u32, subs: &[Weighted]) -> Option<(u32, OwnMembers)> {
    let mut features = 0;
    let mut entries = Vec::with_capacity(subs.len());
    for sub in subs {
        let (mut members, own) = write_policy(&sub.policy)?;
        features |= own;
        members.push(("weight".into(), Value::integer(sub.weight.into())));
        entries.push(Value::Object(Object::new(members)));
    }
    let threshold = Value::integer(threshold.into());
    Some((features, vec![("threshold", threshold), ("subfulfillments", Value::Array(entries))]))
}
