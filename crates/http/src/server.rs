use crate::{
    CONNECTIONS_MAX, DRAIN_TIMEOUT, HEADER_READ_TIMEOUT, HEADERS_BYTES_MAX, HEADERS_MAX, Shutdown,
    TLS_HANDSHAKE_TIMEOUT, TlsError, TlsFiles,
    connections::{Connections, Place},
};
use axum::Router;
use hyper::{
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

/// How long to wait before accepting again when the system is out of something.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// How many times more than it may bring is still read of a request's head, so that the API refuses it
/// in its own words; what is beyond that gets the bare reply of the HTTP library.
const SLACK: usize = 4;

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
    connections: Arc<Connections>,
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
        let connections = Connections::new(CONNECTIONS_MAX);
        Ok(Self { listener, address, tls: tls.map(TlsAcceptor::from), connections })
    }

    /// Returns the address it listens on, with the port the system chose if it was 0.
    pub const fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Serves at most `max` connections at a time instead of [`CONNECTIONS_MAX`].
    #[must_use]
    pub fn with_connections_max(mut self, max: usize) -> Self {
        self.connections = Connections::new(max);
        self
    }

    /// Answers requests until `shutdown` is triggered, then lets those in flight finish for
    /// [`DRAIN_TIMEOUT`].
    pub async fn serve(self, router: Router, shutdown: Shutdown) -> Drained {
        // Each connection holds a receiver: told when the drain begins, gone when it has ended.
        let (drain, _) = watch::channel(());
        let cut = Shutdown::default();
        while let Some((stream, place)) = self.accept(&shutdown).await {
            let connection = Connection {
                tls: self.tls.clone(),
                router: router.clone(),
                drain: drain.subscribe(),
                place: Arc::new(place),
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

    /// Waits for a connection and a place for it; `None` when the shutdown began.
    async fn accept(&self, shutdown: &Shutdown) -> Option<(TcpStream, Place)> {
        let accepted = async {
            loop {
                match self.listener.accept().await {
                    Ok((stream, _)) => return (stream, self.connections.enter().await),
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                    }
                }
            }
        };
        tokio::select! {
            () = shutdown.triggered() => None,
            accepted = accepted => Some(accepted),
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
    place: Arc<Place>,
}

impl Connection {
    async fn run(self, stream: TcpStream, shutdown: Shutdown) {
        // Replies are small and waited for: they must not wait for more to be written.
        let _ = stream.set_nodelay(true);
        let Some(acceptor) = self.tls.clone() else { return self.answer(stream).await };
        let handshake = tokio::time::timeout(TLS_HANDSHAKE_TIMEOUT, acceptor.accept(stream));
        let stream = tokio::select! {
            () = shutdown.triggered() => return,
            () = self.place.told_to_leave() => return,
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
        let (router, place) = (TowerToHyperService::new(self.router), Arc::clone(&self.place));
        let service = service_fn(move |request| {
            let work = place.work();
            let reply = router.call(request);
            async move {
                let reply = reply.await;
                drop(work);
                reply
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_TIMEOUT)
            .max_headers(SLACK * HEADERS_MAX)
            .max_buf_size(SLACK * HEADERS_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            _ = self.drain.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
            () = self.place.told_to_leave() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection => ended,
                    () = self.place.must_be_gone() => Ok(()),
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended early");
        }
    }
}
