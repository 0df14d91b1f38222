//! The ASN.1 of RFC 5280 (appendix A), RFC 2986 and their extensions, as far as a certificate can hold it.

use super::der::{
    BIT_STRING, BMP_STRING, BOOLEAN, ENUMERATED, GENERALIZED_TIME, IA5_STRING, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, SET, UTC_TIME,
    UTF8_STRING, VISIBLE_STRING,
};
use super::grammar::Presence::{Default, Optional, Required};
use super::grammar::Shape::{Any, Choice, Explicit, Implicit, Many, NamedBits, Plain, Sequence};
use super::grammar::{Field, Presence, Shape};
use super::oids::{self, Oid};

const FALSE: &[u8] = &[0];

const TIME: Shape = Choice(&[&Plain(UTC_TIME), &Plain(GENERALIZED_TIME)]);
const ALGORITHM: Shape = Sequence(&[Field("algorithm", Required, &Plain(OID)), Field("parameters", Optional, &Any)]);
const ATTRIBUTE_VALUE: Shape = Sequence(&[Field("type", Required, &Plain(OID)), Field("value", Required, &Any)]);
const NAME: Shape = Many(SEQUENCE, &Many(SET, &ATTRIBUTE_VALUE, 1), 0);
const KEY: Shape = Sequence(&[Field("algorithm", Required, &ALGORITHM), Field("subjectPublicKey", Required, &Plain(BIT_STRING))]);
const ATTRIBUTE: Shape = Sequence(&[Field("type", Required, &Plain(OID)), Field("values", Required, &Many(SET, &Any, 1))]);
const EXTENSION: Shape = Sequence(&[
    Field("extnID", Required, &Plain(OID)),
    Field("critical", Default(FALSE), &Plain(BOOLEAN)),
    Field("extnValue", Required, &Plain(OCTET_STRING)),
]);
/// Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension
pub const EXTENSIONS: Shape = Many(SEQUENCE, &EXTENSION, 1);

pub const CERTIFICATE: Shape = Sequence(&[
    Field("tbsCertificate", Required, &TBS_CERTIFICATE),
    Field("signatureAlgorithm", Required, &ALGORITHM),
    Field("signatureValue", Required, &Plain(BIT_STRING)),
]);
const TBS_CERTIFICATE: Shape = Sequence(&[
    Field("version", Default(&[INTEGER, 1, 0]), &Explicit(0, &Plain(INTEGER))),
    Field("serialNumber", Required, &Plain(INTEGER)),
    Field("signature", Required, &ALGORITHM),
    Field("issuer", Required, &NAME),
    Field("validity", Required, &Sequence(&[Field("notBefore", Required, &TIME), Field("notAfter", Required, &TIME)])),
    Field("subject", Required, &NAME),
    Field("subjectPublicKeyInfo", Required, &KEY),
    Field("issuerUniqueID", Optional, &Implicit(1, &Plain(BIT_STRING))),
    Field("subjectUniqueID", Optional, &Implicit(2, &Plain(BIT_STRING))),
    Field("extensions", Optional, &Explicit(3, &EXTENSIONS)),
]);

pub const CERTIFICATE_LIST: Shape = Sequence(&[
    Field("tbsCertList", Required, &TBS_CERT_LIST),
    Field("signatureAlgorithm", Required, &ALGORITHM),
    Field("signatureValue", Required, &Plain(BIT_STRING)),
]);
const TBS_CERT_LIST: Shape = Sequence(&[
    Field("version", Optional, &Plain(INTEGER)),
    Field("signature", Required, &ALGORITHM),
    Field("issuer", Required, &NAME),
    Field("thisUpdate", Required, &TIME),
    Field("nextUpdate", Optional, &TIME),
    // An empty list has a rule of its own.
    Field("revokedCertificates", Optional, &Many(SEQUENCE, &REVOKED, 0)),
    Field("crlExtensions", Optional, &Explicit(0, &EXTENSIONS)),
]);
const REVOKED: Shape = Sequence(&[
    Field("userCertificate", Required, &Plain(INTEGER)),
    Field("revocationDate", Required, &TIME),
    Field("crlEntryExtensions", Optional, &EXTENSIONS),
]);

