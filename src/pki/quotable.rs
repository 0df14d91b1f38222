//! How much of a stranger's text may be quoted: it may be a secret, whatever it is taken for.
//!
//! A line end or a `=` that was lost glues a password to something harmless, and a key is pasted where a name should stand. So a text is
//! quoted up to where it first looks like a secret, and no further.

use std::borrow::Cow;

/// What a secret is called, in settings and out of them. The longer of two that begin alike stands first.
const WORDS: [&str; 22] = [
    "passphrase",
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "token",
    "credential",
    "jaas",
    "private key",
    "private_key",
    "privatekey",
    "api_key",
    "apikey",
    "access_key",
    "accesskey",
    "master.key",
    "keystore.key",
    "certificate.chain",
    "truststore.certificates",
    "key.pem",
    "certificate.pem",
];

/// In bytes; what is longer is no name, no path and no address.
const LONGEST: usize = 300;

/// The text as far as it may be quoted, and `…` for the rest.
pub fn quotable(text: &str) -> Cow<'_, str> {
    let length = quotable_length(text);
    if length == text.len() { Cow::Borrowed(text) } else { Cow::Owned(format!("{}…", &text[..length])) }
}

/// In bytes, from the start of `text`.
pub fn quotable_length(text: &str) -> usize {
    let text = without_references(text);
    [behind_word(&text), opening(&text)].into_iter().flatten().min().map_or(text.len(), |end| text.floor_char_boundary(end))
}

/// The same of a text that is known for the name of something: `ssl.key.password` is no secret.
pub fn quotable_length_of_name(text: &str) -> usize {
    opening(text).map_or(text.len(), |end| text.floor_char_boundary(end))
}

/// Whether what is called so is a secret.
pub fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// With each sound `${provider:path:key}` (KIP-297) blanked out: it says where a secret lies, and is none. The length stays.
fn without_references(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let Some(end) = text[start..].find('}').map(|at| start + at + 1) else { break };
        let sound = |c: char| !c.is_whitespace() && !c.is_control() && !"=\"';,@{".contains(c);
        if end - start <= LONGEST && text[start + 2..end - 1].chars().all(sound) && random(&text[start..end]).is_none() {
            text.to_mut().replace_range(start..end, &" ".repeat(end - start));
        }
        from = end;
    }
    text
}

/// Where the first name of a secret ends, but for directories that are called so (`/run/secrets/broker.p12`).
fn behind_word(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let directory = |start: usize, end: usize| {
        let after = lower[end..].strip_prefix('s').unwrap_or(&lower[end..]);
        lower[..start].ends_with('/') && after.starts_with('/')
    };
    let end = |word: &str| {
        let mut found = lower.match_indices(word).map(|(start, word)| (start, start + word.len()));
        found.find(|(start, end)| !directory(*start, *end))
    };
    WORDS.iter().filter_map(|word| end(word)).min_by_key(|(start, end)| (*start, usize::MAX - end)).map(|(_, end)| end)
}

/// Where something begins that is a secret by its looks.
fn opening(text: &str) -> Option<usize> {
    let long = (text.len() > LONGEST).then_some(LONGEST);
    [text.find("-----BEGIN"), text.find("PRIVATE KEY"), user_information(text), random(text), long].into_iter().flatten().min()
}

/// `scheme://user:password@host`, and the same without a scheme.
fn user_information(text: &str) -> Option<usize> {
    let of_url = text.match_indices("://").map(|(at, mark)| at + mark.len()).find(|from| text[*from..].contains('@'));
    let separators = [',', ';', ' ', '\t', '\n', '"', '\''];
    let bare = text.split_inclusive(separators).scan(0, |start, token| {
        let at = *start;
        *start += token.len();
        Some((at, token))
    });
    let mut bare = bare.filter(|(_, token)| token.split_once('@').is_some_and(|(user, _)| user.contains(':') && !user.contains("://")));
    of_url.into_iter().chain(bare.next().map(|(at, _)| at)).min()
}

