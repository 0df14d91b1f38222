//! Lines for people: a label, and a text below those of the other lines.

use crate::text::{Line, Text, Tone};

/// Lines at one depth.
#[derive(Debug, Default)]
pub(super) struct Page {
    depth: usize,
    pub(super) text: Text,
}

impl Page {
    pub(super) fn heading(&mut self, text: impl Into<String>) {
        self.toned("", text, Tone::Plain);
    }

    /// Nothing when `text` is empty.
    pub(super) fn line(&mut self, label: &'static str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.toned(label, text, Tone::Plain);
        }
    }

    /// Without a label it is a heading.
    pub(super) fn toned(&mut self, label: &'static str, text: impl Into<String>, tone: Tone) {
        let indent = "  ".repeat(self.depth);
        let label = if label.is_empty() { String::new() } else { format!("{label:<15}") };
        self.text.push(Line::of(indent + &label).toned(text.into(), tone));
    }

    pub(super) fn inside(&mut self, write: impl FnOnce(&mut Self)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, CrlDistributionPoint, DistinguishedName, DnType, KeyPair, SanType};
    use time::macros::datetime;

    use crate::describe::{
        AcceptedVersion, CertificateRequest, EndpointFacts, FileFacts, Observation, RefusedVersion, TlsVersion, endpoint_page, file_page,
    };
    use crate::keystore::{self, Passwords};
    use crate::text::stranger::{WORDS, drives};

    proptest! {
        #[test]
        fn what_is_inside_a_file_or_served_stays_in_its_line(words in WORDS) {
            let now = datetime!(2026-01-01 0:00 UTC);
            let ascii: String = words.chars().filter(char::is_ascii).collect();
            let mut params = CertificateParams::default();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, words.as_str());
            params.subject_alt_names = vec![
                SanType::DnsName(ascii.as_str().try_into().unwrap()),
                SanType::URI(ascii.as_str().try_into().unwrap()),
            ];
            let key = KeyPair::generate().unwrap();
            let request = params.serialize_request(&key).unwrap().pem().unwrap();
            params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![ascii] }];
            let certificate = params.self_signed(&key).unwrap().pem();
            let mut contents = keystore::open((certificate + &request).as_bytes(), &Passwords::default()).unwrap();
            contents.items.iter_mut().for_each(|item| item.alias = Some(words.clone()));
            let text = file_page(&words, &FileFacts::new(&contents, now)).to_string();
            prop_assert!(!drives(&text), "{:?}", text);

            let version = TlsVersion::V1_3;
            let cut_short = Some(words.clone());
            let observed = Observation {
                accepted: vec![AcceptedVersion { version, cipher_suites: Vec::new(), group: cut_short.clone(), cut_short }],
                refused: vec![RefusedVersion { version, how: words.clone() }],
                served: contents.certificates().cloned().collect(),
                also_served: Vec::new(),
                client_certificate: Some(CertificateRequest { issuers: vec![words.clone()], signature_schemes: vec![words.clone()] }),
            };
            let text = endpoint_page(&words, &EndpointFacts::new(&observed, now)).to_string();
            prop_assert!(!drives(&text), "{:?}", text);
        }
    }
}
