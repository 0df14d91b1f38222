//! Findings about PKCS#12 that some programs cannot read.

use super::view::View;
use crate::finding::{Finding, Rule};
use crate::keystore::{Answer, Format, Held, Program, readers};

pub const RULES: &[&Rule] = &[&NOT_FOR_JAVA, &NOT_FOR_OPENSSL];

const NOT_FOR_JAVA: Rule = Rule::warning(
    "pkcs12-not-for-java",
    "a PKCS#12 that Java cannot read",
    "Kafka and the Java clients read what Java's own PKCS12 key store reads. Java 17 and later know the widest range; PBMAC1 needs Java 26.",
);

const NOT_FOR_OPENSSL: Rule = Rule::warning(
    "pkcs12-not-for-openssl",
    "a PKCS#12 that OpenSSL 3 cannot read",
    "librdkafka and Python clients fail with \"unsupported\", because RC2, RC4 and single DES stand in OpenSSL's legacy provider: what Java before 8u301 and 11.0.12 writes.",
);

/// Who cannot read the store, and why.
pub fn check(view: &View<'_>) -> Vec<Finding> {
    let contents = view.contents;
    // Bare certificates are another finding.
    let entries = contents.items.iter().any(|item| matches!(item.held, Held::Key { .. } | Held::Trusted(_)));
    if contents.format != Format::Pkcs12 || !entries {
        return Vec::new();
    }
    let found = readers(contents).into_iter().filter_map(|reader| match (reader.answer, reader.program) {
        (Answer::No(why), Program::Java17) => Some((&NOT_FOR_JAVA, "Java 17", why)),
        (Answer::No(why), Program::OpenSsl3) => Some((&NOT_FOR_OPENSSL, "OpenSSL 3", why)),
        (Answer::No(_), Program::Java8 | Program::Java11 | Program::Librdkafka | Program::Erlang) | (Answer::Yes | Answer::If(_), _) => {
            None
        }
    });
    found
        .map(|(rule, who, why)| rule.at(view.place(), format!("{who} cannot read it: {why}"), "write it anew by PBES2 and AES-256"))
        .collect()
}
