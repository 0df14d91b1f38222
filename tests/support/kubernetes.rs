//! Those who judge what is meant for Kubernetes.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Ran, fixtures};

/// Of Kubernetes' own schemas.
const VERSION: &str = "1.30";

/// kubectl-validate on a manifest, or on every one in a directory, with the schemas of Kubernetes, External Secrets (v1.3.2) and
/// Sealed Secrets (v0.27.1); what it complains of. A kind that it does not know is a complaint.
pub fn validate(manifests: &Path) -> Result<(), String> {
    let mut command = tool("kubectl-validate");
    command.args(["--version", VERSION, "--local-crds"]).arg(fixtures().join("kubernetes/crds")).arg(manifests);
    let ran = Ran::from(command.output().unwrap());
    if ran.code == 0 { Ok(()) } else { Err(ran.stdout + &ran.stderr) }
}

/// The same of YAML, of one document or more.
pub fn validate_text(manifests: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("manifests.yaml");
    fs::write(&file, manifests).unwrap();
    validate(&file)
}

/// kubeseal: a Secret's manifest as the SealedSecret that only the controller with this certificate (PEM) can read.
pub fn seal(secret: &str, certificate: &str) -> Result<String, String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("controller.pem");
    fs::write(&file, certificate).unwrap();
    let mut command = tool("kubeseal");
    command.args(["--format", "yaml", "--cert"]).arg(file);
    fed(command, secret)
}

/// kubeseal: the Secret (JSON) in a SealedSecret, by the controller's key (PEM).
pub fn unseal(sealed: &str, key: &str) -> Result<String, String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("controller.key");
    fs::write(&file, key).unwrap();
    let mut command = tool("kubeseal");
    command.args(["--recovery-unseal", "--recovery-private-key"]).arg(file);
    fed(command, sealed)
}

/// It must not look for a cluster.
fn tool(name: &str) -> Command {
    let path: PathBuf = fixtures().join("kubernetes").join(name);
    let mut command = Command::new(path);
    command.env_remove("KUBECONFIG").env("HOME", "/nonexistent");
    command
}

fn fed(mut command: Command, input: &str) -> Result<String, String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    if ran.code == 0 { Ok(ran.stdout) } else { Err(ran.stderr) }
}
