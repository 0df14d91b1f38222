//! From a name to a connection, in time.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::diagnosis::{Fault, Step, Symptom};
use crate::pki::{Host, HostPort};

/// The moment at which all that one connection is for must be done.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    until: Instant,
    whole: Duration,
}

impl Deadline {
    pub fn after(whole: Duration) -> Self {
        Self { until: Instant::now() + whole, whole }
    }

    /// `work`, unless it takes longer.
    pub async fn within<T>(&self, step: Step, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        match tokio::time::timeout_at(self.until.into(), work).await {
            Ok(done) => done,
            Err(_) => Err(self.silence(step)),
        }
    }

    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    pub fn silence(&self, step: Step) -> Fault {
        Fault::new(step, Symptom::Silence { seconds: self.whole.as_secs() })
    }
}

/// Where a name leads.
#[derive(Debug, Clone)]
pub struct Addresses(Vec<SocketAddr>);

impl Addresses {
    /// Every address of a host.
    pub async fn of(endpoint: &HostPort, deadline: Deadline) -> Result<Self, Fault> {
        let name = match &endpoint.host {
            Host::Ip(ip) => return Ok(Self(vec![SocketAddr::new(*ip, endpoint.port)])),
            Host::Dns(name) => name.clone(),
        };
        let unknown = |error: String| Fault::new(Step::Resolve, Symptom::NameUnknown { error });
        let looked_up = async {
            let failed = |error: io::Error| match Symptom::lack(&error) {
                Some(lack) => Fault::new(Step::Resolve, lack),
                None => unknown(error.to_string()),
            };
            let found = tokio::net::lookup_host((name, endpoint.port)).await.map_err(failed)?;
            Ok(found.collect::<Vec<_>>())
        };
        let addresses = deadline.within(Step::Resolve, looked_up).await?;
        if addresses.is_empty() { Err(unknown("the name has no address".to_owned())) } else { Ok(Self(addresses)) }
    }

    /// Each by itself.
    pub fn each(&self) -> impl Iterator<Item = (IpAddr, Self)> {
        self.0.iter().map(|address| (address.ip(), Self(vec![*address])))
    }

    pub fn all(&self) -> Vec<IpAddr> {
        self.0.iter().map(SocketAddr::ip).collect()
    }

    /// A connection to the first address that takes one. Each gets its share of the time that is left.
    pub async fn connect(&self, deadline: Deadline) -> Result<Overheard, Fault> {
        let mut last = deadline.silence(Step::Connect);
        for (index, address) in self.0.iter().enumerate() {
            let share = deadline.left() / u32::try_from(self.0.len() - index).unwrap_or(1);
            let symptom = match tokio::time::timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(Overheard::new(stream));
                }
                Ok(Err(error)) => match (Symptom::lack(&error), error.kind()) {
                    (Some(lack), _) => return Err(Fault::new(Step::Connect, lack)),
                    (None, io::ErrorKind::ConnectionRefused) => Symptom::ConnectionRefused,
                    (None, io::ErrorKind::TimedOut) => continue,
                    // Taken, and reset before anything was said.
                    (None, io::ErrorKind::ConnectionReset) => return Err(Fault::new(Step::Handshake, Symptom::Closed)),
                    (None, _) => Symptom::Unreachable { error: error.to_string() },
                },
                Err(_) => continue,
            };
            last = Fault::new(Step::Connect, symptom);
        }
        Err(last)
    }

    /// The one that answered is asked first from now on.
    pub fn preferring(self, address: SocketAddr) -> Self {
        let (mut first, others): (Vec<_>, Vec<_>) = self.0.into_iter().partition(|other| *other == address);
        first.extend(others);
        Self(first)
    }
}

/// A TCP stream that remembers the first bytes that came: they tell who speaks, when it is no TLS.
#[derive(Debug)]
pub struct Overheard {
    stream: TcpStream,
    first: Vec<u8>,
}

/// Enough for every protocol that is told apart.
const REMEMBERED: usize = 16;

impl Overheard {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, first: Vec::new() }
    }

    pub fn first(&self) -> &[u8] {
        &self.first
    }

    pub fn tcp(&self) -> &TcpStream {
        &self.stream
    }
}

impl AsyncRead for Overheard {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let done = Pin::new(&mut self.stream).poll_read(context, buffer);
        let wanted = REMEMBERED - self.first.len();
        self.first.extend(buffer.filled()[before..].iter().take(wanted));
        done
    }
}

impl AsyncWrite for Overheard {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_told_by_the_whole_deadline_however_little_of_it_is_left() {
        let deadline = Deadline { until: Instant::now(), whole: Duration::from_secs(5) };
        assert_eq!(deadline.left(), Duration::ZERO);
        assert!(matches!(deadline.silence(Step::Login).symptom, Symptom::Silence { seconds: 5 }));
    }
}
