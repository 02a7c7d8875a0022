use crate::{
    AssetId, AssetUuid, MetadataId, Operation, Rejection, RejectionCode, TransactionId, Version,
    codec::{Format, restrict, schema::At},
    json::{Object, Value},
    transaction::{Input, Output},
};

/// What a transaction says, as far as its schema demands: nothing is compared yet.
pub(crate) struct Read {
    pub(crate) id: TransactionId,
    pub(crate) operation: Operation,
    /// The asset's id; a flat CREATE has none but its own.
    pub(crate) asset: Option<AssetId>,
    pub(crate) flags: Option<Flags>,
    pub(crate) metadata_id: Option<MetadataId>,
    pub(crate) timestamp: Option<u64>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<Output>,
}

/// What the creator of an asset in the nested format says about it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Flags {
    pub(crate) divisible: bool,
    pub(crate) refillable: bool,
    pub(crate) updatable: bool,
}

impl Format {
    /// Returns the format that a transaction says it has.
    pub(crate) fn detect(at: &At<'_>) -> Result<&'static Self, Rejection> {
        let version = at.member("version")?;
        let found = Version::ALL.into_iter().map(Self::of).find(|format| {
            match (format.is_nested(), version.value()) {
                (true, Value::Number(number)) => number.as_str() == format.version.as_str(),
                (false, Value::String(text)) => text == format.version.as_str(),
                _ => false,
            }
        });
        found.ok_or_else(|| {
            let known = r#"must be 1, "0.9", "0.10", "1.0" or "2.0""#;
            version.reject(RejectionCode::UnsupportedVersion, known)
        })
    }

    /// Reads a transaction. If it `is_proved`, its outputs are believed to be consistent.
    pub(crate) fn read(&self, at: &At<'_>, is_proved: bool) -> Result<Read, Rejection> {
        match self.names.body {
            None => self.read_flat(at, is_proved),
            Some(body) => self.read_nested(at, body, is_proved),
        }
    }

    fn read_nested(&self, at: &At<'_>, body: &str, is_proved: bool) -> Result<Read, Rejection> {
        let [id, _, body] = at.members(["id", "version", body])?;
        let names = ["operation", "asset", "metadata", self.names.inputs, self.names.outputs];
        let ([operation, asset, metadata, inputs, outputs], [timestamp]) =
            body.members_and(names, ["timestamp"])?;
        let id = id.parsed()?;
        let operation = self.operation(&operation)?;
        let (asset, flags) = nested_asset(&asset, operation, timestamp.is_some())?;
        Ok(Read {
            id,
            operation,
            asset: Some(AssetId::Uuid(asset)),
            flags,
            metadata_id: nested_metadata(&metadata)?,
            timestamp: timestamp.as_ref().map(read_timestamp).transpose()?,
            inputs: self.inputs(&inputs)?,
            outputs: self.outputs(&outputs, is_proved)?,
        })
    }

    fn read_flat(&self, at: &At<'_>, is_proved: bool) -> Result<Read, Rejection> {
        let names = ["id", "version", "operation", "asset", "metadata", "inputs", "outputs"];
        let [id, _, operation, asset, metadata, inputs, outputs] = at.members(names)?;
        let id = id.parsed()?;
        let operation = self.operation(&operation)?;
        let asset = self.flat_asset(&asset, operation)?;
        self.flat_metadata(&metadata)?;
        Ok(Read {
            id,
            operation,
            asset: asset.map(AssetId::Transaction),
            flags: None,
            metadata_id: None,
            timestamp: None,
            inputs: self.inputs(&inputs)?,
            outputs: self.outputs(&outputs, is_proved)?,
        })
    }

    fn operation(&self, at: &At<'_>) -> Result<Operation, Rejection> {
        match at.text()? {
            "CREATE" => Ok(Operation::Create),
            "TRANSFER" => Ok(Operation::Transfer),
            "GENESIS" if self.has_genesis => Ok(Operation::Genesis),
            _ => Err(at.violation("must be CREATE or TRANSFER")),
        }
    }

    fn inputs(&self, at: &At<'_>) -> Result<Vec<Input>, Rejection> {
        at.elements()?.enumerate().map(|(index, input)| self.input(&input, index)).collect()
    }

    fn outputs(&self, at: &At<'_>, is_proved: bool) -> Result<Vec<Output>, Rejection> {
        let outputs = at.elements()?.enumerate();
        outputs.map(|(index, output)| self.output(&output, index, is_proved)).collect()
    }

    fn flat_asset(
        &self,
        at: &At<'_>,
        operation: Operation,
    ) -> Result<Option<TransactionId>, Rejection> {
        match operation {
            Operation::Create | Operation::Genesis => {
                let [data] = at.members(["data"])?;
                self.check_data(&data, "asset")?;
                Ok(None)
            }
            Operation::Transfer => {
                let [id] = at.members(["id"])?;
                id.parsed().map(Some)
            }
        }
    }

    fn flat_metadata(&self, at: &At<'_>) -> Result<(), Rejection> {
        let is_empty =
            matches!(at.value(), Value::Object(members) if *members == Object::default());
        if is_empty {
            return Err(at.violation("must be null or have at least one member"));
        }
        self.check_data(at, "metadata")
    }

    /// Checks data of the user: an object or `null`.
    fn check_data(&self, at: &At<'_>, name: &str) -> Result<(), Rejection> {
        if at.is_null() {
            return Ok(());
        }
        at.object()?;
        if self.restricts_names { restrict::check_names(at, name) } else { Ok(()) }
    }
}

/// Reads the asset of a nested transaction. A transfer names only its id; before the timestamp was
/// dropped it could repeat the whole asset, which then means nothing.
fn nested_asset(
    at: &At<'_>,
    operation: Operation,
    has_timestamp: bool,
) -> Result<(AssetUuid, Option<Flags>), Rejection> {
    let is_transfer = operation == Operation::Transfer;
    if is_transfer && !has_timestamp {
        let [id] = at.members(["id"])?;
        return Ok((id.parsed()?, None));
    }
    let optional = ["data", "divisible", "refillable", "updatable"];
    let ([id], [data, divisible, refillable, updatable]) = at.members_and(["id"], optional)?;
    if let Some(data) = data.filter(|data| !data.is_null()) {
        data.object()?;
    }
    let flag = |at: Option<At<'_>>| at.map_or(Ok(false), |at| at.boolean());
    let flags = Flags {
        divisible: flag(divisible)?,
        refillable: flag(refillable)?,
        updatable: flag(updatable)?,
    };
    Ok((id.parsed()?, (!is_transfer).then_some(flags)))
}

fn nested_metadata(at: &At<'_>) -> Result<Option<MetadataId>, Rejection> {
    if at.is_null() {
        return Ok(None);
    }
    let [id, data] = at.members(["id", "data"])?;
    data.object()?;
    id.parsed().map(Some)
}

/// Reads unix seconds, ten decimal digits.
fn read_timestamp(at: &At<'_>) -> Result<u64, Rejection> {
    let text = at.text()?;
    let is_seconds = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = is_seconds.then(|| text.parse().ok()).flatten();
    seconds.ok_or_else(|| at.violation("must be a string of ten decimal digits"))
}
