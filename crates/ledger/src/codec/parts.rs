use crate::{
    OutputRef, Rejection, RejectionCode,
    codec::{Amounts, Format, schema::At},
    details,
    json::Value,
    transaction::{AMOUNT_MAX, Input, Output},
};
use tally_conditions::{Encoding, Fulfillment, Policy};
use tally_crypto::ed25519::PublicKey;

impl Format {
    /// Reads input number `index`.
    pub(super) fn input(&self, at: &At<'_>, index: usize) -> Result<Input, Rejection> {
        let required = ["owners_before", self.names.spends, "fulfillment"];
        let [owners_before, spends, fulfillment] =
            members_at(at, required, self.names.input_position, index)?;
        let owners_before = keys(&owners_before)?;
        let spends = if spends.is_null() { None } else { Some(self.output_ref(&spends)?) };
        let text = fulfillment.text()?;
        let fulfillment = Fulfillment::parse(self.conditions, text)
            .map_err(|error| fulfillment.reject(RejectionCode::InvalidFulfillment, error))?;
        Ok(Input { owners_before, spends, fulfillment })
    }

    fn output_ref(&self, at: &At<'_>) -> Result<OutputRef, Rejection> {
        let [transaction, index] =
            at.members([self.names.spends_transaction, self.names.spends_index])?;
        Ok(OutputRef { transaction: transaction.parsed()?, index: index.index()? })
    }

    /// Reads output number `index`. If the output `is_proved`, its condition is believed to be that
    /// of its details, and its owners to be the keys in there.
    pub(super) fn output(
        &self,
        at: &At<'_>,
        index: usize,
        is_proved: bool,
    ) -> Result<Output, Rejection> {
        let required = ["amount", "condition", self.names.owners];
        let [amount, condition, owners] =
            members_at(at, required, self.names.output_position, index)?;
        let amount = self.amount(&amount)?;
        let [details, uri] = condition.members(["details", "uri"])?;
        let policy = details::read(&details, self.conditions)?;
        let condition_uri = uri.text()?;
        let mut public_keys = Vec::new();
        self.owners(&owners, &mut public_keys)?;
        if !is_proved {
            self.check_condition(&policy, &uri, condition_uri)?;
            check_owners(&policy, &public_keys, &owners)?;
        }
        Ok(Output { public_keys, amount, policy, condition_uri: condition_uri.to_owned() })
    }

    fn amount(&self, at: &At<'_>) -> Result<u64, Rejection> {
        let amount = match (self.amounts, at.value()) {
            (Amounts::Integers, Value::Number(number)) if number.is_integer() => number.as_u64(),
            (Amounts::Integers, _) => return Err(at.violation("must be an integer")),
            (Amounts::DecimalStrings, Value::String(digits)) if is_decimal(digits) => {
                digits.parse().ok()
            }
            (Amounts::DecimalStrings, _) => {
                return Err(at.violation("must be a string of 1 to 20 decimal digits"));
            }
        };
        amount.filter(|amount| (1..=AMOUNT_MAX).contains(amount)).ok_or_else(|| {
            let what = format_args!("must be from 1 to {AMOUNT_MAX}");
            at.reject(RejectionCode::InvalidAmount, what)
        })
    }

    fn check_condition(&self, policy: &Policy, at: &At<'_>, uri: &str) -> Result<(), Rejection> {
        let condition = policy
            .condition(self.conditions)
            .map_err(|error| at.reject(RejectionCode::ConditionMismatch, error))?;
        if condition.uri() != uri {
            let what = "is not the condition that the details describe";
            return Err(at.reject(RejectionCode::ConditionMismatch, what));
        }
        Ok(())
    }

    /// Reads the owners of an output. In the nested format lists may be nested, as the thresholds
    /// of the condition are; conditions without keys have no owners, written `null`.
    fn owners(&self, at: &At<'_>, keys: &mut Vec<PublicKey>) -> Result<(), Rejection> {
        if at.is_null() && self.conditions == Encoding::Draft00 {
            return Ok(());
        }
        for element in at.elements()? {
            if matches!(element.value(), Value::Array(_)) && self.is_nested() {
                self.owners(&element, keys)?;
            } else {
                keys.push(element.parsed()?);
            }
        }
        Ok(())
    }
}

/// Returns the members of part number `index` of a list, whose member `position` says so.
fn members_at<'v>(
    at: &'v At<'v>,
    required: [&'v str; 3],
    position: Option<&'v str>,
    index: usize,
) -> Result<[At<'v>; 3], Rejection> {
    let Some(position) = position else { return at.members(required) };
    let [first, second, third] = required;
    let [position, members @ ..] = at.members([position, first, second, third])?;
    if position.index()? as usize != index {
        return Err(position.violation(format_args!("must be {index}, the position in the list")));
    }
    Ok(members)
}

fn keys(at: &At<'_>) -> Result<Vec<PublicKey>, Rejection> {
    at.elements()?.map(|element| element.parsed()).collect()
}

fn check_owners(policy: &Policy, owners: &[PublicKey], at: &At<'_>) -> Result<(), Rejection> {
    if is_same_set(policy.public_keys(), owners.to_vec()) {
        return Ok(());
    }
    Err(at.reject(RejectionCode::OwnersMismatch, "must be exactly the keys in the details"))
}

/// Whether two lists hold the same keys, in any order and however often.
pub(crate) fn is_same_set(mut left: Vec<PublicKey>, mut right: Vec<PublicKey>) -> bool {
    if left == right {
        return true;
    }
    for keys in [&mut left, &mut right] {
        keys.sort_unstable();
        keys.dedup();
    }
    left == right
}

fn is_decimal(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
