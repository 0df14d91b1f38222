//! Servers on loopback that treat a client badly, or listen in.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A port at which nothing listens: it was free a moment ago.
pub fn closed_port() -> u16 {
    super::free_ports::<1>()[0]
}

/// Takes part in no handshake of TCP: its queue of connections is full, so that the system drops whoever comes, as a firewall does.
pub struct BlackHole {
    pub port: u16,
    _listener: tokio::net::TcpListener,
    _queued: Vec<TcpStream>,
    _runtime: tokio::runtime::Runtime,
}

impl BlackHole {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let listener = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
            socket.listen(1).unwrap()
        });
        let address = listener.local_addr().unwrap();
        let mut queued = Vec::new();
        loop {
            match TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
                Ok(stream) => queued.push(stream),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TimedOut);
                    break;
                }
            }
        }
        Self { port: address.port(), _listener: listener, _queued: queued, _runtime: runtime }
    }
}

/// Takes every connection and never says a word.
pub fn silent() -> u16 {
    serve(|client| {
        let mut client = client;
        let _ = std::io::copy(&mut client, &mut std::io::sink());
    })
}

/// Hands on everything until the client says what is encrypted, which in TLS 1.3 it does once it knows the server's certificate; from
/// then on, what the server says is held back.
pub fn stalling(to: u16) -> u16 {
    serve(move |client| {
        let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
        let encrypted = Arc::new(AtomicBool::new(false));
        let (seen, answers) = (encrypted.clone(), (server.try_clone().unwrap(), client.try_clone().unwrap()));
        std::thread::spawn(move || hand_on(answers.0, answers.1, |_| !seen.load(Ordering::SeqCst)));
        hand_on(client, server, |sent| {
            // change_cipher_spec may come first (RFC 8446, appendix D.4).
            let sent = sent.strip_prefix(&[20, 3, 3, 0, 1, 1]).unwrap_or(sent);
            encrypted.fetch_or(sent.first() == Some(&23), Ordering::SeqCst);
            true
        });
    })
}

/// Hands on everything, and keeps what clients sent, a text for each connection.
pub struct Recorder {
    pub port: u16,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Recorder {
    pub fn before(to: u16) -> Self {
        let heard: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let kept = heard.clone();
        let port = serve(move |client| {
            let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
            let index = {
                let mut kept = kept.lock().unwrap();
                kept.push(Vec::new());
                kept.len() - 1
            };
            let answers = (server.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || hand_on(answers.0, answers.1, |_| true));
            hand_on(client, server, |bytes| {
                kept.lock().unwrap()[index].extend(bytes);
                true
            });
        });
        Self { port, heard }
    }

    pub fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().clone()
    }
}

/// Each connection on a thread of its own, until the test program ends.
pub fn serve(each: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let each = Arc::new(each);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let each = each.clone();
            std::thread::spawn(move || each(client));
        }
    });
    port
}

/// Until one of them ends; what `may_pass` refuses is swallowed.
fn hand_on(mut from: TcpStream, mut to: TcpStream, mut may_pass: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if may_pass(&buffer[..length]) && to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
