//! Nobody makes countersign wait, or fill the memory: whatever lies where a file should, every reader says so at once.

#![allow(clippy::disallowed_methods)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use countersign::cluster::{self, SecretSource};
use countersign::directory::{self, Directory, DirectoryError, Existing, JournalEntry};
use countersign::pki::Secret;
use support::Workspace;
use time::OffsetDateTime;

const CLUSTER: &str = r"
cluster: bounds
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 }, CLIENT: { port: 9094, auth: sasl-plain } }
  brokers: [{ name: broker-1, host: broker-1.example }]
clients: [{ name: orders, kafka: { write: [orders] } }, { name: ledger, kafka: { read: [orders] } }]
";

/// Longer than anything here takes on a machine that has much else to do. Whoever waits for ever takes longer still.
const PATIENCE: Duration = Duration::from_secs(40);

type Plant = fn(&Path);

/// What may lie where a file should.
const OBSTACLES: [(&str, Plant); 5] = [
    ("a FIFO", |path| rustix::fs::mkfifoat(rustix::fs::CWD, path, 0o600.into()).unwrap()),
    ("a file without end", |path| symlink("/dev/zero", path).unwrap()),
    ("a sparse file", |path| fs::File::create(path).unwrap().set_len(100 << 30).unwrap()),
    ("a directory", |path| fs::create_dir(path).unwrap()),
    ("a link to itself", |path| symlink(path, path).unwrap()),
];

/// What `work` came to, as long as that does not take for ever.
fn promptly<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{what} does not end"))
}

fn applied() -> Workspace {
    let workspace = Workspace::new(CLUSTER);
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

/// Every file below a directory.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| match path.symlink_metadata().unwrap().file_type() {
        kind if kind.is_dir() => files_below(&path),
        kind if kind.is_file() => vec![path],
        _ => Vec::new(),
    };
    entries.flat_map(below).collect()
}

type Reader = fn(&Path) -> Result<(), DirectoryError>;

/// Every function of `directory` that reads the file it is given.
fn readers() -> BTreeMap<&'static str, Reader> {
    BTreeMap::from([
        ("first_line", (|path| directory::first_line(&SecretSource::File(path.to_owned())).map(drop)) as Reader),
        ("length_of", |path| directory::length_of(path).map(drop)),
        ("look_at", directory::look_at),
        ("passphrase", |path| directory::passphrase(&SecretSource::File(path.to_owned())).map(drop)),
        ("read_cluster_file", |path| directory::read_cluster_file(path).map(drop)),
        ("read_foreign", |path| directory::read_foreign(path).map(drop)),
        ("read_log", |path| directory::read_log(path, 0).map(drop)),
        ("read_named", |path| directory::read_named(path).map(drop)),
        ("read_passwords", |path| directory::read_passwords(path).map(drop)),
    ])
}

/// Those that read none, or that other tests here are about.
const OTHERS: [&str; 13] = [
    "expand",
    "files_in",
    "line_of_stdin",
    "mode_of",
    "read_folder",
    "read_provided",
    "remove_from_folder",
    "run_command",
    "same_file",
    "system_roots",
    "write_in_folder",
    "write_new",
    "write_secret",
];

#[test]
fn every_function_that_reads_a_file_is_among_the_readers() {
    let page = fs::read_to_string("src/directory/mod.rs").unwrap();
    let used = page.lines().filter_map(|line| line.strip_prefix("pub use ")).flat_map(|line| line.split(['{', '}', ',', ';', ':']));
    let own = page.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split('(').next());
    let modules: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect();
    let is_function = |name: &&str| name.starts_with(char::is_lowercase) && (!modules.contains(name) || *name == "passphrase");
    let public: BTreeSet<&str> = used.map(str::trim).chain(own).filter(is_function).collect();
    let known: BTreeSet<&str> = readers().into_keys().chain(OTHERS).collect();
    assert_eq!(public, known);
}

