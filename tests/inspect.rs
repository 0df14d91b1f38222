//! `inspect`, on what openssl, keytool and `apply` write, judged by what they say of it themselves.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::{Workspace, program};

fn openssl(workspace: &Workspace, arguments: &[&str]) -> String {
    program(Command::new("openssl").args(arguments).current_dir(workspace.path("")))
}

/// A self-signed certificate for `subject`, with a P-256 key of its own.
fn certificate(workspace: &Workspace, name: &str, subject: &str, more: &[&str]) {
    let [key, pem] = [format!("{name}.key"), format!("{name}.pem")];
    let fixed = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-utf8", "-multivalue-rdn"];
    let named = ["-keyout", &key, "-out", &pem, "-days", "100", "-subj", subject, "-addext", "basicConstraints=critical,CA:FALSE"];
    openssl(workspace, &[&fixed[..], &named, more].concat());
}

fn workspace() -> Workspace {
    Workspace::new("")
}

fn first(workspace: &Workspace, arguments: &[&str]) -> Value {
    workspace.json(&[&["inspect"], arguments].concat())["targets"][0].clone()
}

#[test]
fn a_certificate_is_shown_as_openssl_knows_it() {
    let workspace = workspace();
    certificate(
        &workspace,
        "a",
        "/O=Acme/CN=broker-1",
        &["-addext", "subjectAltName=DNS:broker-1.example,IP:10.0.0.1,URI:spiffe://acme/b"],
    );
    let file = &first(&workspace, &["a.pem"])["file"];
    assert_eq!((&file["format"], &file["items"][0]["kind"]), (&json!("pem"), &json!("certificate")));
    let shown = &file["items"][0]["certificate"];
    let said = |what: &[&str]| {
        let line = openssl(&workspace, &[&["x509", "-in", "a.pem", "-noout"], what].concat());
        line.trim().split_once('=').unwrap().1.to_owned()
    };
    let plain = |text: String| Value::from(text.replace(':', "").to_lowercase());
    assert_eq!(shown["sha256"], plain(said(&["-fingerprint", "-sha256"])));
    assert_eq!(shown["sha1"], plain(said(&["-fingerprint", "-sha1"])));
    assert_eq!(shown["serial"], plain(said(&["-serial"])));
    assert_eq!(shown["subject"], Value::from(said(&["-subject", "-nameopt", "RFC2253"])));
    assert_eq!((&shown["version"], &shown["validity"], &shown["self_signed"]), (&json!(3), &json!("valid"), &json!(true)));
    assert_eq!((&shown["days_left"], &shown["signature_algorithm"]), (&json!(99), &json!("ecdsa-with-SHA256")));
    openssl(&workspace, &["ec", "-in", "a.key", "-pubout", "-outform", "DER", "-out", "a.spki"]);
    let spki = openssl(&workspace, &["dgst", "-sha256", "-r", "a.spki"]);
    assert_eq!(shown["key"], json!({ "algorithm": "EC P-256", "spki_sha256": spki.split(' ').next().unwrap() }));
    assert_eq!(
        shown["names"],
        json!([
            { "type": "dns", "value": "broker-1.example" },
            { "type": "ip", "value": "10.0.0.1" },
            { "type": "uri", "value": "spiffe://acme/b" }
        ])
    );
}

#[test]
fn a_serial_number_is_spelt_as_openssl_spells_it() {
    let workspace = workspace();
    for number in
        ["0", "7", "127", "128", "0xff00", "0xdc06aaf7a6988c3a13743052d2eead5ba39fc3", "0x7c06aaf7a6988c3a13743052d2eead5ba39fc300"]
    {
        certificate(&workspace, "a", "/CN=broker-1", &["-set_serial", number]);
        let said = openssl(&workspace, &["x509", "-in", "a.pem", "-noout", "-serial"]);
        assert_eq!(
            first(&workspace, &["a.pem"])["file"]["items"][0]["certificate"]["serial"],
            said.trim().trim_start_matches("serial=").to_lowercase()
        );
    }
}

