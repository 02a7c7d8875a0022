//! Bodies of posted transactions: taken as bytes, for the ledger's own parser.

use crate::{
    ApiEra, BigchainApi,
    error::{ApiError, Refusal},
};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use tally_http::RawBody;
use tally_ledger::{
    NESTING_MAX, TRANSACTION_BYTES_MAX,
    json::{Limits, Value, parse},
};

/// The body of a posted transaction.
#[derive(Debug)]
pub(crate) struct Posting(pub(crate) Bytes);

impl FromRequest<BigchainApi> for Posting {
    type Rejection = Refusal;

    async fn from_request(request: Request, api: &BigchainApi) -> Result<Self, Refusal> {
        let body = RawBody::<TRANSACTION_BYTES_MAX>::from_request(request, api).await;
        let RawBody(body) =
            body.map_err(|error| Refusal { era: api.era(), error: ApiError::Body(error) })?;
        Ok(Self(body))
    }
}

/// Says whose transaction a body is, by its `version`; `otherwise` if it does not say.
pub(crate) fn era_of(body: &[u8], otherwise: ApiEra) -> ApiEra {
    let limits = Limits { bytes: TRANSACTION_BYTES_MAX, depth: NESTING_MAX };
    let Ok(Value::Object(transaction)) = parse(body, limits) else { return otherwise };
    match transaction.get("version") {
        Some(Value::Number(number)) if number.as_str() == "1" => ApiEra::Seed,
        Some(Value::String(version)) => match version.as_ref() {
            "0.9" => ApiEra::V0_9,
            "0.10" => ApiEra::V0_10,
            "1.0" => ApiEra::V1,
            "2.0" => ApiEra::V2,
            _ => otherwise,
        },
        Some(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_),
        )
        | None => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_says_whose_transaction_it_is() {
        let era = |body: &str| era_of(body.as_bytes(), ApiEra::V0_9);
        assert_eq!(era(r#"{"version":1,"id":"x"}"#), ApiEra::Seed);
        assert_eq!(era(r#"{"version":"0.10"}"#), ApiEra::V0_10);
        assert_eq!(era(r#"{"a":{"version":"2.0"},"version":"1.0"}"#), ApiEra::V1);
        assert_eq!(era(r#" {"version":"2.0"} "#), ApiEra::V2);
        for other in ["", "[]", "{", r#"{"version":2}"#, r#"{"version":null}"#, "{}"] {
            assert_eq!(era(other), ApiEra::V0_9, "{other}");
        }
    }
}
