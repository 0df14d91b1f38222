//! What every snippet keeps to, and a few of them in full.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Passwords, Snippets};
use crate::cluster::{self, ClusterSpec, Holder};
use crate::layout::{self, HolderFile, Sensitivity, Snippet};
use crate::pki::Password;

const ROOT: &str = "/srv/pki";
const GOLDEN: &str = include_str!("../../tests/golden/cluster.yaml");

fn spec(text: &str) -> ClusterSpec {
    cluster::parse(text, Path::new("/")).unwrap()
}

fn holder<'a>(spec: &'a ClusterSpec, id: &str) -> &'a Holder {
    spec.holders.iter().find(|holder| holder.id.to_string() == id).unwrap()
}

/// One snippet of a cluster file, as people are shown it.
fn rendered(text: &str, id: &str, snippet: Snippet) -> String {
    let spec = spec(text);
    Snippets::new(&spec, Path::new(ROOT)).render(holder(&spec, id), snippet, Passwords::Elided).unwrap()
}

/// The cluster of the golden files, with clients that log in by password.
fn with_auth(auth: &str) -> String {
    GOLDEN.replace("port: 9094", &format!("port: 9094, auth: {auth}"))
}

/// The cluster of the golden files, with every kind of login, of store, and both ways to give Kafka its passwords.
fn variants() -> Vec<ClusterSpec> {
    let mut variants = Vec::new();
    for auth in ["mtls", "tls", "sasl-plain", "sasl-scram-sha-512"] {
        for formats in ["[pkcs12, jks, pem]", "[jks]", "[pem, pkcs12]", "[pem]"] {
            for passwords in ["inline", "file-provider"] {
                let text = with_auth(auth).replace("  version: 3.9\n", &format!("  version: 3.9\n  passwords: {passwords}\n"));
                variants.push(spec(&format!("{text}stores: {{ formats: {formats} }}\n")));
            }
        }
    }
    variants
}

fn names(spec: &ClusterSpec, holder: &Holder) -> BTreeSet<&'static str> {
    layout::files(spec, holder).into_iter().map(HolderFile::name).collect()
}

#[test]
fn a_holder_has_the_snippets_that_the_layout_lists_and_no_others() {
    for spec in variants() {
        let snippets = Snippets::new(&spec, Path::new(ROOT));
        for holder in &spec.holders {
            for snippet in Snippet::ALL {
                let text = snippets.render(holder, snippet, Passwords::Elided);
                assert_eq!(text.is_some(), names(&spec, holder).contains(snippet.name()), "{} of {}", snippet.name(), holder.id);
                assert!(text.is_none_or(|text| text.ends_with('\n') && !text.ends_with("\n\n")), "{} of {}", snippet.name(), holder.id);
            }
        }
    }
}

#[test]
fn every_path_in_a_snippet_is_a_file_of_its_holder() {
    for spec in variants() {
        let snippets = Snippets::new(&spec, Path::new(ROOT));
        for holder in &spec.holders {
            let home = format!("{}/", layout::home(Path::new(ROOT), holder).display());
            let mut named = BTreeSet::new();
            for snippet in Snippet::ALL {
                let Some(text) = snippets.render(holder, snippet, Passwords::Elided) else { continue };
                let text = text.replace("%2F", "/");
                let ends = |c: char| c.is_whitespace() || "'&:}".contains(c);
                named.extend(text.split(&home).skip(1).map(|rest| rest.split(ends).next().unwrap().to_owned()));
            }
            assert!(!named.is_empty(), "{} names none of its files", holder.id);
            assert!(named.iter().all(|name| names(&spec, holder).contains(name.as_str())), "{}: {named:?}", holder.id);
        }
    }
}

