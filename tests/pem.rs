//! PEM files of every sort: `check` says of each what Kafka's own loader and Erlang's say.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign::check::{ErlangFile, KafkaStore, erlang_pem, kafka_pem};
use countersign::finding::{Finding, Severity};
use countersign::pki::Passphrase;
use support::{fixtures, program};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse";

/// A directory in which openssl makes keys and certificates.
struct Workbench {
    dir: TempDir,
}

impl Workbench {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn openssl(&self, arguments: &str) {
        program(Command::new("openssl").args(arguments.split(' ')).current_dir(self.dir.path()));
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// A key of openssl's `kind`, as PKCS#8, and a certificate that it signed itself.
    fn made(&self, name: &str, kind: &str) -> (String, String) {
        self.openssl(&format!("genpkey {kind} -out {name}.key"));
        self.openssl(&format!("req -x509 -new -key {name}.key -subj /CN={name} -days 9 -out {name}.crt"));
        (self.read(&format!("{name}.key")), self.read(&format!("{name}.crt")))
    }

    /// The key in `name`.key, written anew by openssl.
    fn rewritten(&self, name: &str, how: &str) -> String {
        self.openssl(&format!("{how} -in {name}.key -out rewritten.key"));
        self.read("rewritten.key")
    }

    /// A root, an authority below it and a leaf: the leaf's key, and the three certificates from the leaf up.
    fn chain(&self) -> (String, [String; 3]) {
        let (_, root) = self.made("root", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
        self.write("authority.ext", "basicConstraints=critical,CA:TRUE\n");
        for (name, issuer) in [("issuing", "root"), ("leaf", "issuing")] {
            self.openssl(&format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key"));
            self.openssl(&format!("req -new -key {name}.key -subj /CN={name} -out {name}.csr"));
            let extensions = if name == "issuing" { " -extfile authority.ext" } else { "" };
            self.openssl(&format!(
                "x509 -req -in {name}.csr -CA {issuer}.crt -CAkey {issuer}.key -CAcreateserial -days 9 -out {name}.crt{extensions}"
            ));
        }
        (self.read("leaf.key"), [self.read("leaf.crt"), self.read("issuing.crt"), root])
    }
}

/// One file for Kafka.
struct Case {
    name: &'static str,
    store: KafkaStore,
    text: String,
    password: Option<&'static str>,
}

fn keystore(name: &'static str, text: String) -> Case {
    Case { name, store: KafkaStore::Keystore, text, password: None }
}

fn truststore(name: &'static str, text: String) -> Case {
    Case { name, store: KafkaStore::Truststore, text, password: None }
}

fn with_password(name: &'static str, text: String) -> Case {
    Case { name, store: KafkaStore::Keystore, text, password: Some(PASSWORD) }
}

/// What Kafka's `DefaultSslEngineFactory` says to each: nothing, or why not.
fn kafka_says(bench: &Workbench, cases: &[Case]) -> Vec<Result<(), String>> {
    let mut command = Command::new("java");
    command.arg("-cp").arg(format!("{}/*", fixtures().join("kafka-3.9.2").display()));
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/LoadPem.java"));
    for (index, case) in cases.iter().enumerate() {
        let store = if case.store == KafkaStore::Keystore { "keystore" } else { "truststore" };
        command.arg(store).arg(bench.write(&format!("{index}.pem"), &case.text)).arg(case.password.unwrap_or_default());
    }
    let output = command.output().expect("java is installed by tests/run");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said: Vec<_> = text.lines().map(|line| if line == "ok" { Ok(()) } else { Err(line.to_owned()) }).collect();
    assert_eq!(said.len(), cases.len(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn errors(findings: Vec<Finding>) -> Vec<String> {
    let errors = findings.into_iter().filter(|finding| finding.rule.severity == Severity::Error);
    errors.map(|finding| format!("{}: {}", finding.rule.code, finding.message)).collect()
}

fn agree_with_kafka(bench: &Workbench, cases: &[Case]) {
    let mut different = Vec::new();
    for (case, said) in cases.iter().zip(kafka_says(bench, cases)) {
        let password = case.password.map(|text| Passphrase::new(text.to_owned()));
        let found = errors(kafka_pem(case.name, case.text.as_bytes(), case.store, password.as_ref()));
        if found.is_empty() != said.is_ok() {
            different.push(format!("{}: Kafka says {said:?}, we find {found:?}", case.name));
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
fn keys_and_kafka() {
    let bench = Workbench::new();
    let mut cases = Vec::new();
    let kinds = [
        ("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
        ("p256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
        ("brainpool", "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1"),
        ("explicit", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit"),
        ("pss", "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048"),
        ("ed25519", "-algorithm ED25519"),
        ("ed448", "-algorithm ED448"),
    ];
    let (_, certificate) = bench.made("other", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    for (name, kind) in kinds {
        // Java does not read certificates with explicit parameters: their key is shown with another's certificate.
        let (key, own) = bench.made(name, kind);
        let certificate = if name == "explicit" { &certificate } else { &own };
        cases.push(keystore(name, format!("{key}{certificate}")));
    }
    let (key, rsa) = (bench.read("p256.key"), bench.read("rsa.crt"));
    let own = bench.read("p256.crt");
    cases.push(keystore("a certificate of another kind first", format!("{key}{rsa}")));
    cases.push(keystore("PKCS#1", bench.rewritten("rsa", "rsa -traditional") + &rsa));
    cases.push(keystore("SEC1", bench.rewritten("p256", "ec") + &own));
    cases.push(with_password("a password for a key that has none", format!("{key}{own}")));
    agree_with_kafka(&bench, &cases);
}

#[test]
fn encrypted_keys_and_kafka() {
    let bench = Workbench::new();
    let (_, own) = bench.made("p256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    bench.write("password", PASSWORD);
    let mut cases = Vec::new();
    let schemes = [
        ("PBES2", "-v2 aes-256-cbc"),
        ("scrypt", "-scrypt"),
        ("MD5 and DES", "-v1 PBE-MD5-DES"),
        ("SHA-1 and DES", "-v1 PBE-SHA1-DES"),
        ("SHA-1 and 3DES", "-v1 PBE-SHA1-3DES"),
        ("SHA-1 and 3DES of two keys", "-v1 PBE-SHA1-2DES"),
        ("SHA-1 and RC2 128", "-v1 PBE-SHA1-RC2-128"),
        ("SHA-1 and RC2 40", "-v1 PBE-SHA1-RC2-40"),
        ("SHA-1 and RC4 128", "-v1 PBE-SHA1-RC4-128"),
    ];
    for (name, scheme) in schemes {
        let key = bench.rewritten("p256", &format!("pkcs8 -provider legacy -provider default -topk8 {scheme} -passout file:password"));
        cases.push(with_password(name, format!("{key}{own}")));
        cases.push(keystore(name, format!("{key}{own}")));
    }
    agree_with_kafka(&bench, &cases);
}

#[test]
fn blocks_and_kafka() {
    let bench = Workbench::new();
    let (key, [leaf, issuing, root]) = bench.chain();
    let (other_key, _) = bench.made("other", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    bench.openssl("req -new -key leaf.key -subj /CN=leaf -out leaf.csr");
    let request = bench.read("leaf.csr");
    let indented: String = leaf.lines().map(|line| format!("  {line}\n")).collect();
    let dotted = leaf.replacen('M', ".", 1);
    agree_with_kafka(
        &bench,
        &[
            keystore("key, leaf and authority", format!("{key}{leaf}{issuing}")),
            keystore("the root as well", format!("{key}{leaf}{issuing}{root}")),
            keystore("the key last", format!("{leaf}{issuing}{key}")),
            keystore("the key between", format!("{leaf}{key}{issuing}")),
            keystore("no last line feed", format!("{key}{leaf}").trim_end().to_owned()),
            keystore("carriage returns", format!("{key}{leaf}").replace('\n', "\r\n")),
            keystore("text around and attributes", format!("Bag Attributes\n    friendlyName: x\n{key}subject=CN = leaf\n{leaf}the end\n")),
            keystore("a byte order mark", format!("\u{feff}{key}{leaf}")),
            keystore("indented", format!("{key}{indented}")),
            keystore("no key", format!("{leaf}{issuing}")),
            keystore("no certificate", key.clone()),
            keystore("nothing", String::new()),
            keystore("two keys", format!("{key}{other_key}{leaf}")),
            keystore("the wrong order", format!("{key}{issuing}{leaf}")),
            keystore("an authority left out", format!("{key}{leaf}{root}")),
            keystore("a certificate twice", format!("{key}{leaf}{issuing}{issuing}")),
            keystore("a request beside it", format!("{key}{leaf}{request}")),
            keystore("a trusted certificate", format!("{key}{}", leaf.replace("CERTIFICATE", "TRUSTED CERTIFICATE"))),
            keystore("a certificate with a hole", format!("{key}{dotted}")),
            keystore("a certificate with a hole and another", format!("{key}{dotted}{leaf}")),
            truststore("one anchor", root.clone()),
            truststore("anchors without order", format!("{root}{leaf}{issuing}{root}")),
            truststore("an anchor and a key", format!("{root}{key}")),
            truststore("a key alone", key.clone()),
            truststore("blocks on one line", format!("{}{root}", issuing.trim_end())),
            truststore("damaged", root.replacen("MII", "MIA", 1)),
            truststore("padding within", root.replacen("M", "M=", 1)),
        ],
    );
}

/// Whether Erlang's `public_key` finds what RabbitMQ needs in each file.
fn erlang_says(files: &[(PathBuf, ErlangFile)]) -> Vec<bool> {
    let list: Vec<String> = files
        .iter()
        .map(|(path, file)| {
            format!("{{{:?},{}}}", path.display().to_string(), if *file == ErlangFile::Key { "key" } else { "certificates" })
        })
        .collect();
    let program_text = format!(
        r#"lists:foreach(fun({{Path, Kind}}) ->
            {{ok, Bytes}} = file:read_file(Path),
            Fits = fun({{'Certificate', _, not_encrypted}}) -> Kind =:= certificates;
                      ({{Type, _, _}} = Entry) when Type =/= 'Certificate' ->
                          Kind =:= key andalso (try public_key:pem_entry_decode(Entry, "{PASSWORD}") of _ -> true catch _:_ -> false end);
                      (_) -> false end,
            Found = try lists:any(Fits, public_key:pem_decode(Bytes)) catch _:_ -> false end,
            io:format("~p~n", [Found])
        end, [{}]), init:stop()."#,
        list.join(",")
    );
    let text = program(Command::new("erl").args(["-noinput", "-eval", &program_text]));
    text.lines().map(|line| line == "true").collect()
}

#[test]
fn files_and_erlang() {
    let bench = Workbench::new();
    let (key, own) = bench.made("p256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    bench.write("password", PASSWORD);
    let pkcs8 =
        |scheme: &str| bench.rewritten("p256", &format!("pkcs8 -provider legacy -provider default -topk8 {scheme} -passout file:password"));
    let indented: String = own.lines().map(|line| format!(" {line}\n")).collect();
    let certificates = [
        own.clone(),
        own.replace('\n', "\r\n"),
        format!("text before\n{own}"),
        format!("\u{feff}{own}"),
        format!("\u{feff}text before\n{own}"),
        indented,
        own.replace('\n', ""),
        own.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        own.replace("CERTIFICATE", "X509 CERTIFICATE"),
        key.clone(),
        String::new(),
    ];
    let keys = [
        key.clone(),
        bench.rewritten("p256", "ec"),
        bench.rewritten("p256", "ec -aes256 -passout file:password"),
        format!("{own}{key}"),
        pkcs8("-v2 aes-256-cbc"),
        pkcs8("-v2 aes-128-cbc -v2prf hmacWithSHA512"),
        pkcs8("-v2 des3"),
        pkcs8("-v2 camellia-256-cbc"),
        pkcs8("-scrypt"),
        pkcs8("-v1 PBE-MD5-DES"),
        pkcs8("-v1 PBE-SHA1-DES"),
        pkcs8("-v1 PBE-SHA1-3DES"),
        pkcs8("-v1 PBE-SHA1-RC2-40"),
        own,
    ];
    let texts: Vec<(String, ErlangFile)> = certificates
        .into_iter()
        .map(|text| (text, ErlangFile::Chain))
        .chain(keys.into_iter().map(|text| (text, ErlangFile::Key)))
        .collect();
    let files: Vec<_> = texts.iter().enumerate().map(|(at, (text, file))| (bench.write(&format!("{at}.pem"), text), *file)).collect();
    for ((text, file), loads) in texts.iter().zip(erlang_says(&files)) {
        let found = errors(erlang_pem("file", text.as_bytes(), *file));
        assert_eq!(found.is_empty(), loads, "{file:?} {found:?}\n{text}");
    }
}

/// Erlang serves the first certificate, whosever it is.
#[test]
fn a_certfile_begins_with_the_leaf() {
    let (_, [leaf, issuing, root]) = Workbench::new().chain();
    let found = |text: String, file| errors(erlang_pem("tls.crt", text.as_bytes(), file));
    assert_eq!(found(format!("{leaf}{issuing}{root}"), ErlangFile::Chain), [""; 0]);
    assert_eq!(found(format!("{issuing}{leaf}"), ErlangFile::Chain), ["erlang-pem-order: CN=issuing comes before the leaf CN=leaf"]);
    assert_eq!(found(format!("{root}{issuing}"), ErlangFile::Anchors), [""; 0]);
}
