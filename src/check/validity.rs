//! Findings about the time in which a certificate is valid.

use time::{Duration, OffsetDateTime};

use super::view::View;
use crate::finding::{Finding, Place, Rule};
use crate::pki::Certificate;

pub const RULES: &[&Rule] = &[&EXPIRED, &NOT_YET_VALID, &EXPIRES_SOON, &EXPIRED_UNUSED, &OUTLIVES_ISSUER];

const EXPIRED: Rule = Rule::error(
    "expired",
    "an expired certificate",
    "Java, Erlang, OpenSSL and rustls refuse it in every handshake (RFC 5280, 6.1.3 (a)(2)). Only of an expired anchor do Java and rustls take no notice.",
);

const NOT_YET_VALID: Rule = Rule::error(
    "not-yet-valid",
    "a certificate that is not valid yet",
    "It is refused as an expired one is, and Erlang even calls it \"certificate expired\". More often than not the clock of one side is wrong.",
);

const EXPIRES_SOON: Rule = Rule::warning(
    "expires-soon",
    "a certificate that expires within the time that was asked for",
    "Neither Kafka nor RabbitMQ warns of it. Kafka's clients read a new certificate only when they start again (KAFKA-10731), so renewal takes longer than issuing.",
);

const EXPIRED_UNUSED: Rule = Rule::warning(
    "expired-unused",
    "an expired certificate that the chain does not need",
    "The chain holds without it. Who builds another path, as OpenSSL may with an expired issuer of the same name, stumbles over it all the same.",
);

const OUTLIVES_ISSUER: Rule = Rule::warning(
    "outlives-issuer",
    "a certificate that outlives its issuer",
    "From the day on which the issuer expires the certificate is refused, although its own dates look well: a renewal that goes by them comes too late.",
);

/// Whether each certificate is valid at `at`, and will be for a while.
pub fn check(view: &View<'_>, at: OffsetDateTime, expires_within: Duration) -> Vec<Finding> {
    view.certificates().into_iter().filter_map(|certificate| one(view.place_of(certificate), certificate, at, expires_within)).collect()
}

/// What is wrong with the dates of one certificate.
pub fn one(place: Place, certificate: &Certificate, at: OffsetDateTime, expires_within: Duration) -> Option<Finding> {
    expired(place.clone(), certificate, at)
        .or_else(|| not_yet(place.clone(), certificate, at))
        .or_else(|| soon(place, certificate, at, expires_within))
}

/// The same where a verdict has already been passed on `path`: only the other certificates are looked at for their end.
pub fn check_beside(view: &View<'_>, path: &[Certificate], at: OffsetDateTime, expires_within: Duration) -> Vec<Finding> {
    let each = |certificate: &&Certificate| {
        let place = view.place_of(certificate);
        if certificate.validity.not_after >= at {
            return soon(place, certificate, at, expires_within);
        }
        (!path.contains(certificate)).then(|| {
            let message = format!("it expired on {} and the chain does without it", day(certificate.validity.not_after));
            EXPIRED_UNUSED.at(place, message, "take it out of the file")
        })
    };
    view.certificates().iter().filter_map(each).collect()
}

/// Whether some certificate of a chain ends after the one that signed it.
pub fn outlives_issuer(view: &View<'_>) -> Vec<Finding> {
    let pairs = view.chains.iter().flat_map(|chain| chain.certificates.windows(2));
    let nested = |pair: &&[&Certificate]| pair[0].validity.not_after <= pair[1].validity.not_after || !pair[0].is_signed_by(pair[1]);
    pairs
        .filter(|pair| !nested(pair))
        .map(|pair| {
            let [end, issuer_end] = [pair[0], pair[1]].map(|certificate| day(certificate.validity.not_after));
            let message = format!("it ends on {end}, and its issuer {} already on {issuer_end}", pair[1].subject);
            OUTLIVES_ISSUER.at(view.place_of(pair[0]), message, format!("renew it before {issuer_end}, under an issuer that lives longer"))
        })
        .collect()
}

fn expired(place: Place, certificate: &Certificate, at: OffsetDateTime) -> Option<Finding> {
    let end = certificate.validity.not_after;
    (end < at).then(|| EXPIRED.at(place, format!("it expired on {}, {} ago", day(end), days(at - end)), "issue it anew"))
}

fn not_yet(place: Place, certificate: &Certificate, at: OffsetDateTime) -> Option<Finding> {
    let start = certificate.validity.not_before;
    (start > at).then(|| {
        let message = format!("it is valid only from {} on, in {}", day(start), days(start - at));
        NOT_YET_VALID.at(place, message, "set the clock right, or issue it anew with a start in the past")
    })
}

fn soon(place: Place, certificate: &Certificate, at: OffsetDateTime, expires_within: Duration) -> Option<Finding> {
    let end = certificate.validity.not_after;
    (end >= at && end - at < expires_within)
        .then(|| EXPIRES_SOON.at(place, format!("it expires on {}, in {}", day(end), days(end - at)), "renew it"))
}

/// As people write a day.
pub(super) fn day(instant: OffsetDateTime) -> String {
    instant.date().to_string()
}

fn days(span: Duration) -> String {
    match span.whole_days() {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