/// Base64 or hexadecimal of something: the start of the first run that no person would write as a name.
fn random(text: &str) -> Option<usize> {
    let of_run = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
    let mut from = 0;
    text.split_inclusive(|c| !of_run(c)).find_map(|run| {
        let start = from;
        from += run.len();
        let run = run.trim_end_matches(|c| !of_run(c));
        let (inside, _) =
            [0].into_iter().chain(run.match_indices('/').map(|(at, _)| at + 1)).map(|at| (at, &run[at..])).find(|(_, rest)| {
                let word = rest.split('/').next().unwrap_or_default();
                looks_random(word, 20, 2) || (word.len() < rest.len() && !run.starts_with('/') && looks_random(rest, 32, 3))
            })?;
        // Of a path, that word alone is none of a person's; of base64, the slash before it is a letter like others.
        Some(if run.starts_with('/') { start + inside } else { start })
    })
}

/// Of letters that are drawn at random, most are of another kind than the one before them; of words, few are. `changes` of six letters
/// must be.
fn looks_random(word: &str, shortest: usize, changes: usize) -> bool {
    const SHORTEST_HEXADECIMAL: usize = 32;
    /// A SEQUENCE of DER in base64: how keys and certificates begin, whose first letters are not drawn.
    const OF_DER: [&str; 6] = ["MII", "MIG", "MIH", "MHc", "MHQ", "MC4"];
    let kind = |byte: &u8| (byte.is_ascii_lowercase(), byte.is_ascii_uppercase(), byte.is_ascii_digit());
    let bytes = word.as_bytes();
    let found = bytes.windows(2).filter(|pair| kind(&pair[0]) != kind(&pair[1])).count();
    let mixed = bytes.iter().any(u8::is_ascii_lowercase) && bytes.iter().any(u8::is_ascii_uppercase);
    let hexadecimal = bytes.len() >= SHORTEST_HEXADECIMAL && bytes.iter().all(u8::is_ascii_hexdigit);
    let der = OF_DER.iter().any(|begin| word.starts_with(begin));
    hexadecimal || (bytes.len() >= shortest && mixed && (der || found * 6 >= bytes.len() * changes))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_secret_is_quoted_whole() {
        for text in [
            "",
            "SSL",
            "/etc/kafka/secrets/broker-1.keystore.p12",
            "/var/run/secrets/strimzi.io/cluster-ca.crt",
            "org.apache.kafka.common.security.scram.ScramLoginModule",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "User:CN=broker-1,OU=Messaging,O=Acme Inc.,C=DE",
            "1@controller-1.example:9095,2@controller-2.example:9095",
            "${file:/etc/kafka/secrets/kafka.properties:keystore.password}",
            "SSL://broker-1.example:9093,SASL_SSL://[::1]:9094",
            "RULE:^CN=(.*?),OU=.*$/$1/L,DEFAULT",
            "kéy",
        ] {
            assert_eq!(quotable(text), text);
        }
    }

    #[test]
    fn a_secret_ends_the_quotation() {
        for (text, quoted) in [
            ("k.pemssl_options.password = S3cret", "k.pemssl_options.password…"),
            ("PLAINsasl.jaas.config=x required password=\"S3cret\";", "PLAINsasl.jaas…"),
            ("c.pem-----BEGIN PRIVATE KEY-----", "c.pem…"),
            ("amqps://orders:S3cret@rabbit-1.example/v", "amqps://…"),
            ("https://a:b,c@d", "https://…"),
            ("a.example:1,orders:S3cret@b.example:1", "a.example:1,…"),
            ("/run/secrets/tokenS3cret", "/run/secrets/token…"),
            ("${file:/p:k}ssl.key.password=S3cret", "${file:/p:k}ssl.key.password…"),
            ("${file:/p:ssl.key.password=S3cret}", "${file:/p:ssl.key.password…"),
            ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj", "…"),
            ("/etc/k/7QLGghOo/8fJk2LqPzX0aBcDeFgH9iJ", "/etc/k/7QLGghOo/…"),
            ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "…"),
        ] {
            assert_eq!(quotable(text), quoted);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_makes_it_panic(text in r#"(\$\{|\}|://|@|pass|é|[a-zA-Z0-9+/=]|\PC)*"#) {
            let quoted = quotable(&text);
            prop_assert!(text.starts_with(quoted.trim_end_matches('…')) || text.contains('…'));
        }

        /// Lines of PEM, of which one in fifty may pass for a path.
        #[test]
        fn base64_is_not_quoted(bytes in prop::collection::vec(any::<u8>(), 48 * 200)) {
            let lines = bytes.chunks(48).map(|line| base64::prelude::BASE64_STANDARD.encode(line));
            prop_assert!(lines.filter(|line| quotable_length(line) > 20).count() <= 4);
        }
    }
}
