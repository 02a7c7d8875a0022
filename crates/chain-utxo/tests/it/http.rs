//! A small HTTP server, and what servers get wrong.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
};

/// What was asked.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) body: Vec<u8>,
}

/// Status and body.
pub(crate) type Answer = (u16, Vec<u8>);

/// Runs until it is dropped.
pub(crate) struct TestServer {
    port: u16,
    pub(crate) state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
pub(crate) struct State {
    is_over: AtomicBool,
    /// How many of the next requests fail, each in another way.
    pub(crate) failures: AtomicU32,
    pub(crate) requests: AtomicU32,
    /// What every request is answered with instead of what was asked.
    pub(crate) scripted: Mutex<Option<Answer>>,
    connections: Mutex<Vec<TcpStream>>,
}

impl State {
    pub(crate) fn scripted(&self) -> Option<Answer> {
        self.scripted.lock().unwrap().clone()
    }

    /// Says that this request is to fail, and how many were to fail with it.
    pub(crate) fn failing(&self) -> Option<u32> {
        let less = |left: u32| left.checked_sub(1);
        self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).ok()
    }
}

impl TestServer {
    /// Starts a server; `answer` gives `None` where the connection is to be cut.
    pub(crate) fn start(
        answer: impl Fn(&Request, &State) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let serving = Arc::clone(&state);
        let thread = thread::spawn(move || serve(&listener, &answer, &serving));
        Self { port, state, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        self.thread.take().unwrap().join().unwrap();
    }
}

type Answering = dyn Fn(&Request, &State) -> Option<Answer> + Send + Sync;

fn serve(listener: &TcpListener, answering: &Answering, state: &State) {
    thread::scope(|scope| {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            if state.is_over.load(Ordering::SeqCst) {
                break;
            }
            state.connections.lock().unwrap().push(stream.try_clone().unwrap());
            // A client that goes away ends its connection's thread.
            scope.spawn(move || {
                while answer(&stream, answering, state).is_some() {}
                stream.shutdown(Shutdown::Both).ok();
            });
        }
        for stream in state.connections.lock().unwrap().drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    });
}

/// Answers one request; `None` when the connection is to end.
fn answer(mut stream: &TcpStream, answering: &Answering, state: &State) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let line = line(&mut reader)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let line = self::line(&mut reader)?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ") {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => value.clone_into(&mut authorization),
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    state.requests.fetch_add(1, Ordering::SeqCst);
    let (status, text) = answering(&Request { method, path, authorization, body }, state)?;
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", text.len());
    stream.write_all(&[head.as_bytes(), &text].concat()).ok()
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let is_there = reader.read_line(&mut line).ok()? > 0;
    is_there.then(|| line.trim_end().to_owned())
}
