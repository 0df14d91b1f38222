//! Connections that end in time, whatever the other side does.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use super::ObserveError;
use crate::diagnosis::Symptom;
use crate::pki::{Host, HostPort};

/// A connection that fails when its time is up.
#[derive(Debug)]
pub struct Timed {
    stream: TcpStream,
    until: Instant,
}

impl Timed {
    pub fn connect(address: SocketAddr, timeout: Duration) -> io::Result<Self> {
        if timeout.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
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

/// The first address of `target` that takes a connection, and that connection. All of it takes `timeout` at most, of which each
/// address has its share.
pub fn reach(target: &HostPort, timeout: Duration) -> Result<(SocketAddr, Timed), ObserveError> {
    let until = Instant::now() + timeout;
    let addresses = addresses(target, timeout)?;
    let mut failure = io::ErrorKind::TimedOut.into();
    for (index, address) in addresses.iter().enumerate() {
        let share = until.saturating_duration_since(Instant::now()) / u32::try_from(addresses.len() - index).unwrap_or(1);
        match Timed::connect(*address, share) {
            Ok(stream) => return Ok((*address, Timed { until: Instant::now() + timeout, ..stream })),
            Err(error) => failure = error,
        }
    }
    Err(ObserveError::unreachable(target, failure))
}

/// The system's resolver knows no deadline: it is waited for, and left alone when it takes too long.
fn addresses(target: &HostPort, timeout: Duration) -> Result<Vec<SocketAddr>, ObserveError> {
    let name = match &target.host {
        Host::Ip(ip) => return Ok(vec![SocketAddr::new(*ip, target.port)]),
        Host::Dns(name) => (name.clone(), target.port),
    };
    let (sender, receiver) = mpsc::channel();
    let asked = Builder::new().spawn(move || sender.send(name.to_socket_addrs().map(Iterator::collect::<Vec<_>>)));
    let resolved = asked.and_then(|_| receiver.recv_timeout(timeout).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())));
    let mut addresses = resolved.map_err(|source| match Symptom::lack(&source) {
        Some(_) => ObserveError::Lack { source },
        None => ObserveError::Unknown { target: target.clone(), source },
    })?;
    // Brokers listen on IPv4 first.
    addresses.sort_by_key(|address| matches!(address.ip(), IpAddr::V6(_)));
    Ok(addresses)
}