#[test]
fn passwords_stand_in_secret_files_only_and_never_where_they_are_elided() {
    let secrets = ["keystore-secret", "truststore-secret", "sasl-secret"];
    let [keystore, truststore, password] = secrets.map(|text| Password::new(text.to_owned()).unwrap());
    let tells = |text: &str| secrets.iter().any(|secret| text.contains(secret));
    let mut told = 0;
    for spec in variants() {
        let sasl = spec.sasl_users().map(|(client, _)| (client.id.clone(), password.clone())).collect();
        let real = Passwords::Real { keystore: &keystore, truststore: &truststore, sasl: &sasl };
        let snippets = Snippets::new(&spec, Path::new(ROOT));
        for (holder, snippet) in spec.holders.iter().flat_map(|holder| Snippet::ALL.map(|snippet| (holder, snippet))) {
            let Some(text) = snippets.render(holder, snippet, real) else { continue };
            let elided = snippets.render(holder, snippet, Passwords::Elided).unwrap();
            assert!(!tells(&elided), "{elided}");
            assert!(!tells(&text) || snippet.sensitivity() == Sensitivity::Secret, "{text}");
            told += usize::from(tells(&text));
        }
    }
    assert!(told > 0, "no password was ever written");
}

#[test]
fn rabbitmq_listens_on_one_address_of_either_kind() {
    let listens = |bind: &str| {
        let file = GOLDEN.replace("host: rabbit-1.example", &format!("host: rabbit-1.example{bind}"));
        let conf = rendered(&file, "rabbitmq/rabbit-1", Snippet::RabbitmqConf);
        conf.lines().find_map(|line| line.strip_prefix("listeners.ssl.default = ").map(str::to_owned)).unwrap()
    };
    assert_eq!(listens(""), "5671");
    assert_eq!(listens(", bind: 10.0.0.1"), "10.0.0.1:5671");
    assert_eq!(listens(", bind: '2001:db8::1'"), "2001:db8::1:5671");
}

#[test]
fn kafka_listens_on_one_address_of_either_kind() {
    let listens = |bind: &str| {
        let file = GOLDEN.replace("roles: [controller]", &format!("roles: [controller], bind: '{bind}'"));
        rendered(&file, "kafka/controller-1", Snippet::ServerProperties)
    };
    assert!(listens("10.0.0.1").contains("\nlisteners=CONTROLLER://10.0.0.1:9095\n"));
    assert!(listens("2001:db8::1").contains("\nlisteners=CONTROLLER://[2001:db8::1]:9095\n"));
}

#[test]
fn an_ip_address_is_no_server_name() {
    let uri = |host: &str| rendered(&GOLDEN.replace("rabbit-1.example", host), "clients/orders", Snippet::AmqpUri);
    assert!(uri("rabbit-1.example").contains("&server_name_indication=rabbit-1.example&"));
    for address in ["10.0.0.1", "'2001:db8::1'"] {
        assert!(!uri(address).contains("server_name_indication"), "{}", uri(address));
    }
    assert!(uri("'2001:db8::1'").starts_with("amqps://[2001:db8::1]:5671/back%20office?"));
}

/// The judge is a shell; what would be Kafka's tool says with which words it was called.
#[test]
fn whatever_a_group_is_called_kafkas_tool_is_told_that_name() {
    let script = rendered(&GOLDEN.replace("group: orders", "group: \"o'neill $HOME `id` \\\\\""), "clients/admin", Snippet::KafkaAcls);
    let mut shell = Command::new("sh").arg("-s").env("KAFKA_ACLS", "echo").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{script}");
    assert!(
        said.contains("--allow-principal User:CN=orders,O=Acme\\, Inc.,C=DE --operation Read --group o'neill $HOME `id` \\\n"),
        "{said}"
    );
}

/// What clients log in with, where it stands, and where it does not.
#[test]
fn passwords_stand_where_the_mechanism_needs_them() {
    let [of_stores, password] = ["store-secret", "sasl-secret"].map(|text| Password::new(text.to_owned()).unwrap());
    let where_told = |auth: &str, passwords: &str| {
        let spec = spec(&with_auth(auth).replace("  version: 3.9\n", &format!("  version: 3.9\n  passwords: {passwords}\n")));
        let sasl = spec.sasl_users().map(|(client, _)| (client.id.clone(), password.clone())).collect();
        let real = Passwords::Real { keystore: &of_stores, truststore: &of_stores, sasl: &sasl };
        let snippets = Snippets::new(&spec, Path::new(ROOT));
        let files = spec.holders.iter().flat_map(|holder| Snippet::ALL.map(|snippet| (holder, snippet)));
        let told =
            files.filter(|(holder, snippet)| snippets.render(holder, *snippet, real).is_some_and(|text| text.contains("sasl-secret")));
        told.map(|(holder, snippet)| format!("{}/{}", holder.id, snippet.name())).collect::<Vec<_>>()
    };
    let brokers = |file: &str| ["kafka/broker-2", "kafka/broker-3"].map(|broker| format!("{broker}/{file}")).to_vec();
    let client = |file: &str| vec![format!("clients/orders/{file}"), "clients/orders/librdkafka.conf".to_owned()];
    assert!(where_told("mtls", "inline").is_empty() && where_told("tls", "inline").is_empty());
    for scram in ["sasl-scram-sha-256", "sasl-scram-sha-512"] {
        assert_eq!(where_told(scram, "inline"), client("client.properties"));
    }
    assert_eq!(where_told("sasl-plain", "inline"), [brokers("server.properties"), client("client.properties")].concat());
    let mut provided = where_told("sasl-plain", "file-provider");
    provided.sort();
    let mut expected = [brokers("passwords.properties"), client("passwords.properties")].concat();
    expected.sort();
    assert_eq!(provided, expected);
}

