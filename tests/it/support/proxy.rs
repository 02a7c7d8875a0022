use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// A connection that can be cut: a listener that passes everything on to another address.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    link: Arc<Mutex<Link>>,
}

#[derive(Debug, Default)]
struct Link {
    /// Where connections lead to; nowhere yet if absent.
    target: Option<String>,
    is_cut: bool,
    /// Both ends of every connection.
    streams: Vec<TcpStream>,
}

impl Proxy {
    /// Starts passing connections on to `target`.
    pub(crate) fn start(target: &str) -> Self {
        let proxy = Self::to_nowhere();
        proxy.lead_to(target);
        proxy
    }

    /// Starts to listen, for a target that has no address yet.
    pub(crate) fn to_nowhere() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("the listener is bound");
        let link = Arc::new(Mutex::new(Link::default()));
        let shared = Arc::clone(&link);
        // Ends with the process: nothing else can wake a thread that accepts.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                connect(&stream, &shared);
            }
        });
        Self { address, link }
    }

    /// Says where new connections lead to.
    pub(crate) fn lead_to(&self, target: &str) {
        lock(&self.link).target = Some(target.to_owned());
    }

    /// Returns the `host:port` it listens on.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Breaks every connection and refuses new ones.
    pub(crate) fn cut(&self) {
        let mut link = lock(&self.link);
        link.is_cut = true;
        for stream in link.streams.drain(..) {
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// Allows new connections again.
    pub(crate) fn restore(&self) {
        lock(&self.link).is_cut = false;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
    }
}

fn connect(client: &TcpStream, link: &Mutex<Link>) {
    let mut link = lock(link);
    if link.is_cut {
        drop(client.shutdown(Shutdown::Both));
        return;
    }
    // A target that is gone ends the client's connection, as it would without a proxy.
    let server = link.target.as_ref().and_then(|target| TcpStream::connect(target).ok());
    let Some(server) = server else { return };
    for (from, to) in [(client, &server), (&server, client)] {
        let clone = |stream: &TcpStream| stream.try_clone().expect("sockets can be cloned");
        let (from, to) = (clone(from), clone(to));
        thread::spawn(move || pass_on(from, to));
    }
    link.streams.push(client.try_clone().expect("sockets can be cloned"));
    link.streams.push(server);
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let ends: [io::Result<()>; 2] = [from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)];
    // Sockets that the other direction closed already.
    drop(ends);
}

fn lock(link: &Mutex<Link>) -> std::sync::MutexGuard<'_, Link> {
    link.lock().unwrap_or_else(PoisonError::into_inner)
}
