use crate::{BearerToken, Exposure};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::net::IpAddr;
use tower_http::cors::{AllowOrigin, CorsLayer, ExposeHeaders};

/// Stands for every origin.
const ANY_ORIGIN: &str = "*";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A text is not a web origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an origin is scheme://host or scheme://host:port, without a path: {0}")]
pub struct OriginParseError(String);

/// Decides who may use an API: by token, by the name the API was called by, and by the web page
/// that sent the request.
///
/// An API that changes things by GET, as old ones do, would otherwise be at the mercy of every page
/// that the operator's browser shows.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    token: Option<BearerToken>,
    origins: Vec<HeaderValue>,
    any_origin: bool,
    only_local_hosts: bool,
    /// Headers of the API's own that pages may send.
    headers: Vec<HeaderName>,
    /// Headers that no page of another site can send unasked.
    proofs: Vec<HeaderName>,
}

/// Why the guard turned a request away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the Host header must name this machine: localhost or a loopback address")]
    Host,
    #[error("requests from other web sites are refused: their origin is not configured")]
    Site,
    #[error("a valid bearer token is needed")]
    Token,
}

impl Refused {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Host | Self::Site => StatusCode::FORBIDDEN,
            Self::Token => StatusCode::UNAUTHORIZED,
        }
    }
}

impl Guard {
    /// Makes the guard of an API that is exposed like this. `origins` are the web origins whose
    /// pages may call it (CORS); none by default.
    ///
    /// # Errors
    ///
    /// [`OriginParseError`] naming the text that is no origin.
    pub fn new(
        exposure: &Exposure,
        token: Option<BearerToken>,
        origins: &[String],
    ) -> Result<Self, OriginParseError> {
        let origins =
            origins.iter().map(|origin| parse_origin(origin)).collect::<Result<_, _>>()?;
        let only_local_hosts = exposure.needs_local_host();
        Ok(Self { token, origins, only_local_hosts, ..Self::default() })
    }

    /// Makes the guard of an API where `*` stands for every origin: one that does nothing for a
    /// page that the page could not do itself, because what changes something is signed.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_wildcard(
        exposure: &Exposure,
        token: Option<BearerToken>,
        origins: &[String],
    ) -> Result<Self, OriginParseError> {
        let named: Vec<String> =
            origins.iter().filter(|origin| *origin != ANY_ORIGIN).cloned().collect();
        let any_origin = named.len() < origins.len();
        Ok(Self { any_origin, ..Self::new(exposure, token, &named)? })
    }

    /// Lets pages send headers of the API's own too, by their lower-case names.
    #[must_use]
    pub fn with_headers(mut self, names: &[&'static str]) -> Self {
        self.headers.extend(names.iter().map(|name| HeaderName::from_static(name)));
        self
    }

    /// Takes requests with one of these headers, by their lower-case names, for those of programs,
    /// whatever `Origin` they name: shops name the site that they ask for. A browser sends such a
    /// header to another site only after it was told that the page may.
    #[must_use]
    pub fn proven_by(mut self, names: &[&'static str]) -> Self {
        self.proofs.extend(names.iter().map(|name| HeaderName::from_static(name)));
        self
    }

    /// Checks what applies to every request, also to those that need no token.
    pub(crate) fn check_page(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let host = headers.get(header::HOST).map(|host| host.to_str().unwrap_or(""));
        if self.only_local_hosts && host.is_some_and(|host| !is_local(host)) {
            return Err(Refused::Host);
        }
        let origin = headers.get(header::ORIGIN);
        let is_proven = !headers.contains_key(SEC_FETCH_SITE)
            && self.proofs.iter().any(|name| headers.contains_key(name));
        if is_proven
            || self.any_origin
            || origin.is_some_and(|origin| self.origins.contains(origin))
        {
            return Ok(());
        }
        let is_foreign = match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
            Some(site) => site != b"same-origin" && site != b"none",
            None => origin.is_some_and(|origin| !is_own(origin, host.unwrap_or(""))),
        };
        if is_foreign { Err(Refused::Site) } else { Ok(()) }
    }

    /// Checks the token, if there must be one.
    pub(crate) fn check_token(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let Some(token) = &self.token else { return Ok(()) };
        let shown = headers.get(header::AUTHORIZATION);
        let opens = shown.is_some_and(|shown| token.is_shown_in(shown.as_bytes()));
        if opens { Ok(()) } else { Err(Refused::Token) }
    }

    /// Returns what answers browsers' preflight requests; nothing when no origin is configured.
    pub(crate) fn cors(&self) -> Option<CorsLayer> {
        let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let request_id = HeaderName::from_static("x-request-id");
        let origins = if self.any_origin {
            AllowOrigin::any()
        } else if self.origins.is_empty() {
            return None;
        } else {
            AllowOrigin::list(self.origins.clone())
        };
        let headers = [header::AUTHORIZATION, header::CONTENT_TYPE, request_id];
        let headers: Vec<HeaderName> = headers.iter().chain(&self.headers).cloned().collect();
        let cors = CorsLayer::new()
            .allow_origin(origins)
            .allow_methods(methods)
            .allow_headers(headers)
            .expose_headers(ExposeHeaders::any());
        Some(cors)
    }
}

