use std::{fmt, str::FromStr};

/// The longest address that is taken, in bytes.
const LENGTH_MAX: usize = 1024;

/// A text is not the address of a directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlHeadError {
    /// Neither HTTP nor HTTPS.
    #[error("an address begins with http:// or https://")]
    Scheme,
    /// No host.
    #[error("an address names a host, as in http://localhost:8080/APIP/")]
    Host,
    /// A query, a fragment, a user's name, a space or a control character, or a whole novel.
    #[error("an address has at most {LENGTH_MAX} characters, none of them a space or of ?#@\\")]
    Character,
}

/// Where a directory is: the part of its URLs before the endpoint's, such as
/// `http://localhost:8080/APIP/`.
///
/// It is kept as it was written, but for a `/` at the end that is added if missing: requests are
/// signed with their URL, and the server compares texts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UrlHead(Box<str>);

impl UrlHead {
    /// Returns the text; it ends with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the URL of an endpoint.
    pub fn join(&self, tail: &str) -> String {
        format!("{}{tail}", self.0)
    }

    /// Says whether nobody on the way can read along: TLS, or this machine itself.
    pub fn is_private(&self) -> bool {
        let Some(rest) = strip_scheme(&self.0, "http://") else {
            return true;
        };
        let host = rest.split('/').next().unwrap_or_default();
        let name = match host.strip_prefix('[') {
            Some(address) => address.split(']').next(),
            None => host.split(':').next(),
        };
        let name = name.unwrap_or_default();
        name.eq_ignore_ascii_case("localhost")
            || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
    }
}

impl FromStr for UrlHead {
    type Err = UrlHeadError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = strip_scheme(text, "http://").or_else(|| strip_scheme(text, "https://"));
        let rest = rest.ok_or(UrlHeadError::Scheme)?;
        let is_foreign =
            |letter: char| !letter.is_ascii_graphic() || matches!(letter, '?' | '#' | '@' | '\\');
        if text.len() > LENGTH_MAX || text.contains(is_foreign) {
            return Err(UrlHeadError::Character);
        }
        if rest.is_empty() || rest.starts_with(['/', ':']) {
            return Err(UrlHeadError::Host);
        }
        let end = if text.ends_with('/') { "" } else { "/" };
        Ok(Self(format!("{text}{end}").into()))
    }
}

fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let start = text.get(..scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
}

impl fmt::Display for UrlHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UrlHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_as_written_and_end_with_a_slash() {
        for (text, expected) in [
            ("http://localhost:8080/APIP/", "http://localhost:8080/APIP/"),
            ("https://cid.cash/APIP", "https://cid.cash/APIP/"),
            ("HTTP://Host", "HTTP://Host/"),
        ] {
            let head: UrlHead = text.parse().unwrap();
            assert_eq!(head.as_str(), expected);
            assert_eq!(head.join("ping"), format!("{expected}ping"));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        use UrlHeadError::{Character, Host, Scheme};
        for (text, error) in [
            ("", Scheme),
            ("localhost:8080", Scheme),
            ("ftp://host/", Scheme),
            ("http://", Host),
            ("http:///APIP/", Host),
            ("https://:8080/", Host),
            ("http://host/?a=b", Character),
            ("http://host/#a", Character),
            ("http://user@host/", Character),
            ("http://host /", Character),
            ("http://hóst/", Character),
            (&format!("http://{}", "a".repeat(1024)), Character),
        ] {
            assert_eq!(text.parse::<UrlHead>(), Err(error), "{text}");
        }
    }

    #[test]
    fn private_is_tls_or_this_machine() {
        for (text, is_private) in [
            ("https://cid.cash/", true),
            ("http://cid.cash/", false),
            ("http://localhost:8080/APIP/", true),
            ("http://LOCALHOST/", true),
            ("http://127.0.0.1:1/", true),
            ("http://[::1]:8080/", true),
            ("http://[::2]:8080/", false),
            ("http://10.0.0.1/", false),
            ("http://localhost.example/", false),
            ("http://127.0.0.1.example/", false),
        ] {
            assert_eq!(text.parse::<UrlHead>().unwrap().is_private(), is_private, "{text}");
        }
    }
}
