//! The blocks of a PEM text as Kafka finds them (KIP-651): by two patterns of its own, which see less than other readers do.

use std::sync::LazyLock;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::Regex;

/// One block, as bytes; `None` where Java cannot decode its base64.
pub type Block = Option<Vec<u8>>;

/// What Kafka takes out of a text.
#[derive(Debug)]
pub struct Blocks {
    pub certificates: Vec<Block>,
    pub keys: Vec<Block>,
    /// How many blocks others would see that Kafka passes over without a word.
    pub passed_over: usize,
}

static CERTIFICATES: LazyLock<Regex> = LazyLock::new(|| pattern("CERTIFICATE"));
static KEYS: LazyLock<Regex> = LazyLock::new(|| pattern(r"PRIVATE[\ \t\n\x0B\f\r]+KEY"));

/// A line that begins a block of the one kind or the other.
static BEGINNINGS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"-----BEGIN [A-Z0-9 ]*(?:CERTIFICATE|PRIVATE KEY)-----").expect("the pattern is well-formed"));

/// Java's `\s` and `.` written out: both differ from Rust's.
fn pattern(label: &str) -> Regex {
    let (space, dot) = (r"[\ \t\n\x0B\f\r]", r"[^\n\r\u{85}\u{2028}\u{2029}]");
    let frame = |word: &str| format!("-+ {word} {space}* {dot}* {label} [^-]* -+ {space}+");
    let header = format!(r"(?: {space}* [^\r\n]* : [^\r\n]* [\r\n]+ )*");
    let body = r"( [A-Za-z0-9/+=\ \t\n\x0B\f\r]* )";
    Regex::new(&format!("(?x) {} {header} {body} {}", frame("BEGIN"), frame("END"))).expect("the pattern is well-formed")
}

/// Every block that Kafka would see in `text`.
pub fn blocks(text: &[u8]) -> Blocks {
    // Kafka puts a line feed behind it too, so that the last one may be missing.
    let text = format!("{}\n", String::from_utf8_lossy(text));
    let found = |pattern: &Regex| pattern.captures_iter(&text).map(|block| decoded(&block[1])).collect::<Vec<_>>();
    let (certificates, keys) = (found(&CERTIFICATES), found(&KEYS));
    let begun = BEGINNINGS.find_iter(&text).count();
    Blocks { passed_over: begun.saturating_sub(certificates.len() + keys.len()), certificates, keys }
}

/// `java.util.Base64` asks for neither the last padding nor for zeros in the bits that are left over.
const JAVA: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

fn decoded(body: &str) -> Block {
    let body: String = body.chars().filter(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c)).collect();
    JAVA.decode(body).ok()
}
