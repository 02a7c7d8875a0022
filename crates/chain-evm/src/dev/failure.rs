use alloy_json_rpc::ErrorPayload;
use alloy_primitives::{Bytes, hex};
use alloy_sol_types::{Revert, SolError};
use std::borrow::Cow;

/// A refused JSON-RPC call: code, message and data as go-ethereum words them, because clients match
/// on the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    code: i64,
    message: Cow<'static, str>,
    data: Option<Bytes>,
}

impl Failure {
    /// The server understood and will not do it.
    pub(crate) fn server(message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: -32000, message: message.into(), data: None }
    }

    pub(crate) fn already_known() -> Self {
        Self::server("already known")
    }

    pub(crate) fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: -32602, message: message.into(), data: None }
    }

    pub(crate) fn invalid_request(message: &'static str) -> Self {
        Self { code: -32600, message: message.into(), data: None }
    }

    pub(crate) fn parse() -> Self {
        Self { code: -32700, message: "parse error".into(), data: None }
    }

    pub(crate) fn no_method(method: &str) -> Self {
        let message = format!("the method {method} does not exist/is not available");
        Self { code: -32601, message: message.into(), data: None }
    }

    /// A contract reverted with `output`.
    pub(crate) fn reverted(output: Bytes) -> Self {
        let message = match Revert::abi_decode(&output) {
            Ok(revert) => format!("execution reverted: {}", revert.reason).into(),
            Err(_) => "execution reverted".into(),
        };
        Self { code: 3, message, data: Some(output) }
    }

    pub(crate) fn payload(self) -> ErrorPayload {
        let data = self.data.map(|data| {
            let text = format!("\"{}\"", hex::encode_prefixed(data));
            serde_json::value::RawValue::from_string(text).expect("quoted hex digits are JSON")
        });
        ErrorPayload { code: self.code, message: self.message, data }
    }
}