#[test]
fn every_extension_is_put_into_words() {
    let workspace = workspace();
    let extensions = "
[all]
basicConstraints = critical, CA:TRUE, pathlen:1
keyUsage = critical, keyCertSign, cRLSign
extendedKeyUsage = serverAuth, OCSPSigning, 1.2.3.4
nameConstraints = critical, permitted;DNS:example.com, excluded;IP:10.0.0.0/255.0.0.0
crlDistributionPoints = URI:http://crl.example/1.crl
authorityInfoAccess = OCSP;URI:http://ocsp.example, caIssuers;URI:http://ca.example/1.crt
certificatePolicies = 2.23.140.1.2.1, 1.2.3.5
subjectKeyIdentifier = hash
1.2.3.6 = critical, DER:0500
";
    fs::write(workspace.path("all.cnf"), format!("[req]\ndistinguished_name = dn\nx509_extensions = all\n[dn]\n{extensions}")).unwrap();
    openssl(
        &workspace,
        &["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-keyout", "k", "-out", "ca.pem", "-subj", "/CN=ca", "-config", "all.cnf"],
    );
    let shown = first(&workspace, &["ca.pem"])["file"]["items"][0]["certificate"].clone();
    assert_eq!(shown["basic_constraints"], json!({ "authority": true, "path_length": 1 }));
    assert_eq!(shown["key_usage"], json!(["keyCertSign", "cRLSign"]));
    assert_eq!(shown["extended_key_usage"], json!(["serverAuth", "OCSPSigning", "1.2.3.4"]));
    assert_eq!(shown["policies"], json!(["domain-validated", "1.2.3.5"]));
    assert_eq!(shown["name_constraints"]["permitted"], json!([{ "type": "dns", "value": "example.com" }]));
    assert_eq!(shown["name_constraints"]["excluded"], json!([{ "type": "ip", "value": "10.0.0.0/8" }]));
    for (field, uri) in [
        ("crl_distribution_points", "http://crl.example/1.crl"),
        ("ocsp", "http://ocsp.example"),
        ("ca_issuers", "http://ca.example/1.crt"),
    ] {
        assert_eq!(shown[field], json!([{ "type": "uri", "value": uri }]), "{field}");
    }
    let unknown = shown["extensions"].as_array().unwrap().iter().find(|extension| extension["oid"] == "1.2.3.6").unwrap();
    assert_eq!(*unknown, json!({ "oid": "1.2.3.6", "critical": true, "value": "0500" }));
    assert!(shown.get("kafka_principal").is_none() && shown.get("rabbitmq_user").is_none(), "an authority is no client");
}

/// Subjects of every kind that the two brokers spell differently, or the same.
const SUBJECTS: &[&str] = &[
    "/C=DE/ST=Bayern/L=Muenchen/O=Acme Inc/OU=Platform/OU=Kafka/CN=app-1",
    "/O=Acme/CN=app3/emailAddress=a@b.c/serialNumber=42/UID=u1",
    "/O=Zürich AG/CN=bücher",
    "/O=Acme/CN= lead#ing/street=Main St/title=Dr/SN=Muster/GN=Max/dnQualifier=q",
    "/O=Acme/CN=mv+UID=77",
    "/DC=com/DC=example/CN=app4",
    "/O=Acme, Inc./CN=\"quoted\" <a;b> c\\\\d",
    "/CN=one/CN=two/O=Acme",
    "/O=a\\=b  /CN=~tilde/initials=I/pseudonym=p/generationQualifier=III",
    "/CN=#hash/OU=mid#dle, end /O=€ 😀",
];

fn with_subjects(workspace: &Workspace) -> Vec<Value> {
    for (number, subject) in SUBJECTS.iter().enumerate() {
        certificate(workspace, &format!("{number}"), subject, &["-addext", "subjectAltName=IP:10.0.0.1,DNS:App.Example,DNS:b.example"]);
    }
    let shown = workspace.json(&["inspect", "[0-9].pem"]);
    shown["targets"].as_array().unwrap().iter().map(|target| target["file"]["items"][0]["certificate"].clone()).collect()
}

#[test]
fn java_makes_the_same_principals() {
    let workspace = workspace();
    let shown = with_subjects(&workspace);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/Principal.java");
    let mut java = Command::new("java");
    java.arg(source).current_dir(workspace.path("")).args((0..SUBJECTS.len()).map(|number| format!("{number}.pem")));
    let principals: Vec<&str> = shown.iter().map(|certificate| certificate["kafka_principal"].as_str().unwrap()).collect();
    assert_eq!(principals, program(&mut java).lines().collect::<Vec<_>>());
}

