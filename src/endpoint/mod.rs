//! Floor 8: what a TLS endpoint shows to whoever connects, without trusting it and without sending it anything.
//!
//! TLS 1.0 to 1.2 say most of it in the clear: one ClientHello for each set of cipher suites, and the server's answer is read
//! ([`flight`]). TLS 1.3 needs a real handshake, which ends at the server's certificate ([`modern`]). No handshake is ever completed.

mod connection;
mod flight;
mod hello;
mod modern;
mod offer;
mod plain;
mod suites;
mod survey;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::thread::{Builder, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::describe::{Observation, RefusedVersion, TlsVersion};
use crate::diagnosis::Symptom;
use crate::pki::{Host, HostPort};
pub use offer::{Answer, Offer, offer};

use connection::{Timed, reach};
use flight::Broken;
use modern::Encrypted;
use survey::Survey;

/// Why an endpoint could not be observed.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    #[error("{target}: the name cannot be resolved: {source}")]
    Unknown { target: HostPort, source: io::Error },
    #[error("{target}: no connection: {source}")]
    Unreachable { target: HostPort, source: io::Error },
    #[error("{target} takes the connection and then says nothing for {seconds} s: it is no TLS endpoint, or one that waits for another")]
    Silent { target: HostPort, seconds: u64 },
    #[error("{target} speaks {protocol} in plain text, without TLS")]
    Plaintext { target: HostPort, protocol: &'static str },
    #[error("{target} answers with {answer:?}, which is no TLS")]
    NotTls { target: HostPort, answer: String },
    /// Nobody else's fault.
    #[error("this process may not open another file, connection or thread: {source}; allow it more (ulimit -n, ulimit -u)")]
    Lack { source: io::Error },
    #[error("{target} takes no version of TLS: {how}")]
    Refused { target: HostPort, how: String },
}

/// How long it takes in all, in timeouts: there is a connection for each cipher suite, and who is slow to refuse each is slow for ever.
const TIMEOUTS: u32 = 6;

impl ObserveError {
    fn unreachable(target: &HostPort, source: io::Error) -> Self {
        match Symptom::lack(&source) {
            Some(_) => Self::Lack { source },
            None => Self::Unreachable { target: target.clone(), source },
        }
    }
}

/// Where to, and as whom the server is asked for.
#[derive(Debug, Clone, Copy)]
struct Target<'a> {
    address: SocketAddr,
    name: &'a Host,
    /// For each connection.
    timeout: Duration,
    /// For all of them.
    until: Instant,
}

/// Learns what `target` shows. `name` is sent in place of the host (RFC 6066, server_name); `timeout` is for each connection, and six
/// times that for all.
pub fn observe(target: &HostPort, name: Option<&Host>, timeout: Duration) -> Result<Observation, ObserveError> {
    let (address, mut stream) = reach(target, timeout)?;
    let until = Instant::now() + timeout * TIMEOUTS;
    let asked = Target { address, name: name.unwrap_or(&target.host), timeout, until };
    let first = survey::ask(&mut stream, asked.name, TlsVersion::V1_3, suites::MODERN);
    drop(stream);
    match &first {
        Err(Broken::NotTls(answer)) => return Err(plain::error(target, answer)),
        Err(Broken::Silent) => return Err(ObserveError::Silent { target: target.clone(), seconds: timeout.as_secs() }),
        Ok(_) | Err(Broken::Alert(_) | Broken::Closed | Broken::OtherVersion | Broken::Malformed(_) | Broken::Io(_)) => {}
    }
    let (surveys, encrypted) = std::thread::scope(|scope| {
        let modern = first.is_ok();
        let encrypted = Builder::new().spawn_scoped(scope, move || if modern { asked.encrypted() } else { Err(Broken::Closed) });
        let older = [TlsVersion::V1_2, TlsVersion::V1_1, TlsVersion::V1_0]
            .map(|version| (version, Builder::new().spawn_scoped(scope, move || Survey::of(asked, version, None))));
        let mut surveys = vec![(TlsVersion::V1_3, Survey::of(asked, TlsVersion::V1_3, Some(first)))];
        surveys.extend(older.map(|(version, thread)| (version, joined(thread))));
        (surveys, joined(encrypted))
    });
    observation(target, asked, surveys, encrypted)
}

fn joined<T>(thread: io::Result<ScopedJoinHandle<'_, Result<T, Broken>>>) -> Result<T, Broken> {
    thread.map_err(Broken::Io)?.join().unwrap_or(Err(Broken::Closed))
}

impl Target<'_> {
    fn connect(self) -> io::Result<Timed> {
        Timed::connect(self.address, self.timeout.min(self.until.saturating_duration_since(Instant::now())))
    }

    fn encrypted(self) -> Result<Encrypted, Broken> {
        modern::encrypted(&mut self.connect()?, self.name)
    }
}

fn observation(
    target: &HostPort,
    asked: Target<'_>,
    surveys: Vec<(TlsVersion, Result<Survey, Broken>)>,
    encrypted: Result<Encrypted, Broken>,
) -> Result<Observation, ObserveError> {
    let Encrypted { chain, request } = match encrypted {
        Err(Broken::Io(source)) if Symptom::lack(&source).is_some() => return Err(ObserveError::Lack { source }),
        encrypted => encrypted.unwrap_or_default(),
    };
    let mut seen =
        Observation { accepted: Vec::new(), refused: Vec::new(), served: chain, also_served: Vec::new(), client_certificate: request };
    for (version, survey) in surveys {
        match survey {
            Ok(survey) => {
                seen.accepted.push(survey.accepted);
                seen.client_certificate = seen.client_certificate.or(survey.request);
                for chain in survey.chains {
                    if seen.served.is_empty() {
                        seen.served = chain;
                    } else if seen.served != chain && !seen.also_served.contains(&chain) {
                        seen.also_served.push(chain);
                    }
                }
            }
            Err(Broken::Io(source)) if Symptom::lack(&source).is_some() => return Err(ObserveError::Lack { source }),
            Err(broken) => seen.refused.push(RefusedVersion { version, how: broken.to_string() }),
        }
    }
    if !seen.accepted.is_empty() {
        return Ok(seen);
    }
    if let Some(protocol) = plain::spoken(asked) {
        return Err(ObserveError::Plaintext { target: target.clone(), protocol });
    }
    let how: Vec<String> = seen.refused.iter().map(|refused| format!("{}: {}", refused.version.name(), refused.how)).collect();
    Err(ObserveError::Refused { target: target.clone(), how: how.join("; ") })
}
