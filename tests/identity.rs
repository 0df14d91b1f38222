//! Whatever a user has to connect with becomes the client that its own program would be, or says why not.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign::cluster;
use countersign::cluster::SaslMechanism;
use countersign::describe::{Protocol, TlsVersion};
use countersign::diagnosis::{FileProblem, Step, Symptom, Via};
use countersign::directory::Directory;
use countersign::identity::{Besides, Candidate, Chosen, IdentityError, from_arguments, from_file, from_holder};
use countersign::keystore::Passwords;
use countersign::pki::{Certificate, Passphrase};
use countersign::settings::LoginModule;
use countersign::visit::{Login, Visitor};
use proptest::prelude::*;
use support::{Workspace, fixtures, program};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse";

fn password() -> Passwords {
    Passwords { store: Some(Passphrase::new(PASSWORD.to_owned())), ..Passwords::default() }
}

#[track_caller]
fn one(path: &Path, besides: &Besides) -> Candidate {
    let mut candidates = from_file(path, besides).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(candidates.len(), 1);
    candidates.remove(0)
}

#[track_caller]
fn visitor(candidate: &Candidate) -> &Visitor {
    candidate.visitor.as_ref().unwrap_or_else(|fault| panic!("{}: {}", candidate.name, fault.symptom))
}

/// What is wrong, and with which file.
#[track_caller]
fn problem(candidate: &Candidate) -> (&str, &FileProblem) {
    let fault = candidate.visitor.as_ref().expect_err("it cannot be used");
    assert_eq!(fault.step, Step::Files);
    match &fault.symptom {
        Symptom::File { file, problem } => (file.rsplit('/').next().unwrap(), problem),
        symptom => panic!("{symptom}"),
    }
}

fn leaf(visitor: &Visitor) -> Option<&str> {
    visitor.credential.as_ref().map(|credential| credential.leaf().subject.as_str())
}

fn subjects(certificates: &[Certificate]) -> Vec<&str> {
    certificates.iter().map(|certificate| certificate.subject.as_str()).collect()
}

fn endpoints(candidate: &Candidate) -> Vec<String> {
    candidate.targets.iter().map(|target| target.endpoint.to_string()).collect()
}

// What countersign renders itself.

#[test]
fn every_configuration_that_is_rendered_is_the_same_client() {
    for (formats, passwords) in [("pkcs12, jks, pem", "inline"), ("jks, pkcs12, pem", "file-provider"), ("pem", "inline")] {
        let workspace = Workspace::new(&format!(
            "cluster: production
stores: {{ formats: [{formats}], java: 11 }}
kafka:
  passwords: {passwords}
  listeners: {{ BROKER: {{ port: 9093 }}, CONTROLLER: {{ port: 9095 }} }}
  brokers: [{{ name: 'broker-{{1..2}}', host: 'broker-{{1..2}}.example' }}]
rabbitmq:
  nodes: [{{ name: 'rabbit-{{1..2}}', host: 'rabbit-{{1..2}}.example' }}]
clients: [{{ name: orders, kafka: {{ write: [orders] }}, rabbitmq: {{ vhost: /prod }} }}]
"
        ));
        workspace.ok(&["apply", "--no-proof"]);
        let current = workspace.path("pki/clients/orders/current");
        let wanted = [Certificate::from_pem(&fs::read(current.join("tls.crt")).unwrap()).unwrap(), {
            Certificate::from_pem(&fs::read(current.join("ca.crt")).unwrap()).unwrap()
        }];
        let spec = cluster::parse(&workspace.read("countersign.yaml"), &workspace.path("")).unwrap();
        let holder = spec.holders.iter().find(|holder| holder.id.to_string() == "clients/orders").unwrap();
        let files = Directory::new(&workspace.path("pki")).unwrap().holder_files(&spec, holder).unwrap();
        let holder = from_holder(&files, &Besides::default()).unwrap().remove(0);
        let chain = visitor(&holder).credential.as_ref().unwrap().chain();
        assert_eq!([chain.to_vec(), visitor(&holder).anchors.to_vec()], wanted);
        assert_eq!((holder.name.as_str(), holder.via), ("clients/orders", Via::Pem));
        for (file, via, protocol) in [
            ("client.properties", Via::ClientProperties, Protocol::Kafka),
            ("librdkafka.conf", Via::Librdkafka, Protocol::Kafka),
            ("amqp.uri", Via::AmqpUri, Protocol::Amqp),
        ] {
            let candidate = one(&current.join(file), &Besides::default());
            let visitor = visitor(&candidate);
            let chain = visitor.credential.as_ref().unwrap().chain();
            assert_eq!([chain.to_vec(), visitor.anchors.to_vec()], wanted, "{file} of {formats}");
            assert!(matches!(visitor.login, Login::Certificate), "{file}");
            assert_eq!((candidate.via, candidate.notes.as_slice()), (via, &[][..]), "{file}");
            let host = if protocol == Protocol::Kafka { "broker-{}.example:9093" } else { "rabbit-{}.example:5671" };
            assert_eq!(endpoints(&candidate), ["1", "2"].map(|number| host.replace("{}", number)), "{file}");
            let vhost = (protocol == Protocol::Amqp).then(|| "/prod".to_owned());
            assert!(candidate.targets.iter().all(|target| target.protocol == protocol && target.vhost == vhost), "{file}");
        }
    }
}

