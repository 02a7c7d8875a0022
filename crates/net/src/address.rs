use std::{fmt, net::SocketAddr, str::FromStr};

/// A text is not a host and a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a peer's address is host:port, with a port from 1 to 65535")]
pub struct PeerAddressError;

/// Where a peer listens: an IP address or a host name, and a port.
///
/// A name is resolved each time it is dialled, so a peer may move behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PeerAddress(String);

impl PeerAddress {
    /// Longest text read, in bytes: a host name has at most 253, a port five.
    const LENGTH_MAX: usize = 260;

    /// Returns the text, `host:port`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self(address.to_string())
    }
}

impl FromStr for PeerAddress {
    type Err = PeerAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.rsplit_once(':').ok_or(PeerAddressError)?;
        let port_is_valid = port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port != 0);
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host_is_valid = match bare {
            Some(ip) => ip.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host.bytes().all(is_host_byte),
        };
        if !port_is_valid || !host_is_valid || text.len() > Self::LENGTH_MAX {
            return Err(PeerAddressError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_addresses() {
        for text in ["127.0.0.1:40001", "[::1]:1", "node-7.example.org:65535", "localhost:9"] {
            assert_eq!(text.parse::<PeerAddress>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_what_cannot_be_dialled() {
        let long = format!("{}:1", "a".repeat(260));
        for text in ["", ":1", "host", "host:", "host:0", "host:65536", "::1:1", "a b:1", "[x]:1"] {
            assert_eq!(text.parse::<PeerAddress>(), Err(PeerAddressError), "{text}");
        }
        assert_eq!("host:+1".parse::<PeerAddress>(), Err(PeerAddressError));
        assert_eq!(long.parse::<PeerAddress>(), Err(PeerAddressError));
    }
}
