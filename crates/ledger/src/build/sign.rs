use super::{BuildError, Draft, DraftInput, DraftOutput, Recipient};
use crate::{
    AssetId, Operation, OutputRef, Transaction, TransactionId,
    codec::{Amounts, Format, IdRule, text::Text},
    details,
    json::{self, Limits, NumberStyle, Value},
    transaction::{NESTING_MAX, TRANSACTION_BYTES_MAX},
};
use std::borrow::Cow;
use tally_conditions::Policy;
use tally_crypto::ed25519::{PublicKey, SigningKey};

type Member<'d> = (Cow<'d, str>, Value<'d>);

impl Draft {
    /// Signs with these keys what they can sign, and returns the transaction.
    ///
    /// # Errors
    ///
    /// [`BuildError`]; above all if the keys do not fulfil what is spent, or if
    /// [`Transaction::parse`] refuses the result.
    pub fn sign(&self, keys: &[&SigningKey]) -> Result<Transaction, BuildError> {
        Ok(Transaction::parse(self.sign_to_json(keys)?.as_bytes())?)
    }

    /// Signs like [`sign`](Self::sign), but does not hold the result against the rules: for tests
    /// of what refuses it.
    ///
    /// # Errors
    ///
    /// [`BuildError`], but never [`BuildError::Rejected`].
    pub fn sign_to_json(&self, keys: &[&SigningKey]) -> Result<String, BuildError> {
        let format = Format::of(self.version);
        let unsigned = vec![None; self.inputs.len()];
        let mut id = None;
        let mut text = self.signed_text(format, id, &unsigned)?;
        if format.id == IdRule::Unsigned {
            id = Some(format.id_of(&text, self.id_hash));
            text = self.signed_text(format, id, &unsigned)?;
        }
        let mut fulfillments = Vec::with_capacity(self.inputs.len());
        for (index, input) in self.inputs.iter().enumerate() {
            let (has_timestamp, spends) = (self.timestamp.is_some(), input.spends.as_ref());
            let message = format.message(&text, self.id_hash, has_timestamp, index, spends);
            let fulfillment = input
                .policy()?
                .fulfill(format.conditions, &message, keys)
                .map_err(|source| BuildError::Fulfill { index, source })?;
            fulfillments.push(Some(fulfillment.to_uri()));
        }
        if format.id == IdRule::Signed {
            let text = self.signed_text(format, id, &fulfillments)?;
            id = Some(format.id_of(&text, self.id_hash));
        }
        let value = self.value(format, id, &fulfillments)?;
        Ok(json::canonical(&value, NumberStyle::Literal))
    }

    /// Returns the text that ids and signatures cover.
    fn signed_text(
        &self,
        format: &Format,
        id: Option<TransactionId>,
        fulfillments: &[Option<String>],
    ) -> Result<Text, BuildError> {
        let value = self.value(format, id, fulfillments)?;
        Ok(Text::write(&value, format.names, format.numbers, 1024))
    }

    fn value(
        &self,
        format: &Format,
        id: Option<TransactionId>,
        fulfillments: &[Option<String>],
    ) -> Result<Value<'_>, BuildError> {
        let inputs = self.inputs.iter().zip(fulfillments).enumerate();
        let inputs = inputs.map(|(index, (input, own))| format.input_value(index, input, own));
        let outputs = self.outputs.iter().enumerate();
        let outputs = outputs
            .map(|(index, output)| format.output_value(index, output))
            .collect::<Result<Vec<_>, _>>()?;
        let mut body: Vec<Member<'_>> = vec![
            ("operation".into(), Value::string(self.operation.as_str())),
            ("asset".into(), self.asset_value(format)?),
            ("metadata".into(), self.metadata_value(format)?),
            (format.names.inputs.into(), Value::array(inputs)),
            (format.names.outputs.into(), Value::array(outputs)),
        ];
        if let Some(seconds) = self.timestamp {
            body.push(("timestamp".into(), Value::string(seconds.to_string())));
        }
        let id = id.map_or(Value::Null, |id| Value::string(id.to_string()));
        let id: Member<'_> = ("id".into(), id);
        Ok(match format.names.body {
            Some(name) => {
                let version = ("version".into(), Value::integer(1));
                Value::object([id, version, (name.into(), Value::object(body))])
            }
            None => {
                let version = ("version".into(), Value::string(self.version.as_str()));
                Value::object(body.into_iter().chain([id, version]))
            }
        })
    }

    fn asset_value(&self, format: &Format) -> Result<Value<'_>, BuildError> {
        let id = || self.asset.map(|id| ("id", Value::string(id.to_string())));
        let data = self.asset_data.as_deref().map_or(Ok(Value::Null), parse)?;
        let is_transfer = self.operation == Operation::Transfer;
        Ok(match (is_transfer, format.is_nested(), self.asset) {
            (true, _, _) => Value::object(id()),
            (false, false, _) => Value::object([("data", data)]),
            (false, true, Some(AssetId::Uuid(_))) => {
                let flag = |flag| Value::Bool(flag);
                let flags = [
                    ("data", data),
                    ("divisible", flag(self.is_divisible)),
                    ("refillable", flag(false)),
                    ("updatable", flag(false)),
                ];
                Value::object(flags.into_iter().chain(id()))
            }
            (false, true, Some(AssetId::Transaction(_)) | None) => {
                return Err(BuildError::MissingUuid("asset"));
            }
        })
    }

    fn metadata_value(&self, format: &Format) -> Result<Value<'_>, BuildError> {
        let Some((id, data)) = &self.metadata else { return Ok(Value::Null) };
        let data = parse(data)?;
        if !format.is_nested() {
            return Ok(data);
        }
        let id = id.ok_or(BuildError::MissingUuid("metadata"))?;
        Ok(Value::object([("id", Value::string(id.to_string())), ("data", data)]))
    }
}