#[test]
fn every_reader_says_at_once_that_it_is_no_file() {
    let place = tempfile::tempdir().unwrap();
    for (obstacle, plant) in OBSTACLES {
        let path = place.path().join("file");
        plant(&path);
        for (name, read) in readers() {
            let planted = path.clone();
            let what = format!("{name} at {obstacle}");
            let result = promptly(&what, move || read(&planted));
            // The end of a log is read, however long it is.
            if ["length_of", "read_log"].contains(&name) && obstacle == "a sparse file" {
                continue;
            }
            let told = result.expect_err(&what).to_string();
            assert!(told.contains(&path.display().to_string()), "{what}: {told}");
        }
        fs::remove_file(&path).or_else(|_| fs::remove_dir(&path)).unwrap();
    }
}

/// All that is said of a directory by whatever reads it.
fn told_of(root: &Path, text: &str) -> (Vec<String>, BTreeSet<String>) {
    let spec = cluster::parse(text, root).unwrap();
    let directory = Directory::new(root).unwrap();
    let mut told = Vec::new();
    let mut faults = BTreeSet::new();
    match directory.read(&spec) {
        Err(error) => told.push(error.to_string()),
        Ok(inventory) => {
            told.extend(directory.survey(&spec, &inventory).err().map(|error| error.to_string()));
            for holder in &spec.holders {
                faults.extend(inventory.fault(&holder.id).map(|_| holder.id.to_string()));
                told.extend(inventory.fault(&holder.id).map(str::to_owned));
                told.extend(directory.holder_files(&spec, holder).unwrap().files.into_values().filter_map(Result::err));
                told.extend(directory.identity(&holder.id).err().map(|error| error.to_string()));
            }
        }
    }
    let journal = directory.journal();
    let entry = JournalEntry::removal("clients/orders", OffsetDateTime::UNIX_EPOCH, String::new());
    told.extend(journal.read().err().map(|error| error.to_string()));
    told.extend(journal.append(&[entry]).err().map(|error| error.to_string()));
    told.extend(directory.lock().err().map(|error| error.to_string()));
    told.extend(directory.keep_out_of_git().err().map(|error| error.to_string()));
    (told, faults)
}

#[test]
fn whatever_lies_in_place_of_a_file_of_ours_is_named_and_is_a_fault_of_its_holder_alone() {
    let workspace = applied();
    let root = workspace.path("pki");
    let aside = workspace.path("aside");
    let files = files_below(&root);
    assert!(files.len() > 40, "{files:?}");
    // Nothing of ours reads what keeps keys out of git.
    for file in files.into_iter().filter(|file| !file.ends_with(".gitignore")) {
        for (obstacle, plant) in OBSTACLES {
            if file.ends_with(".lock") && obstacle == "a sparse file" {
                continue;
            }
            fs::rename(&file, &aside).unwrap();
            plant(&file);
            let what = format!("{obstacle} in place of {}", file.display());
            let (told, faults) = promptly(&what, {
                let root = root.clone();
                move || told_of(&root, CLUSTER)
            });
            assert!(told.iter().any(|told| told.contains(&file.display().to_string())), "{what}: {told:?}");
            let place = file.strip_prefix(&root).unwrap();
            let holder: PathBuf = place.components().take(2).collect();
            let is_holders = ["kafka", "clients"].iter().any(|kind| place.starts_with(kind));
            let expected: BTreeSet<String> = is_holders.then(|| holder.display().to_string()).into_iter().collect();
            assert_eq!(faults, expected, "{what}");
            fs::remove_file(&file).or_else(|_| fs::remove_dir(&file)).unwrap();
            fs::rename(&aside, &file).unwrap();
        }
    }
}

/// Runs countersign with little memory; what it said, once it has ended by itself.
fn ends(workspace: &Workspace, arguments: &[&str], variables: &[(&str, &str)], input: Option<&str>) -> (i32, String) {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 6000000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_countersign")]).args(arguments);
    command.current_dir(workspace.path("")).envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(input.map_or_else(Stdio::null, |path| fs::File::open(path).unwrap().into()));
    let what = arguments.join(" ");
    let output = promptly(&what, move || command.output().unwrap());
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or_else(|| panic!("{what}: {:?}: {said}", output.status)), said)
}

