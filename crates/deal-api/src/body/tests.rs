use super::*;
use axum::http::HeaderValue;

async fn read(kind: &str, body: impl Into<Bytes>) -> Result<Body, ApiError> {
    let mut headers = HeaderMap::new();
    if !kind.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::try_from(kind).unwrap());
    }
    Body::read(&headers, &body.into()).await
}

fn fields(pairs: &[(&str, &str)]) -> Body {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Body::Fields(pairs.collect())
}

fn parts(pairs: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    pairs.iter().map(part).chain(["--XX--\r\n".to_owned()]).collect()
}

#[tokio::test]
async fn the_type_says_what_a_body_is() {
    let expected = fields(&[("address", "m"), ("key", "02 ef")]);
    let form = "address=m&key=02+ef";
    for kind in [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-URLencoded; charset=UTF-8",
        "application/x-www-form-urlencoded;charset=\"utf-8\"",
    ] {
        assert_eq!(read(kind, form).await.unwrap(), expected, "{kind}");
    }
    let pairs = [("address", "m"), ("key", "02 ef")];
    assert_eq!(read("multipart/form-data; boundary=XX", parts(&pairs)).await.unwrap(), expected);
    assert_eq!(read("application/json", "{}").await.unwrap(), Body::Json(b"{}".to_vec()));
    for kind in ["text/plain", "text/yaml", "application/yaml", "application/x-yaml", ""] {
        assert_eq!(read(kind, "deal:\n").await.unwrap(), Body::Text("deal:\n".to_owned()));
    }
    assert_eq!(read("application/octet-stream", "").await.unwrap(), Body::None);
}

/// Goal: the page of the module's document works, which sets the type and forgets the boundary.
#[tokio::test]
async fn a_forgotten_boundary_is_found() {
    let body = parts(&[("address", "m")]);
    let read_back = read("multipart/form-data", body).await.unwrap();
    assert_eq!(read_back, fields(&[("address", "m")]));
    assert!(read("multipart/form-data", "address=m").await.is_err());
}

#[tokio::test]
async fn other_types_and_charsets_are_refused() {
    for kind in [
        "application/xml",
        "image/png",
        "application/json; charset=windows-1251",
        "text/plain; charset=utf-16",
        "application/x-www-form-urlencoded; charset=koi8-r",
    ] {
        let status = read(kind, "a").await.unwrap_err().status();
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let part = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\
                Content-Type: text/plain; charset=koi8-r\r\n\r\nx\r\n--XX--\r\n";
    let refused = read("multipart/form-data; boundary=XX", part).await.unwrap_err();
    assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn what_is_no_utf_8_is_refused() {
    let latin = &b"comments=na\xefve"[..];
    for kind in ["application/x-www-form-urlencoded", "application/json", "text/plain"] {
        let refused = read(kind, latin).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{kind}");
    }
    let part = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--XX--\r\n";
    assert!(read("multipart/form-data; boundary=XX", &part[..]).await.is_err());
}

#[tokio::test]
async fn forms_are_bounded() {
    let many: String = (0..=FIELDS_MAX).map(|at| format!("f{at}=1&")).collect();
    assert!(read("application/x-www-form-urlencoded", many).await.is_err());
    let many: Vec<(&str, &str)> = vec![("f", "1"); FIELDS_MAX + 1];
    assert!(read("multipart/form-data; boundary=XX", parts(&many)).await.is_err());
    let long = "x".repeat(FIELD_BYTES_MAX as usize + 1);
    let refused = read("multipart/form-data; boundary=XX", parts(&[("f", &long)])).await;
    assert_eq!(refused.unwrap_err().status(), StatusCode::PAYLOAD_TOO_LARGE);
    for broken in ["--XX\r\n", "--XX\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XX--\r\n"] {
        assert!(read("multipart/form-data; boundary=XX", broken).await.is_err(), "{broken}");
    }
}
