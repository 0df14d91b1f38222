//! Whether a text is a host name, an e-mail address or a URI, and why not. No resolver, no registry: brokers have private names.

use std::net::Ipv6Addr;

/// What is wrong with `host` as a host name (RFC 1034, 3.5; RFC 1123, 2.1). Underscores are let pass: they have a rule of their own.
pub fn host_problem(host: &str) -> Option<&'static str> {
    let labels = || host.split('.');
    if host.trim().is_empty() {
        Some("is empty")
    } else if host.starts_with('.') {
        Some("begins with a dot")
    } else if host.ends_with('.') {
        Some("ends with a dot")
    } else if labels().any(str::is_empty) {
        Some("has an empty label")
    } else if labels().any(|label| label.len() > 63) {
        Some("has a label of more than 63 characters")
    } else if host.len() > 253 {
        Some("has more than 253 characters")
    } else if !host.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.')) {
        Some("has characters that no host name has")
    } else if labels().any(|label| label.starts_with('-') || label.ends_with('-')) {
        Some("has a label that begins or ends with a hyphen")
    } else if labels().any(|label| label.to_ascii_lowercase().starts_with("xn--") && !is_punycode(&label[4..])) {
        Some("has a label that begins with xn-- and is no Punycode")
    } else {
        None
    }
}

/// RFC 3492, 6.2, without the characters: whether the deltas can be read.
fn is_punycode(text: &str) -> bool {
    let digits = text.rsplit_once('-').map_or(text, |(_, digits)| digits);
    let (mut bias, mut count, mut deltas) = (72_u32, text.len() as u32 - digits.len() as u32, digits.bytes().peekable());
    let mut code = 128_u32;
    let mut position = 0_u32;
    count = count.saturating_sub(1);
    while deltas.peek().is_some() {
        let (before, mut weight) = (position, 1_u32);
        for k in (36..).step_by(36) {
            let digit = match deltas.next() {
                Some(c @ b'a'..=b'z') => u32::from(c - b'a'),
                Some(c @ b'A'..=b'Z') => u32::from(c - b'A'),
                Some(c @ b'0'..=b'9') => u32::from(c - b'0') + 26,
                _ => return false,
            };
            let Some(sum) = digit.checked_mul(weight).and_then(|step| position.checked_add(step)) else { return false };
            position = sum;
            let threshold = (k as u32).saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            let Some(next) = weight.checked_mul(36 - threshold) else { return false };
            weight = next;
        }
        count += 1;
        bias = adapted(position - before, count, before == 0);
        code = code.saturating_add(position / count);
        if char::from_u32(code).is_none() {
            return false;
        }
        position = position % count + 1;
    }
    count > 0
}

/// RFC 3492, 6.1.
fn adapted(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

/// What is wrong with `address` as a Mailbox (RFC 5321, 4.1.2) of ASCII.
pub fn mailbox_problem(address: &str) -> Option<&'static str> {
    let Some((local, domain)) = address.rsplit_once('@') else { return Some("has no @") };
    local_part_problem(local).or_else(|| domain_problem(domain))
}

fn local_part_problem(local: &str) -> Option<&'static str> {
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(|c| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&c));
    let is_quoted = local.len() >= 2 && local.starts_with('"') && local.ends_with('"') && local.bytes().all(|c| matches!(c, b' '..=b'~'));
    if local.is_empty() {
        Some("has nothing before the @")
    } else if local.len() > 64 {
        Some("has more than 64 characters before the @")
    } else if !is_quoted && !local.split('.').all(is_atom) {
        Some("is no mailbox before the @")
    } else {
        None
    }
}

fn domain_problem(domain: &str) -> Option<&'static str> {
    let is_literal = domain.starts_with('[') && domain.ends_with(']');
    host_problem(domain).filter(|_| !is_literal).map(|_| "has no host name after the @")
}

/// What is wrong with `address` as a mailbox with a UTF-8 local part (RFC 9598, 3): its domain is in A-labels.
pub fn utf8_mailbox_problem(address: &str) -> Option<&'static str> {
    match address.rsplit_once('@') {
        None => Some("has no @"),
        Some(("", _)) => Some("has nothing before the @"),
        Some((local, _)) if local.is_ascii() => Some("is ASCII before the @ and belongs into rfc822Name"),
        Some((local, _)) if local.len() > 64 => Some("has more than 64 octets before the @"),
        Some((_, domain)) => domain_problem(domain),
    }
}

