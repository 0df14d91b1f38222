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
use std::time::Duration;

use crate::describe::{Observation, RefusedVersion, TlsVersion};
use crate::pki::{Host, HostPort};
pub use offer::{Answer, Offer, offer};

use connection::reach;
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
    #[error("{target} takes no version of TLS: {how}")]
    Refused { target: HostPort, how: String },
}

/// Where to, and as whom the server is asked for.
#[derive(Debug, Clone, Copy)]
struct Target<'a> {
    address: SocketAddr,
    name: &'a Host,
    timeout: Duration,
}

/// Learns what `target` shows. `name` is sent in place of the host (RFC 6066, server_name); `timeout` is for each connection.
pub fn observe(target: &HostPort, name: Option<&Host>, timeout: Duration) -> Result<Observation, ObserveError> {
    let (address, mut stream) = reach(target, timeout)?;
    let asked = Target { address, name: name.unwrap_or(&target.host), timeout };
    let first = survey::ask(&mut stream, asked.name, TlsVersion::V1_3, suites::MODERN);
    drop(stream);
    match &first {
        Err(Broken::NotTls(answer)) => return Err(plain::error(target, answer)),
        Err(Broken::Silent) => return Err(ObserveError::Silent { target: target.clone(), seconds: timeout.as_secs() }),
        Ok(_) | Err(Broken::Alert(_) | Broken::Closed | Broken::OtherVersion | Broken::Malformed(_) | Broken::Io(_)) => {}
    }
    let (surveys, encrypted) = std::thread::scope(|scope| {
        let modern = first.is_ok();
        let encrypted = scope.spawn(move || if modern { asked.encrypted() } else { Err(Broken::Closed) });
        let older = [TlsVersion::V1_2, TlsVersion::V1_1, TlsVersion::V1_0]
            .map(|version| (version, scope.spawn(move || Survey::of(asked, version, None))));
        let mut surveys = vec![(TlsVersion::V1_3, Survey::of(asked, TlsVersion::V1_3, Some(first)))];
        let joined = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join().unwrap_or(Err(Broken::Closed));
        surveys.extend(older.map(|(version, thread)| (version, joined(thread))));
        (surveys, encrypted.join().unwrap_or(Err(Broken::Closed)))
    });
    observation(target, asked, surveys, encrypted)
}

impl Target<'_> {
    fn encrypted(self) -> Result<Encrypted, Broken> {
        modern::encrypted(&mut connection::Timed::connect(self.address, self.timeout)?, self.name)
    }
}

fn observation(
    target: &HostPort,
    asked: Target<'_>,
    surveys: Vec<(TlsVersion, Result<Survey, Broken>)>,
    encrypted: Result<Encrypted, Broken>,
) -> Result<Observation, ObserveError> {
    let Encrypted { chain, request } = encrypted.unwrap_or_default();
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
            Err(broken) => seen.refused.push(RefusedVersion { version, how: broken.to_string() }),
        }
    }
    if !seen.accepted.is_empty() {
        return Ok(seen);
    }
    if let Some(protocol) = plain::spoken(asked.address, asked.timeout) {
        return Err(ObserveError::Plaintext { target: target.clone(), protocol });
    }
    let how: Vec<String> = seen.refused.iter().map(|refused| format!("{}: {}", refused.version.name(), refused.how)).collect();
    Err(ObserveError::Refused { target: target.clone(), how: how.join("; ") })
}