/// Only limited clients use the listener with passwords: who makes the users must be known before there are any.
#[test]
fn a_super_user_shows_its_certificate_where_others_log_in_by_password() {
    for auth in ["sasl-plain", "sasl-scram-sha-512"] {
        let text = with_auth(auth);
        let admin = rendered(&text, "clients/admin", Snippet::ClientProperties);
        assert!(admin.contains("broker-2.example:9093") && admin.contains("ssl.keystore.location") && !admin.contains("sasl"), "{admin}");
        let server = rendered(&text, "kafka/broker-2", Snippet::ServerProperties);
        assert!(server.contains("User:CN=admin") && server.contains("=BROKER:SSL,CLIENT:SASL_SSL,CONTROLLER:SSL\n"), "{server}");
        assert!(rendered(&text, "clients/admin", Snippet::KafkaAcls).contains("--allow-principal 'User:orders' "));
    }
}

#[test]
fn a_backslash_in_a_group_reaches_java() {
    let file = GOLDEN.replace("group: orders", "group: 'a\\b'");
    assert!(rendered(&file, "clients/orders", Snippet::ClientProperties).contains("\ngroup.id=a\\\\b\n"));
    assert!(rendered(&file, "clients/orders", Snippet::Librdkafka).contains("\ngroup.id=a\\b\n"));
}

/// `tests/golden/` holds the texts of its `cluster.yaml`, to be read.
macro_rules! golden {
    ($($test:ident: $auth:literal $id:literal $snippet:ident $file:literal;)*) => {$(
        #[test]
        fn $test() {
            let text = rendered(&with_auth($auth), $id, Snippet::$snippet);
            let expected = include_str!(concat!("../../tests/golden/", $file));
            let differs = text.lines().zip(expected.lines()).find(|(text, expected)| text != expected);
            assert!(text == expected, "{} differs, first (rendered, expected) {differs:?}:\n{text}", $file);
        }
    )*};
}

golden! {
    a_controller_in_full: "mtls" "kafka/controller-1" ServerProperties "controller.server.properties";
    a_broker_in_full: "mtls" "kafka/broker-2" ServerProperties "broker.server.properties";
    a_java_client_in_full: "mtls" "clients/orders" ClientProperties "client.properties";
    a_librdkafka_client_in_full: "mtls" "clients/orders" Librdkafka "librdkafka.conf";
    the_acls_in_full: "mtls" "clients/admin" KafkaAcls "kafka-acls.sh";
    a_java_client_with_a_password_in_full: "sasl-scram-sha-512" "clients/orders" ClientProperties "sasl.client.properties";
    a_librdkafka_client_with_a_password_in_full: "sasl-plain" "clients/orders" Librdkafka "sasl.librdkafka.conf";
    a_broker_that_knows_its_clients_passwords_in_full: "sasl-plain" "kafka/broker-2" ServerProperties "sasl.server.properties";
    the_users_of_scram_in_full: "sasl-scram-sha-512" "clients/admin" KafkaUsers "kafka-users.sh";
    a_rabbitmq_node_in_full: "mtls" "rabbitmq/rabbit-1" RabbitmqConf "rabbitmq.conf";
    rabbitmqs_users_in_full: "mtls" "rabbitmq/rabbit-1" Definitions "definitions.json";
    an_amqp_client_in_full: "mtls" "clients/orders" AmqpUri "amqp.uri";
}