// What others write.

/// Where keytool and openssl make an authority, a client of it, and files of both.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let new = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        desk.openssl(&format!("{new} -x509 -subj /CN=authority -keyout ca.key -out ca.crt"));
        desk.openssl(&format!("{new} -x509 -subj /CN=orders -keyout tls.key -out tls.crt -CA ca.crt -CAkey ca.key"));
        desk.openssl(&format!("{new} -x509 -subj /CN=other -keyout other.key -out other.crt -CA ca.crt -CAkey ca.key"));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    #[track_caller]
    fn openssl(&self, arguments: &str) {
        program(Command::new("openssl").args(arguments.split(' ')).env("PASSWORD", PASSWORD).current_dir(self.0.path()));
    }

    #[track_caller]
    fn keytool(&self, arguments: &str) {
        let mut command = Command::new("keytool");
        program(
            command.args(arguments.split(' ')).args(["-storepass:env", "PASSWORD"]).env("PASSWORD", PASSWORD).current_dir(self.0.path()),
        );
    }

    fn trusting(&self) -> Besides {
        Besides { trust: vec![self.path("ca.crt")], passwords: password(), ..Besides::default() }
    }
}

#[test]
fn a_certificate_or_a_store_by_itself() {
    let desk = Desk::new();
    desk.openssl("pkcs12 -export -in tls.crt -inkey tls.key -passout env:PASSWORD -out keystore.p12");
    desk.keytool("-importkeystore -srckeystore keystore.p12 -srcstorepass:env PASSWORD -destkeystore keystore.jks -deststoretype JKS");
    let combined = desk.read("tls.key") + &desk.read("tls.crt");
    desk.write("combined.pem", &combined);
    for (file, via) in [("keystore.p12", Via::Pkcs12), ("keystore.jks", Via::Jks), ("combined.pem", Via::Pem)] {
        let candidate = one(&desk.path(file), &desk.trusting());
        assert_eq!((leaf(visitor(&candidate)), candidate.via), (Some("CN=orders"), via), "{file}");
        assert_eq!(subjects(&visitor(&candidate).anchors), ["CN=authority"]);
        assert!(candidate.targets.is_empty());
        assert_eq!(visitor(&candidate).versions, Visitor::VERSIONS);
    }
    let besides = Besides { key: Some(desk.path("tls.key")), ..desk.trusting() };
    assert_eq!(leaf(visitor(&one(&desk.path("tls.crt"), &besides))), Some("CN=orders"));
    let error = from_file(&desk.path("keystore.p12"), &besides).unwrap_err();
    assert!(matches!(error, IdentityError::KeyUnused(_)), "{error}");
    let unsaid = Besides { passwords: password(), ..Besides::default() };
    let error = from_file(&desk.path("keystore.p12"), &unsaid).unwrap_err();
    assert!(matches!(error, IdentityError::NoTrust(_)), "{error}");
}

