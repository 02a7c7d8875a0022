use crate::{Failure, Kind, Program};
use anyhow::Context;
use std::{net::SocketAddr, path::PathBuf};
use tally_http::{BearerToken, Exposure, Guard, TlsFiles};

const API: &str = "API";

crate::settings! {
    /// Who may use an API, and how he reaches it.
    pub struct AccessSettings {}

    /// File with the token that the API's clients must show. A variable of this name without _FILE
    /// may hold the token itself.
    #[arg(long, value_name = "FILE", help_heading = API)]
    api_token_file [PathBuf]

    /// Let everybody who reaches the API use it, beyond this machine too.
    #[arg(long, value_name = "BOOL", help_heading = API)]
    allow_unauthenticated [bool]

    /// PEM file with the API's TLS certificate and those that lead to its root.
    #[arg(long, value_name = "FILE", help_heading = API)]
    tls_certificate [PathBuf]

    /// PEM file with the private key of the TLS certificate.
    #[arg(long, value_name = "FILE", help_heading = API)]
    tls_key [PathBuf]

    /// PEM file with the roots that the API's clients' certificates must lead to.
    #[arg(long, value_name = "FILE", help_heading = API)]
    tls_client_ca [PathBuf]

    /// Web origin whose pages may call the API: scheme, host and port; may be repeated.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', help_heading = API)]
    cors_origin [Vec<String>]
}

impl AccessSettings {
    /// Returns the defaults.
    pub fn defaults() -> Self {
        Self { allow_unauthenticated: Some(false), ..Self::default() }
    }

    /// Checks them. `token` is the one of [`Program::api_token`].
    ///
    /// # Errors
    ///
    /// A failure about the settings: a token that is too weak or not readable, or TLS files that do
    /// not belong together.
    pub fn check(&self, program: &Program, token: Option<&str>) -> Result<Access, Failure> {
        let token = match (&self.api_token_file, token) {
            (Some(path), _) => Some(
                BearerToken::from_file(path)
                    .with_context(|| format!("--api-token-file {}", path.display())),
            ),
            (None, Some(text)) => {
                Some(BearerToken::new(text).with_context(|| program.api_token_variable()))
            }
            (None, None) => None,
        };
        Ok(Access {
            token: token.transpose().map_err(Failure::of(Kind::Settings))?,
            tls: self.tls()?,
            origins: self.cors_origin.clone().unwrap_or_default(),
            allows_any_origin: false,
            allow_unauthenticated: self.allow_unauthenticated == Some(true),
        })
    }

    fn tls(&self) -> Result<Option<TlsFiles>, Failure> {
        let client_ca = self.tls_client_ca.clone();
        match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                let (certificate, key) = (certificate.clone(), key.clone());
                Ok(Some(TlsFiles { certificate, key, client_ca }))
            }
            (None, None) if client_ca.is_none() => Ok(None),
            _ => Err(Failure::settings(
                "--tls-certificate and --tls-key belong together, and --tls-client-ca needs both",
            )),
        }
    }
}

/// Who may use an API, and how he reaches it; checked.
#[derive(Debug, Clone)]
pub struct Access {
    token: Option<BearerToken>,
    tls: Option<TlsFiles>,
    origins: Vec<String>,
    allows_any_origin: bool,
    allow_unauthenticated: bool,
}

impl Access {
    /// Lets `*` stand for every origin. Only for an API that pages of strangers may read and write.
    #[must_use]
    pub const fn with_any_origin(mut self) -> Self {
        self.allows_any_origin = true;
        self
    }

    /// Returns the files for TLS; `None` without it.
    pub const fn tls(&self) -> Option<&TlsFiles> {
        self.tls.as_ref()
    }

