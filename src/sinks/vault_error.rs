//! Why Vault did not do what it was asked: from what the connection, TLS, or its answer says.

use rustls::CertificateError;
use serde::Deserialize;

use super::SinkError;
use super::said::{innermost, one_line, tls_error};
use super::vault_request::{Answer, Request};

/// What Vault's own storage, raft, takes for one secret unless it is configured otherwise.
const ENTRY: usize = 1024 * 1024;

/// What becomes of a request that has no answer.
pub enum Failed {
    /// The connection was never there.
    NotSent(SinkError),
    /// Whether it arrived is not known.
    Cut(SinkError),
    /// Another time would be no better.
    Forever(SinkError),
}

/// From an error of the connection. Its text is not used: an address stands in it.
pub fn failed(place: &str, error: &reqwest::Error) -> Failed {
    let place = place.to_owned();
    if let Some(tls) = tls_error(error) {
        return Failed::Forever(not_agreed(place, tls));
    }
    let why = innermost(error);
    if error.is_connect() {
        Failed::NotSent(SinkError::Unreachable { place, why })
    } else {
        Failed::Cut(SinkError::Unreachable { place, why: format!("the connection ended before its answer ({why})") })
    }
}

fn not_agreed(place: String, error: &rustls::Error) -> SinkError {
    match error {
        rustls::Error::InvalidCertificate(why) => {
            let text = error.to_string();
            let why_text = text.strip_prefix("invalid peer certificate: ").unwrap_or(&text).to_owned();
            SinkError::Untrusted { place, why: why_text, fix: fix(why).to_owned() }
        }
        rustls::Error::AlertReceived(alert) => SinkError::Login {
            place,
            how: "TLS client certificate".to_owned(),
            why: format!("it ended the handshake with {alert:?}; see VAULT_CLIENT_CERT, or `login: {{ certificate: … }}`"),
        },
        rustls::Error::InvalidMessage(_) => SinkError::Unreachable { place, why: "what answers there speaks no TLS".to_owned() },
        other => SinkError::Unreachable { place, why: format!("TLS failed: {other}") },
    }
}

fn fix(why: &CertificateError) -> &'static str {
    match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "name the CA that issued it by `ca:` or VAULT_CACERT; if that is done, something else answers there"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "use a name that it is for as the address, or give that name in VAULT_TLS_SERVER_NAME"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "renew it on the server",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "set the clock of this machine, or of the one that issued it"
        }
        _ => "give the server a certificate that a client may accept",
    }
}

/// From an answer that is no success.
pub fn refusal(place: &str, request: &Request, answer: &Answer) -> SinkError {
    let said = said(answer);
    let owned = || (place.to_owned(), request.action.to_owned(), request.address().to_owned());
    let sent = request.body.as_ref().map_or(0, |body| body.expose().len());
    match answer.status {
        403 => {
            let (place, action, address) = owned();
            SinkError::Forbidden { place, action, address }
        }
        404 if said.contains("no handler for route") => SinkError::Setting {
            what: format!("nothing is mounted at {place} that has {}", request.address()),
            fix: "correct `mount:`; `vault secrets list` and `vault auth list` show what is there".to_owned(),
        },
        413 | 500 if is_too_large(answer) => {
            let (place, _, address) = owned();
            let limit = said.rsplit_once("max: ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok()).unwrap_or(ENTRY);
            SinkError::TooLarge { place, address, bytes: sent, limit }
        }
        429 => SinkError::Throttled { place: place.to_owned() },
        503 if is_sealed(answer) => SinkError::Sealed { place: place.to_owned() },
        status => refused(place, request, status, said),
    }
}

pub fn refused(place: &str, request: &Request, status: u16, said: String) -> SinkError {
    let (action, address) = (request.action.to_owned(), request.address().to_owned());
    SinkError::Refused { place: place.to_owned(), status, action, address, said }
}

/// Another version is there, of a value or of what is told of it, than the one that was to be written over.
pub fn is_other_version(answer: &Answer) -> bool {
    let says_so = |error: &String| error.contains("check-and-set parameter") && error.contains("match the current version");
    answer.status == 400 && errors(answer).iter().any(says_so)
}

/// Storage says so with status 500; raft adds `got 1100000 bytes, max: 1048576 bytes`.
pub fn is_too_large(answer: &Answer) -> bool {
    errors(answer).iter().any(|error| error.contains("value being too large"))
}

/// AppRole's word for it; Vault counts such attempts, and locks whoever makes too many.
pub fn is_wrong_secret_id(answer: &Answer) -> bool {
    errors(answer).iter().any(|error| error.contains("invalid secret id"))
}

pub fn is_sealed(answer: &Answer) -> bool {
    answer.status == 503 && errors(answer).iter().any(|error| error.contains("sealed"))
}

/// The server's own words on one line, or that there are none.
pub fn said(answer: &Answer) -> String {
    if let Some(location) = &answer.location {
        return format!("it points to {}, where the token would not be safe; give the address that is right", one_line(location));
    }
    match errors(answer) {
        errors if errors.is_empty() => "without a reason".to_owned(),
        errors => one_line(&errors.join("; ")),
    }
}

/// What stands in `{"errors": ["…"]}`.
pub fn errors(answer: &Answer) -> Vec<String> {
    read(answer).unwrap_or_default()
}

/// Whether Vault, and not something else that knows no such path, says that nothing is there.
pub fn is_nothing(answer: &Answer) -> bool {
    answer.status == 404 && read(answer).is_some_and(|errors| errors.is_empty())
}

fn read(answer: &Answer) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Errors {
        #[serde(default)]
        errors: Vec<String>,
    }
    serde_json::from_slice(answer.body.expose()).ok().map(|Errors { errors }| errors)
}
