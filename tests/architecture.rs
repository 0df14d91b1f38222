//! The floors of `src/`: a module names only modules on lower floors, and every module has a floor.

#![allow(clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. This list is the architecture; `src/lib.rs` says what each is for.
const FLOORS: &[&[&str]] = &[
    &["pki", "text"],
    &["cluster", "finding", "java", "path", "pbe", "settings"],
    &["keystore"],
    &["convert", "describe", "layout", "lint"],
    &["snippet", "inventory"],
    &["configuration", "parcel", "plan"],
    &["check", "diagnosis", "issue", "kubernetes", "policy"],
    &["artifact", "report"],
    &["directory", "endpoint", "visit"],
    &["identity", "reload", "sinks", "verify"],
    &["ops"],
    &["commands"],
];

#[test]
fn a_module_names_only_lower_floors() {
    let floors: BTreeMap<&str, usize> =
        FLOORS.iter().enumerate().flat_map(|(height, names)| names.iter().map(move |name| (*name, height))).collect();
    let mut wrong = BTreeSet::new();
    for file in rust_files(Path::new("src")) {
        let Some(module) = module_of(&file) else { continue };
        let Some(height) = floors.get(module.as_str()) else {
            wrong.insert(format!("{} has no floor", file.display()));
            continue;
        };
        for named in named_modules(&fs::read_to_string(&file).unwrap()) {
            if named != module && floors.get(named.as_str()).is_some_and(|other| other >= height) {
                wrong.insert(format!("{} names {named}, which is not below {module}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The floor that a module's own page gives is the floor it stands on.
#[test]
fn every_module_says_its_floor() {
    for (height, modules) in FLOORS.iter().enumerate() {
        for module in *modules {
            let page = [format!("src/{module}/mod.rs"), format!("src/{module}.rs")].iter().find_map(|path| fs::read_to_string(path).ok());
            let page = page.unwrap();
            assert!(page.starts_with(&format!("//! Floor {height}: ")), "{module}: {}", page.lines().next().unwrap());
        }
    }
    let map = fs::read_to_string("src/lib.rs").unwrap();
    let listed: Vec<&str> = map.lines().filter_map(|line| line.strip_prefix("//! | ")?.split_once(" | [`")?.1.split('`').next()).collect();
    assert_eq!(listed, FLOORS.concat());
}

/// Every `a` and `b` of `crate::a::…` and `crate::{a, b::{…}}`, comments aside.
fn named_modules(source: &str) -> BTreeSet<String> {
    let code: String = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
    code.split("crate::")
        .skip(1)
        .flat_map(|rest| if let Some(group) = rest.strip_prefix('{') { heads(group) } else { vec![word(rest)] })
        .collect()
}

fn heads(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut items = vec![String::new()];
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            c if depth == 0 => items.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    items.iter().map(|item| word(item)).collect()
}

fn word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// `src/plan/leaf.rs` and `src/layout.rs` belong to `plan` and `layout`; `lib.rs` and `main.rs` to none.
fn module_of(file: &Path) -> Option<String> {
    let first = file.strip_prefix("src").ok()?.components().next()?;
    let name = Path::new(first.as_os_str()).file_stem()?.to_str()?;
    (name != "lib" && name != "main").then(|| name.to_owned())
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_way_of_naming_a_module_is_seen() {
    let source =
        "use crate::pki;\nuse crate::{\n    cluster::{self, Spec},\n    plan, // crate::verify\n};\nlet x = crate::issue::leaf();\n";
    let named: Vec<String> = named_modules(source).into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(named, ["cluster", "issue", "pki", "plan"]);
}

/// open(2) waits for ever at a FIFO, and /dev/zero has no end: one module knows, and whoever opens a file asks it.
#[test]
fn one_module_alone_opens_files() {
    let opening =
        ["OpenOptions", "File::open", "File::create", "fs::read(", "fs::write(", "fs::copy(", "read_to_string", "rustix::fs::open"];
    let is_of_tests = |file: &Path| ["tests", "fixture"].iter().any(|end| file.file_stem().unwrap().to_string_lossy().ends_with(end));
    let mut wrong = BTreeSet::new();
    for file in rust_files(Path::new("src")).into_iter().filter(|file| !is_of_tests(file) && !file.ends_with("directory/open.rs")) {
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]\n").next().unwrap();
        wrong.extend(opening.iter().filter(|word| code.contains(**word)).map(|word| format!("{}: {word}", file.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Two levels under `src/`, no deeper.
#[test]
fn no_module_lies_deeper_than_two_levels() {
    let deep: Vec<PathBuf> = rust_files(Path::new("src")).into_iter().filter(|file| file.components().count() > 3).collect();
    assert!(deep.is_empty(), "{deep:?}");
}
