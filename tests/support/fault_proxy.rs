//! A proxy before a server of HTTP/1.1 that keeps what clients ask, and treats them as a test says. Neither side speaks TLS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// A request, as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// How many came before.
    pub number: usize,
    pub method: String,
    /// With the query.
    pub path: String,
    /// In their order and spelling.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body; null when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It is forwarded, and so is the answer.
    None,
    /// It is not forwarded; this is the answer.
    Answer { status: u16, headers: Vec<(String, String)>, body: String },
    /// It is forwarded; the answer comes that much later.
    Delay(Duration),
    /// It is not forwarded; the answer goes on until the client leaves.
    Endless,
    /// It is not forwarded, and the connection closed without an answer.
    Refuse,
    /// It is forwarded, and the connection closed without an answer, once the server has answered.
    CutAfterWrite,
}

impl Fault {
    pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::Answer { status, headers, body: body.to_owned() }
    }

    /// The first `times` requests that are `such` meet it, all others nothing.
    pub fn first(self, times: usize, such: impl Fn(&Seen) -> bool + Send + Sync) -> impl Fn(&Seen) -> Self + Send + Sync {
        let met = AtomicUsize::new(0);
        move |seen| if such(seen) && met.fetch_add(1, Ordering::SeqCst) < times { self.clone() } else { Self::None }
    }
}

/// The proxy; it listens until the test program ends.
pub struct FaultProxy {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl FaultProxy {
    /// Before `upstream`, `http://HOST:PORT`.
    pub fn start(upstream: &str, faults: impl Fn(&Seen) -> Fault + Send + Sync + 'static) -> Self {
        let upstream = upstream.strip_prefix("http://").expect("the server speaks no TLS").trim_end_matches('/').to_owned();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let kept = seen.clone();
        let port = super::proxy::serve(move |client| {
            // Who leaves in the middle of a request is not answered.
            let _ = treat(client, &upstream, &kept, &faults);
        });
        Self { port, seen }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Every request until now.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// One request; then the connection is closed.
fn treat(mut client: TcpStream, upstream: &str, kept: &Mutex<Vec<Seen>>, faults: &impl Fn(&Seen) -> Fault) -> std::io::Result<()> {
    let Some(request) = receive(&client)? else { return Ok(()) };
    let seen = {
        let mut kept = kept.lock().unwrap();
        let seen = Seen { number: kept.len(), ..request };
        kept.push(seen.clone());
        seen
    };
    match faults(&seen) {
        Fault::None => client.write_all(&forward(&seen, upstream)?),
        Fault::Answer { status, headers, body } => {
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let length = body.len();
            write!(client, "HTTP/1.1 {status} Fault\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        }
        Fault::Delay(time) => {
            let answer = forward(&seen, upstream)?;
            std::thread::sleep(time);
            client.write_all(&answer)
        }
        Fault::Endless => {
            write!(client, "HTTP/1.1 200 Fault\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")?;
            loop {
                client.write_all(&[b' '; 1 << 16])?;
            }
        }
        Fault::Refuse => Ok(()),
        Fault::CutAfterWrite => forward(&seen, upstream).map(drop),
    }
}

/// Nothing, when the client says nothing. A body has a Content-Length, as all who write to Vault and AWS give one.
fn receive(client: &TcpStream) -> std::io::Result<Option<Seen>> {
    let mut reader = BufReader::new(client);
    let mut line = || -> std::io::Result<String> {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    };
    let first = line()?;
    let Some((method, path)) = first.strip_suffix(" HTTP/1.1").and_then(|first| first.split_once(' ')) else { return Ok(None) };
    let mut seen = Seen { number: 0, method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() };
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        seen.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    assert_eq!(seen.header("Transfer-Encoding"), None, "{seen:?}");
    if let Some(length) = seen.header("Content-Length") {
        seen.body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut seen.body)?;
    }
    Ok(Some(seen))
}

/// The server's whole answer, which says that the connection ends with it.
fn forward(request: &Seen, upstream: &str) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(upstream)?;
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.path);
    for (name, value) in request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("Connection")) {
        head += &format!("{name}: {value}\r\n");
    }
    server.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    server.write_all(&request.body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    Ok(answer)
}