/// `X` stands for what is no file, `S` for a store, `C` for a certificate with its key.
const NAMED: [&str; 13] = [
    "inspect X",
    "check X",
    "check X/..",
    "convert X out.pem",
    "status -f X",
    "inspect --password-file X S",
    "inspect --key-password-file X S",
    "check --replaces X C",
    "check librdkafka.conf",
    "check rabbitmq.conf",
    "verify --as librdkafka.conf --deadline 1s",
    "verify --as C --trust X --kafka localhost:1 --deadline 1s",
    "apply -f passphrase.yaml -d other --no-proof",
];

#[test]
fn every_verb_ends_whatever_is_named() {
    let workspace = applied();
    fs::create_dir(workspace.path("in")).unwrap();
    let x = workspace.path("in/x").display().to_string();
    let librdkafka = format!("bootstrap.servers=localhost:1\nsecurity.protocol=ssl\nssl.ca.location={x}\n");
    fs::write(workspace.path("librdkafka.conf"), librdkafka).unwrap();
    let rabbitmq = format!("listeners.ssl.default = 5671\nssl_options.cacertfile = {x}\nssl_options.keyfile = {x}\n");
    fs::write(workspace.path("rabbitmq.conf"), rabbitmq).unwrap();
    let passphrase = format!("cluster: bounds\nauthority: {{ passphrase: {{ file: {x} }} }}");
    fs::write(workspace.path("passphrase.yaml"), CLUSTER.replace("cluster: bounds", &passphrase)).unwrap();
    for (obstacle, plant) in OBSTACLES {
        plant(Path::new(&x));
        thread::scope(|scope| {
            for named in NAMED {
                let (workspace, x) = (&workspace, &x);
                scope.spawn(move || {
                    let orders = "pki/clients/orders/current";
                    let words = named.replace('X', x).replace('S', &format!("{orders}/keystore.p12"));
                    let words = words.replace('C', &format!("{orders}/tls-combined.pem"));
                    let arguments: Vec<&str> = words.split(' ').collect();
                    let (code, said) = ends(workspace, &arguments, &[], None);
                    // A directory may well be named, and be empty.
                    assert!((1..=4).contains(&code) || obstacle == "a directory", "{words} at {obstacle}: {code}: {said}");
                });
            }
        });
        fs::remove_file(&x).or_else(|_| fs::remove_dir(&x)).unwrap();
    }
}

#[test]
fn a_variable_that_names_no_file_is_told() {
    let workspace = applied();
    let fifo = workspace.path("fifo");
    OBSTACLES[0].1(&fifo);
    let fifo = fifo.display().to_string();
    let arguments = ["verify", "--kafka", "localhost:1", "--system-roots", "--deadline", "1s", "--format", "json"];
    let (_, said) = ends(&workspace, &arguments, &[("SSL_CERT_FILE", &fifo)], None);
    assert!(said.contains("system's roots"), "{said}");
    workspace.rewrite(&format!("{CLUSTER}push: [{{ aws: {{ region: eu-central-1, endpoint: \"http://127.0.0.1:1\" }} }}]\n"));
    for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        let (code, said) = ends(&workspace, &["push"], &[(variable, &fifo)], None);
        assert!(code == 1 && said.contains("fifo is a pipe and no file"), "{variable}: {code}: {said}");
    }
}

#[test]
fn a_password_without_end_is_none() {
    let workspace = applied();
    let store = "pki/clients/orders/current/keystore.p12";
    let (code, said) = ends(&workspace, &["inspect", "--password-stdin", store], &[], Some("/dev/zero"));
    assert!(code == 1 && said.contains("standard input is larger than 1 MiB"), "{code}: {said}");
    workspace.edit("cluster: bounds", "cluster: bounds\nauthority: { passphrase: { command: \"yes\" } }");
    let (code, said) = ends(&workspace, &["apply", "-d", "other", "--no-proof"], &[], None);
    assert!(code == 1 && said.contains("it is larger than 1 MiB"), "{code}: {said}");
}