#[test]
fn what_cannot_be_used_says_why_and_which_file_it_is() {
    let desk = Desk::new();
    desk.openssl("pkcs12 -export -in tls.crt -inkey tls.key -passout env:PASSWORD -out keystore.p12");
    desk.openssl("pkey -in tls.key -aes256 -passout env:PASSWORD -out locked.key");
    desk.openssl("genpkey -algorithm ED448 -out odd.key");
    desk.openssl("req -x509 -new -key odd.key -subj /CN=odd -out odd.crt");
    desk.write("damaged.p12", "\u{30}\u{7f}not a store");
    let trusting = || Besides { trust: vec![desk.path("ca.crt")], ..Besides::default() };
    let with_key = |key: &str| Besides { key: Some(desk.path(key)), ..trusting() };
    let wrong = Besides { passwords: Passwords { store: Some(Passphrase::new("wrong".to_owned())), ..Passwords::default() }, ..trusting() };
    let found = |file: &str, besides: &Besides| {
        let candidate = one(&desk.path(file), besides);
        let (file, problem) = problem(&candidate);
        format!("{file}: {problem}")
    };
    assert_eq!(found("keystore.p12", &wrong), "keystore.p12: the password does not open it");
    assert_eq!(found("keystore.p12", &trusting()), "keystore.p12: its key is encrypted, and there is no password for it");
    assert_eq!(found("tls.crt", &with_key("locked.key")), "locked.key: its key is encrypted, and there is no password for it");
    assert_eq!(found("tls.crt", &with_key("other.key")), "other.key: the private key does not belong to the certificate of CN=orders");
    assert_eq!(found("tls.crt", &with_key("missing.key")), "missing.key: it cannot be read: there is no such file");
    assert_eq!(found("tls.crt", &trusting()), "tls.crt: there is no private key in it");
    assert_eq!(found("tls.key", &trusting()), "tls.key: there is no certificate in it");
    assert!(found("odd.crt", &with_key("odd.key")).ends_with("a kind of key that TLS cannot use"));
    assert!(found("damaged.p12", &trusting()).starts_with("damaged.p12: "));
    assert_eq!(found("missing.pem", &trusting()), "missing.pem: it cannot be read: there is no such file");
    let besides = Besides { trust: vec![desk.path("tls.key")], key: Some(desk.path("tls.key")), ..Besides::default() };
    assert_eq!(found("tls.crt", &besides), "tls.key: nothing is trusted: it holds no trusted certificate");
}