pub const CERTIFICATION_REQUEST: Shape = Sequence(&[
    Field("certificationRequestInfo", Required, &REQUEST_INFO),
    Field("signatureAlgorithm", Required, &ALGORITHM),
    Field("signature", Required, &Plain(BIT_STRING)),
]);
const REQUEST_INFO: Shape = Sequence(&[
    Field("version", Required, &Plain(INTEGER)),
    Field("subject", Required, &NAME),
    Field("subjectPKInfo", Required, &KEY),
    Field("attributes", Required, &Implicit(0, &Many(SET, &ATTRIBUTE, 0))),
]);

const OTHER_NAME: Shape = Sequence(&[Field("type-id", Required, &Plain(OID)), Field("value", Required, &Explicit(0, &Any))]);
const GENERAL_NAME: Shape = Choice(&[
    &Implicit(0, &OTHER_NAME),
    &Implicit(1, &Plain(IA5_STRING)),
    &Implicit(2, &Plain(IA5_STRING)),
    &Implicit(3, &Any),
    &Explicit(4, &NAME),
    &Implicit(5, &Any),
    &Implicit(6, &Plain(IA5_STRING)),
    &Implicit(7, &Plain(OCTET_STRING)),
    &Implicit(8, &Plain(OID)),
]);
const GENERAL_NAMES: Shape = Many(SEQUENCE, &GENERAL_NAME, 1);
const SUBTREES: Shape = Many(
    SEQUENCE,
    &Sequence(&[
        Field("base", Required, &GENERAL_NAME),
        Field("minimum", Default(&[0]), &Implicit(0, &Plain(INTEGER))),
        Field("maximum", Optional, &Implicit(1, &Plain(INTEGER))),
    ]),
    1,
);
const DISTRIBUTION_POINT_NAME: Shape = Choice(&[&Implicit(0, &GENERAL_NAMES), &Implicit(1, &Many(SET, &ATTRIBUTE_VALUE, 1))]);
const DISTRIBUTION_POINTS: Shape = Many(
    SEQUENCE,
    &Sequence(&[
        Field("distributionPoint", Optional, &Explicit(0, &DISTRIBUTION_POINT_NAME)),
        Field("reasons", Optional, &Implicit(1, &NamedBits(9))),
        Field("cRLIssuer", Optional, &Implicit(2, &GENERAL_NAMES)),
    ]),
    1,
);
const ACCESS_DESCRIPTIONS: Shape =
    Many(SEQUENCE, &Sequence(&[Field("accessMethod", Required, &Plain(OID)), Field("accessLocation", Required, &GENERAL_NAME)]), 1);
const DISPLAY_TEXT: Shape = Choice(&[&Plain(IA5_STRING), &Plain(VISIBLE_STRING), &Plain(BMP_STRING), &Plain(UTF8_STRING)]);
const NOTICE: Shape = Sequence(&[
    Field(
        "noticeRef",
        Optional,
        &Sequence(&[Field("organization", Required, &DISPLAY_TEXT), Field("noticeNumbers", Required, &Many(SEQUENCE, &Plain(INTEGER), 0))]),
    ),
    Field("explicitText", Optional, &DISPLAY_TEXT),
]);
const QUALIFIER: Shape = Sequence(&[
    Field("policyQualifierId", Required, &Plain(OID)),
    Field("qualifier", Required, &Choice(&[&Plain(IA5_STRING), &NOTICE, &Any])),
]);
const POLICIES: Shape = Many(
    SEQUENCE,
    &Sequence(&[Field("policyIdentifier", Required, &Plain(OID)), Field("policyQualifiers", Optional, &Many(SEQUENCE, &QUALIFIER, 1))]),
    1,
);
const BOOLEAN_FALSE: Presence = Default(FALSE);
const ONLY: &Shape = &Plain(BOOLEAN);

/// The syntax of every extension that is known here, by its object identifier.
pub fn extension(id: &[u8]) -> Option<&'static Shape> {
    KNOWN.iter().find(|(oid, _)| oid.as_bytes() == id).map(|(_, shape)| shape)
}

