use std::{fmt, str::FromStr};

/// The endpoints that this project's server has, by their last parts: what
/// [`Endpoint`] knows under a short name.
pub const ENDPOINTS: &[&str] = &[
    "apip1/v1/general",
    "apip3/v1/cidInfoByIds",
    "apip3/v1/cidInfoSearch",
    "apip3/v1/cidHistory",
    "apip3/v1/fidCidSeek",
    "apip4/v1/protocolByIds",
    "apip4/v1/protocolSearch",
    "apip4/v1/protocolOpHistory",
    "apip4/v1/protocolRateHistory",
    "apip5/v1/codeByIds",
    "apip5/v1/codeSearch",
    "apip5/v1/codeOpHistory",
    "apip5/v1/codeRateHistory",
    "apip6/v1/serviceByIds",
    "apip6/v1/serviceSearch",
    "apip6/v1/serviceOpHistory",
    "apip6/v1/serviceRateHistory",
    "apip7/v1/appByIds",
    "apip7/v1/appSearch",
    "apip7/v1/appOpHistory",
    "apip7/v1/appRateHistory",
];

/// The longest tail that is taken, in bytes.
const LENGTH_MAX: usize = 128;

/// A text is not an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No known name.
    #[error("no known endpoint is named {0:?}; another is written as in apip6/v1/serviceSearch")]
    Unknown(String),
    /// A path with other characters, or too long.
    #[error("an endpoint has letters, digits and / only, {LENGTH_MAX} of them at most")]
    Malformed,
}

/// One kind of question: the part of a URL behind the directory's, such as
/// `apip6/v1/serviceSearch`.
///
/// Reads short names of the known ones, such as `serviceSearch`, and any path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(Box<str>);

impl Endpoint {
    /// Returns the part of the URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_path = |letter: u8| letter.is_ascii_alphanumeric() || b"/_-.".contains(&letter);
        if text.len() > LENGTH_MAX || !text.bytes().all(is_path) || text.starts_with('/') {
            return Err(EndpointError::Malformed);
        }
        if text.contains('/') {
            return Ok(Self(text.into()));
        }
        let known = ENDPOINTS.iter().find(|tail| tail.rsplit('/').next() == Some(text));
        known
            .map(|tail| Self((*tail).into()))
            .ok_or_else(|| EndpointError::Unknown(text.to_owned()))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_and_paths_are_read() {
        for (text, expected) in [
            ("serviceSearch", "apip6/v1/serviceSearch"),
            ("general", "apip1/v1/general"),
            ("apip18/v1/cashValid", "apip18/v1/cashValid"),
            ("sn6/serviceByIds/v1", "sn6/serviceByIds/v1"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().as_str(), expected);
        }
        let unknown = EndpointError::Unknown("serviceSerch".to_owned());
        assert_eq!("serviceSerch".parse::<Endpoint>(), Err(unknown));
        for bad in ["/apip6/v1/x", "a/b?c", "a b", &"a/".repeat(65)] {
            assert_eq!(bad.parse::<Endpoint>(), Err(EndpointError::Malformed), "{bad}");
        }
    }

    #[test]
    fn short_names_are_unique() {
        for tail in ENDPOINTS {
            let name = tail.rsplit('/').next().unwrap();
            assert_eq!(name.parse::<Endpoint>().unwrap().as_str(), *tail);
        }
    }
}