/// Nothing is damaged in it: there is nothing in it.
#[test]
fn a_file_of_trust_without_a_certificate_trusts_nobody() {
    let desk = Desk::new();
    desk.write("empty.pem", "");
    desk.write("blank.pem", "\n\n");
    desk.write("parameters.pem", "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
    for file in ["empty.pem", "blank.pem", "parameters.pem"] {
        let by_hand = Besides { trust: vec![desk.path(file)], key: Some(desk.path("tls.key")), ..Besides::default() };
        let configurations = [
            one(&desk.path("tls.crt"), &by_hand),
            one(&java(&desk, &format!("ssl.truststore.type=PEM\nssl.truststore.location={file}")), &Besides::default()),
            one(&java(&desk, &format!("ssl.truststore.type=JKS\nssl.truststore.location={file}")), &Besides::default()),
            one(&rdkafka(&desk, &format!("ssl.ca.location={file}")), &Besides::default()),
        ];
        for candidate in configurations {
            assert_eq!(problem(&candidate), (file, &FileProblem::NoAnchors));
        }
    }
    // A key that is not there is not damaged either.
    let besides = Besides { key: Some(desk.path("empty.pem")), ..desk.trusting() };
    assert_eq!(problem(&one(&desk.path("tls.crt"), &besides)), ("empty.pem", &FileProblem::NoKey));
}

fn java(desk: &Desk, lines: &str) -> PathBuf {
    desk.write("client.properties", &format!("bootstrap.servers=Broker.Example.:9093\nsecurity.protocol=SSL\n{lines}\n"))
}

fn rdkafka(desk: &Desk, lines: &str) -> PathBuf {
    desk.write("librdkafka.conf", &format!("bootstrap.servers=broker.example,ssl://[::1]:9095\nsecurity.protocol=ssl\n{lines}\n"))
}

/// Without the attribute that is Java's mark of trust, a certificate in PKCS#12 is no entry.
#[test]
fn a_truststore_that_java_finds_empty_is_empty() {
    let desk = Desk::new();
    desk.openssl("pkcs12 -export -nokeys -in ca.crt -passout env:PASSWORD -out openssl.p12");
    desk.keytool("-importcert -noprompt -alias ca -file ca.crt -keystore keytool.p12 -storetype PKCS12");
    let of = |store: &str| format!("ssl.truststore.type=PKCS12\nssl.truststore.location={store}\nssl.truststore.password={PASSWORD}");
    let candidate = one(&java(&desk, &of("openssl.p12")), &Besides::default());
    assert_eq!(problem(&candidate), ("openssl.p12", &FileProblem::NoAnchors));
    let candidate = one(&java(&desk, &of("keytool.p12")), &Besides::default());
    assert_eq!(subjects(&visitor(&candidate).anchors), ["CN=authority"]);
    assert_eq!((leaf(visitor(&candidate)), endpoints(&candidate)), (None, vec!["broker.example:9093".to_owned()]));
    assert!(matches!(visitor(&candidate).login, Login::Anonymous));
    // A directory is trusted as OpenSSL trusts one.
    fs::create_dir(desk.path("certs")).unwrap();
    fs::copy(desk.path("ca.crt"), desk.path("certs/5ed36f99.0")).unwrap();
    desk.write("certs/README", "nothing");
    fs::create_dir(desk.path("certs/below")).unwrap();
    desk.openssl("req -x509 -newkey ed25519 -nodes -keyout below.key -subj /CN=below -out certs/below/below.pem");
    let candidate = one(&rdkafka(&desk, "ssl.ca.location=certs"), &Besides::default());
    assert_eq!(subjects(&visitor(&candidate).anchors), ["CN=authority"]);
    // By hand, what is given to be trusted is trusted.
    let by_hand = Besides { trust: vec![desk.path("openssl.p12")], passwords: password(), ..Besides::default() };
    assert_eq!(subjects(&visitor(&one(&java(&desk, ""), &by_hand)).anchors), ["CN=authority"]);
}

#[test]
fn a_store_of_another_type_than_the_configuration_says() {
    let desk = Desk::new();
    let candidate = one(&java(&desk, "ssl.truststore.location=ca.crt"), &Besides::default());
    assert_eq!(problem(&candidate).1.to_string(), "it is PEM, and ssl.truststore.type does not say so");
}

#[test]
fn of_several_keys_one_is_taken_and_that_is_said() {
    let desk = Desk::new();
    for name in ["one", "two"] {
        desk.keytool(&format!(
            "-genkeypair -alias {name} -keyalg EC -dname CN={name} -keystore keystore.jks -storetype JKS -keypass:env PASSWORD"
        ));
    }
    let candidate = one(&desk.path("keystore.jks"), &desk.trusting());
    assert!(leaf(visitor(&candidate)).is_some());
    assert!(candidate.notes[0].starts_with("there are 2 keys: "), "{:?}", candidate.notes);
}

#[test]
fn pem_that_stands_in_the_configuration() {
    let desk = Desk::new();
    let on_one_line = |name: &str| desk.read(name).replace('\n', "\\n");
    let candidate = one(
        &java(
            &desk,
            &format!(
                "ssl.keystore.type=PEM\nssl.keystore.certificate.chain={}\nssl.keystore.key={}\nssl.truststore.type=PEM\nssl.truststore.certificates={}",
                on_one_line("tls.crt"),
                on_one_line("tls.key"),
                on_one_line("ca.crt")
            ),
        ),
        &Besides::default(),
    );
    assert_eq!((leaf(visitor(&candidate)), subjects(&visitor(&candidate).anchors)), (Some("CN=orders"), vec!["CN=authority"]));
    let lines =
        |key: &str| format!("ssl.certificate.pem={}\nssl.key.pem={}\nssl.ca.pem={}", on_one_line("tls.crt"), key, on_one_line("ca.crt"));
    let candidate = one(&rdkafka(&desk, &lines(&on_one_line("tls.key"))), &Besides::default());
    assert_eq!((leaf(visitor(&candidate)), subjects(&visitor(&candidate).anchors)), (Some("CN=orders"), vec!["CN=authority"]));
    assert_eq!(endpoints(&candidate), ["broker.example:9092", "[::1]:9095"]);
    let candidate = one(&rdkafka(&desk, &lines(&on_one_line("other.key"))), &Besides::default());
    assert_eq!(problem(&candidate), ("librdkafka.conf: ssl.key.pem", &FileProblem::KeyMismatch { subject: "CN=orders".to_owned() }));
}

#[test]
fn a_client_that_would_go_without_tls_goes_nowhere() {
    let desk = Desk::new();
    for protocol in ["PLAINTEXT", "SASL_PLAINTEXT"] {
        let path = desk.write(
            "client.properties",
            &format!("bootstrap.servers=a:9092\nsecurity.protocol={protocol}\nssl.truststore.location=ca.crt\n"),
        );
        assert!(matches!(problem(&one(&path, &Besides::default())).1, FileProblem::InPlaintext(_)), "{protocol}");
    }
    let path = desk.write("amqp.uri", "amqp://u:p@rabbit.example/\n");
    let candidate = one(&path, &desk.trusting());
    assert_eq!(problem(&candidate).1.to_string(), "it says amqp:// in line 1, which is not encrypted");
    assert_eq!(endpoints(&candidate), ["rabbit.example:5672"]);
}

#[test]
fn who_logs_in() {
    let desk = Desk::new();
    let jaas = "sasl.mechanism=SCRAM-SHA-256\nsasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"u\" password=\"p\\\\\"w\";";
    let path = desk.write("client.properties", &format!("bootstrap.servers=a:9092\nsecurity.protocol=SASL_SSL\n{jaas}\n"));
    let login = |besides: &Besides| match visitor(&one(&path, besides)).login.clone() {
        Login::Password { mechanism, user, password } => format!("{} {user} {}", mechanism.name(), password.expose()),
        Login::Certificate => "certificate".to_owned(),
        Login::Anonymous => "anonymous".to_owned(),
    };
    assert_eq!(login(&desk.trusting()), "SCRAM-SHA-256 u p\"w");
    let user = Some(("v".to_owned(), Passphrase::new("q".to_owned())));
    assert_eq!(login(&Besides { user: user.clone(), ..desk.trusting() }), "SCRAM-SHA-256 v q");
    let sha512 = Some(Chosen::Password(SaslMechanism::ScramSha512));
    assert_eq!(login(&Besides { mechanism: sha512, ..desk.trusting() }), "SCRAM-SHA-512 u p\"w");
    assert_eq!(login(&Besides { mechanism: Some(Chosen::External), ..desk.trusting() }), "certificate");
    let candidates = from_arguments(&Besides { user, ..desk.trusting() }).unwrap();
    assert!(matches!(&visitor(&candidates[0]).login, Login::Password { mechanism: SaslMechanism::Plain, user, .. } if user == "v"));

    let refusal = |lines: &str| {
        let path = desk.write("other.properties", &format!("bootstrap.servers=a:9092\nsecurity.protocol=SASL_SSL\n{lines}\n"));
        from_file(&path, &desk.trusting()).unwrap_err()
    };
    assert!(matches!(refusal("sasl.mechanism=GSSAPI"), IdentityError::Mechanism { .. }));
    assert!(matches!(refusal("sasl.mechanism=PLAIN"), IdentityError::NoUser(_)));
    assert!(matches!(
        refusal("sasl.mechanism=PLAIN\nsasl.jaas.config=M required username=a password=b tokenauth=true;"),
        IdentityError::Token(_)
    ));
    let path =
        desk.write("other.properties", "bootstrap.servers=a:9092\nsecurity.protocol=SASL_SSL\nsasl.jaas.config=M required username=a\n");
    assert_eq!(problem(&one(&path, &desk.trusting())).1.to_string(), "sasl.jaas.config cannot be read: it does not end in a semicolon");
}

#[test]
fn a_url_of_rabbitmq() {
    let desk = Desk::new();
    let path = desk.write(
        "urls",
        "# nodes\namqps://a.example/v?cacertfile=ca.crt\n\namqps://b.example:5673/w?cacertfile=ca.crt&server_name_indication=b.example\n",
    );
    let candidate = one(&path, &Besides::default());
    assert!(matches!(&visitor(&candidate).login, Login::Password { user, .. } if user == "guest"));
    assert_eq!(endpoints(&candidate), ["a.example:5671", "b.example:5673"]);
    let refusal = |text: &str| from_file(&desk.write("urls", text), &Besides::default()).unwrap_err().to_string();
    assert!(
        refusal("amqps://a/v\namqps://u@b/v\n")
            .ends_with("urls, line 2: this URL is of another client than the first; give each a file of its own")
    );
    assert!(refusal("amqps://u:secret@a:x/v\n").ends_with("urls, line 1: its port is no number from 1 to 65535"));
    assert!(refusal("amqps://a/v\nsecret\n").ends_with("urls, line 2: it is no amqps URL: write amqps://host/vhost"));
}

#[test]
fn each_version_of_tls_by_itself() {
    let desk = Desk::new();
    let path = java(&desk, "ssl.enabled.protocols=TLSv1.2,TLSv1.1\nssl.endpoint.identification.algorithm=");
    let candidate = one(&path, &desk.trusting());
    assert_eq!(visitor(&candidate).versions, [TlsVersion::V1_2]);
    assert!(candidate.notes.iter().any(|note| note.starts_with("the client does not check host names")));
    let both = Besides { versions: vec![TlsVersion::V1_2, TlsVersion::V1_3], ..desk.trusting() };
    let candidates = from_file(&path, &both).unwrap();
    assert_eq!(
        candidates.iter().map(|candidate| visitor(candidate).versions.clone()).collect::<Vec<_>>(),
        [[TlsVersion::V1_2], [TlsVersion::V1_3]]
    );
    assert!(candidates[1].name.ends_with("client.properties (TLSv1.3)"));
    assert!(matches!(problem(&one(&java(&desk, "ssl.enabled.protocols=TLSv1"), &desk.trusting())).1, FileProblem::Damaged(_)));
}

#[test]
fn what_is_no_clients_is_no_identity() {
    let desk = Desk::new();
    let broker = desk.write("server.properties", "process.roles=broker\nnode.id=1\nlisteners=SSL://:9093\nlog.dirs=/d\n");
    assert!(matches!(from_file(&broker, &Besides::default()), Err(IdentityError::NotAClient { program: "a Kafka broker", .. })));
    let path = desk.write("client.properties", "bootstrap.servers=broker.example\nsecurity.protocol=SSL\nssl.truststore.type=PEM\n");
    assert!(matches!(from_file(&path, &Besides::default()), Err(IdentityError::Target { .. })));
}

/// The test runs itself with a list of roots of its own: the environment of this process is everybody's.
#[test]
fn a_client_that_names_no_truststore_trusts_the_system() {
    if let Some(directory) = std::env::var_os("IDENTITY_TEST_DIRECTORY") {
        for file in ["client.properties", "librdkafka.conf"] {
            let candidate = one(&Path::new(&directory).join(file), &Besides::default());
            assert_eq!(subjects(&visitor(&candidate).anchors), ["CN=authority"]);
            assert_eq!(candidate.notes.len(), 1, "{:?}", candidate.notes);
        }
        return;
    }
    let desk = Desk::new();
    java(&desk, "acks=all");
    rdkafka(&desk, "acks=all");
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "a_client_that_names_no_truststore_trusts_the_system"]);
    program(again.env("IDENTITY_TEST_DIRECTORY", desk.0.path()).env("SSL_CERT_FILE", desk.path("ca.crt")).env_remove("SSL_CERT_DIR"));
}

