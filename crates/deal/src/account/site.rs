use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// Longest address of a site, in bytes.
pub const SITE_BYTES_MAX: usize = 512;

/// Which of an account's two lists of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Urls {
    /// The owner's own places, below `account:`.
    Account,
    /// Sites that may make deals in the owner's name, below `trusted:` or nothing.
    Trusted,
}

/// The address of a site, `http://` or `https://`, as its owner writes it.
///
/// Printable ASCII without blanks, quotes and angle brackets, and without a user in front of the
/// host.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site(Box<str>);

/// A text is no address of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an http:// or https:// address of at most {SITE_BYTES_MAX} bytes")]
pub struct SiteParseError;

impl Site {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Says whether who trusts this site trusts `other`: the scheme, the host and the port are the
    /// same, and the path of this site is that of the other or of a folder above it.
    pub fn covers(&self, other: &Self) -> bool {
        let (own, other) = (self.parts(), other.parts());
        let folder = own.path.trim_end_matches('/');
        own.is_same_origin(&other)
            && other
                .path
                .strip_prefix(folder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Says whether scheme, host and port are the same, as a browser's `Origin` has them.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.parts().is_same_origin(&other.parts())
    }

    fn parts(&self) -> Parts<'_> {
        parts(&self.0).expect("a site was read when it was made")
    }
}

struct Parts<'a> {
    is_secure: bool,
    host: &'a str,
    port: u16,
    path: &'a str,
}

impl Parts<'_> {
    fn is_same_origin(&self, other: &Self) -> bool {
        self.is_secure == other.is_secure
            && self.port == other.port
            && self.host.eq_ignore_ascii_case(other.host)
    }
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let is_secure = scheme.eq_ignore_ascii_case("https");
    if !is_secure && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = tail.split_at(tail.find(['?', '#']).unwrap_or(tail.len())).0;
    let colon = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
    let (host, port) = match colon {
        Some(at) => (&authority[..at], authority[at + 1..].parse().ok()?),
        None => (authority, if is_secure { 443 } else { 80 }),
    };
    // A full stop at the end names the same host.
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    };
    // Steps upwards would leave the folder that is trusted.
    let climbs = path.split('/').any(|step| {
        let step = step.to_ascii_lowercase().replace("%2e", ".");
        step == ".." || step == "."
    });
    (is_host && port != 0 && !climbs).then_some(Parts { is_secure, host, port, path })
}

impl FromStr for Site {
    type Err = SiteParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain =
            text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte));
        if text.len() > SITE_BYTES_MAX || !is_plain || parts(text).is_none() {
            return Err(SiteParseError);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Site {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Site {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
