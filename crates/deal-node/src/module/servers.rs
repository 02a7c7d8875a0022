use std::{fmt, net::Ipv6Addr, str::FromStr};

/// The port of a server that is named without one.
pub const SERVER_PORT: u16 = 4988;

/// The longest name of a host, in bytes (RFC 1035).
const HOST_BYTES_MAX: usize = 253;

/// Where a server is: `host`, `host:port`, `http://host:port` or `https://host:port`.
///
/// A bare host has port [`SERVER_PORT`]; with a scheme and no port, it is that of the scheme. There is
/// no path, no user and no password in it. Hosts are compared in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerAddress {
    is_tls: bool,
    host: String,
    port: u16,
}

/// A text does not name a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a server is host, host:port, http://host:port or https://host:port")]
pub struct ServerParseError;

/// A request names a server that this module may not ask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerRefused {
    /// The text names none.
    #[error("server: {0}")]
    Malformed(#[from] ServerParseError),
    /// It is not on the list.
    #[error("server: {0} is not on this module's list of servers")]
    NotAllowed(ServerAddress),
}

impl ServerAddress {
    /// Returns the server's URL, without a slash at its end.
    pub fn url(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }

    /// Says whether it is asked by `https`, so that nobody in between answers in its name.
    pub const fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Says whether this is the server that clients name when they name none: `localhost`, by
    /// whatever name, at [`SERVER_PORT`].
    pub fn is_default(&self) -> bool {
        let is_local = ["localhost", "127.0.0.1", "[::1]"].contains(&self.host.as_str());
        is_local && self.port == SERVER_PORT && !self.is_tls
    }
}

impl Default for ServerAddress {
    /// The server of this machine.
    fn default() -> Self {
        Self { is_tls: false, host: "localhost".to_owned(), port: SERVER_PORT }
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url())
    }
}

impl FromStr for ServerAddress {
    type Err = ServerParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_tls, rest, port) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest, 80),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest, 443),
            Some(_) => return Err(ServerParseError),
            None => (false, text, SERVER_PORT),
        };
        let rest = if is_tls || port == 80 { rest.strip_suffix('/').unwrap_or(rest) } else { rest };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, digits)) if !digits.contains(']') => (host, read_port(digits)?),
            Some(_) | None => (rest, port),
        };
        let host = host.to_ascii_lowercase();
        if is_host(&host) { Ok(Self { is_tls, host, port }) } else { Err(ServerParseError) }
    }
}

fn read_port(digits: &str) -> Result<u16, ServerParseError> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let port = is_plain.then(|| digits.parse().ok()).flatten();
    port.filter(|port| *port > 0).ok_or(ServerParseError)
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    host.len() <= HOST_BYTES_MAX && host.split('.').all(is_label)
}

/// The servers that a request may name. A module that asked whoever it is told to would be a way
/// into the network that it stands in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList(Vec<ServerAddress>);

impl AllowList {
    /// Makes the list.
    pub fn new(servers: impl IntoIterator<Item = ServerAddress>) -> Self {
        let mut servers: Vec<ServerAddress> = servers.into_iter().collect();
        servers.sort();
        servers.dedup();
        Self(servers)
    }

    /// Returns the list with further servers on it.
    #[must_use]
    pub fn with(&self, servers: impl IntoIterator<Item = ServerAddress>) -> Self {
        Self::new(self.0.iter().cloned().chain(servers))
    }

    /// Returns the server that a request names, if it may name it.
    ///
    /// # Errors
    ///
    /// [`ServerRefused`].
    pub fn admit(&self, text: &str) -> Result<ServerAddress, ServerRefused> {
        let server: ServerAddress = text.parse()?;
        let is_listed = self.0.contains(&server);
        if is_listed { Ok(server) } else { Err(ServerRefused::NotAllowed(server)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_have_their_ports() {
        for (text, url) in [
            ("localhost", "http://localhost:4988"),
            ("Shop.Example:80", "http://shop.example:80"),
            ("http://shop.example", "http://shop.example:80"),
            ("HTTPS://shop.example/", "https://shop.example:443"),
            ("https://shop.example:4443", "https://shop.example:4443"),
            ("10.0.0.1", "http://10.0.0.1:4988"),
            ("[::1]", "http://[::1]:4988"),
            ("http://[::1]:5000", "http://[::1]:5000"),
        ] {
            assert_eq!(text.parse::<ServerAddress>().unwrap().url(), url, "{text}");
        }
        for bad in [
            "",
            ":4988",
            "a b",
            "a/b",
            "a/",
            "http://",
            "ftp://a",
            "http://u:p@a",
            "http://a?x",
            "http://a#x",
            "a:0",
            "a:65536",
            "a:+1",
            "a:",
            "a..b",
            "::1",
            "[::1",
            "[x]",
            "a\r\nHost: b",
            "a%2f",
        ] {
            assert_eq!(bad.parse::<ServerAddress>(), Err(ServerParseError), "{bad}");
        }
        let long = "a".repeat(254);
        assert!(long.parse::<ServerAddress>().is_err());
    }

    /// Goal: a request reaches no host but those of the list, by any spelling.
    #[test]
    fn only_listed_servers_are_admitted() {
        let list = AllowList::new(["shop.example".parse().unwrap(), ServerAddress::default()]);
        assert_eq!(list.admit("SHOP.example:4988").unwrap().url(), "http://shop.example:4988");
        assert!(list.admit("localhost").unwrap().is_default());
        for other in
            ["shop.example:4989", "https://shop.example:4988", "127.0.0.1", "169.254.169.254"]
        {
            let refused = list.admit(other).unwrap_err();
            assert!(matches!(refused, ServerRefused::NotAllowed(_)), "{other}");
        }
        let refused = list.admit("http://user@shop.example").unwrap_err();
        assert_eq!(refused, ServerRefused::Malformed(ServerParseError));
    }
}
