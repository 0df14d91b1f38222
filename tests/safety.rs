//! Whatever happens, at any moment: nothing is lost, nothing half-written is seen, and the next run finishes the job.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use countersign::pki::{Certificate, PrivateKey};
use support::{Workspace, program};

const CLUSTER: &str = r"
cluster: safety
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
clients: [{ name: orders, kafka: { write: [orders] } }]
";

const HOLDERS: [&str; 2] = ["kafka/broker-1", "clients/orders"];

const APPLY: [&str; 2] = ["apply", "--no-proof"];

/// Every system call by which `apply` changes anything on the disk.
const WRITES: [&str; 10] = ["mkdir", "openat", "write", "fchmod", "chmod", "fsync", "syncfs", "rename", "renameat2", "symlink"];

fn key_fits(key: &Path, certificate: &Path) -> bool {
    let key = PrivateKey::from_pem(&fs::read(key).unwrap(), None).unwrap();
    key.public_key() == Certificate::from_pem(&fs::read(certificate).unwrap()).unwrap()[0].public_key
}

/// What must hold after a kill at any moment.
fn assert_whole(pki: &Path) {
    for holder in HOLDERS {
        let current = pki.join(holder).join("current");
        if current.symlink_metadata().is_ok() {
            assert!(key_fits(&current.join("tls.key"), &current.join("tls.crt")), "{holder}");
            for file in ["ca.crt", "keystore.p12", "truststore.jks", "password", "manifest.json"] {
                assert!(fs::metadata(current.join(file)).unwrap().len() > 0, "{holder}/{file}");
            }
        }
    }
    let authority = pki.join("authority/1");
    if authority.exists() {
        assert!(key_fits(&authority.join("root.key"), &authority.join("root.crt")));
        assert!(key_fits(&authority.join("issuing.key"), &authority.join("issuing.crt")));
    }
}

/// No file of a run that was cut short is there, and no generation that never was in use.
fn assert_nothing_left(pki: &Path) {
    let names = |place: &Path| -> Vec<String> {
        fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    for place in ["", "authority", "trust"].into_iter().chain(HOLDERS).map(|place| pki.join(place)) {
        let left: Vec<String> = names(&place).into_iter().filter(|name| name.ends_with(".new") || name.ends_with(".old")).collect();
        assert!(left.is_empty(), "{}: {left:?}", place.display());
    }
    for holder in HOLDERS.map(|holder| pki.join(holder)) {
        let current: u32 = fs::read_link(holder.join("current")).unwrap().to_str().unwrap().parse().unwrap();
        let newer: Vec<u32> = names(&holder).iter().filter_map(|name| name.parse().ok()).filter(|number| *number > current).collect();
        assert!(newer.is_empty(), "{}: {newer:?} after {current}", holder.display());
    }
}

/// Runs countersign and kills it at the `nth` call of `call`; whether it came to that.
fn killed_at(workspace: &Workspace, words: &[&str], call: &str, nth: usize) -> bool {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &format!("inject={call}:signal=KILL:when={nth}")]);
    command.arg(env!("CARGO_BIN_EXE_countersign")).args(words);
    let status = command.env("RAYON_NUM_THREADS", "1").current_dir(workspace.path("")).output().unwrap().status;
    let killed = status.signal() == Some(9) || status.code() == Some(137);
    assert!(killed || status.success(), "{status:?}");
    killed
}

fn killed_at_every(calls: &[&str], least: usize, prepare: impl Fn() -> Workspace) {
    let mut kills = 0;
    for call in calls {
        for nth in 1.. {
            let workspace = prepare();
            let pki = workspace.path("pki");
            let authority = fs::read(pki.join("authority/1/root.key")).ok();
            if !killed_at(&workspace, &APPLY, call, nth) {
                break;
            }
            kills += 1;
            assert_whole(&pki);
            let authority = authority.or_else(|| fs::read(pki.join("authority/1/root.key")).ok());

            workspace.ok(&["apply", "--no-proof"]);
            assert_whole(&pki);
            assert_nothing_left(&pki);
            if let Some(authority) = authority {
                assert_eq!(fs::read(pki.join("authority/1/root.key")).unwrap(), authority, "{call} {nth}: the authority was replaced");
            }
            workspace.run(&["apply"]).expect(0).says("Nothing to do");
            workspace.run(&["status"]).expect(0);
        }
    }
    assert!(kills > least, "only {kills} kills: are the system calls still these?");
}

