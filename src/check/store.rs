//! Findings about a key store or trust store as a whole.

use super::view::{View, entry_name, may_be_root, named};
use crate::finding::{Finding, Place, Rule};
use crate::keystore::{Format, Held, Protected, Seal};
use crate::pki::Certificate;

pub const RULES: &[&Rule] = &[
    &STORE_EMPTY,
    &PKCS12_WITHOUT_PASSWORD,
    &PKCS12_WITHOUT_TRUST_MARK,
    &KEY_BESIDE_TRUST,
    &LEAF_IN_TRUSTSTORE,
    &SEVERAL_KEYS,
    &STORE_WITHOUT_SEAL,
    &FEW_ITERATIONS,
    &MISNAMED,
    &DAMAGED_PART,
];

const STORE_EMPTY: Rule = Rule::error(
    "store-empty",
    "a store without an entry",
    "Java stops with \"the trustAnchors parameter must be non-empty\"; a broker with an empty key store answers every handshake with \"no cipher suites in common\".",
);

const PKCS12_WITHOUT_PASSWORD: Rule = Rule::warning(
    "pkcs12-without-password",
    "PKCS#12 in which nothing is seen without its password",
    "Java opens it all the same and sees no entry, because the certificates are encrypted: a trust store without `ssl.truststore.password` is an empty one to Kafka.",
);

const PKCS12_WITHOUT_TRUST_MARK: Rule = Rule::warning(
    "pkcs12-without-trust-mark",
    "a PKCS#12 trust store that is empty to Java",
    "Java trusts a certificate of PKCS#12 only where it carries the attribute 2.16.840.1.113894.746875.1.1, which OpenSSL writes from 3.2 on and with -jdktrust alone (openssl/openssl#22215).",
);

const KEY_BESIDE_TRUST: Rule = Rule::warning(
    "key-beside-trust",
    "private key and trusted certificates in one store",
    "As a trust store it makes the key's own leaf an anchor, and gives the key to whoever is given the trust. As a key store it changes the number of entries, which Kafka compares when it reloads.",
);

const LEAF_IN_TRUSTSTORE: Rule = Rule::warning(
    "leaf-in-truststore",
    "a leaf among what is trusted",
    "Java trusts it alone, and no longer once it is renewed. Erlang, rustls, and OpenSSL without -partial_chain, do not take a leaf for an anchor.",
);

const SEVERAL_KEYS: Rule = Rule::warning(
    "several-keys",
    "a key store with several keys",
    "Kafka cannot say which one it wants: Java's key manager picks the first that suits the peer, and OpenSSL reads one only.",
);

const STORE_WITHOUT_SEAL: Rule = Rule::note(
    "store-without-seal",
    "PKCS#12 without a MAC",
    "Nothing shows whether it was changed, and any password seems to fit. Java 8 before 8u301 may not open it at all.",
);

const FEW_ITERATIONS: Rule = Rule::warning(
    "few-iterations",
    "a password that is stretched by few iterations",
    "Each guess at the password costs next to nothing. Java and OpenSSL write at least 2,048 iterations, NIST SP 800-132 asks for 1,000 at the least.",
);

const MISNAMED: Rule = Rule::note(
    "misnamed",
    "a file that is not what its name says",
    "Java opens JKS and PKCS#12 under either name. Other programs go by the name: keytool has written PKCS#12 since Java 9 even into a file called .jks.",
);

const DAMAGED_PART: Rule = Rule::warning(
    "damaged-part",
    "a part of a file that cannot be read",
    "The rest of the file was read. Other programs stop at such a part, or pass over it without a word.",
);

/// What NIST asks for at the least.
const ITERATIONS: u64 = 1_000;

/// What is wrong with the store as a whole.
pub fn check(view: &View<'_>) -> Vec<Finding> {
    let singles = [empty(view), trust_mark(view), key_beside_trust(view), several_keys(view), seal(view), iterations(view), misnamed(view)];
    singles.into_iter().flatten().chain(leafs_in_truststore(view)).chain(damaged_parts(view)).collect()
}

fn empty(view: &View<'_>) -> Option<Finding> {
    if closed(view) {
        let fix = "give its password, and set ssl.truststore.password";
        return Some(PKCS12_WITHOUT_PASSWORD.at(view.place(), "without its password nothing is seen in it", fix));
    }
    view.contents.items.is_empty().then(|| STORE_EMPTY.at(view.place(), "there is no entry in it", "put in what it is to hold"))
}

/// No password was given, and no certificate can be seen.
fn closed(view: &View<'_>) -> bool {
    let contents = view.contents;
    let seen = !view.chains.is_empty() || !view.anchors.is_empty() || !view.loose.is_empty();
    contents.format == Format::Pkcs12 && contents.seal == Seal::Unchecked && !seen
}

