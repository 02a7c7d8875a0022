use super::Settings;
use tally_daemon::Failure;

/// Writes settings as TOML that `--config` would read. Secrets are in files, whose names are shown;
/// a URL may hold one, so only its scheme and host are.
pub(super) fn render(settings: &Settings) -> Result<String, Failure> {
    let url = settings.eth_rpc_endpoint.as_deref().map(without_secrets);
    tally_daemon::as_toml(&Settings { eth_rpc_endpoint: url, ..settings.clone() })
}

fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "…".to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let hidden = authority.contains('@') || path.len() > 1;
    format!("{scheme}://{host}{}", if hidden { "/…" } else { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_show_no_key() {
        for (url, shown) in [
            ("ws://127.0.0.1:8546", "ws://127.0.0.1:8546"),
            ("http://127.0.0.1:8545/", "http://127.0.0.1:8545/"),
            ("wss://chain.example/ws/v3/0123456789", "wss://chain.example/…"),
            ("https://user:secret@chain.example", "https://chain.example/…"),
            ("https://chain.example?key=secret", "https://chain.example/…"),
            ("secret", "…"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
    }
}
