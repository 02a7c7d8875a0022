use std::net::SocketAddr;

/// The API would be open to strangers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{address} can be reached from other machines: give a bearer token or a client CA, \
     or say that it shall be open to everybody"
)]
pub struct ExposureError {
    /// The address the API was to listen on.
    pub address: SocketAddr,
}

/// Who can reach an API and what he must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposure {
    /// The address the API listens on.
    pub address: SocketAddr,
    /// Whether clients must show a bearer token.
    pub needs_token: bool,
    /// Whether clients must show a TLS certificate.
    pub needs_certificate: bool,
    /// Whether the operator said that anybody who reaches it may use it.
    pub allow_unauthenticated: bool,
}

impl Exposure {
    /// Refuses an API that strangers can reach and nobody guards.
    ///
    /// # Errors
    ///
    /// [`ExposureError`].
    pub fn check(&self) -> Result<(), ExposureError> {
        if self.is_local() || self.is_guarded() || self.allow_unauthenticated {
            Ok(())
        } else {
            Err(ExposureError { address: self.address })
        }
    }

    /// Says whether the `Host` header is what keeps strange web pages out: a page whose name was
    /// rebound to a loopback address is of the same origin for the browser.
    pub(crate) fn needs_local_host(&self) -> bool {
        self.is_local() && !self.is_guarded()
    }

    fn is_local(&self) -> bool {
        self.address.ip().to_canonical().is_loopback()
    }

    const fn is_guarded(&self) -> bool {
        self.needs_token || self.needs_certificate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure(address: &str) -> Exposure {
        Exposure {
            address: address.parse().unwrap(),
            needs_token: false,
            needs_certificate: false,
            allow_unauthenticated: false,
        }
    }

    #[test]
    fn only_loopback_may_be_open_without_saying_so() {
        for local in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(exposure(local).check(), Ok(()), "{local}");
            assert!(exposure(local).needs_local_host());
        }
        for open in ["0.0.0.0:1", "[::]:1", "192.168.0.1:1"] {
            let bare = exposure(open);
            assert_eq!(bare.check(), Err(ExposureError { address: bare.address }), "{open}");
            assert_eq!(Exposure { needs_token: true, ..bare }.check(), Ok(()));
            assert_eq!(Exposure { needs_certificate: true, ..bare }.check(), Ok(()));
            assert_eq!(Exposure { allow_unauthenticated: true, ..bare }.check(), Ok(()));
        }
    }
}
