use commonware_runtime::{
    Clock, Error, Handle, Listener as _, Metrics, Name, Network, Resolver, SinkOf, Spawner,
    StreamOf, Supervisor,
    signal::Signal,
    telemetry::metrics::{Metric, Registered},
    tokio::Context,
};
use governor::clock::{Clock as GovernorClock, ReasonablyRealtime};
use rand_core::{TryCryptoRng, TryRng};
use std::{
    convert::Infallible,
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::sync::oneshot;

/// The runtime, which also tells which address it listens on: the network layer binds its socket
/// itself and keeps the address to itself, and it may have been asked for any free port.
pub(crate) struct Listening {
    inner: Context,
    address: Arc<Mutex<Option<oneshot::Sender<SocketAddr>>>>,
}

impl Listening {
    /// Wraps a context, and returns what the address of its first listener comes out of.
    pub(crate) fn new(inner: Context) -> (Self, oneshot::Receiver<SocketAddr>) {
        let (sender, receiver) = oneshot::channel();
        (Self { inner, address: Arc::new(Mutex::new(Some(sender))) }, receiver)
    }

    fn with(&self, inner: Context) -> Self {
        Self { inner, address: Arc::clone(&self.address) }
    }
}

impl Network for Listening {
    type Listener = <Context as Network>::Listener;

    async fn bind(&self, socket: SocketAddr) -> Result<Self::Listener, Error> {
        let listener = self.inner.bind(socket).await?;
        let sender = self.address.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(sender), Ok(address)) = (sender, listener.local_addr()) {
            // Nobody waits for it when the start was given up.
            let _ = sender.send(address);
        }
        Ok(listener)
    }

    async fn dial(&self, socket: SocketAddr) -> Result<(SinkOf<Self>, StreamOf<Self>), Error> {
        self.inner.dial(socket).await
    }
}

impl Supervisor for Listening {
    fn name(&self) -> Name {
        self.inner.name()
    }

    fn child(&self, label: &'static str) -> Self {
        self.with(self.inner.child(label))
    }

    fn with_attribute(self, key: &'static str, value: impl std::fmt::Display) -> Self {
        Self { inner: self.inner.with_attribute(key, value), address: self.address }
    }
}

impl Spawner for Listening {
    fn shared(self, blocking: bool) -> Self {
        Self { inner: self.inner.shared(blocking), address: self.address }
    }

    fn dedicated(self) -> Self {
        Self { inner: self.inner.dedicated(), address: self.address }
    }

    fn spawn<F, Fut, T>(self, f: F) -> Handle<T>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let Self { inner, address } = self;
        inner.spawn(move |inner| f(Self { inner, address }))
    }

    async fn stop(self, value: i32, timeout: Option<Duration>) -> Result<(), Error> {
        self.inner.stop(value, timeout).await
    }

    fn stopped(&self) -> Signal {
        self.inner.stopped()
    }
}

impl Metrics for Listening {
    fn register<N: Into<String>, H: Into<String>, M: Metric>(
        &self,
        name: N,
        help: H,
        metric: M,
    ) -> Registered<M> {
        self.inner.register(name, help, metric)
    }

    fn encode(&self) -> String {
        self.inner.encode()
    }
}

impl Clock for Listening {
    fn current(&self) -> SystemTime {
        self.inner.current()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.inner.sleep(duration)
    }

    fn sleep_until(
        &self,
        deadline: SystemTime,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.inner.sleep_until(deadline)
    }
}

impl GovernorClock for Listening {
    type Instant = SystemTime;

    fn now(&self) -> SystemTime {
        self.inner.current()
    }
}

impl Clone for Listening {
    fn clone(&self) -> Self {
        self.child("clock")
    }
}

impl ReasonablyRealtime for Listening {}

impl Resolver for Listening {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, Error> {
        self.inner.resolve(host).await
    }
}

impl TryRng for Listening {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.inner.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.inner.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.inner.try_fill_bytes(bytes)
    }
}

impl TryCryptoRng for Listening {}
