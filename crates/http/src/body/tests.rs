use super::*;
use crate::{FieldProblem, read_integer, read_u64};
use axum::body::HttpBody;
use hyper::body::Frame;
use proptest::prelude::*;
use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

fn object(json: &str) -> Fields {
    JsonBody::parse(json.as_bytes()).unwrap().object().unwrap()
}

#[test]
fn fields_are_read_by_name_and_the_rest_is_refused() {
    let mut fields = object(r#"{"amount": 5, "note": null, "token_address": "x"}"#);
    assert_eq!(fields.required("amount", read_u64), Ok(5));
    assert_eq!(fields.optional("note", read_u64), Ok(None));
    assert_eq!(fields.optional("fee", read_u64), Ok(None));
    assert_eq!(fields.required("fee", read_u64).unwrap_err().to_string(), "fee is missing");
    fields.ignore("token_address");
    fields.finish().unwrap();

    let error = object(r#"{"Amount": 5}"#).finish().unwrap_err();
    assert_eq!(error.to_string(), "Amount is not a known field");
}

#[test]
fn a_field_given_twice_is_refused() {
    let mut fields = object(r#"{"amount": 5, "amount": 6}"#);
    assert_eq!(fields.required("amount", read_u64), Err(FieldProblem::Duplicate.of("amount")));
}

#[test]
fn fields_of_a_list_are_named_with_their_place() {
    let body = JsonBody::parse(br#"[{"a": 1}, {"a": "x"}]"#).unwrap();
    let mut items = body.objects().unwrap();
    assert_eq!(items[0].required("a", read_u64), Ok(1));
    let error = items[1].required("a", read_u64).unwrap_err();
    assert_eq!(error.to_string(), "[1].a must be an integer, not a string");
}

#[test]
fn other_shapes_are_refused() {
    assert_eq!(JsonBody::parse(b"  ").unwrap_err(), BodyError::Empty);
    for text in ["{bad}", "{\"a\": }", "{\"a\": 01}", "{} {}", "\u{feff}{}"] {
        let error = JsonBody::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, BodyError::NotJson(_)), "{text}: {error}");
    }
    for json in ["[]", "5", "null", "\"{}\""] {
        let error = JsonBody::parse(json.as_bytes()).unwrap().object().unwrap_err();
        assert_eq!(error.to_string(), "the body must be a JSON object");
    }
    for json in ["{}", "[1]", "[[]]"] {
        let error = JsonBody::parse(json.as_bytes()).unwrap().objects().unwrap_err();
        assert_eq!(error.to_string(), "the body must be a JSON list of objects");
    }
}

#[test]
fn only_json_in_utf8_counts_as_json() {
    for good in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
    ] {
        assert!(is_json(good), "{good}");
    }
    for bad in ["", "text/plain", "application/json; charset=latin1", "application/jsonx"] {
        assert!(!is_json(bad), "{bad}");
    }
}

/// Goal: a body over the limit is told apart from one that breaks off.
#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let body = Body::from(vec![b' '; BODY_BYTES_MAX + 1]);
    let too_large = Err(BodyError::TooLarge { max: BODY_BYTES_MAX });
    assert_eq!(read(body, BODY_BYTES_MAX).await, too_large);
    assert!(read(Body::from(vec![b' '; BODY_BYTES_MAX]), BODY_BYTES_MAX).await.is_ok());
}

/// Goal: a body that announces too much is refused unread, and others are bounded all the same.
#[tokio::test]
async fn raw_bodies_are_bounded_by_what_they_say_and_by_what_they_are() {
    let taken = async |declared: Option<&str>, body: Body| {
        let request = Request::post("/");
        let request = declared.into_iter().fold(request, |r, n| r.header("content-length", n));
        RawBody::<4>::from_request(request.body(body).unwrap(), &()).await.map(|body| body.0)
    };
    let undeclared = || Body::from("12345");
    assert_eq!(taken(Some("100000000"), Body::empty()).await, Err(BodyError::TooLarge { max: 4 }));
    assert_eq!(taken(None, undeclared()).await, Err(BodyError::TooLarge { max: 4 }));
    assert_eq!(taken(Some("4"), Body::from("\u{0}\u{1}{}")).await.unwrap(), "\u{0}\u{1}{}");
}

/// A body of one-byte chunks that counts how many are left.
struct Chunks(Arc<AtomicUsize>);

impl HttpBody for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let taken = self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        Poll::Ready(taken.ok().map(|_| Ok(Frame::data(Bytes::from_static(b"x")))))
    }
}

/// Goal: who is still sending a body that is somewhat too long hears that it is; who announces an
/// endless one is not listened to.
#[tokio::test]
async fn a_body_that_is_somewhat_too_long_is_read_to_its_end() {
    for (declared, left_after) in [(5, 0), (BODY_BYTES_DISCARDED_MAX + 1, 5)] {
        let left = Arc::new(AtomicUsize::new(5));
        let request = Request::post("/").header("content-length", declared);
        let request = request.body(Body::new(Chunks(Arc::clone(&left)))).unwrap();
        let refused = RawBody::<4>::from_request(request, &()).await.unwrap_err();
        assert_eq!(refused, BodyError::TooLarge { max: 4 });
        assert_eq!(left.load(Relaxed), left_after, "{declared}");
    }
}

proptest! {
    /// Law: no bytes make the parser panic.
    #[test]
    fn any_bytes_are_a_body_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(body) = JsonBody::parse(&bytes) {
            let _ = body.object().map(|mut fields| fields.optional("a", |raw| {
                read_integer(raw).map(str::to_owned)
            }));
        }
    }
}