#[test]
fn a_first_apply_killed_at_every_write_is_finished_by_the_next() {
    killed_at_every(&WRITES, 50, || Workspace::new(CLUSTER));
}

/// Of a generation that is kept no longer nothing stays, whenever its removal was cut short.
#[test]
fn a_removal_killed_at_every_step_is_finished_by_the_next_apply() {
    let template = Workspace::new(CLUSTER);
    template.ok(&["apply", "--no-proof"]);
    template.ok(&["rotate", "--all", "--no-proof"]);
    killed_at_every(&["renameat2", "unlink", "unlinkat"], 10, || {
        copied(&template, &CLUSTER.replace("cluster: safety", "cluster: safety\nsubject: { O: Acme }\nkeep: { generations: 2 }"))
    });
}

/// A copy of `template`, with another cluster file.
fn copied(template: &Workspace, cluster_file: &str) -> Workspace {
    let workspace = Workspace::new(cluster_file);
    program(Command::new("cp").arg("-a").arg(template.path("pki")).arg(workspace.path("pki")));
    workspace
}

#[test]
fn a_rollback_killed_at_every_write_has_happened_or_not() {
    let (mut kills, mut seen) = (0, std::collections::BTreeSet::new());
    for call in WRITES {
        for nth in 1.. {
            let workspace = Workspace::new(CLUSTER);
            workspace.ok(&APPLY);
            workspace.ok(&["rotate", "orders", "--no-proof"]);
            if !killed_at(&workspace, &["rollback", "orders", "--no-proof"], call, nth) {
                break;
            }
            kills += 1;
            let current = || fs::read_link(workspace.path("pki/clients/orders/current")).unwrap();
            let before = current();
            assert_whole(&workspace.path("pki"));
            workspace.ok(&["apply", "--no-proof"]);
            assert_eq!(current(), before, "{call} {nth}");
            assert!(["1", "2"].iter().all(|number| workspace.path("pki/clients/orders").join(number).exists()), "{call} {nth}");
            assert!(!workspace.path("pki/clients/orders/.back.new").is_symlink(), "{call} {nth}");
            seen.insert(before);
        }
    }
    assert!(kills > 10 && seen.len() == 2, "{kills} {seen:?}");
}

#[test]
fn a_retirement_killed_at_every_write_is_done_by_the_next() {
    let gone = CLUSTER.replace("clients: [", "clients: [{ name: old, kafka: { read: [orders] } }, ");
    let template = Workspace::new(&gone);
    template.ok(&["apply", "--no-proof"]);
    let mut kills = 0;
    for call in [&WRITES[..], &["unlink", "unlinkat"]].concat() {
        for nth in 1.. {
            let workspace = copied(&template, CLUSTER);
            if !killed_at(&workspace, &["retire", "old"], call, nth) {
                break;
            }
            kills += 1;
            let retired = workspace.path("pki/retired/clients/old");
            if !retired.exists() {
                workspace.ok(&["retire", "old"]);
            }
            let mut names: Vec<String> =
                fs::read_dir(retired.join("1")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            assert_eq!(names, ["ca.crt", "manifest.json", "tls.crt"], "{call} {nth}");
            assert!(!workspace.path("pki/clients/old").exists(), "{call} {nth}");
        }
    }
    assert!(kills > 20, "only {kills} kills: are the system calls still these?");
}

#[test]
fn a_renewal_killed_at_every_write_is_finished_by_the_next() {
    let template = Workspace::new(CLUSTER);
    template.ok(&["apply", "--no-proof"]);
    killed_at_every(&WRITES, 50, || copied(&template, &CLUSTER.replace("cluster: safety", "cluster: safety\nsubject: { O: Acme }")));
}

/// Whoever takes the change back has nothing to do but to clear away.
#[test]
fn what_a_killed_renewal_left_is_cleared_away_when_the_change_is_taken_back() {
    let mut left = 0;
    for call in ["fchmod", "syncfs", "symlink", "renameat2", "rename"] {
        for nth in 1..4 {
            let workspace = Workspace::new(CLUSTER);
            workspace.ok(&["apply", "--no-proof"]);
            workspace.edit("cluster: safety", "cluster: safety\nsubject: { O: Acme }");
            killed_at(&workspace, &APPLY, call, nth);
            workspace.edit("\nsubject: { O: Acme }", "");
            left += usize::from(workspace.run(&["apply", "--no-proof"]).expect(0).stderr.contains("a run that was cut short left it"));
            assert_whole(&workspace.path("pki"));
            assert_nothing_left(&workspace.path("pki"));
        }
    }
    assert!(left > 5, "only {left} runs left anything: are the system calls still these?");
}

#[test]
fn two_at_the_same_time_do_not_meet() {
    let workspace = Workspace::new(CLUSTER);
    let lock = || {
        fs::create_dir_all(workspace.path("pki")).unwrap();
        let file = fs::File::create(workspace.path("pki/.lock")).unwrap();
        file.lock().unwrap();
        file
    };
    let held = lock();
    workspace.run(&["apply"]).expect(1).says("another countersign is at work in pki; try again");
    drop(held);
    workspace.ok(&["apply", "--no-proof"]);
    // With nothing to write there is nothing to wait for.
    let _held = lock();
    workspace.run(&["apply"]).expect(0);
}

/// A small file system of its own, unmounted at the end.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn new(at: &'a Path, options: &str) -> Self {
        fs::create_dir_all(at).unwrap();
        program(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("{options},mode=0700"), "tmpfs"]).arg(at));
        Self(at)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_everything_as_it_was() {
    let workspace = Workspace::new(CLUSTER);
    let pki = workspace.path("pki");
    let _mounted = Mounted::new(&pki, "size=320k");
    workspace.ok(&["apply", "--no-proof"]);
    let before = workspace.read("pki/kafka/broker-1/current/tls.crt");
    fs::write(pki.join("filler"), vec![0; 100 * 1024]).unwrap();
    workspace.edit("host: broker-1.example", "host: broker-1.test");
    workspace.run(&["apply"]).expect(1).says("No space left on device").says("what was in use still is");
    assert_eq!(workspace.read("pki/kafka/broker-1/current/tls.crt"), before);
    assert_whole(&pki);
    fs::remove_file(pki.join("filler")).unwrap();
    fs::remove_dir_all(pki.join("clients/orders/1")).unwrap();
    workspace.ok(&["apply"]);
}

