//! What Secrets Manager, and the way to it, answer when something is wrong.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use rustls::CertificateError;

use super::SinkError;
use super::aws_client::{ANSWER, CALL, no_credentials};
use super::aws_http::TooLong;
use super::said::{causes, innermost, one_line, tls_error};
use crate::pki::Secret;

/// One call: who was asked, to do what, with which secret.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub place: &'a str,
    /// `write`: what follows "answered 400 to" and "does not allow to".
    pub action: &'static str,
    pub address: &'a str,
    /// The KMS key that the cluster file names.
    pub key: Option<&'a str>,
    /// The value that the call carries; whoever quotes it is not quoted.
    pub value: Option<&'a Secret>,
}

/// Codes whose messages are never shown: AWS quotes the request in them, its session token too.
const LOGIN: [(&str, &str); 8] = [
    ("UnrecognizedClientException", "AWS does not know the access key, or its session token"),
    ("InvalidClientTokenId", "AWS does not know the access key, or its session token"),
    ("InvalidSignatureException", SIGNATURE),
    ("SignatureDoesNotMatch", SIGNATURE),
    ("IncompleteSignature", SIGNATURE),
    ("ExpiredTokenException", EXPIRED),
    ("ExpiredToken", EXPIRED),
    ("MissingAuthenticationTokenException", "the request came without a signature"),
];
const SIGNATURE: &str = "the signature is not the one that AWS computes; see that the secret access key and the clock are right";
const EXPIRED: &str = "the session token has expired; log in to AWS again";

const NO_ANSWER: &str = "what came is no answer of Secrets Manager";

const THROTTLED: [&str; 4] = ["ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"];

impl Asked<'_> {
    pub fn failed<E>(self, error: &SdkError<E, HttpResponse>) -> SinkError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let place = self.place.to_owned();
        match error {
            SdkError::ServiceError(told) => self.told(told.raw().status().as_u16(), told.err()),
            SdkError::ResponseError(told) => self.refused(told.raw().status().as_u16(), NO_ANSWER.to_owned()),
            SdkError::TimeoutError(_) => SinkError::Slow { place, seconds: CALL.as_secs() },
            SdkError::DispatchFailure(failure) if failure.is_timeout() => SinkError::Slow { place, seconds: ANSWER.as_secs() },
            other => self.not_sent(other),
        }
    }

    fn told(self, status: u16, error: &impl ProvideErrorMetadata) -> SinkError {
        let place = self.place.to_owned();
        let code = error.code().unwrap_or_default();
        let message = error.message().unwrap_or_default();
        if let Some((_, why)) = LOGIN.into_iter().find(|(known, _)| *known == code) {
            return SinkError::Login { place, how: "AWS credentials".to_owned(), why: why.to_owned() };
        }
        let key = || self.key.unwrap_or("aws/secretsmanager");
        match code {
            "AccessDeniedException" | "AccessDenied" => {
                let to_key = message.contains("KMS").then(|| format!("use the KMS key {} for", key()));
                SinkError::Forbidden { place, action: to_key.unwrap_or_else(|| self.action.to_owned()), address: self.address.to_owned() }
            }
            "EncryptionFailure" | "DecryptionFailure" => {
                self.refused(status, format!("{code}: see that the KMS key {} exists, is enabled, and is symmetric", key()))
            }
            code if THROTTLED.contains(&code) || status == 429 => SinkError::Throttled { place },
            "" => self.refused(status, NO_ANSWER.to_owned()),
            code => match one_line(message) {
                said if self.value.is_some_and(|value| quotes(&said, value)) => self.refused(status, code.to_owned()),
                said => self.refused(status, format!("{code}: {said}")),
            },
        }
    }

    fn refused(self, status: u16, said: String) -> SinkError {
        SinkError::Refused { place: self.place.to_owned(), status, action: self.action.to_owned(), address: self.address.to_owned(), said }
    }

    /// No answer came, and perhaps nothing was sent.
    fn not_sent(self, error: &(dyn Error + 'static)) -> SinkError {
        let place = self.place.to_owned();
        if let Some(error) = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) {
            return no_credentials(error, self.place);
        }
        if let Some(long) = causes(error).find_map(|cause| cause.downcast_ref::<TooLong>()) {
            return self.refused(long.status, long.to_string());
        }
        match tls_error(error) {
            Some(rustls::Error::InvalidCertificate(why)) => {
                let fix = match why {
                    CertificateError::UnknownIssuer => "name the file of the CA it comes from by AWS_CA_BUNDLE",
                    _ => "see that the endpoint is right, and has a certificate for its name that has not expired",
                };
                SinkError::Untrusted { place, why: why.to_string(), fix: fix.to_owned() }
            }
            Some(other) => SinkError::Unreachable { place, why: format!("TLS failed: {other}") },
            None => SinkError::Unreachable { place, why: innermost(error) },
        }
    }
}

/// Whether the call may have done its work although this came back.
pub fn may_have_worked<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: ProvideErrorMetadata,
{
    match error {
        // What was sent first may have arrived, and what was sent again found its own work.
        SdkError::ServiceError(told) => told.err().code() == Some("ResourceExistsException") || told.raw().status().is_server_error(),
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    }
}

pub fn is_not_found<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("ResourceNotFoundException")
}

/// Whether a run of the value stands in what is said.
fn quotes(said: &str, value: &Secret) -> bool {
    const RUN: usize = 12;
    said.as_bytes().windows(RUN).any(|run| value.expose().windows(RUN).any(|other| other == run))
}
