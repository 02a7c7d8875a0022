//! A server that keeps what it receives and answers what a test says.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

/// The session of the samples in the documents.
pub(crate) const SESSION_KEY: &str =
    "d2c03bbc1ba1380eafc395374e8da61f92545a1aac5d30b0c19289a69bd34a09";

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// An answer to give.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Given {
    pub(crate) fn plain(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into() }
    }

    /// A directory's answer: the members that all answers have, and those given.
    pub(crate) fn answer(request: &Received, code: u32, members: Value) -> Self {
        let nonce = serde_json::from_str(&request.body).unwrap_or(Value::Null)["nonce"].clone();
        let mut body = serde_json::json!({
            "code": code,
            "message": if code == 0 { "Success." } else { "Failed." },
            "nonce": if nonce.is_null() { 0.into() } else { nonce },
            "balance": 35_583_028_799_u64,
            "got": 1,
            "total": 1,
            "bestHeight": 1_735_063,
        });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let code = ("Code", code.to_string());
        Self { status: 200, headers: vec![code], body: body.to_string().into_bytes() }
    }

    /// Adds the signature of the sample session.
    pub(crate) fn signed(mut self) -> Self {
        self.headers.push(("Sign", sign(&self.body)));
        self
    }
}

/// The signature of the sample session, computed in the words of the documents.
pub(crate) fn sign(body: &[u8]) -> String {
    let key = hex::decode(SESSION_KEY).unwrap();
    hex::encode(Sha256::digest(Sha256::digest([body, &key].concat())))
}

/// The server; it ends when dropped.
pub(crate) struct Scripted {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    pub(crate) fn start(mut answer: impl FnMut(&Received) -> Given + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let is_over = Arc::new(AtomicBool::new(false));
        let (kept, over) = (Arc::clone(&received), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                kept.lock().unwrap().extend(serve(stream, &mut answer));
            }
        });
        Self { address, received, is_over, thread: Some(thread) }
    }

    /// The address of the directory.
    pub(crate) fn head(&self) -> String {
        format!("http://{}/APIP/", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes it up.
        let _ = TcpStream::connect(self.address);
        let ended = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            ended.unwrap();
        }
    }
}

/// Answers the request of one connection and returns it, if there is one.
pub(crate) fn serve(
    mut stream: impl Read + Write,
    mut answer: impl FnMut(&Received) -> Given,
) -> Option<Received> {
    let request = read(&mut stream)?;
    // The client may have gone: then the test sees what it did.
    let _ = write(&mut stream, &answer(&request));
    Some(request)
}

fn read(stream: impl Read) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let mut received = Received { method, path, headers, body: String::new() };
    let length = received.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    received.body = String::from_utf8(body).unwrap();
    Some(received)
}

fn write(mut stream: impl Write, given: &Given) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} x\r\nConnection: close\r\n", given.status);
    for (name, value) in &given.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", given.body.len()));
    stream.write_all(head.as_bytes())?;
    stream.write_all(&given.body)?;
    stream.flush()
}