fn parse_origin(text: &str) -> Result<HeaderValue, OriginParseError> {
    let error = || OriginParseError(text.to_owned());
    let (scheme, host) = text.split_once("://").ok_or_else(error)?;
    let good = matches!(scheme, "http" | "https")
        && !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b));
    if good { HeaderValue::from_str(text).map_err(|_| error()) } else { Err(error()) }
}

/// Says whether the value of a `Host` header names this machine.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Says whether a page of `origin` came from the server that was called as `host`.
fn is_own(origin: &HeaderValue, host: &str) -> bool {
    let name = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    name.is_some_and(|(_, name)| name.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure() -> Exposure {
        Exposure {
            address: "127.0.0.1:5001".parse().unwrap(),
            needs_token: false,
            needs_certificate: false,
            allow_unauthenticated: false,
        }
    }

    fn texts(origins: &[&str]) -> Vec<String> {
        origins.iter().map(|origin| (*origin).to_owned()).collect()
    }

    fn local(origins: &[&str]) -> Guard {
        Guard::new(&exposure(), None, &texts(origins)).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    /// Goal: a page whose name points to loopback (DNS rebinding) gets nothing.
    #[test]
    fn only_local_names_are_answered() {
        for good in ["localhost:5001", "LOCALHOST", "127.0.0.1:5001", "[::1]:5001", "127.1.2.3"] {
            assert_eq!(local(&[]).check_page(&headers(&[("host", good)])), Ok(()), "{good}");
        }
        for bad in ["evil.example", "127.0.0.1.evil.example:5001", "", "192.168.0.1", "localhost:x"]
        {
            let refused = local(&[]).check_page(&headers(&[("host", bad)]));
            assert_eq!(refused, Err(Refused::Host), "{bad}");
        }
        assert_eq!(Guard::default().check_page(&headers(&[("host", "node.example")])), Ok(()));
    }

    /// Goal: an image tag of a strange page cannot move tokens by GET.
    #[test]
    fn requests_of_other_sites_are_refused() {
        let host = ("host", "127.0.0.1:5001");
        let page = |guard: &Guard, rest: &[(&'static str, &str)]| {
            guard.check_page(&headers(&[&[host], rest].concat()))
        };
        let guard = local(&["https://wallet.example"]);
        for site in ["cross-site", "same-site", "new-word"] {
            assert_eq!(page(&guard, &[("sec-fetch-site", site)]), Err(Refused::Site), "{site}");
        }
        for site in ["same-origin", "none"] {
            assert_eq!(page(&guard, &[("sec-fetch-site", site)]), Ok(()), "{site}");
        }
        assert_eq!(page(&guard, &[("origin", "null")]), Err(Refused::Site));
        assert_eq!(page(&guard, &[("origin", "http://evil.example")]), Err(Refused::Site));
        assert_eq!(page(&guard, &[("origin", "http://127.0.0.1:5001")]), Ok(()));
        let allowed = [("origin", "https://wallet.example"), ("sec-fetch-site", "cross-site")];
        assert_eq!(page(&guard, &allowed), Ok(()));
    }

    /// Goal: a star opens the API to every page, but not to a rebound name.
    #[test]
    fn a_star_allows_every_page_by_the_machine_s_own_name() {
        let origins = texts(&["*", "https://wallet.example"]);
        assert!(Guard::new(&exposure(), None, &origins).is_err());
        let guard = Guard::with_wildcard(&exposure(), None, &origins).unwrap();
        let strange = [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")];
        assert_eq!(guard.check_page(&headers(&strange)), Ok(()));
        let rebound = headers(&[("host", "evil.example")]);
        assert_eq!(guard.check_page(&rebound), Err(Refused::Host));
        assert!(guard.cors().is_some());
        assert!(local(&[]).cors().is_none());
    }

    /// Goal: a shop's program may name its site; a page of that site may still not ask.
    #[test]
    fn programs_that_show_who_they_are_may_name_any_origin() {
        let guard = local(&[]).proven_by(&["session"]);
        let shop = [("host", "localhost"), ("origin", "https://shop.example"), ("session", "s")];
        assert_eq!(guard.check_page(&headers(&shop)), Ok(()));
        assert_eq!(guard.check_page(&headers(&shop[..2])), Err(Refused::Site));
        let page = [&shop[..], &[("sec-fetch-site", "cross-site")]].concat();
        assert_eq!(guard.check_page(&headers(&page)), Err(Refused::Site));
    }

    #[test]
    fn origins_have_no_path() {
        assert!(parse_origin("http://localhost:3000").is_ok());
        for bad in ["", "*", "localhost", "http://", "http://a/b", "ftp://a", "http://a b"] {
            assert!(parse_origin(bad).is_err(), "{bad}");
        }
    }
}
