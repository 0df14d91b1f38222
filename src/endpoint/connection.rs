//! Connections that end in time, whatever the other side does.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::ObserveError;
use crate::pki::{Host, HostPort};

/// A connection that fails when its time is up.
#[derive(Debug)]
pub struct Timed {
    stream: TcpStream,
    until: Instant,
}

impl Timed {
    pub fn connect(address: SocketAddr, timeout: Duration) -> io::Result<Self> {
        let until = Instant::now() + timeout;
        let stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, until })
    }

    /// What is left; never zero, which would mean for ever.
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(bytes)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// The first address of `target` that takes a connection, and that connection.
pub fn reach(target: &HostPort, timeout: Duration) -> Result<(SocketAddr, Timed), ObserveError> {
    let unreachable = |source| ObserveError::Unreachable { target: target.clone(), source };
    let mut failure = io::ErrorKind::NotFound.into();
    for address in addresses(target, timeout)? {
        match Timed::connect(address, timeout) {
            Ok(stream) => return Ok((address, stream)),
            Err(error) => failure = error,
        }
    }
    Err(unreachable(failure))
}

/// The system's resolver knows no deadline: it is waited for, and left alone when it takes too long.
fn addresses(target: &HostPort, timeout: Duration) -> Result<Vec<SocketAddr>, ObserveError> {
    let name = match &target.host {
        Host::Ip(ip) => return Ok(vec![SocketAddr::new(*ip, target.port)]),
        Host::Dns(name) => (name.clone(), target.port),
    };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(name.to_socket_addrs().map(Iterator::collect::<Vec<_>>)));
    let resolved = receiver.recv_timeout(timeout).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let mut addresses = resolved.map_err(|source| ObserveError::Unknown { target: target.clone(), source })?;
    // Brokers listen on IPv4 first.
    addresses.sort_by_key(|address| matches!(address.ip(), IpAddr::V6(_)));
    Ok(addresses)
}
