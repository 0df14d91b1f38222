//! parse → run → exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let now = time::OffsetDateTime::now_utc();
    countersign::commands::main(now)
}
