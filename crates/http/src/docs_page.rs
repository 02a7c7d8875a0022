use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{Html, IntoResponse},
};

/// A page that shows the OpenAPI document of the server it came from. It loads nothing else, so it
/// works without a network, and its policy lets it load nothing else.
const PAGE: &str = include_str!("../assets/docs.html");

pub(crate) fn page(title: &str) -> impl IntoResponse {
    let policy = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
         connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    );
    let nosniff = HeaderName::from_static("x-content-type-options");
    (
        [(header::CONTENT_SECURITY_POLICY, policy), (nosniff, HeaderValue::from_static("nosniff"))],
        Html(PAGE.replace("{{title}}", title)),
    )
}