// The judge is Kafka.

const JAAS: &[&str] = &[
    r#"org.apache.kafka.common.security.scram.ScramLoginModule required username="a" password="b\"c";"#,
    r"M required username='a b' password='it\'s';",
    r#"M REQUIRED username=alice password=s3cret;"#,
    r#"M required username=alice password=12345;"#,
    r#"M required username=alice password=12345x;"#,
    r#"M required username=-a password=a-b_c$d.e;"#,
    r#"M required username="tab\tbell\a" password="\101\12\400\78\x";"#,
    r#"M required username="" password="";"#,
    r#"M required username = "a" password= "b" ;"#,
    "M required // comment ;\n username=a /* password=x; */ password=b;",
    "M required username=a/b password=c;\n password=d;",
    r#"M required username="a" password="b" "#,
    r#"M required username="a" password="b";;"#,
    r#"M required username="a"; N required username="b";"#,
    r#"M required username="a
b" password="c";"#,
    r#"M needed username=a;"#,
    r#"M required username=a,password=b;"#,
    r#"M required username=ä password=пароль;"#,
    "M required username=a\u{85}b password=c;",
    r#""M" "required" "username"="a" password="b";"#,
    r#"1M required username=a;"#,
    r#"M required 1=a username=b;"#,
    r#"M required username=.5 ;"#,
    r#"M required username=a- password=-.;"#,
    r#"M required;"#,
    "",
    "  ",
    r#"M required username="unended"#,
    r#"M required username="a\"#,
    r#"M required username=a password="b" username=c;"#,
    "/**/M/***/required/*/*/username=a;",
    r#"M optional username="\u0041" password="😀\😀";"#,
];

