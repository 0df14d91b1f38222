//! Failures made to order: a client of the cluster at a broker of the cluster, each with one thing changed.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::AlertDescription;
use time::{Duration, OffsetDateTime};

use super::{BrokerLog, Diagnosis, Evidence, Fault, LoginKind, Shown, Step, Symptom, ToldBy, diagnose};
use crate::describe::{CertificateRequest, Protocol, TlsVersion};
use crate::path;
use crate::pki::{Certificate, Usage};

/// 2026-06-01 at noon.
pub const NOW: OffsetDateTime = match OffsetDateTime::from_unix_timestamp(1_780_315_200) {
    Ok(now) => now,
    Err(_) => OffsetDateTime::UNIX_EPOCH,
};

pub const CLIENT: [ExtendedKeyUsagePurpose; 1] = [ExtendedKeyUsagePurpose::ClientAuth];
pub const SERVER: [ExtendedKeyUsagePurpose; 1] = [ExtendedKeyUsagePurpose::ServerAuth];

pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub certificate: Certificate,
}

fn parameters(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = Default::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = NOW - Duration::days(365);
    parameters.not_after = NOW + Duration::days(365);
    parameters
}

fn authority(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut parameters = parameters(name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    change(&mut parameters);
    parameters
}

fn held(issuer: CertifiedIssuer<'static, KeyPair>) -> Authority {
    let certificate = Certificate::from_der(issuer.der().to_vec()).unwrap();
    Authority { issuer, certificate }
}

pub(super) fn root(name: &str) -> Authority {
    changed_root(name, same)
}

pub(super) fn changed_root(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Authority {
    held(CertifiedIssuer::self_signed(authority(name, change), KeyPair::generate().unwrap()).unwrap())
}

pub(super) fn same(_: &mut CertificateParams) {}

impl Authority {
    pub(super) fn issuing(&self, name: &str) -> Self {
        held(CertifiedIssuer::signed_by(authority(name, same), KeyPair::generate().unwrap(), &self.issuer).unwrap())
    }

    pub(super) fn broker(&self, change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        self.leaf("broker-1", |parameters| {
            parameters.subject_alt_names = vec![SanType::DnsName("broker-1.example".try_into().unwrap())];
            change(parameters);
        })
    }

    /// Both usages, no names.
    pub(super) fn leaf(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let mut parameters = parameters(name);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut parameters);
        let key = KeyPair::generate().unwrap();
        Certificate::from_der(parameters.signed_by(&key, &self.issuer).unwrap().der().to_vec()).unwrap()
    }
}

pub(super) fn self_signed(name: &str) -> Certificate {
    Certificate::from_der(parameters(name).self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()).unwrap()
}

/// The client of `clients/orders` at `broker-1.example:9093`, which shows no certificate and is asked for none.
pub(super) fn failed(step: Step, symptom: Symptom) -> Evidence {
    Evidence {
        now: NOW,
        protocol: Protocol::Kafka,
        endpoint: "broker-1.example:9093".parse().unwrap(),
        told_by: None,
        identity: "clients/orders".to_owned(),
        shown: Shown::default(),
        login: LoginKind::Certificate,
        offered: vec![TlsVersion::V1_3, TlsVersion::V1_2],
        steps: Vec::new(),
        fault: Fault::new(step, symptom),
        served: Vec::new(),
        asked: None,
        from: Some("127.0.0.1:40812".parse().unwrap()),
        log: Vec::new(),
    }
}

/// The server refuses the client when it has seen what the client shows; it trusts `trusted`.
pub(super) fn refused(alert: AlertDescription, chain: &[&Certificate], trusted: &[&Authority]) -> Evidence {
    failed(Step::Acceptance, Symptom::Alert(alert)).showing(chain).trusting(trusted).asked_for(trusted)
}

/// The client refuses what the server serves, for whoever the client trusts.
pub(super) fn refuses(served: &[&Certificate], trusted: &[&Authority]) -> Evidence {
    failed(Step::Handshake, Symptom::Closed).trusting(trusted).serving(served).judged()
}

impl Evidence {
    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(super) fn at_rabbitmq(self) -> Self {
        self.with(|evidence| {
            evidence.protocol = Protocol::Amqp;
            evidence.endpoint.port = 5671;
        })
    }

    pub(super) fn showing(self, chain: &[&Certificate]) -> Self {
        self.with(|evidence| evidence.shown.chain = chain.iter().map(|one| (*one).clone()).collect::<Vec<_>>().into())
    }

    pub(super) fn trusting(self, anchors: &[&Authority]) -> Self {
        self.with(|evidence| evidence.shown.anchors = anchors.iter().map(|one| one.certificate.clone()).collect::<Vec<_>>().into())
    }

    pub(super) fn asked_for(self, issuers: &[&Authority]) -> Self {
        let issuers = issuers.iter().map(|one| one.certificate.subject.clone()).collect();
        self.with(|evidence| evidence.asked = Some(CertificateRequest { issuers, signature_schemes: Vec::new() }))
    }

    pub(super) fn serving(self, served: &[&Certificate]) -> Self {
        self.with(|evidence| evidence.served = served.iter().map(|one| (*one).clone()).collect())
    }

    /// The symptom is what the client says of what was served, under the name of the endpoint.
    pub(super) fn judged(self) -> Self {
        self.with(|evidence| {
            let verdict = path::judge(&path::Question {
                leaf: &evidence.served[0],
                intermediates: &evidence.served[1..],
                anchors: &evidence.shown.anchors,
                revocation_lists: &[],
                at: evidence.now,
                purpose: Some(Usage::ServerAuth),
                name: Some(&evidence.endpoint.host),
            });
            evidence.fault.symptom = Symptom::ServerRefused { verdict: Box::new(verdict), error: "invalid peer certificate".to_owned() };
        })
    }

    pub(super) fn by_password(self, mechanism: &'static str, user: &str) -> Self {
        self.with(|evidence| evidence.login = LoginKind::Password { mechanism, user: user.to_owned() })
    }

    pub(super) fn advertised(self) -> Self {
        self.with(|evidence| evidence.told_by = Some(ToldBy { bootstrap: "kafka.example:9093".parse().unwrap(), id: 1 }))
    }

    /// Diagnosed with this text of the broker's log.
    pub(super) fn logged(self, log: &str) -> Diagnosis {
        let log = BrokerLog::parse(log);
        let evidence = self.with(|evidence| evidence.log = log.lines_of(evidence));
        diagnose(&evidence)
    }

    pub(super) fn diagnosed(&self) -> Diagnosis {
        diagnose(self)
    }

    pub(super) fn code(&self) -> &'static str {
        diagnose(self).rule.code
    }
}

pub(super) fn kafka(code: i16, name: &str, resource: &str) -> Symptom {
    Symptom::Kafka { code, name: name.to_owned(), message: None, resource: Some(resource.to_owned()) }
}

pub(super) fn amqp(code: u16, text: &str) -> Symptom {
    Symptom::Amqp { code, text: text.to_owned(), method: None }
}