fn trust_mark(view: &View<'_>) -> Option<Finding> {
    let bare = |held: &Held| matches!(held, Held::Certificate(_));
    let items = &view.contents.items;
    (view.contents.format == Format::Pkcs12 && !items.is_empty() && items.iter().all(|item| bare(&item.held))).then(|| {
        let message = format!("none of its {} certificates has Java's mark of trust", items.len());
        PKCS12_WITHOUT_TRUST_MARK.at(view.place(), message, "make it with keytool -importcert, or with countersign convert")
    })
}

fn key_beside_trust(view: &View<'_>) -> Option<Finding> {
    let trusted = view.contents.items.iter().filter(|item| matches!(item.held, Held::Trusted(_))).count();
    (trusted > 0 && keys(view) > 0).then(|| {
        let message = format!("it holds {} private keys and {trusted} trusted certificates", keys(view));
        KEY_BESIDE_TRUST.at(view.place(), message, "make a key store and a trust store of it")
    })
}

fn keys(view: &View<'_>) -> usize {
    view.contents.items.iter().filter(|item| matches!(item.held, Held::Key { .. })).count()
}

fn leafs_in_truststore(view: &View<'_>) -> Vec<Finding> {
    let is_leaf = |certificate: &&&Certificate| !may_be_root(certificate);
    let say = |certificate: &Certificate| {
        let message = format!("{} is not an authority", named(certificate));
        LEAF_IN_TRUSTSTORE.at(view.place_of(certificate), message, "trust the authority that issued it instead")
    };
    view.anchors.iter().filter(is_leaf).map(|certificate| say(certificate)).collect()
}

fn several_keys(view: &View<'_>) -> Option<Finding> {
    (keys(view) > 1)
        .then(|| SEVERAL_KEYS.at(view.place(), format!("it holds {} private keys", keys(view)), "make a store of its own for each key"))
}

fn seal(view: &View<'_>) -> Option<Finding> {
    (view.contents.format == Format::Pkcs12 && view.contents.seal == Seal::Absent)
        .then(|| STORE_WITHOUT_SEAL.at(view.place(), "it has no MAC", "write it anew with a password"))
}

fn iterations(view: &View<'_>) -> Option<Finding> {
    let few = |protects: Protected| match (view.contents.format, protects) {
        // The digest over a JKS store is not stretched at all: the format has no iterations.
        (Format::Jks | Format::Jceks, Protected::Store) => false,
        _ => true,
    };
    let weak = |iterations: Option<u64>| iterations.is_some_and(|iterations| iterations < ITERATIONS);
    let scheme = view.contents.schemes.iter().find(|scheme| few(scheme.protects) && weak(scheme.iterations))?;
    let what = match scheme.protects {
        Protected::Keys => "the keys",
        Protected::Certificates => "the certificates",
        Protected::Store => "the store",
    };
    let message = format!("{what} are protected by {} with {} iterations", scheme.name, scheme.iterations.unwrap_or_default());
    Some(FEW_ITERATIONS.at(view.place(), message, "write it anew with 10,000 iterations"))
}

fn misnamed(view: &View<'_>) -> Option<Finding> {
    let (_, extension) = view.target.rsplit_once('.')?;
    let said = match extension.to_ascii_lowercase().as_str() {
        "jks" => Format::Jks,
        "jceks" => Format::Jceks,
        "p12" | "pfx" => Format::Pkcs12,
        "p7b" | "p7c" => Format::Pkcs7,
        "pem" => Format::Pem,
        "der" => Format::Der,
        _ => return None,
    };
    let found = view.contents.format;
    // `openssl crl2pkcs7` writes PEM under these names too.
    let fits = found == said || (said == Format::Pkcs7 && found == Format::Pem);
    (!fits).then(|| {
        MISNAMED.at(view.place(), format!("it is called .{extension} and holds {}", found.name()), "give it the name of what it holds")
    })
}

fn damaged_parts(view: &View<'_>) -> Vec<Finding> {
    let items = view.contents.items.iter().enumerate().filter(|_| !closed(view));
    items
        .filter_map(|(index, item)| match &item.held {
            Held::Unreadable { what, problem, at } => {
                let place = Place::target(view.target).entry(entry_name(item.alias.as_deref(), index));
                let at = at.map(|at| format!(" at byte {at}")).unwrap_or_default();
                Some(DAMAGED_PART.at(
                    place,
                    format!("the {what}{at} cannot be read: {problem}"),
                    "take it out, or get the file again from where it came",
                ))
            }
            Held::Key { .. }
            | Held::Trusted(_)
            | Held::Certificate(_)
            | Held::SecretKey { .. }
            | Held::PublicKey(_)
            | Held::Request(_)
            | Held::RevocationList(_) => None,
        })
        .collect()
}
