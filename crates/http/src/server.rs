use crate::{
    CONNECTIONS_MAX, DRAIN_TIMEOUT, HEADER_READ_TIMEOUT, HEADERS_BYTES_MAX, HEADERS_MAX, Shutdown,
    TLS_HANDSHAKE_TIMEOUT, TlsError, TlsFiles,
};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tokio_rustls::TlsAcceptor;

/// How long to wait before accepting again when the system is out of something.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Why an API cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is in use, not this machine's, or not allowed.
    #[error("cannot listen on {address}")]
    Address {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The TLS files cannot be used.
    #[error("cannot speak TLS on {address}")]
    Tls {
        /// Which address.
        address: SocketAddr,
        /// What is wrong with them.
        #[source]
        source: TlsError,
    },
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Every request was answered.
    Completely,
    /// Some connections were cut after [`DRAIN_TIMEOUT`].
    CutOff {
        /// How many.
        connections: usize,
    },
}

/// A listening HTTP/1.1 server, with or without TLS.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// Starts to listen; connections wait until [`serve`](Self::serve).
    ///
    /// # Errors
    ///
    /// [`BindError`].
    pub async fn bind(address: SocketAddr, tls: Option<&TlsFiles>) -> Result<Self, BindError> {
        let tls = tls.map(TlsFiles::load).transpose();
        let tls = tls.map_err(|source| BindError::Tls { address, source })?;
        let refuse = |source| BindError::Address { address, source };
        let listener = TcpListener::bind(address).await.map_err(refuse)?;
        let address = listener.local_addr().map_err(refuse)?;
        Ok(Self { listener, address, tls: tls.map(TlsAcceptor::from) })
    }

    /// Returns the address it listens on, with the port the system chose if it was 0.
    pub const fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `shutdown` is triggered, then lets those in flight finish for
    /// [`DRAIN_TIMEOUT`].
    pub async fn serve(self, router: Router, shutdown: Shutdown) -> Drained {
        // Each connection holds a receiver: told when the drain begins, gone when it has ended.
        let (drain, _) = watch::channel(());
        let cut = Shutdown::default();
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        while let Some((stream, place)) = self.accept(&places, &shutdown).await {
            let connection = Connection {
                tls: self.tls.clone(),
                router: router.clone(),
                drain: drain.subscribe(),
                _place: place,
            };
            let (shutdown, cut) = (shutdown.clone(), cut.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = connection.run(stream, shutdown) => {}
                    () = cut.triggered() => {}
                }
            });
        }
        drop(self.listener);
        let connections = drain.receiver_count();
        let _ = drain.send(());
        match tokio::time::timeout(DRAIN_TIMEOUT, drain.closed()).await {
            Ok(()) => Drained::Completely,
            Err(_) => {
                cut.trigger();
                Drained::CutOff { connections }
            }
        }
    }

    /// Waits for a place and a connection to fill it; `None` when the shutdown began.
    async fn accept(
        &self,
        places: &Arc<Semaphore>,
        shutdown: &Shutdown,
    ) -> Option<(TcpStream, OwnedSemaphorePermit)> {
        loop {
            let accepted = async {
                let place = Arc::clone(places).acquire_owned().await;
                (self.listener.accept().await, place.expect("the semaphore is never closed"))
            };
            let accepted = tokio::select! {
                () = shutdown.triggered() => return None,
                accepted = accepted => accepted,
            };
            match accepted {
                (Ok((stream, _)), place) => return Some((stream, place)),
                (Err(error), _) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                }
            }
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("tls", &self.tls.is_some())
            .finish()
    }
}

struct Connection {
    tls: Option<TlsAcceptor>,
    router: Router,
    drain: watch::Receiver<()>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, stream: TcpStream, shutdown: Shutdown) {
        // Replies are small and waited for: they must not wait for more to be written.
        let _ = stream.set_nodelay(true);
        let Some(acceptor) = self.tls.clone() else { return self.answer(stream).await };
        let handshake = tokio::time::timeout(TLS_HANDSHAKE_TIMEOUT, acceptor.accept(stream));
        let stream = tokio::select! {
            () = shutdown.triggered() => return,
            stream = handshake => stream,
        };
        match stream {
            Ok(Ok(stream)) => self.answer(stream).await,
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
            Err(_) => tracing::debug!("TLS handshake took too long"),
        }
    }

    /// Answers the requests of a connection until it ends or a request takes it over, as one for a
    /// WebSocket does.
    async fn answer<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(mut self, stream: S) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_TIMEOUT)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEADERS_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router))
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            _ = self.drain.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended early");
        }
    }
}
