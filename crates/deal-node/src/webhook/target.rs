//! Where webhooks may go: a server that fetches any address it is told to is a door into its network.

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest URL of a webhook, in bytes.
pub const WEBHOOK_URL_BYTES_MAX: usize = 2048;

/// Which targets webhooks may have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookRules {
    /// Hosts that may be called: names, or `*.` and a domain for all names below it. Empty allows
    /// every host that is on the public network.
    pub hosts: Vec<String>,
    /// Whether this machine may be called too, without TLS: for development.
    pub allows_loopback: bool,
}

/// Why a URL cannot be a webhook's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not a URL, or too long.
    #[error("not a URL of at most {WEBHOOK_URL_BYTES_MAX} bytes")]
    NotAUrl,
    /// Not encrypted.
    #[error("the URL must begin with https://")]
    NotEncrypted,
    /// A name or a password stands in the URL.
    #[error("the URL must not hold a name or a password")]
    Credentials,
    /// The host is not one of those that may be called.
    #[error("the host is not among those that may be called")]
    Host,
    /// The address is of a private network.
    #[error("the address is not on the public network")]
    NotPublic,
}

impl WebhookRules {
    /// Checks a webhook's target. What a name leads to is checked again whenever it is called.
    ///
    /// # Errors
    ///
    /// [`TargetError`].
    pub fn check(&self, url: &str) -> Result<Url, TargetError> {
        if url.len() > WEBHOOK_URL_BYTES_MAX {
            return Err(TargetError::NotAUrl);
        }
        let parsed = Url::parse(url).map_err(|_| TargetError::NotAUrl)?;
        let host = parsed.host_str().ok_or(TargetError::NotAUrl)?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(TargetError::Credentials);
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let literal: Option<IpAddr> = bare.parse().ok();
        let is_loopback = literal.is_some_and(|ip| ip.is_loopback()) || bare == "localhost";
        if is_loopback && self.allows_loopback && matches!(parsed.scheme(), "http" | "https") {
            return Ok(parsed);
        }
        if parsed.scheme() != "https" {
            return Err(TargetError::NotEncrypted);
        }
        if is_loopback || literal.is_some_and(|ip| !is_public(ip)) {
            return Err(TargetError::NotPublic);
        }
        if !self.hosts.is_empty() && !self.hosts.iter().any(|rule| matches_host(rule, bare)) {
            return Err(TargetError::Host);
        }
        Ok(parsed)
    }
}

fn matches_host(rule: &str, host: &str) -> bool {
    match rule.strip_prefix("*.") {
        Some(domain) => host
            .len()
            .checked_sub(domain.len())
            .and_then(|at| host.get(at..).zip(host.get(..at)))
            .is_some_and(|(tail, head)| tail.eq_ignore_ascii_case(domain) && head.ends_with('.')),
        None => rule.eq_ignore_ascii_case(host),
    }
}

/// Whether an address is of a host on the public network.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    let is_protocol = a == 192 && b == 0 && c == 0;
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || is_shared
        || is_benchmark
        || is_protocol
        || a == 0
        || a >= 240)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(inner) = ip.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [first, second, ..] = ip.segments();
    // Global unicast is 2000::/3; of it, 2001:db8::/32 is for documents, and 6to4 (2002::/16), Teredo
    // (2001::/32) and NAT64 (outside of it) lead to IPv4 addresses that nobody would look at.
    (0x2000..0x4000).contains(&first)
        && !(first == 0x2001 && (second == 0x0db8 || second == 0))
        && first != 0x2002
}

/// Looks names up and keeps only the addresses that may be called, whatever the name said when the
/// webhook was registered.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicNames {
    pub(super) allows_loopback: bool,
}

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let allows_loopback = self.allows_loopback;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let is_allowed = |address: &SocketAddr| {
                is_public(address.ip()) || (allows_loopback && address.ip().is_loopback())
            };
            let allowed: Vec<SocketAddr> = found.filter(is_allowed).collect();
            if allowed.is_empty() {
                return Err(TargetError::NotPublic.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(rules: &WebhookRules, url: &str) -> Result<(), TargetError> {
        rules.check(url).map(|_| ())
    }

    /// Only encrypted URLs of public hosts pass, however the address is written.
    #[test]
    fn private_networks_are_refused() {
        let rules = WebhookRules::default();
        assert_eq!(verdict(&rules, "https://shop.example/hook?x=1"), Ok(()));
        assert_eq!(verdict(&rules, "https://8.8.8.8/"), Ok(()));
        assert_eq!(verdict(&rules, "https://[2606:4700::1]/"), Ok(()));
        assert_eq!(verdict(&rules, "http://shop.example/"), Err(TargetError::NotEncrypted));
        assert_eq!(verdict(&rules, "ftp://shop.example/"), Err(TargetError::NotEncrypted));
        assert_eq!(verdict(&rules, "https://u:p@shop.example/"), Err(TargetError::Credentials));
        assert_eq!(verdict(&rules, "shop.example"), Err(TargetError::NotAUrl));
        let long = format!("https://shop.example/{}", "x".repeat(WEBHOOK_URL_BYTES_MAX));
        assert_eq!(verdict(&rules, &long), Err(TargetError::NotAUrl));
        for inside in [
            "10.0.0.1",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "169.254.169.254",
            "192.168.1.1",
            "172.16.0.1",
            "100.64.0.1",
            "0.0.0.0",
            "localhost",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[fe80::1]",
            "[fc00::1]",
            "[2002:0a00:0001::]",
            "[64:ff9b::a00:1]",
            "255.255.255.255",
        ] {
            let url = format!("https://{inside}/");
            assert_eq!(verdict(&rules, &url), Err(TargetError::NotPublic), "{url}");
        }
    }

    /// This machine can be called if the settings say so, and nothing else private.
    #[test]
    fn loopback_is_allowed_by_name_only() {
        let rules = WebhookRules { allows_loopback: true, ..WebhookRules::default() };
        assert_eq!(verdict(&rules, "http://127.0.0.1:8080/hook"), Ok(()));
        assert_eq!(verdict(&rules, "http://localhost/"), Ok(()));
        assert_eq!(verdict(&rules, "http://[::1]:1/"), Ok(()));
        assert_eq!(verdict(&rules, "http://10.0.0.1/"), Err(TargetError::NotEncrypted));
        assert_eq!(verdict(&rules, "https://10.0.0.1/"), Err(TargetError::NotPublic));
    }

    /// With a list of hosts, nobody else is called; a star stands for names, not for parts of them.
    #[test]
    fn a_list_of_hosts_is_kept_to() {
        let hosts = vec!["shop.example".to_owned(), "*.shops.example".to_owned()];
        let rules = WebhookRules { hosts, allows_loopback: false };
        assert_eq!(verdict(&rules, "https://SHOP.example/"), Ok(()));
        assert_eq!(verdict(&rules, "https://a.shops.example/"), Ok(()));
        for other in ["evil.example", "shops.example", "evilshops.example", "xshop.example"] {
            let url = format!("https://{other}/");
            assert_eq!(verdict(&rules, &url), Err(TargetError::Host), "{url}");
        }
    }

    /// A name that leads into a private network is not called.
    #[tokio::test]
    async fn names_of_private_addresses_lead_nowhere() {
        let name = || "localhost".parse::<Name>().unwrap();
        let refused = PublicNames { allows_loopback: false }.resolve(name()).await;
        assert!(refused.err().unwrap().to_string().contains("public network"));
        assert!(PublicNames { allows_loopback: true }.resolve(name()).await.is_ok());
    }
}