fn parse(json: &str) -> Result<Value<'_>, BuildError> {
    let limits = Limits { bytes: TRANSACTION_BYTES_MAX, depth: NESTING_MAX };
    Ok(json::parse(json.as_bytes(), limits)?)
}

impl DraftInput {
    fn policy(&self) -> Result<Policy, BuildError> {
        match &self.policy {
            Some(policy) => Ok(policy.clone()),
            None => Ok(Policy::n_of_n(&self.owners_before)?),
        }
    }
}

impl Recipient {
    fn policy(&self) -> Result<Policy, BuildError> {
        match self {
            Self::Owners(keys) => Ok(Policy::n_of_n(keys)?),
            Self::Policy(policy) => Ok(policy.clone()),
        }
    }
}

impl Format {
    fn input_value(
        &self,
        index: usize,
        input: &DraftInput,
        fulfillment: &Option<String>,
    ) -> Value<'static> {
        let owners = input.owners_before.iter().map(key_value);
        let fulfillment = fulfillment.clone().map_or(Value::Null, Value::string);
        let members = [
            ("owners_before", Value::array(owners)),
            (self.names.spends, self.output_ref_value(input.spends.as_ref())),
            ("fulfillment", fulfillment),
        ];
        let position = position(self.names.input_position, index);
        Value::object(members.into_iter().chain(position))
    }

    fn output_ref_value(&self, output: Option<&OutputRef>) -> Value<'static> {
        let Some(output) = output else { return Value::Null };
        Value::object([
            (self.names.spends_transaction, Value::string(output.transaction.to_string())),
            (self.names.spends_index, Value::integer(output.index.into())),
        ])
    }

    fn output_value(
        &self,
        index: usize,
        output: &DraftOutput,
    ) -> Result<Value<'static>, BuildError> {
        let policy = output.to.policy()?;
        let uri = policy.condition_uri(self.conditions)?;
        let details = details::write(&policy, self.conditions);
        let details = details.ok_or(BuildError::Details(self.version))?;
        let condition = Value::object([("details", details), ("uri", Value::string(uri))]);
        let amount = match self.amounts {
            Amounts::Integers => Value::integer(output.amount),
            Amounts::DecimalStrings => Value::string(output.amount.to_string()),
        };
        let members = [
            ("amount", amount),
            ("condition", condition),
            (self.names.owners, self.owners_value(&policy)),
        ];
        let position = position(self.names.output_position, index);
        Ok(Value::object(members.into_iter().chain(position)))
    }

    /// In the nested format the list of owners has the form of the condition.
    fn owners_value(&self, policy: &Policy) -> Value<'static> {
        if let (Policy::Threshold { subs, .. }, true) = (policy, self.is_nested()) {
            let subs = subs.iter().map(|sub| {
                if let Policy::Ed25519 { public_key } = &sub.policy {
                    return key_value(public_key);
                }
                self.owners_value(&sub.policy)
            });
            return Value::array(subs);
        }
        Value::array(policy.public_keys().iter().map(key_value))
    }
}

fn key_value(key: &PublicKey) -> Value<'static> {
    Value::string(key.to_string())
}

fn position(name: Option<&'static str>, index: usize) -> Option<(&'static str, Value<'static>)> {
    name.map(|name| (name, Value::integer(index as u64)))
}
