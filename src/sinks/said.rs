//! What servers and libraries say of what went wrong, fit for a line of ours.

use std::error::Error;
use std::io;

/// Of somebody else's words, in characters.
const LONGEST: usize = 300;
/// Of errors that name each other; a chain without end is none.
const DEEPEST: usize = 32;

/// On one line, without control characters, and not too long.
pub fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The cause of all others; those only say that there is one.
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    one_line(&causes(error).last().map(ToString::to_string).unwrap_or_default())
}

/// Why TLS failed, if that is what did.
pub fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// From the outermost in, with the payloads of I/O errors, which do not call them their source.
pub fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(payload) => Some(payload as &(dyn Error + 'static)),
        None => error.source(),
    })
    .take(DEEPEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_becomes_one_line_of_bounded_length() {
        assert_eq!(one_line(" disk\n\ton\u{7} fire "), "disk on fire");
        assert_eq!(one_line(&"é".repeat(300)), "é".repeat(300));
        assert_eq!(one_line(&"é".repeat(301)), format!("{}…", "é".repeat(300)));
    }

    #[test]
    fn an_error_of_tls_is_found_within_errors_of_io() {
        let tls = rustls::Error::General("at the bottom".to_owned());
        let error = io::Error::other(io::Error::other(tls.clone()));
        assert_eq!(tls_error(&error), Some(&tls));
        assert_eq!(innermost(&error), "unexpected error: at the bottom");
        assert_eq!(tls_error(&io::Error::other("refused")), None);
    }
}
