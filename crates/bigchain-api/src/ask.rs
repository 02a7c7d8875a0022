use crate::{
    ApiEra, BigchainApi,
    era::{self, Sign},
    error::{ApiError, Refusal},
    values::{self, Why},
};
use axum::{
    extract::{FromRequestParts, MatchedPath, OriginalUri, Query, RawPathParams},
    http::request::Parts,
};

/// The paths of the API also begin with this, as the servers' did; the document's do not.
pub(crate) const PREFIX: &str = "/api/v1";

/// What a request asks: the era it speaks and its parameters, read by name.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) era: ApiEra,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    /// The request's own path and query, for links to the next page.
    uri: String,
}

impl Ask {
    /// Reads a parameter that may be absent.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, Why>,
    ) -> Result<Option<T>, Refusal> {
        let Some(at) = self.query.iter().position(|(key, _)| key == name) else {
            return Ok(None);
        };
        let (_, value) = self.query.swap_remove(at);
        let twice = self.has(name);
        let value = if twice { Err("is given twice".to_owned()) } else { read(&value) };
        value.map(Some).map_err(|why| self.refuse(ApiError::Parameter { name, why }))
    }

    /// Reads a parameter that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, Why>,
    ) -> Result<T, Refusal> {
        let value = self.optional(name, read)?;
        value.ok_or_else(|| self.refuse(ApiError::Missing(name)))
    }

    /// Refuses the parameters that nobody read.
    pub(crate) fn finish(&self) -> Result<(), Refusal> {
        let mut names: Vec<_> =
            self.query.iter().map(|(name, _)| values::printable(name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        names.sort_unstable();
        names.dedup();
        Err(self.refuse(ApiError::Unknown(names)))
    }

    /// Drops the parameters that have none of these names.
    pub(crate) fn ignore_others(&mut self, known: &[&str]) {
        self.query.retain(|(name, _)| known.contains(&name.as_str()));
    }

    /// Says whether a parameter is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.query.iter().any(|(key, _)| key == name)
    }

    /// Says whether the request has no parameters at all.
    pub(crate) fn is_bare(&self) -> bool {
        self.query.is_empty()
    }

    /// Returns a part of the path.
    pub(crate) fn part(&self, name: &str) -> &str {
        let part = self.path.iter().find(|(key, _)| key == name);
        part.map_or("", |(_, value)| value)
    }

    /// Says no in the shape that the request's era expects.
    pub(crate) const fn refuse(&self, error: ApiError) -> Refusal {
        Refusal { era: self.era, error }
    }

    pub(crate) const fn not_found(&self) -> Refusal {
        self.refuse(ApiError::NotFound)
    }

    /// Returns the request's own path and query with another cursor.
    pub(crate) fn with_cursor(&self, cursor: &str) -> String {
        let (path, query) = self.uri.split_once('?').unwrap_or((&self.uri, ""));
        let others = query.split('&').filter(|pair| !pair.is_empty());
        let others = others.filter(|pair| pair.split('=').next() != Some("cursor"));
        let others: String = others.map(|pair| format!("{pair}&")).collect();
        format!("{path}?{others}cursor={cursor}")
    }

    fn shows(&self, sign: Sign) -> bool {
        let query = |name: &str| self.query.iter().find(|(key, _)| key == name);
        let value = |name| query(name).map_or_else(|| self.part(name), |(_, value)| value);
        match sign {
            Sign::Has(name) => query(name).is_some(),
            Sign::IsHash(name) => values::is_hash(value(name)),
            Sign::IsUuid(name) => values::is_uuid(value(name)),
            Sign::IsNumber(name) => values::is_number(value(name)),
            Sign::Always => true,
        }
    }
}

impl FromRequestParts<BigchainApi> for Ask {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &BigchainApi) -> Result<Self, Refusal> {
        let setting = api.era();
        let matched = parts.extensions.get::<MatchedPath>().cloned();
        let endpoint = matched.as_ref().map_or("", MatchedPath::as_str);
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| original);
        let uri = uri.path_and_query().map_or("/", |uri| uri.as_str()).to_owned();
        let path = RawPathParams::from_request_parts(parts, api).await;
        // A path that is not UTF-8 names nothing that exists.
        let unknown = |_| Refusal { era: setting, error: ApiError::NotFound };
        let path = path.map_err(unknown)?;
        let path = path.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let query = query.map(|query| query.0).unwrap_or_default();
        let ask = Self { era: setting, path, query, uri };
        match era::detect(bare(endpoint), setting, |sign| ask.shows(sign)) {
            Some(era) => Ok(Self { era, ..ask }),
            None => {
                let names = ask.query.iter().map(|(name, _)| values::printable(name)).collect();
                Err(ask.refuse(ApiError::Contradiction(names)))
            }
        }
    }
}

/// Returns an endpoint's path without prefix and trailing slash, as the rules know it.
fn bare(path: &str) -> &str {
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    path.strip_suffix('/').unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    fn ask(uri: &str) -> Ask {
        let query = uri.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ask { era: ApiEra::V1, path: vec![], query, uri: uri.to_owned() }
    }

    #[test]
    fn parameters_are_read_by_name_once() {
        let mut request = ask("/blocks?status=valid&limit=3&limit=4");
        assert!(request.optional("status", values::block_status).unwrap().is_some());
        assert!(request.optional("status", values::block_status).unwrap().is_none());
        let twice = request.optional("limit", values::count).unwrap_err();
        assert_eq!(twice.error.to_string(), "is given twice");
        let missing = request.required("tx_id", values::transaction_id).unwrap_err();
        assert_eq!(missing.error.status(), StatusCode::BAD_REQUEST);
        assert!(matches!(missing.error, ApiError::Missing("tx_id")));
    }

    #[test]
    fn what_nobody_reads_is_named() {
        let error = ask("/blocks?foo=1&bar&foo=2").finish().unwrap_err().error;
        assert_eq!(error.to_string(), "Unknown arguments: bar, foo");
        assert!(ask("/blocks").finish().is_ok());
    }

    #[test]
    fn the_next_page_is_the_same_request_with_another_cursor() {
        let next = |uri| ask(uri).with_cursor("7");
        assert_eq!(next("/a?b=1&cursor=3&c=2"), "/a?b=1&c=2&cursor=7");
        assert_eq!(next("/api/v1/a/"), "/api/v1/a/?cursor=7");
        assert_eq!(next("/a?cursor=1"), "/a?cursor=7");
    }

    #[test]
    fn endpoints_are_known_with_and_without_prefix() {
        for path in ["/api/v1/blocks/{block_id}/", "/blocks/{block_id}", "/blocks/{block_id}/"] {
            assert_eq!(bare(path), "/blocks/{block_id}");
        }
    }
}
