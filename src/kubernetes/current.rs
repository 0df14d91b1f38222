//! Whether a manifest of an earlier run will do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::Manifest;
use super::metadata::annotation;
use crate::keystore::{Entry, pkcs12};
use crate::pki::Password;

/// What every manifest begins with.
pub const MADE_BY: &str = "# Made by countersign: ";
/// The one line of a Secret's data with Strimzi's trust store.
pub const TRUST_STORE: &str = "ca.p12";

/// What is new each time a manifest is made, although it says the same.
#[derive(Debug, Clone)]
pub enum Varying {
    Nothing,
    /// The values of these names are encrypted, and cannot be opened here.
    Sealed(Vec<String>),
    /// [`TRUST_STORE`], a PKCS#12 store that this password opens.
    TrustStore(Password),
}

/// Whether `written`, a file of an earlier run, holds the same as `wanted`. What is sealed is new each time and cannot be opened here:
/// there, its length and all that stands beside it decide.
pub fn is_current(written: &[u8], wanted: &Manifest) -> bool {
    let (Ok(written), Ok(text)) = (str::from_utf8(written), str::from_utf8(wanted.text.expose())) else { return false };
    written.split('\n').count() == text.split('\n').count()
        && written.split('\n').zip(text.split('\n')).all(|(written, line)| written == line || wanted.varying.allows(written, line))
}

/// Whom `written` is for (`kafka/broker-1`, `trust`), if it is a manifest that countersign made for `cluster`, and nothing else.
pub fn holder_of(written: &[u8], cluster: &str) -> Option<String> {
    let text = str::from_utf8(written).ok().filter(|text| text.starts_with(MADE_BY))?;
    // Somebody's collection of manifests may begin with one of ours.
    let single = text.lines().filter(|line| line.starts_with("apiVersion:")).count() == 1;
    let value_of = |key: &str| {
        let value = |line: &str| {
            line.strip_prefix("    ")?.strip_prefix(&annotation(key))?.strip_prefix(": \"")?.strip_suffix('"').map(str::to_owned)
        };
        text.lines().find_map(value)
    };
    value_of("holder").filter(|_| single && value_of("cluster").is_some_and(|found| found == cluster))
}

impl Varying {
    /// Whether two lines that differ say the same.
    fn allows(&self, written: &str, wanted: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Sealed(names) => {
                // Without the padding of base64, which tells a text from the same with a line's end.
                let value = |line: &str, name: &str| {
                    let value = line.strip_prefix("    ")?.strip_prefix(name)?.strip_prefix(": ")?;
                    Some(value.trim_end_matches(['"', '=']).len())
                };
                names.iter().any(|name| value(wanted, name).is_some_and(|length| value(written, name) == Some(length)))
            }
            Self::TrustStore(password) => {
                let entries = |line| trust_store(line, password);
                entries(wanted).is_some_and(|wanted| entries(written) == Some(wanted))
            }
        }
    }
}

fn trust_store(line: &str, password: &Password) -> Option<Vec<Entry>> {
    let value = line.strip_prefix("  ")?.strip_prefix(TRUST_STORE)?.strip_prefix(": \"")?.strip_suffix('"')?;
    pkcs12::read(&BASE64.decode(value).ok()?, password).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A password that was sealed with the end of its line is sealed again.
    #[test]
    fn what_is_sealed_is_told_from_what_is_one_octet_longer() {
        let sealed = |octets: usize, filling: u8| format!("    password: \"{}\"", BASE64.encode(vec![filling; octets]));
        let varying = Varying::Sealed(vec!["password".to_owned()]);
        for octets in 560..566 {
            assert!(varying.allows(&sealed(octets, 1), &sealed(octets, 2)), "{octets}");
            assert!(!varying.allows(&sealed(octets + 1, 1), &sealed(octets, 2)), "{octets}");
        }
    }
}
