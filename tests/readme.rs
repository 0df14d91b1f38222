//! The README, `init` and `--help` tell the truth.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;

use support::Workspace;

/// Dates change; nothing else does.
fn without_dates(text: &str) -> String {
    let is_date = |word: &str| {
        word.len() == 10 && word.chars().enumerate().all(|(at, c)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() })
    };
    let line = |line: &str| line.split(' ').map(|word| if is_date(word) { "____-__-__" } else { word }).collect::<Vec<_>>().join(" ");
    text.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn the_picture_in_the_readme_is_what_apply_prints() {
    let readme = fs::read_to_string("README.md").unwrap();
    let picture = readme.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let (command, shown) = picture.split_once('\n').unwrap();
    let workspace = Workspace::new("");
    fs::create_dir(workspace.path("examples")).unwrap();
    fs::copy("examples/cluster.yaml", workspace.path("examples/cluster.yaml")).unwrap();
    let arguments: Vec<&str> = command.strip_prefix("$ countersign ").unwrap().split(' ').collect();
    let ran = workspace.run(&arguments).expect(0);
    assert_eq!(without_dates(&(ran.stdout + &ran.stderr)), without_dates(shown));
}

#[test]
fn every_verb_and_option_in_the_readme_exists() {
    let workspace = Workspace::new("");
    let readme = fs::read_to_string("README.md").unwrap();
    let table = readme.split("## The verbs").nth(1).unwrap().split("##").next().unwrap();
    let verbs: Vec<&str> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split([' ', '`']).next()).collect();
    assert_eq!(
        verbs,
        [
            "init", "apply", "rollover", "status", "check", "verify", "push", "reload", "rotate", "rollback", "retire", "render",
            "inspect", "convert"
        ]
    );
    for verb in verbs {
        let help = workspace.ok(&[verb, "--help"]);
        assert!(help.contains("--format <FORMAT>"), "{help}");
        let row = table.lines().find(|line| line.starts_with(&format!("| `{verb}"))).unwrap();
        for option in row.split('`').filter(|word| word.starts_with("--")) {
            assert!(help.contains(option.split(' ').next().unwrap()), "{verb} {option}");
        }
    }
}

#[test]
fn every_option_of_check_in_the_readme_exists() {
    let readme = fs::read_to_string("README.md").unwrap();
    let section = readme.split("## Checking what is there").nth(1).unwrap().split("\n## ").next().unwrap();
    let help = Workspace::new("").ok(&["check", "--help"]);
    let word = |text: &str| text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect::<String>();
    let options: Vec<String> = section.split("--").skip(1).filter(|rest| rest.starts_with(char::is_alphabetic)).map(word).collect();
    assert!(options.len() > 15, "{options:?}");
    for option in options {
        assert!(help.contains(&format!("--{option} ")) || help.contains(&format!("--{option}\n")), "--{option} is not in\n{help}");
    }
}

#[test]
fn what_init_writes_is_applied_as_it_is() {
    for arguments in [
        &["init"][..],
        &["init", "--kafka", "1", "--rabbitmq", "3", "--clients", "web,shop", "--cluster", "shop", "--domain", "shop.example"],
    ] {
        let workspace = Workspace::new("");
        fs::remove_file(workspace.path("countersign.yaml")).unwrap();
        workspace.run(&["apply"]).expect(2).says("there is no cluster file countersign.yaml");
        workspace.run(arguments).expect(0).says("countersign apply");
        workspace.run(arguments).expect(2).says("is there already and is never overwritten");
        workspace.ok(&["apply"]);
        workspace.run(&["apply"]).expect(0).says("Nothing to do");
    }
    Workspace::new("").run(&["init", "elsewhere", "--kafka", "0", "--rabbitmq", "0"]).expect(2).says("at least one");
}

#[test]
fn render_prints_any_snippet_without_its_passwords() {
    let workspace = Workspace::new(&fs::read_to_string("examples/cluster.yaml").unwrap());
    workspace.ok(&["apply", "--no-proof"]);
    for (holder, file) in [
        ("broker-1", "server.properties"),
        ("kafka/broker-2", "client.properties"),
        ("rabbit-1", "rabbitmq.conf"),
        ("rabbit-1", "enabled_plugins"),
        ("rabbit-1", "definitions.json"),
        ("orders", "librdkafka.conf"),
        ("orders", "amqp.uri"),
        ("admin", "kafka-acls.sh"),
    ] {
        let rendered = workspace.ok(&["render", holder, "--only", file]);
        let place = if holder.contains('/') {
            holder.to_owned()
        } else {
            format!(
                "{}/{holder}",
                if holder.starts_with("rabbit") {
                    "rabbitmq"
                } else if holder.starts_with("broker") {
                    "kafka"
                } else {
                    "clients"
                }
            )
        };
        let written = workspace.read(format!("pki/{place}/current/{file}"));
        let same =
            |(rendered, written): (&str, &str)| rendered == written || (rendered.ends_with("=********") && written.contains("password="));
        assert!(
            rendered.lines().zip(written.lines()).all(same) && rendered.lines().count() == written.lines().count(),
            "{rendered}\n{written}"
        );
    }
    workspace.run(&["render", "broker-9"]).expect(2).says("the nearest is kafka/broker-1");
    workspace.run(&["render", "--only", "nginx.conf"]).expect(2).says("server.properties");
    assert!(workspace.json(&["render"])["kafka/broker-3"]["server.properties"].is_string());
}

/// A reader that goes away, as `head` does, is no failure.
#[test]
fn a_closed_pipe_is_no_failure() {
    let workspace = Workspace::new(&fs::read_to_string("examples/cluster.yaml").unwrap());
    let exe = env!("CARGO_BIN_EXE_countersign");
    let shell = format!("set -o pipefail; '{exe}' render | head -n 1");
    let output = std::process::Command::new("bash").args(["-c", &shell]).current_dir(workspace.path("")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
