//! parse → run → exit code; nothing else.

fn main() {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let now = time::OffsetDateTime::now_utc();
    let code = countersign::commands::main(now);
    // At once: librdkafka's threads may not have ended yet, and the handlers of `exit` take away the OpenSSL that they use.
    signal_hook::low_level::exit(code.into());
}
