use super::{NESTING_MAX, TRANSACTION_BYTES_MAX, Transaction};
use crate::{
    AssetId, IdHash, Rejection, RejectionCode,
    codec::{Format, read::Read, schema::At, text::Text},
    json::{self, JsonError, JsonProblem, Limits, Value},
};

const LIMITS: Limits = Limits { bytes: TRANSACTION_BYTES_MAX, depth: NESTING_MAX };

impl Transaction {
    /// Reads a transaction that anybody may have sent, and checks everything that can be checked
    /// without other transactions and without verifying signatures.
    ///
    /// # Errors
    ///
    /// [`Rejection`]: the first rule that it breaks. First the JSON, then the schema of its
    /// version with the consistency of each output, then the id, then the rules of its operation.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        Self::read(bytes, false)
    }

    /// Reads a transaction that this node parsed before, from the text that
    /// [`to_json`](Self::to_json) gave: hashes and rules are not checked again.
    ///
    /// # Errors
    ///
    /// [`Rejection`] if it is not such a text.
    pub fn from_trusted(bytes: &[u8]) -> Result<Self, Rejection> {
        Self::read(bytes, true)
    }

    fn read(bytes: &[u8], is_proved: bool) -> Result<Self, Rejection> {
        let value = json::parse(bytes, LIMITS).map_err(|error| reject_json(&error))?;
        let root = At::root(&value);
        let format = Format::detect(&root)?;
        let read = format.read(&root, is_proved)?;
        let (text, signed_text) = write(&value, format, bytes.len())?;
        let own = signed_text.as_deref().unwrap_or(&text);
        let id_hash = format.id_hash(&read, own, is_proved)?;
        let transaction = Self {
            id: read.id,
            version: format.version,
            id_hash,
            operation: read.operation,
            asset_id: read.asset.unwrap_or(AssetId::Transaction(read.id)),
            is_divisible: read.flags.map(|flags| flags.divisible),
            metadata_id: read.metadata_id,
            timestamp: read.timestamp,
            inputs: read.inputs,
            outputs: read.outputs,
            text,
            signed_text,
        };
        if !is_proved {
            transaction.check_rules(read.flags)?;
        }
        Ok(transaction)
    }
}

/// Returns the text to be stored, and the one that was signed if that is another.
fn write(
    value: &Value<'_>,
    format: &Format,
    capacity: usize,
) -> Result<(Text, Option<Box<Text>>), Rejection> {
    let (text, signed) = Text::write_both(value, format.names, format.numbers, capacity);
    let longest = signed.as_ref().map_or(0, |signed| signed.json.len()).max(text.json.len());
    if longest > TRANSACTION_BYTES_MAX {
        let what = format!("more than {TRANSACTION_BYTES_MAX} bytes of canonical JSON");
        return Err(Rejection::new(RejectionCode::TooLarge, what));
    }
    Ok((text, signed.map(Box::new)))
}

impl Format {
    /// Returns the hash function that gives the transaction its id.
    fn id_hash(&self, read: &Read, text: &Text, is_proved: bool) -> Result<IdHash, Rejection> {
        if let ([only], true) = (self.id_hashes, is_proved) {
            return Ok(*only);
        }
        let is_right = |hash: &IdHash| self.id_of(text, *hash) == read.id;
        self.id_hashes.iter().copied().find(is_right).ok_or_else(|| {
            // The words of all servers since 0.8.
            let what = format!(
                "The transaction's id '{}' isn't equal to the hash of its body, i.e. it's not valid.",
                read.id
            );
            Rejection::new(RejectionCode::InvalidId, what)
        })
    }
}

#[cold]
fn reject_json(error: &JsonError) -> Rejection {
    let code = match error.problem {
        JsonProblem::TooLong(_) | JsonProblem::TooDeep(_) => RejectionCode::TooLarge,
        JsonProblem::Utf8
        | JsonProblem::End
        | JsonProblem::Expected(_)
        | JsonProblem::Control
        | JsonProblem::Escape
        | JsonProblem::Surrogate
        | JsonProblem::Number
        | JsonProblem::NotFinite
        | JsonProblem::Trailing => RejectionCode::MalformedJson,
    };
    Rejection::new(code, error.to_string())
}