#[test]
fn what_the_user_names_may_be_a_pipe() {
    let workspace = applied();
    let orders = "pki/clients/orders/current";
    let script = format!("inspect --password-file <(sleep 0.2; cat {orders}/password) <(cat {orders}/keystore.p12)");
    for script in [
        script,
        format!("inspect --password-stdin {orders}/keystore.p12 < {orders}/password"),
        "status -f <(cat countersign.yaml)".to_owned(),
    ] {
        let mut bash = Command::new("bash");
        bash.args(["-c", &format!("{} {script}", env!("CARGO_BIN_EXE_countersign"))]).current_dir(workspace.path(""));
        let output = promptly(&script, move || bash.output().unwrap());
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_fault_of_one_holder_is_told_and_the_others_are_renewed() {
    let workspace = applied();
    let password = workspace.path("pki/clients/orders/1/client.properties");
    fs::remove_file(&password).unwrap();
    OBSTACLES[0].1(&password);
    workspace.edit("cluster: bounds", "cluster: bounds\nsubject: { O: Acme }");
    let fault = "pki/clients/orders/1/client.properties is not a file; move it away";
    workspace.run(&["status"]).expect(3).says(fault);
    workspace.run(&["check"]).expect(3).says("holder-fault").says(fault);
    workspace.run(&["apply"]).expect(1).says(fault);
    let current = |holder: &str| fs::read_link(workspace.path(format!("pki/{holder}/current"))).unwrap();
    assert_eq!(["clients/orders", "clients/ledger", "kafka/broker-1"].map(current), ["1", "2", "2"].map(PathBuf::from));
    let again = workspace.json(&["apply"]);
    assert_eq!((&again["holders"], &again["troubles"][0]["holder"]), (&serde_json::json!([]), &serde_json::json!("clients/orders")));
    fs::remove_file(&password).unwrap();
    workspace.ok(&["apply", "--no-proof"]);
    assert_eq!(current("clients/orders"), Path::new("2"));
}

/// A broker knows the passwords of PLAIN itself: a new one would shut out the client, which still has the old.
#[test]
fn a_password_that_cannot_be_read_is_not_exchanged() {
    let workspace = applied();
    let password = workspace.path("pki/clients/orders/1/sasl.password");
    fs::remove_file(&password).unwrap();
    OBSTACLES[0].1(&password);
    workspace.edit("cluster: bounds", "cluster: bounds\nsubject: { O: Acme }");
    workspace.run(&["apply"]).expect(1).says("kafka/broker-1: its files hold the password of clients/orders");
    assert!(!workspace.path("pki/kafka/broker-1/2").exists());
}

#[test]
fn of_several_who_write_one_file_each_has_its_own_there_or_is_told() {
    let place = tempfile::tempdir().unwrap();
    for (existing, round) in [(Existing::Refused, 0), (Existing::Replaced, 1)] {
        let target = place.path().join(format!("out-{round}"));
        let write = |number: u8| {
            let bytes = vec![number; 100_000];
            directory::write_secret(&target, &Secret::new(bytes), existing).map_err(|error| error.to_string())
        };
        let results: Vec<Result<(), String>> = thread::scope(|scope| {
            let writers: Vec<_> = (0..16).map(|number| scope.spawn(move || write(number))).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let found = fs::read(&target).unwrap();
        assert_eq!(found, vec![found[0]; 100_000]);
        assert!(results[usize::from(found[0])].is_ok());
        let lost = results.iter().filter_map(|result| result.as_ref().err()).inspect(|lost| assert!(lost.contains("is there already")));
        assert_eq!(lost.count(), if existing == Existing::Refused { 15 } else { 0 });
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
}

#[test]
fn what_others_left_beside_a_file_is_left_there_and_not_written_to() {
    let place = tempfile::tempdir().unwrap();
    let left = place.path().join(".countersign-1.new");
    fs::File::create(&left).unwrap().write_all(b"of another").unwrap();
    directory::write_secret(&place.path().join("out"), &Secret::new(b"mine".to_vec()), Existing::Refused).unwrap();
    assert_eq!((fs::read(left).unwrap(), fs::read_dir(place.path()).unwrap().count()), (b"of another".to_vec(), 2));
}