/// What is wrong with `uri` as an absolute URI (RFC 3986; RFC 5280, 4.2.1.6).
pub fn uri_problem(uri: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = uri.split_once(':') else { return Some("has no scheme") };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.'));
    if !is_scheme {
        return Some("has no scheme");
    }
    if !uri.bytes().all(|c| matches!(c, b'!'..=b'~') && !b"\"<>\\^`{|}".contains(&c)) {
        return Some("has characters that no URI has");
    }
    let scheme = scheme.to_ascii_lowercase();
    match rest.strip_prefix("//") {
        None if matches!(scheme.as_str(), "http" | "https" | "ftp" | "ldap" | "ldaps") => Some("has no host"),
        None if rest.is_empty() => Some("has nothing after the scheme"),
        None => None,
        Some(rest) => authority_problem(rest.split(['/', '?', '#']).next().unwrap_or_default(), &scheme),
    }
}

fn authority_problem(authority: &str, scheme: &str) -> Option<&'static str> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse::<Ipv6Addr>().err().map(|_| "has a host that is no IPv6 address");
    }
    let host = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|c| c.is_ascii_digit())).map_or(host, |(host, _)| host);
    // LDAP and file URIs may leave the host to the client.
    if host.is_empty() && matches!(scheme, "ldap" | "ldaps" | "file") {
        return None;
    }
    host_problem(host).map(|problem| match problem {
        "is empty" => "has no host",
        _ => "has a host that is neither a host name nor an address",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn host_names() {
        let label = "x".repeat(63);
        for good in ["broker-1", "broker-1.example.com", "a_b.example", "xn--mnchen-3ya.de", "xn--bcher-kva.example", "10.1", &label] {
            assert_eq!(host_problem(good), None, "{good}");
        }
        let [too_long_label, too_long] = [format!("{label}x.de"), [&label[..]; 4].join(".")];
        for bad in [
            "",
            " ",
            ".a",
            "a.",
            "a..b",
            "-a.b",
            "a-.b",
            "a b",
            "bü.de",
            "*.b",
            "a/b",
            &too_long_label,
            &too_long,
            "xn--.de",
            "xn--99999999999.de",
        ] {
            assert!(host_problem(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn mailboxes() {
        for good in ["a@b.de", "a.b+c@example.com", "\"a b\"@example.com", "a@[192.0.2.1]"] {
            assert_eq!(mailbox_problem(good), None, "{good}");
        }
        for bad in ["a", "@b.de", "a@", "a..b@c.de", "a b@c.de", "a@b..de", &format!("{}@b.de", "x".repeat(65)), "<a@b.de>"] {
            assert!(mailbox_problem(bad).is_some(), "{bad}");
        }
        assert_eq!(utf8_mailbox_problem("käfer@xn--bcher-kva.example"), None);
        for bad in ["käfer@bücher.example", "kaefer@example.com", "käfer", "@a.de"] {
            assert!(utf8_mailbox_problem(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn uris() {
        for good in [
            "http://crl.example.com/a.crl",
            "ldap:///CN=a?b",
            "spiffe://cluster.local/ns/a",
            "urn:uuid:1",
            "http://[::1]:80/",
            "http://u@h:1/x",
            "tag:a",
        ] {
            assert_eq!(uri_problem(good), None, "{good}");
        }
        for bad in
            ["", "/a", "example.com/a", "http:/a", "http://", "http://a b/", "http://-a-/", "http://[::g]/", "1a:b", "urn:", "http://a..b/"]
        {
            assert!(uri_problem(bad).is_some(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_them_panic(text in "\\PC{0,80}", tail in "[a-zA-Z0-9-]{0,60}") {
            for text in [text, format!("xn--{tail}")] {
                let _ = (host_problem(&text), mailbox_problem(&text), utf8_mailbox_problem(&text), uri_problem(&text));
            }
        }
    }
}