#[test]
fn a_read_only_directory_is_told() {
    let workspace = Workspace::new(CLUSTER);
    let pki = workspace.path("pki");
    let _mounted = Mounted::new(&pki, "size=2m");
    workspace.ok(&["apply", "--no-proof"]);
    program(Command::new("mount").args(["-o", "remount,ro"]).arg(&pki));
    // Nothing to do needs no write.
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
    workspace.edit("host: broker-1.example", "host: broker-1.test");
    workspace.run(&["apply"]).expect(1).says("read-only");
    assert_whole(&pki);
}

#[test]
fn what_is_in_the_way_is_named_and_not_touched() {
    let foreign = |path: &Path| fs::write(path, "mine").unwrap();
    let directory = |path: &Path| fs::create_dir_all(path).unwrap();
    let link = |path: &Path| symlink("/etc", path).unwrap();
    type Plant<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, Plant<'_>, &str); 8] = [
        ("pki/kafka", &foreign, "pki/kafka is not a directory"),
        ("pki/kafka", &link, "pki/kafka is a symbolic link"),
        ("pki/kafka/broker-1", &link, "pki/kafka/broker-1 is a symbolic link"),
        ("pki/kafka/broker-1/current", &directory, "pki/kafka/broker-1/current is not a link to a generation"),
        ("pki/kafka/broker-1/current", &link, "pki/kafka/broker-1/current points to /etc"),
        ("pki/trust", &link, "pki/trust is a symbolic link"),
        ("pki/authority/1", &link, "pki/authority/1 is a symbolic link"),
        ("pki/journal.jsonl", &link, "journal.jsonl is a symbolic link"),
    ];
    for (path, plant, told) in cases {
        let workspace = Workspace::new(CLUSTER);
        let planted = workspace.path(path);
        fs::create_dir_all(planted.parent().unwrap()).unwrap();
        fs::write(workspace.path("pki/.lock"), "").unwrap();
        plant(&planted);
        workspace.run(&["apply"]).expect(1).says(told);
        assert!(planted.symlink_metadata().is_ok());
        assert!(!workspace.path("pki/kafka/broker-1/1").exists(), "{path}");
    }
    let workspace = Workspace::new(CLUSTER);
    fs::create_dir(workspace.path("pki")).unwrap();
    foreign(&workspace.path("pki/thesis.tex"));
    workspace.run(&["apply"]).expect(1).says("holds nothing of countersign's");
}

