//! One ClientHello that nobody should take.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::connection::Timed;
use super::flight::Broken;
use super::suites::OLDER;
use super::survey;
use crate::describe::{CipherSuite, TlsVersion, Weakness};
use crate::pki::Host;

/// What is offered, and nothing besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// TLS 1.1 and what is older (RFC 8996).
    OldVersion,
    /// TLS 1.2 with cipher suites that protect nothing.
    WeakSuites,
}

/// What the server makes of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The version or the suite that it chose.
    Taken(String),
    /// By which alert, or by closing the connection.
    Refused(String),
}

/// Makes the offer. Fails when nobody is there, or nobody says a word.
pub fn offer(address: SocketAddr, name: &Host, offer: Offer, timeout: Duration) -> io::Result<Answer> {
    let (version, suites): (_, Vec<_>) = match offer {
        Offer::OldVersion => (TlsVersion::V1_1, OLDER.to_vec()),
        Offer::WeakSuites => (TlsVersion::V1_2, OLDER.iter().copied().filter(|(_, name)| protects_nothing(name)).collect()),
    };
    match survey::ask(&mut Timed::connect(address, timeout)?, name, version, &suites) {
        Ok(flight) => Ok(Answer::Taken(match offer {
            Offer::OldVersion => version.name().to_owned(),
            Offer::WeakSuites => super::suites::name(OLDER, flight.suite),
        })),
        // Whoever answers TLS 1.1 with another version has an older one.
        Err(Broken::OtherVersion) => Ok(Answer::Taken(format!("older than {}", version.name()))),
        Err(Broken::Io(error)) => Err(error),
        Err(Broken::Silent) => Err(io::ErrorKind::TimedOut.into()),
        Err(refused @ (Broken::Alert(_) | Broken::Closed | Broken::NotTls(_) | Broken::Malformed(_))) => {
            Ok(Answer::Refused(refused.to_string()))
        }
    }
}

fn protects_nothing(name: &str) -> bool {
    CipherSuite::from(name).weakness.is_some_and(|weakness| weakness < Weakness::NoForwardSecrecy)
}
