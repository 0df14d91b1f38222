//! Which cipher suites a server takes with one version of TLS: it chooses one of those it is offered, and is asked again without it.

use std::io::Write;

use aws_lc_rs::rand;

use super::Target;
use super::connection::Timed;
use super::flight::{Broken, Flight};
use super::hello::client_hello;
use super::suites;
use crate::describe::{AcceptedVersion, CertificateRequest, CipherSuite, TlsVersion};
use crate::diagnosis::Symptom;
use crate::pki::{Certificate, Host};

/// What came to light with one version.
#[derive(Debug)]
pub struct Survey {
    pub accepted: AcceptedVersion,
    /// Each that was served, once. None with TLS 1.3.
    pub chains: Vec<Vec<Certificate>>,
    pub request: Option<CertificateRequest>,
}

impl Survey {
    /// `first` is the answer to all suites, where it is there already. Fails when the version is not taken at all.
    pub fn of(target: Target<'_>, version: TlsVersion, first: Option<Result<Flight, Broken>>) -> Result<Self, Broken> {
        let mut offered = match version {
            TlsVersion::V1_3 => suites::MODERN,
            TlsVersion::V1_2 | TlsVersion::V1_1 | TlsVersion::V1_0 => suites::OLDER,
        }
        .to_vec();
        let ask = |offered: &[(u16, &str)]| ask(&mut target.connect()?, target.name, version, offered);
        let mut flight = first.unwrap_or_else(|| ask(&offered))?;
        let accepted = AcceptedVersion { version, cipher_suites: Vec::new(), group: flight.group.take(), cut_short: None };
        let mut survey = Self { accepted, chains: Vec::new(), request: flight.request.take() };
        loop {
            let Some(chosen) = offered.iter().position(|(number, _)| *number == flight.suite) else {
                survey.accepted.cut_short = Some("the server chose a cipher suite that it was not offered".to_owned());
                return Ok(survey);
            };
            survey.accepted.cipher_suites.push(CipherSuite::from(offered.remove(chosen).1));
            if !flight.chain.is_empty() && !survey.chains.contains(&flight.chain) {
                survey.chains.push(flight.chain);
            }
            if offered.is_empty() {
                return Ok(survey);
            }
            flight = match ask(&offered) {
                Ok(flight) => flight,
                Err(Broken::Alert(_) | Broken::Closed) => return Ok(survey),
                Err(Broken::Io(error)) if Symptom::lack(&error).is_some() => return Err(Broken::Io(error)),
                Err(broken @ (Broken::Silent | Broken::OtherVersion | Broken::NotTls(_) | Broken::Malformed(_) | Broken::Io(_))) => {
                    survey.accepted.cut_short = Some(broken.to_string());
                    return Ok(survey);
                }
            };
        }
    }
}

/// One ClientHello, and what is answered.
pub fn ask(stream: &mut Timed, name: &Host, version: TlsVersion, offered: &[(u16, &str)]) -> Result<Flight, Broken> {
    let mut random = [0; 32];
    rand::fill(&mut random).map_err(|_| Broken::Malformed("random number"))?;
    stream.write_all(&client_hello(version, offered, name, random))?;
    let flight = Flight::read(stream)?;
    match TlsVersion::ALL.into_iter().find(|known| known.number() == flight.version) {
        Some(known) if known == version => Ok(flight),
        Some(_) | None => Err(Broken::OtherVersion),
    }
}
