//! The cluster file.

#![no_main]

use std::path::Path;

use countersign::cluster;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = cluster::parse(text, Path::new("/"));
});
