//! Every way to fail, and the one match from failures to exit codes.

use std::fmt;
use std::path::PathBuf;

use serde_json::json;

use crate::cluster::Problem;
use crate::convert::ConvertError;
use crate::directory::DirectoryError;
use crate::ops::DeedError;
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
    Exists(PathBuf),
    Usage(String),
    Deed(DeedError),
    Convert {
        source: PathBuf,
        error: ConvertError,
    },
    /// What was to be written to stdout is lost.
    Stdout(std::io::Error),
}

impl Failure {
    pub fn exit(&self) -> Exit {
        match self {
            Self::ClusterFile { .. } | Self::NoClusterFile(_) | Self::NoSuchHolder { .. } | Self::Usage(_) | Self::Exists(_) => Exit::Usage,
            Self::Deed(error) => match error {
                DeedError::Replaced { .. } | DeedError::Named { .. } | DeedError::NotGone { .. } => Exit::Usage,
                DeedError::NothingThere { .. }
                | DeedError::Plan(_)
                | DeedError::Directory(_)
                | DeedError::Making { .. }
                | DeedError::Rollback(_)
                | DeedError::Lack(_)
                | DeedError::Unreadable { .. }
                | DeedError::Rollover { .. }
                | DeedError::Manifests(_) => Exit::Failed,
            },
            Self::Convert { .. } | Self::Stdout(_) => Exit::Failed,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::ClusterFile { .. } => "cluster-file",
            Self::NoClusterFile(_) => "no-cluster-file",
            Self::NoSuchHolder { .. } => "no-such-holder",
            Self::Exists(_) => "exists",
            Self::Usage(_) | Self::Deed(DeedError::Replaced { .. } | DeedError::Named { .. } | DeedError::NotGone { .. }) => "usage",
            Self::Deed(DeedError::NothingThere { .. }) => "nothing-there",
            Self::Deed(DeedError::Plan(_)) => "plan",
            Self::Deed(DeedError::Directory(_)) => "directory",
            Self::Deed(DeedError::Making { .. }) => "making",
            Self::Deed(DeedError::Rollback(_)) => "rollback",
            Self::Deed(DeedError::Lack(_)) => "lack",
            Self::Deed(DeedError::Unreadable { .. }) => "unreadable",
            Self::Deed(DeedError::Manifests(_)) => "manifests",
            Self::Deed(DeedError::Rollover { .. }) => "rollover",
            Self::Stdout(_) => "stdout",
            Self::Convert { .. } => "convert",
        }
    }

    /// For people: one line, but of a cluster file each mistake on lines of its own.
    pub fn lines(&self) -> Vec<String> {
        let Self::ClusterFile { file, problems } = self else { return vec![self.to_string()] };
        let file = file.display();
        let plural = if problems.len() == 1 { "mistake" } else { "mistakes" };
        let mut lines = vec![format!("{} {plural} in {file}; nothing was done", problems.len())];
        for Problem { line, column, text, message, fix } in problems {
            let place = format!("{file}:{line}:{column}: {message}");
            lines.extend([String::new(), place, format!("    {text}"), format!("    fix: {fix}")]);
        }
        lines
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
            Self::ClusterFile { .. } => f.write_str(&self.lines().join("\n")),
            Self::NoClusterFile(path) => {
                write!(f, "there is no cluster file {}; name it by -f, or let `countersign init` write one", path.display())
            }
            Self::NoSuchHolder { word, nearest } => {
                write!(f, "no holder is called {word:?} in the cluster file")?;
                nearest.as_ref().map_or(Ok(()), |nearest| write!(f, "; the nearest is {nearest}"))
            }
            Self::Exists(path) => write!(f, "{} is there already and is never overwritten", path.display()),
            Self::Usage(text) => f.write_str(text),
            Self::Deed(error) => write!(f, "{error}"),
            Self::Convert { source, error } => write!(f, "{}: {error}", source.display()),
            Self::Stdout(error) => write!(f, "cannot write to stdout: {error}"),
        }
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        Self::Deed(error.into())
    }
}

impl From<DeedError> for Failure {
    fn from(error: DeedError) -> Self {
        Self::Deed(error)
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::Deed(error.into())
    }
}