#[test]
fn a_symbolic_link_in_place_of_a_file_is_not_followed() {
    let workspace = Workspace::new(CLUSTER);
    workspace.ok(&["apply", "--no-proof"]);
    let key = workspace.path("pki/kafka/broker-1/current/tls.key");
    fs::rename(&key, workspace.path("elsewhere")).unwrap();
    symlink(workspace.path("elsewhere"), &key).unwrap();
    workspace.run(&["apply"]).expect(1).says("tls.key is a symbolic link");
}

#[test]
fn an_authority_is_never_replaced() {
    for (file, told) in [("root.crt", "cannot be used"), ("issuing.crt", "cannot be used"), ("issuing.key", "issuing.key")] {
        let workspace = Workspace::new(CLUSTER);
        workspace.ok(&["apply", "--no-proof"]);
        fs::write(workspace.path("pki/authority/1").join(file), "garbage").unwrap();
        workspace.edit("host: broker-1.example", "host: broker-1.test");
        let authority =
            || ["root.crt", "root.key", "issuing.crt", "issuing.key"].map(|file| workspace.read(format!("pki/authority/1/{file}")));
        let before = authority();
        workspace.run(&["apply"]).expect(1).says(told);
        assert_eq!(authority(), before);
    }
    let workspace = Workspace::new(CLUSTER);
    workspace.ok(&["apply", "--no-proof"]);
    fs::copy(workspace.path("pki/authority/1/root.key"), workspace.path("pki/authority/1/issuing.key")).unwrap();
    workspace.edit("host: broker-1.example", "host: broker-1.test");
    workspace.run(&["apply"]).expect(1).says("authority/1/issuing.key is not the key of issuing.crt");
}

/// `daemon` and `games` stand for the users that two brokers run as.
#[test]
fn an_owner_reads_the_files_of_its_own_holder_and_no_others() {
    let workspace = Workspace::new(
        r"
cluster: owners
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers:
    - { name: broker-1, host: broker-1.example, owner: daemon }
    - { name: broker-2, host: broker-2.example, owner: games, group: games }
clients: [{ name: orders, kafka: {} }]
",
    );
    fs::set_permissions(workspace.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    workspace.ok(&["apply"]);
    let reads = |user: &str, file: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", user, "--regid", user, "--clear-groups", "cat"]).arg(workspace.path("pki").join(file));
        command.output().unwrap().status.success()
    };
    assert!(reads("daemon", "kafka/broker-1/current/tls.key") && reads("daemon", "kafka/broker-1/current/server.properties"));
    assert!(reads("games", "kafka/broker-2/current/keystore.p12"));
    for other in
        ["kafka/broker-2/current/tls.key", "clients/orders/current/tls.key", "authority/1/issuing.key", "journal.jsonl", "trust/password"]
    {
        assert!(!reads("daemon", other), "{other}");
    }
    let generation = fs::metadata(workspace.path("pki/kafka/broker-2/current/tls.key")).unwrap();
    assert_eq!(generation.mode() & 0o777, 0o640);
    workspace.run(&["apply"]).expect(0).says("Nothing to do");

    workspace.edit("name: orders,", "name: orders, owner: games,");
    workspace.run(&["apply"]).expect(0).says("owner: nobody else → games");
    assert!(reads("games", "clients/orders/current/tls.key") && !reads("daemon", "clients/orders/current/tls.key"));

    workspace.edit("owner: daemon", "owner: nobody-of-that-name");
    workspace.edit("host: broker-1.example", "host: broker-1.test");
    workspace.run(&["apply"]).expect(1).says("no user \"nobody-of-that-name\" on this machine");
}

#[test]
fn no_secret_is_printed() {
    let workspace = Workspace::new(&CLUSTER.replace("cluster: safety", "cluster: safety\nauthority: { passphrase: { file: ca.pass } }"));
    fs::write(workspace.path("ca.pass"), "correct horse battery\n").unwrap();
    let mut said = String::new();
    for arguments in
        [&["apply"][..], &["status", "--format", "json"], &["render"], &["verify", "--loopback"], &["apply", "--format", "json"]]
    {
        let ran = workspace.run(arguments);
        said += &(ran.stdout + &ran.stderr);
    }
    let secrets = [
        workspace.read("ca.pass"),
        workspace.read("pki/trust/password"),
        workspace.read("pki/kafka/broker-1/current/password"),
        workspace.read("pki/kafka/broker-1/current/tls.key").lines().nth(1).unwrap().to_owned(),
    ];
    for secret in secrets {
        assert!(!said.contains(secret.trim()), "{said}");
    }
}
