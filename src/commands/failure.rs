//! Every way to fail, and the one match from failures to exit codes.

use std::fmt;
use std::path::PathBuf;

use serde_json::json;

use crate::artifact::ArtifactError;
use crate::cluster::Problem;
use crate::convert::ConvertError;
use crate::directory::DirectoryError;
use crate::issue::IssueError;
use crate::keystore::KeystoreError;
use crate::plan::PlanError;
use crate::report;

/// The exit codes, stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    Failed,
    Usage,
    WorkToDo,
    VerificationFailed,
    Interrupted,
    /// A monitoring system asked, and has codes of its own.
    Monitored(report::Status),
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::WorkToDo => 3,
            Self::VerificationFailed => 4,
            Self::Interrupted => 130,
            Self::Monitored(status) => status.exit_code(),
        }
    }
}

#[derive(Debug)]
pub enum Failure {
    ClusterFile {
        file: PathBuf,
        problems: Vec<Problem>,
    },
    NoClusterFile(PathBuf),
    NoSuchHolder {
        word: String,
        nearest: Option<String>,
    },
    NothingThere {
        directory: PathBuf,
    },
    Exists(PathBuf),
    Usage(String),
    Plan(PlanError),
    Directory(DirectoryError),
    Making {
        what: String,
        source: MakingError,
    },
    Runtime(std::io::Error),
    Unreadable {
        path: PathBuf,
        error: KeystoreError,
    },
    Convert {
        source: PathBuf,
        error: ConvertError,
    },
    /// Manifests that could not be made.
    Manifests(String),
}

/// Why a certificate or a file could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MakingError {
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

impl Failure {
    pub fn exit(&self) -> Exit {
        match self {
            Self::ClusterFile { .. } | Self::NoClusterFile(_) | Self::NoSuchHolder { .. } | Self::Usage(_) | Self::Exists(_) => Exit::Usage,
            Self::NothingThere { .. }
            | Self::Plan(_)
            | Self::Directory(_)
            | Self::Making { .. }
            | Self::Runtime(_)
            | Self::Unreadable { .. }
            | Self::Convert { .. }
            | Self::Manifests(_) => Exit::Failed,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::ClusterFile { .. } => "cluster-file",
            Self::NoClusterFile(_) => "no-cluster-file",
            Self::NoSuchHolder { .. } => "no-such-holder",
            Self::NothingThere { .. } => "nothing-there",
            Self::Exists(_) => "exists",
            Self::Usage(_) => "usage",
            Self::Plan(_) => "plan",
            Self::Directory(_) => "directory",
            Self::Making { .. } => "making",
            Self::Runtime(_) => "runtime",
            Self::Unreadable { .. } => "unreadable",
            Self::Convert { .. } => "convert",
            Self::Manifests(_) => "manifests",
        }
    }

    pub fn json(&self) -> serde_json::Value {
        let problems: Vec<_> = match self {
            Self::ClusterFile { problems, .. } => problems
                .iter()
                .map(|p| json!({ "line": p.line, "column": p.column, "text": p.text, "message": p.message, "fix": p.fix }))
                .collect(),
            _ => Vec::new(),
        };
        json!({ "error": { "kind": self.kind(), "message": self.to_string(), "problems": problems } })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClusterFile { file, problems } => {
                let file = file.display();
                let plural = if problems.len() == 1 { "mistake" } else { "mistakes" };
                write!(f, "{} {plural} in {file}; nothing was done", problems.len())?;
                problems.iter().try_for_each(|problem| {
                    write!(
                        f,
                        "\n\n{file}:{}:{}: {}\n    {}\n    fix: {}",
                        problem.line, problem.column, problem.message, problem.text, problem.fix
                    )
                })
            }
            Self::NoClusterFile(path) => {
                write!(f, "there is no cluster file {}; name it by -f, or let `countersign init` write one", path.display())
            }
            Self::NoSuchHolder { word, nearest } => {
                write!(f, "no holder is called {word:?} in the cluster file")?;
                nearest.as_ref().map_or(Ok(()), |nearest| write!(f, "; the nearest is {nearest}"))
            }
            Self::NothingThere { directory } => {
                write!(f, "there is nothing in {} yet; run `countersign apply` first", directory.display())
            }
            Self::Exists(path) => write!(f, "{} is there already and is never overwritten", path.display()),
            Self::Usage(text) | Self::Manifests(text) => f.write_str(text),
            Self::Plan(error) => write!(f, "{error}"),
            Self::Directory(error) => write!(f, "{error}"),
            Self::Making { what, source } => write!(f, "{what}: {source}"),
            Self::Unreadable { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Convert { source, error } => write!(f, "{}: {error}", source.display()),
            Self::Runtime(error) => write!(f, "the asynchronous runtime did not start: {error}"),
        }
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error)
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}
