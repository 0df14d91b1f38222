//! PEM that was pasted into a configuration as it is: its first line is the value, and every other line would be taken for a setting.

use std::ops::Range;

/// How a program joins lines to one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joining {
    /// `java.util.Properties`: after a backslash.
    Backslash,
    /// Cuttlefish: up to the second of two single quotes.
    Quotes,
    /// librdkafka.
    Never,
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// The text with empty lines in place of those that were lost to a PEM, and the line at which each such PEM begins.
pub(super) fn set_aside(bytes: &[u8], joining: Joining) -> (Vec<u8>, Vec<usize>) {
    let lines: Vec<(Range<usize>, String)> =
        lines(bytes).map(|line| (line.clone(), String::from_utf8_lossy(&bytes[line]).trim().to_owned())).collect();
    let text = |index: usize| lines.get(index).map(|(_, text)| text.as_str());
    let (mut kept, mut begun) = (bytes.to_vec(), Vec::new());
    let mut index = 0;
    while let Some(first) = text(index) {
        let begins = index;
        index += 1;
        if !opens(first, joining) {
            continue;
        }
        let mut last = first;
        while joining == Joining::Backslash && goes_on(last) && !last.contains(END) {
            let Some(next) = text(index) else { break };
            (last, index) = (next, index + 1);
        }
        if last.contains(END) {
            continue;
        }
        let lost = if first.starts_with(BEGIN) { begins } else { index };
        let mut inside = true;
        while let Some(line) = text(index).filter(|line| line.starts_with(BEGIN) || (inside && is_of_pem(line))) {
            inside = !line.contains(END);
            index += 1;
        }
        if lost < index {
            lines[lost..index].iter().for_each(|(line, _)| kept[line.clone()].fill(b' '));
            begun.push(begins + 1);
        }
    }
    (kept, begun)
}

/// Without what ends them.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|byte| [b'\n', b'\r'].contains(byte)).unwrap_or(rest.len());
        let line = start..start + length;
        start = line.end + if rest[length..].starts_with(b"\r\n") { 2 } else { 1 };
        Some(line)
    })
}

fn opens(line: &str, joining: Joining) -> bool {
    let quoted = |before: &str| joining == Joining::Quotes && before.matches('\'').count() % 2 == 1;
    let begins = line.rsplit_once(BEGIN).filter(|_| !line.starts_with(['#', '!']));
    begins.is_some_and(|(before, behind)| !behind.contains(END) && !quoted(before))
}

fn goes_on(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Base64, the end of a block, a header of RFC 1421, or nothing.
fn is_of_pem(line: &str) -> bool {
    let line = line.trim_end_matches('\\').trim_end_matches("\\n");
    let header = ["Proc-Type:", "DEK-Info:"].iter().any(|name| line.starts_with(name));
    let letters = line.trim_end_matches('=');
    let base64 = letters.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte));
    line.starts_with(END) || header || (base64 && line.len() - letters.len() <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str, joining: Joining) -> (Vec<String>, Vec<usize>) {
        let (kept, begun) = set_aside(text.as_bytes(), joining);
        (String::from_utf8(kept).unwrap().lines().map(|line| line.trim().to_owned()).collect(), begun)
    }

    const PASTED: &str = "a=1\r\nk=-----BEGIN PRIVATE KEY-----\r\nAAAA\r\nBB==\r\n-----END PRIVATE KEY-----\r\nb=2\r\n";

    #[test]
    fn the_lines_below_a_pasted_pem_are_none() {
        for joining in [Joining::Backslash, Joining::Quotes, Joining::Never] {
            assert_eq!(
                kept(PASTED, joining),
                (["a=1", "k=-----BEGIN PRIVATE KEY-----", "", "", "", "b=2"].map(str::to_owned).to_vec(), vec![2])
            );
        }
    }

    #[test]
    fn several_blocks_are_one_mistake_and_may_lack_their_end() {
        let chain = "k=\n-----BEGIN A-----\nAA\n-----END A-----\n-----BEGIN B-----\nProc-Type: 4,ENCRYPTED\n\nBB\nb=2\n";
        assert_eq!(kept(chain, Joining::Backslash), (["k=", "", "", "", "", "", "", "", "b=2"].map(str::to_owned).to_vec(), vec![2]));
    }

    #[test]
    fn what_is_joined_is_whole_and_stays() {
        let joined = "k=-----BEGIN A-----\\n\\\nAA\\n\\\n-----END A-----\nb=2\n";
        let quoted = "k = '-----BEGIN A-----\nAA\n-----END A-----'\nb = 2\n";
        for (text, joining) in [(joined, Joining::Backslash), (quoted, Joining::Quotes), ("# -----BEGIN A-----\nAA=b\n", Joining::Never)] {
            assert_eq!(set_aside(text.as_bytes(), joining), (text.as_bytes().to_vec(), vec![]));
        }
        let half = "k=-----BEGIN A-----\\n\\\nAA\\n\nBB\n-----END A-----\nb=2\n";
        assert_eq!(kept(half, Joining::Backslash).0[2..], ["", "", "b=2"]);
        assert_eq!(set_aside(joined.as_bytes(), Joining::Never).1, [1]);
    }
}
