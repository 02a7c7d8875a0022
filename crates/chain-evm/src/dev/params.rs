use super::failure::Failure;
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};

/// The positional parameters of a call, taken from the front.
#[derive(Debug)]
pub(crate) struct Params {
    values: std::vec::IntoIter<Value>,
    index: usize,
}

impl Params {
    /// Reads the `params` member; a missing one is an empty list.
    pub(crate) fn parse(raw: Option<&RawValue>) -> Result<Self, Failure> {
        let values = match raw.map(RawValue::get) {
            None | Some("null") => Vec::new(),
            Some(text) => {
                serde_json::from_str(text).map_err(|_| Failure::invalid_params("non-array args"))?
            }
        };
        Ok(Self { values: values.into_iter(), index: 0 })
    }

    /// Takes the next parameter, which must be there.
    pub(crate) fn take<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let index = self.index;
        self.take_optional()?.ok_or_else(|| {
            Failure::invalid_params(format!("missing value for required argument {index}"))
        })
    }

    /// Takes the next parameter if there is one that is not null.
    pub(crate) fn take_optional<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Failure> {
        let index = self.index;
        self.index += 1;
        let value = self.values.next().filter(|value| !value.is_null());
        value
            .map(serde_json::from_value)
            .transpose()
            .map_err(|error| Failure::invalid_params(format!("invalid argument {index}: {error}")))
    }
}