#[test]
fn kafka_reads_the_same_logins() {
    let mut command = Command::new("java");
    command.arg("-cp").arg(format!("{}/*", fixtures().join("kafka-3.9.2").display())).arg("tests/fixtures/ReadJaas.java");
    let mut java = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    java.stdin.take().unwrap().write_all(JAAS.join("\0").as_bytes()).unwrap();
    let said = String::from_utf8(java.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(said.matches('\0').count(), JAAS.len(), "{said}");
    let ours = JAAS.iter().map(|text| match LoginModule::parse(text) {
        Ok(module) => {
            let option = |name| module.option(name).map_or("-", Passphrase::expose).to_owned();
            format!("{} {} {}", module.class, option("username"), option("password"))
        }
        Err(_) => "refused".to_owned(),
    });
    for ((text, ours), theirs) in JAAS.iter().zip(ours).zip(said.split('\0')) {
        assert_eq!(ours, theirs, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_configuration_makes_it_panic(
        lines in proptest::collection::vec((prop::sample::select(KEYS.to_vec()), prop::sample::select(VALUES.to_vec()), "\\PC{0,8}"), 0..12),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let text: String = lines.iter().map(|(key, value, noise)| format!("{key}={value}{noise}\n")).collect();
        let path = directory.path().join("client");
        fs::write(&path, text).unwrap();
        let _ = from_file(&path, &Besides::default()).map(|candidates| format!("{candidates:?}"));
    }

    #[test]
    fn no_file_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let file = tempfile::NamedTempFile::new().unwrap();
        for start in [&b""[..], b"amqps://", b"\x30\x82", b"\xfe\xed\xfe\xed\0\0\0\x02", b"-----BEGIN CERTIFICATE-----\n"] {
            fs::write(file.path(), [start, &bytes].concat()).unwrap();
            let _ = from_file(file.path(), &Besides::default());
        }
    }
}

const KEYS: &[&str] = &[
    "bootstrap.servers",
    "security.protocol",
    "sasl.mechanism",
    "sasl.jaas.config",
    "sasl.username",
    "ssl.keystore.location",
    "ssl.keystore.type",
    "ssl.keystore.key",
    "ssl.truststore.location",
    "ssl.truststore.certificates",
    "ssl.ca.location",
    "ssl.ca.pem",
    "ssl.key.pem",
    "ssl.certificate.pem",
    "ssl.enabled.protocols",
    "amqps://h/v?x",
    "config.providers.file.class",
];

const VALUES: &[&str] =
    &["", "a:1", "SSL", "SASL_SSL", "PEM", "M required username=", "${file:x:y}", "FileConfigProvider", "/", "-----BEGIN CERTIFICATE-----"];