    /// Returns the scheme of the API's URLs.
    pub const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Says who reaches an API at `address`.
    ///
    /// # Errors
    ///
    /// A failure about the settings if those are strangers and nothing guards the API.
    pub fn exposure(&self, address: SocketAddr) -> Result<Exposure, Failure> {
        let exposure = Exposure {
            address,
            needs_token: self.token.is_some(),
            needs_certificate: self.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some()),
            allow_unauthenticated: self.allow_unauthenticated,
        };
        let flags = "--api-token-file, --tls-client-ca or --allow-unauthenticated";
        exposure.check().context(flags).map_err(Failure::of(Kind::Settings))?;
        Ok(exposure)
    }

    /// Returns who guards an API with this exposure.
    ///
    /// # Errors
    ///
    /// A failure about the settings if an origin is none.
    pub fn guard(&self, exposure: &Exposure) -> Result<Guard, Failure> {
        let new = if self.allows_any_origin { Guard::with_wildcard } else { Guard::new };
        let guard = new(exposure, self.token.clone(), &self.origins);
        guard.context("--cors-origin").map_err(Failure::of(Kind::Settings))
    }

    /// Says whether strangers reach an API at `address` and need show nothing.
    pub fn is_open(&self, address: SocketAddr) -> bool {
        let needs_certificate = self.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        !address.ip().is_loopback() && self.token.is_none() && !needs_certificate
    }

    /// Warns in the log of what is allowed and still unwise.
    pub fn warn(&self, addresses: &[SocketAddr]) {
        let is_local = addresses.iter().all(|address| address.ip().is_loopback());
        if !is_local && self.token.is_some() && self.tls.is_none() {
            tracing::warn!(
                "the API's token is sent unencrypted: give --tls-certificate and --tls-key"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Program =
        Program { name: "test-server", prefix: "TEST_", main: None, without_settings: &[] };

    fn refusal(settings: &AccessSettings, token: Option<&str>) -> String {
        let failure = settings.check(&PROGRAM, token).unwrap_err();
        assert_eq!(failure.kind(), Kind::Settings);
        failure.text()
    }

    #[test]
    fn what_is_missing_is_named() {
        let path = || Some(PathBuf::from("/nowhere"));
        let none = AccessSettings::defaults;
        let key_alone = AccessSettings { tls_key: path(), ..none() };
        assert!(refusal(&key_alone, None).contains("--tls-certificate"));
        let ca_alone = AccessSettings { tls_client_ca: path(), ..none() };
        assert!(refusal(&ca_alone, None).contains("--tls-client-ca"));
        let absent = AccessSettings { api_token_file: path(), ..none() };
        assert!(refusal(&absent, None).contains("--api-token-file /nowhere"));
        assert!(refusal(&none(), Some("short")).contains("TEST_API_TOKEN"));
    }

    #[test]
    fn an_open_api_must_be_asked_for() {
        let (local, open) = (([127, 0, 0, 1], 1).into(), ([0, 0, 0, 0], 1).into());
        let bare = AccessSettings::defaults().check(&PROGRAM, None).unwrap();
        bare.exposure(local).unwrap();
        assert!(bare.exposure(open).unwrap_err().text().contains("--allow-unauthenticated"));
        let guarded = AccessSettings::defaults().check(&PROGRAM, Some("0123456789abcdef")).unwrap();
        assert!(guarded.exposure(open).unwrap().needs_token);
        assert!(!guarded.is_open(open) && bare.is_open(open) && !bare.is_open(local));
        assert!(!format!("{guarded:?}").contains("0123456789abcdef"));
        let allowed =
            AccessSettings { allow_unauthenticated: Some(true), ..AccessSettings::defaults() };
        allowed.check(&PROGRAM, None).unwrap().exposure(open).unwrap();
    }

    #[test]
    fn a_star_is_an_origin_only_where_it_may_be() {
        let cors_origin = Some(vec!["*".to_owned()]);
        let settings = AccessSettings { cors_origin, ..AccessSettings::defaults() };
        let access = settings.check(&PROGRAM, None).unwrap();
        let exposure = access.exposure(([127, 0, 0, 1], 1).into()).unwrap();
        assert!(access.guard(&exposure).unwrap_err().text().contains("--cors-origin"));
        access.with_any_origin().guard(&exposure).unwrap();
    }
}