/// RabbitMQ's own code, as Debian installs it, without a node.
#[test]
fn rabbitmq_makes_the_same_users() {
    let workspace = workspace();
    let shown = with_subjects(&workspace);
    let plugins = glob_one("/usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins");
    let ebin = |name: &str| glob_one(&format!("{}/{name}-[0-9]*/ebin", plugins.display()));
    let ask = "
        application:load(rabbit),
        application:set_env(rabbit, ssl_options, [{verify, verify_peer}, {fail_if_no_peer_cert, true}]),
        Say = fun(Name) -> io:put_chars([binary:encode_hex(Name), $\\n]) end,
        [begin
            {ok, Pem} = file:read_file(File),
            [{_, Der, _}] = public_key:pem_decode(Pem),
            [begin application:set_env(rabbit, ssl_cert_login_from, From), Say(rabbit_ssl:peer_cert_auth_name(Der)) end
             || From <- [common_name, distinguished_name, subject_alternative_name]]
         end || File <- init:get_plain_arguments()],
        halt().";
    let mut erl = Command::new("erl");
    erl.args(["-noshell", "-pa"]).arg(ebin("rabbit_common")).arg("-pa").arg(ebin("rabbit")).args(["-eval", ask, "-extra"]);
    erl.current_dir(workspace.path("")).args((0..SUBJECTS.len()).map(|number| format!("{number}.pem")));
    let hex = |text: &Value| text.as_str().unwrap().bytes().map(|byte| format!("{byte:02X}")).collect::<String>();
    let ours: Vec<String> = shown
        .iter()
        .flat_map(|certificate| {
            let users = &certificate["rabbitmq_user"];
            ["common_name", "distinguished_name", "subject_alternative_name"].map(|from| hex(&users[from]))
        })
        .collect();
    assert_eq!(ours, program(&mut erl).lines().collect::<Vec<_>>());
}

fn glob_one(pattern: &str) -> PathBuf {
    let mut found = glob::glob(pattern).unwrap().flatten();
    found.next().unwrap_or_else(|| panic!("there is no {pattern}: run `tests/run install`"))
}