const KNOWN: &[(Oid, Shape)] = &[
    (oids::SUBJECT_DIRECTORY_ATTRIBUTES, Many(SEQUENCE, &ATTRIBUTE, 1)),
    (oids::SUBJECT_KEY_ID, Plain(OCTET_STRING)),
    (oids::KEY_USAGE, NamedBits(9)),
    (
        oids::PRIVATE_KEY_USAGE_PERIOD,
        Sequence(&[
            Field("notBefore", Optional, &Implicit(0, &Plain(GENERALIZED_TIME))),
            Field("notAfter", Optional, &Implicit(1, &Plain(GENERALIZED_TIME))),
        ]),
    ),
    (oids::SUBJECT_ALT_NAME, GENERAL_NAMES),
    (oids::ISSUER_ALT_NAME, GENERAL_NAMES),
    (oids::BASIC_CONSTRAINTS, Sequence(&[Field("cA", BOOLEAN_FALSE, ONLY), Field("pathLenConstraint", Optional, &Plain(INTEGER))])),
    (
        oids::NAME_CONSTRAINTS,
        Sequence(&[
            Field("permittedSubtrees", Optional, &Implicit(0, &SUBTREES)),
            Field("excludedSubtrees", Optional, &Implicit(1, &SUBTREES)),
        ]),
    ),
    (oids::CRL_DISTRIBUTION_POINTS, DISTRIBUTION_POINTS),
    (oids::FRESHEST_CRL, DISTRIBUTION_POINTS),
    (oids::CERTIFICATE_POLICIES, POLICIES),
    (
        oids::POLICY_MAPPINGS,
        Many(
            SEQUENCE,
            &Sequence(&[Field("issuerDomainPolicy", Required, &Plain(OID)), Field("subjectDomainPolicy", Required, &Plain(OID))]),
            1,
        ),
    ),
    (
        oids::AUTHORITY_KEY_ID,
        Sequence(&[
            Field("keyIdentifier", Optional, &Implicit(0, &Plain(OCTET_STRING))),
            Field("authorityCertIssuer", Optional, &Implicit(1, &GENERAL_NAMES)),
            Field("authorityCertSerialNumber", Optional, &Implicit(2, &Plain(INTEGER))),
        ]),
    ),
    (
        oids::POLICY_CONSTRAINTS,
        Sequence(&[
            Field("requireExplicitPolicy", Optional, &Implicit(0, &Plain(INTEGER))),
            Field("inhibitPolicyMapping", Optional, &Implicit(1, &Plain(INTEGER))),
        ]),
    ),
    (oids::EXTENDED_KEY_USAGE, Many(SEQUENCE, &Plain(OID), 1)),
    (oids::INHIBIT_ANY_POLICY, Plain(INTEGER)),
    (oids::NO_REV_AVAIL, Plain(NULL)),
    (oids::AUTHORITY_INFO_ACCESS, ACCESS_DESCRIPTIONS),
    (oids::SUBJECT_INFO_ACCESS, ACCESS_DESCRIPTIONS),
    (oids::TLS_FEATURE, Many(SEQUENCE, &Plain(INTEGER), 1)),
    (oids::OCSP_NO_CHECK, Plain(NULL)),
    (oids::SCT_LIST, Plain(OCTET_STRING)),
    (oids::PRECERTIFICATE_POISON, Plain(NULL)),
    (oids::CRL_NUMBER, Plain(INTEGER)),
    (oids::REASON_CODE, Plain(ENUMERATED)),
    (oids::INVALIDITY_DATE, Plain(GENERALIZED_TIME)),
    (oids::DELTA_CRL, Plain(INTEGER)),
    (
        oids::ISSUING_DISTRIBUTION_POINT,
        Sequence(&[
            Field("distributionPoint", Optional, &Explicit(0, &DISTRIBUTION_POINT_NAME)),
            Field("onlyContainsUserCerts", BOOLEAN_FALSE, &Implicit(1, ONLY)),
            Field("onlyContainsCACerts", BOOLEAN_FALSE, &Implicit(2, ONLY)),
            Field("onlySomeReasons", Optional, &Implicit(3, &NamedBits(9))),
            Field("indirectCRL", BOOLEAN_FALSE, &Implicit(4, ONLY)),
            Field("onlyContainsAttributeCerts", BOOLEAN_FALSE, &Implicit(5, ONLY)),
        ]),
    ),
    (oids::CERTIFICATE_ISSUER, GENERAL_NAMES),
];
