use super::PackageId;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{
    Deserialize,
    de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use std::fmt;

/// The most bytes of a package's text.
pub const PACKAGE_BYTES_MAX: usize = 1024 * 1024;

/// What module and server send each other: one shape for requests and answers.
///
/// A request has no result; whether it has an address, an action and a payload depends on the request.
/// Its text is `{"id": "…", "address": "…", "action": "…", "payload": "…"}`, with a space after every
/// colon and comma; the payload is standard Base64 with padding.
///
/// *Source:* the module's API of July 2022, "transport package".
#[derive(Clone, PartialEq, Eq)]
pub struct Package {
    /// The identifier; an answer repeats that of its request. Not every server writes one of the
    /// pattern of [`PackageId`], so it is kept as it came.
    pub id: String,
    /// The account that it is about: a Bitcoin address.
    pub address: Option<String>,
    /// What is asked (`status`, `create`) or what was done (`Status`, `Created`).
    pub action: Option<String>,
    /// The access token: JSON text, only in an answer to `token`.
    pub token: Option<String>,
    /// How a request ended; only in an answer.
    pub result: Option<PackageResult>,
    /// The content.
    pub payload: Option<Vec<u8>>,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PackageResult {
    /// Whether what was asked is done.
    #[serde(deserialize_with = "boolean")]
    pub success: bool,
    /// What to tell the user.
    #[serde(default)]
    pub message: String,
}

/// A text is no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// It is too long.
    #[error("a package has at most {PACKAGE_BYTES_MAX} bytes")]
    TooLong,
    /// It is not JSON, or not an object of the right members.
    #[error("the package is malformed: {0}")]
    Malformed(String),
    /// Its payload is not Base64.
    #[error("the package's payload is not Base64")]
    Payload,
}

impl fmt::Debug for Package {
    /// Tokens and payloads, which may have passwords in them, are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Package")
            .field("id", &self.id)
            .field("address", &self.address)
            .field("action", &self.action)
            .field("result", &self.result)
            .finish_non_exhaustive()
    }
}

impl Package {
    /// Makes a request's package.
    pub fn request(id: &PackageId, action: impl Into<String>) -> Self {
        Self {
            id: id.to_string(),
            address: None,
            action: Some(action.into()),
            token: None,
            result: None,
            payload: None,
        }
    }

    /// Writes the package.
    pub fn to_text(&self) -> String {
        let mut text = format!("{{\"id\": {}", quoted(&self.id));
        let mut put = |name: &str, value: &str| {
            text.push_str(", \"");
            text.push_str(name);
            text.push_str("\": ");
            text.push_str(value);
        };
        if let Some(address) = &self.address {
            put("address", &quoted(address));
        }
        if let Some(action) = &self.action {
            put("action", &quoted(action));
        }
        if let Some(token) = &self.token {
            put("token", token);
        }
        if let Some(PackageResult { success, message }) = &self.result {
            let message = quoted(message);
            put("result", &format!("{{\"success\": {success}, \"message\": {message}}}"));
        }
        if let Some(payload) = &self.payload {
            put("payload", &format!("\"{}\"", STANDARD.encode(payload)));
        }
        text.push('}');
        text
    }

    /// Reads a package. Members that it does not know are ignored, those that are there twice are
    /// refused.
    ///
    /// # Errors
    ///
    /// [`PackageError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, PackageError> {
        if bytes.len() > PACKAGE_BYTES_MAX {
            return Err(PackageError::TooLong);
        }
        let Members { id, address, action, token, result, payload } = serde_json::from_slice(bytes)
            .map_err(|error| PackageError::Malformed(error.to_string()))?;
        let payload = payload.map(|text| STANDARD.decode(text)).transpose();
        let payload = payload.map_err(|_| PackageError::Payload)?;
        let id = id.unwrap_or_default();
        Ok(Self { id, address, action, token, result, payload })
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Reads `true` or `"true"`: the seed's table writes booleans in quotes.
fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Bool(value) => Ok(value),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            Err(D::Error::custom("success must be true or false"))
        }
    }
}

#[derive(Default)]
struct Members {
    id: Option<String>,
    address: Option<String>,
    action: Option<String>,
    token: Option<String>,
    result: Option<PackageResult>,
    payload: Option<String>,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "id" => once(&mut members.id, "id", map.next_value()?)?,
                "address" => once(&mut members.address, "address", map.next_value()?)?,
                "action" => once(&mut members.action, "action", map.next_value()?)?,
                "token" => {
                    let token: Option<Box<RawValue>> = map.next_value()?;
                    let token = token.map(|token| token.get().to_owned());
                    once(&mut members.token, "token", token)?;
                }
                "result" => once(&mut members.result, "result", map.next_value()?)?,
                "payload" => once(&mut members.payload, "payload", map.next_value()?)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(members)
    }
}

fn once<T, E: serde::de::Error>(
    place: &mut Option<T>,
    name: &'static str,
    value: Option<T>,
) -> Result<(), E> {
    if place.is_some() {
        return Err(E::duplicate_field(name));
    }
    *place = value;
    Ok(())
}

#[cfg(test)]
mod tests;