#[test]
fn one_damaged_file_does_not_stop_the_rest() {
    let workspace = workspace();
    fs::create_dir(workspace.path("certs")).unwrap();
    certificate(&workspace, "certs/a", "/CN=a", &[]);
    certificate(&workspace, "certs/c", "/CN=c", &[]);
    fs::write(workspace.path("certs/b.pem"), "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").unwrap();
    let ran = workspace.run(&["inspect", "certs/*.pem", "missing.pem", "--format", "json"]).expect(1);
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    let targets: Vec<&str> = shown["targets"].as_array().unwrap().iter().map(|target| target["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["certs/a.pem", "certs/b.pem", "certs/c.pem", "missing.pem"]);
    assert_eq!(shown["targets"][2]["file"]["items"][0]["certificate"]["subject"], "CN=c");
    assert_eq!(shown["targets"][3]["error"]["kind"], "directory");
    assert!(shown["targets"][3]["error"]["message"].as_str().unwrap().starts_with("cannot read missing.pem: No such file"));
    workspace.run(&["inspect", "certs/a.pem", "certs/c.pem"]).expect(0);
}

/// What a person sees of a leaf, dates and numbers aside.
#[test]
fn the_page_of_a_certificate() {
    let workspace = workspace();
    let more = [
        "-addext",
        "subjectAltName=DNS:app-1.example",
        "-addext",
        "keyUsage=critical,digitalSignature",
        "-addext",
        "extendedKeyUsage=clientAuth",
    ];
    certificate(&workspace, "app", "/O=Acme/CN=app-1", &more);
    let page = workspace.ok(&["inspect", "app.pem"]);
    let is_varying = |word: &str| word.len() >= 20 && word.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
    let line = |line: &str| line.split(' ').map(|word| if is_varying(word) { "…" } else { word }).collect::<Vec<_>>().join(" ");
    let page: Vec<String> = page.lines().filter(|line| !line.contains("Valid")).map(line).collect();
    let expected = "\
app.pem: PEM, 1 item
  Readable by    Java 8, Java 11, Java 17+, if Kafka 2.7 or later loads it (ssl.keystore.type=PEM): Java itself has no such store
  Readable by    OpenSSL 3, librdkafka, Erlang
  1. certificate
    Subject        CN=app-1,O=Acme
    Issuer         itself (self-signed)
    Serial         …
    Key            EC P-256
    SPKI SHA-256   …
    Signature      ecdsa-with-SHA256
    Names          DNS:app-1.example
    Key usage      digitalSignature (critical)
    Extended usage clientAuth
    Constraints    not an authority (critical)
    Key id         …
    Issuer key id  …
    SHA-256        …
    SHA-1          …
    Kafka          User:CN=app-1,O=Acme
    RabbitMQ       app-1 (by common name)
    RabbitMQ       CN=app-1,O=Acme (by distinguished name)
    RabbitMQ       app-1.example (by DNS name)";
    let sorted = |text: Vec<&str>| {
        let mut lines: Vec<String> = text.into_iter().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(page.iter().map(String::as_str).collect()), sorted(expected.lines().collect()));
}

/// A store with one key, made by keytool.
fn store(workspace: &Workspace, name: &str, format: &str, password: &str) {
    let mut keytool = Command::new("keytool");
    keytool.args(["-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-alias", "mine", "-dname", "CN=mine,O=Acme"]);
    keytool.args(["-storetype", format, "-storepass:env", "PASSWORD", "-keystore", name]).env("PASSWORD", password);
    program(keytool.current_dir(workspace.path("")));
}

/// Runs `inspect` with `answer` on standard input.
fn answered(workspace: &Workspace, arguments: &[&str], answer: &str) -> support::Ran {
    fs::write(workspace.path("answer"), answer).unwrap();
    let answer = fs::File::open(workspace.path("answer")).unwrap();
    workspace.command(&[&["inspect"], arguments].concat()).stdin(answer).output().unwrap().into()
}

#[test]
fn the_stores_of_keytool_are_shown_whole() {
    let workspace = workspace();
    for format in ["JKS", "PKCS12", "JCEKS"] {
        store(&workspace, "store", format, "correct horse");
        fs::write(workspace.path("password"), "correct horse\nanother line\n").unwrap();
        let file = &first(&workspace, &["store", "--password-file", "password"])["file"];
        assert_eq!((&file["format"], &file["seal"]), (&json!(format.to_lowercase()), &json!("intact")));
        let item = &file["items"][0];
        assert_eq!(
            (&item["kind"], &item["alias"], &item["key_matches"]),
            (&json!("private-key"), &json!("mine"), &json!(true)),
            "{item:#}"
        );
        assert_eq!(item["key"]["state"], "open");
        assert_eq!(item["key"]["spki_sha256"], item["chain"][0]["key"]["spki_sha256"]);
        assert_eq!(item["chain"][0]["kafka_principal"], "User:CN=mine,O=Acme");
        fs::remove_file(workspace.path("store")).unwrap();
    }
}

#[test]
fn a_password_comes_from_a_file_the_environment_or_standard_input() {
    let workspace = workspace();
    store(&workspace, "store", "PKCS12", "correct horse");
    fs::write(workspace.path("right"), "correct horse\n").unwrap();
    workspace.run(&["inspect", "store", "--password-file", "right"]).expect(0);
    let mut command = workspace.command(&["inspect", "store", "--password-env", "STORE_PASSWORD"]);
    support::Ran::from(command.env("STORE_PASSWORD", "correct horse").output().unwrap()).expect(0);
    answered(&workspace, &["store", "--password-stdin"], "correct horse\n").expect(0);
    answered(&workspace, &["store", "--password-stdin"], "wrong horse\n")
        .expect(1)
        .says("store: the password does not open the PKCS#12 store");
    workspace.run(&["inspect", "store", "--password-env", "NOT_SET"]).expect(2).says("NOT_SET");
}

/// The store's password comes first, then that of the keys.
#[test]
fn a_key_may_have_a_password_of_its_own() {
    let workspace = workspace();
    store(&workspace, "store", "JKS", "correct horse");
    let mut keytool = Command::new("keytool");
    keytool.args([
        "-keypasswd",
        "-alias",
        "mine",
        "-keystore",
        "store",
        "-storepass:env",
        "STORE",
        "-keypass:env",
        "STORE",
        "-new:env",
        "KEY",
    ]);
    program(keytool.env("STORE", "correct horse").env("KEY", "battery staple").current_dir(workspace.path("")));
    let ran = answered(&workspace, &["store", "--password-stdin"], "correct horse\n").expect(0);
    assert!(ran.stdout.contains("locked: the password does not open it"), "{}", ran.stdout);
    let ran = answered(&workspace, &["store", "--password-stdin", "--key-password-stdin"], "correct horse\nbattery staple\n").expect(0);
    assert!(ran.stdout.contains("Key            EC P-256") && !ran.stdout.contains("locked"), "{}", ran.stdout);
}

/// An empty line may mean that there is no password, or that it is empty.
#[test]
fn an_empty_password_may_be_one() {
    let workspace = workspace();
    certificate(&workspace, "a", "/CN=a", &[]);
    openssl(&workspace, &["pkcs12", "-export", "-inkey", "a.key", "-in", "a.pem", "-passout", "pass:", "-out", "empty.p12"]);
    let ran = answered(&workspace, &["empty.p12", "a.pem", "--password-stdin"], "\n").expect(0);
    assert!(ran.stdout.contains("intact: the password fits"), "{}", ran.stdout);
}

/// `script` gives it a terminal of its own.
#[test]
fn whoever_sits_at_a_terminal_is_asked() {
    let workspace = workspace();
    store(&workspace, "store", "PKCS12", "correct horse");
    for (answer, seen, code) in [("correct horse\n", "intact: the password fits", 0), ("\n", "not checked: no password was given", 1)] {
        fs::write(workspace.path("answer"), answer).unwrap();
        let line = format!("{} inspect store", env!("CARGO_BIN_EXE_countersign"));
        let mut script = Command::new("script");
        script.args(["-qec", &line, "typescript"]).current_dir(workspace.path("")).stdin(fs::File::open(workspace.path("answer")).unwrap());
        let ran = support::Ran::from(script.output().unwrap()).expect(code);
        // The terminal itself shows what is typed before anybody asks.
        let (_, asked) = ran.stdout.split_once("Password of store (empty: go on without):").unwrap_or_else(|| panic!("{}", ran.stdout));
        assert!(asked.contains(seen) && !asked.contains("horse"), "{asked}");
    }
}

#[test]
fn a_directory_is_searched_and_what_holds_nothing_is_passed_over() {
    let workspace = workspace();
    fs::create_dir(workspace.path("tls")).unwrap();
    certificate(&workspace, "tls/a", "/CN=a", &[]);
    fs::write(workspace.path("tls/notes.txt"), "remember the milk\n").unwrap();
    fs::write(workspace.path("tls/.hidden"), "not a key\n").unwrap();
    let shown = workspace.json(&["inspect", "tls"]);
    let targets: Vec<&str> = shown["targets"].as_array().unwrap().iter().map(|target| target["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["tls/a.key", "tls/a.pem"]);
    assert_eq!(shown["passed_over"], json!(["tls/notes.txt"]));
    workspace.run(&["inspect", "tls/notes.txt"]).expect(1).says("neither key, certificate nor store");
}

#[test]
fn a_key_and_its_certificates_in_one_file_are_brought_together() {
    let workspace = workspace();
    certificate(&workspace, "a", "/CN=a", &[]);
    certificate(&workspace, "b", "/CN=b", &[]);
    let all = ["b.pem", "a.key", "a.pem"].map(|file| workspace.read(file)).concat();
    fs::write(workspace.path("all.pem"), all).unwrap();
    let items = &first(&workspace, &["all.pem"])["file"]["items"];
    let key = items.as_array().unwrap().iter().find(|item| item["kind"] == "private-key").unwrap();
    assert_eq!((&key["chain"][0]["subject"], &key["key_matches"]), (&json!("CN=a"), &json!(true)), "{items:#}");
}

#[test]
fn requests_and_revocation_lists_are_shown_too() {
    let workspace = workspace();
    let request = ["req", "-new", "-newkey", "rsa:2048", "-noenc", "-keyout", "k", "-out", "r.csr", "-subj", "/CN=r", "-addext"];
    openssl(&workspace, &[&request[..], &["subjectAltName=DNS:r.example"]].concat());
    let request = &first(&workspace, &["r.csr"])["file"]["items"][0];
    assert_eq!((&request["kind"], &request["subject"], &request["proves_possession"]), (&json!("request"), &json!("CN=r"), &json!(true)));
    assert_eq!(request["names"], json!([{ "type": "dns", "value": "r.example" }]));
    openssl(&workspace, &["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca"]);
    fs::write(workspace.path("index"), "").unwrap();
    fs::write(workspace.path("number"), "07\n").unwrap();
    fs::write(
        workspace.path("ca.cnf"),
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=7\n",
    )
    .unwrap();
    openssl(&workspace, &["ca", "-gencrl", "-config", "ca.cnf", "-keyfile", "ca.key", "-cert", "ca.pem", "-out", "ca.crl"]);
    let list = &first(&workspace, &["ca.crl"])["file"]["items"][0];
    assert_eq!((&list["kind"], &list["issuer"], &list["number"]), (&json!("revocation-list"), &json!("CN=ca"), &json!("7")));
    assert_eq!((&list["revoked"], &list["stale"]), (&json!(0), &json!(false)));
}
