use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// How an API writes an error, also one that this crate finds before the API's own code runs.
pub trait ErrorShape: Send + Sync + 'static {
    /// Makes the reply. `message` is fit for the client's eyes.
    fn reply(&self, status: StatusCode, message: &str) -> Response;
}

/// A JSON reply, indented by two spaces so that a person can read it.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let text = serde_json::to_string_pretty(&self.0)
            .expect("wire structs have text keys and no failing serializer");
        let kind = HeaderValue::from_static("application/json; charset=utf-8");
        ([(header::CONTENT_TYPE, kind)], text).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Amounts {
        #[serde(serialize_with = "crate::digits")]
        large: String,
        #[serde(serialize_with = "crate::optional_digits")]
        absent: Option<u8>,
    }

    /// Goal: a number above 2^64 leaves as bare digits, also inside an indented reply.
    #[tokio::test]
    async fn large_integers_are_bare_digits() {
        let large = "1".repeat(78);
        let reply = Json(Amounts { large: large.clone(), absent: None }).into_response();
        assert_eq!(reply.headers()[header::CONTENT_TYPE], "application/json; charset=utf-8");
        let body = axum::body::to_bytes(reply.into_body(), 1000).await.unwrap();
        let expected = format!("{{\n  \"large\": {large},\n  \"absent\": null\n}}");
        assert_eq!(body, expected.as_bytes());
    }
}
