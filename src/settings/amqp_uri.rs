//! URLs of RabbitMQ (its URI specification, on top of RFC 3986): `amqps://user:password@host:port/vhost?cacertfile=…`.

use crate::pki::{Host, HostPort, Passphrase};

/// What clients take when the URL names no port.
const TLS_PORT: u16 = 5671;
const PLAIN_PORT: u16 = 5672;

/// An `amqps` URL, as RabbitMQ's own client reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmqpUri {
    pub endpoint: HostPort,
    /// `/` where the URL has no path; the empty name where its path is a slash alone.
    pub vhost: String,
    pub user: Option<String>,
    pub password: Option<Passphrase>,
    /// As they are written: `external`, `plain`. RabbitMQ's client takes several.
    pub mechanisms: Vec<String>,
    pub cacertfile: Option<String>,
    pub certfile: Option<String>,
    pub keyfile: Option<String>,
    pub key_password: Option<Passphrase>,
    /// `verify`: `verify_peer` or `verify_none`.
    pub verify: Option<String>,
    pub server_name: Option<String>,
}

/// Why a text is no URL that leads to RabbitMQ over TLS. Never holds the URL: a password may stand in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmqpUriError {
    #[error("it is no amqps URL: write amqps://host/vhost")]
    Scheme,
    /// An `amqp` URL in which nothing else is wrong.
    #[error("it leads to {endpoint} without TLS: write amqps://")]
    Plaintext { endpoint: HostPort, vhost: String },
    #[error("its host is neither a DNS name nor an IP address; an IPv6 address stands in brackets")]
    Host,
    #[error("its port is no number from 1 to 65535")]
    Port,
    #[error("a % in it is not followed by two hexadecimal digits, or they make no UTF-8")]
    Percent,
    #[error("its virtual host has more than one part: write %2F for a slash in it")]
    Path,
    /// Likely a password with a slash in it: then what looks like the host is part of a secret.
    #[error("an @ stands behind its host: write %40 for it, and %2F for a slash in a user name or password")]
    At,
    #[error("a fragment (#…) has no meaning in it: write %23 for a number sign")]
    Fragment,
}

impl AmqpUri {
    /// Whether `text` means to be one, whatever is wrong with it.
    pub fn is_meant(text: &str) -> bool {
        scheme(text).is_some_and(|(scheme, _)| ["amqp", "amqps"].iter().any(|known| scheme.eq_ignore_ascii_case(known)))
    }

    pub fn parse(text: &str) -> Result<Self, AmqpUriError> {
        let (scheme, rest) = scheme(text).ok_or(AmqpUriError::Scheme)?;
        let port = match scheme.to_ascii_lowercase().as_str() {
            "amqps" => TLS_PORT,
            "amqp" => PLAIN_PORT,
            _ => return Err(AmqpUriError::Scheme),
        };
        if rest.contains('#') {
            return Err(AmqpUriError::Fragment);
        }
        if rest.split_once(['/', '?']).is_some_and(|(_, behind)| behind.contains('@')) {
            return Err(AmqpUriError::At);
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
        let (user, password) = match authority.rsplit_once('@') {
            Some((user, _)) => credentials(user)?,
            None => (None, None),
        };
        let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
        let vhost = match path {
            None => "/".to_owned(),
            Some(path) if path.contains('/') => return Err(AmqpUriError::Path),
            Some(path) => decoded(path)?,
        };
        let parameters = parameters(query)?;
        let get = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let endpoint = endpoint(address, port)?;
        if port == PLAIN_PORT {
            return Err(AmqpUriError::Plaintext { endpoint, vhost });
        }
        Ok(Self {
            endpoint,
            vhost,
            user,
            password,
            mechanisms: parameters.iter().filter(|(key, _)| key == "auth_mechanism").map(|(_, value)| value.clone()).collect(),
            cacertfile: get("cacertfile"),
            certfile: get("certfile"),
            keyfile: get("keyfile"),
            key_password: get("password").map(Passphrase::new),
            verify: get("verify"),
            server_name: get("server_name_indication"),
        })
    }
}

fn scheme(text: &str) -> Option<(&str, &str)> {
    text.split_once("://")
}

fn credentials(text: &str) -> Result<(Option<String>, Option<Passphrase>), AmqpUriError> {
    let (user, password) = text.split_once(':').map_or((text, None), |(user, password)| (user, Some(password)));
    let user = Some(decoded(user)?).filter(|user| !user.is_empty());
    Ok((user, password.map(decoded).transpose()?.map(Passphrase::new)))
}

fn endpoint(address: &str, default: u16) -> Result<HostPort, AmqpUriError> {
    // The colons of an IPv6 address stand within its brackets.
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (address, None),
    };
    let port = match port {
        None | Some("") => default,
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port != 0).ok_or(AmqpUriError::Port)?
        }
        Some(_) => return Err(AmqpUriError::Port),
    };
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => {
            let address = v6.parse().map_err(|_| AmqpUriError::Host)?;
            Ok(HostPort { host: Host::Ip(std::net::IpAddr::V6(address)), port })
        }
        None if host.contains(':') => Err(AmqpUriError::Host),
        None => Ok(HostPort { host: decoded(host)?.parse().map_err(|_| AmqpUriError::Host)?, port }),
    }
}

/// As forms are encoded, which is how clients read them: a plus is a space.
fn parameters(query: &str) -> Result<Vec<(String, String)>, AmqpUriError> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(&key.replace('+', " "))?, decoded(&value.replace('+', " "))?))
        })
        .collect()
}

/// RFC 3986, 2.1.
fn decoded(text: &str) -> Result<String, AmqpUriError> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).ok_or(AmqpUriError::Percent);
        decoded.push(match byte {
            b'%' => u8::try_from(digit(bytes.next())? * 16 + digit(bytes.next())?).map_err(|_| AmqpUriError::Percent)?,
            _ => byte,
        });
    }
    String::from_utf8(decoded).map_err(|_| AmqpUriError::Percent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_part_of_a_url() {
        let uri = AmqpUri::parse(
            "amqps://ord%3Aers:p%40ss:w@Rabbit-1.Example.:5673/a%2Fb?auth_mechanism=plain&cacertfile=%2Fca+1.pem\
             &certfile=c.pem&keyfile=k.pem&password=x%26y&verify=verify_peer&server_name_indication=rabbit",
        )
        .unwrap();
        assert_eq!(uri.endpoint.to_string(), "rabbit-1.example:5673");
        assert_eq!((uri.vhost.as_str(), uri.user.as_deref(), uri.password.unwrap().expose()), ("a/b", Some("ord:ers"), "p@ss:w"));
        assert_eq!([uri.cacertfile, uri.certfile, uri.keyfile].map(Option::unwrap), ["/ca 1.pem", "c.pem", "k.pem"]);
        assert_eq!((uri.mechanisms, uri.key_password.unwrap().expose()), (vec!["plain".to_owned()], "x&y"));
        assert_eq!((uri.verify.as_deref(), uri.server_name.as_deref()), (Some("verify_peer"), Some("rabbit")));
    }

    #[test]
    fn what_a_url_leaves_out() {
        let read = |text: &str| AmqpUri::parse(text).map(|uri| format!("{} {:?}", uri.endpoint, uri.vhost));
        assert_eq!(read("amqps://h").unwrap(), "h:5671 \"/\"");
        assert_eq!(read("AMQPS://h:/").unwrap(), "h:5671 \"\"");
        assert_eq!(read("amqps://[::1]").unwrap(), "[::1]:5671 \"/\"");
        assert_eq!(read("amqps://[::1]:5/%2f").unwrap(), "[::1]:5 \"/\"");
        assert_eq!(read("amqps://10.0.0.1/v?").unwrap(), "10.0.0.1:5671 \"v\"");
    }

    #[test]
    fn what_is_none_says_why_and_shows_nothing() {
        let refusal = |text: &str| AmqpUri::parse(text).unwrap_err();
        assert_eq!(refusal("amqp://u:secret@h/v").to_string(), "it leads to h:5672 without TLS: write amqps://");
        assert_eq!(refusal("https://h/v"), AmqpUriError::Scheme);
        assert_eq!(refusal("h:5671"), AmqpUriError::Scheme);
        assert_eq!(refusal("amqps://h:0/v"), AmqpUriError::Port);
        assert_eq!(refusal("amqps://h:+1/v"), AmqpUriError::Port);
        assert_eq!(refusal("amqps:///v"), AmqpUriError::Host);
        assert_eq!(refusal("amqps://[h]/v"), AmqpUriError::Host);
        assert_eq!(refusal("amqps://u:pass/word@h/v"), AmqpUriError::At);
        assert_eq!(refusal("amqps://h/a/b"), AmqpUriError::Path);
        assert_eq!(refusal("amqps://h/%f"), AmqpUriError::Percent);
        assert_eq!(refusal("amqps://h/%ff"), AmqpUriError::Percent);
        assert_eq!(refusal("amqps://h/v#x"), AmqpUriError::Fragment);
    }

    /// lapin's own reading of a URL.
    #[test]
    fn lapin_reads_the_same() {
        for text in ["amqps://h", "amqps://h/", "amqps://u@h/v", "amqps://u:p%40w@h:1/a%2fb?auth_mechanism=EXTERNAL", "amqps://:p@h"] {
            let (ours, theirs) = (AmqpUri::parse(text).unwrap(), text.parse::<lapin::uri::AMQPUri>().unwrap());
            assert_eq!(ours.endpoint.to_string(), format!("{}:{}", theirs.authority.host, theirs.authority.port), "{text}");
            assert_eq!(ours.vhost, theirs.vhost, "{text}");
            assert_eq!(ours.user.as_deref().unwrap_or("guest"), theirs.authority.userinfo.username, "{text}");
            assert_eq!(
                ours.password.map_or("guest".to_owned(), |password| password.expose().to_owned()),
                theirs.authority.userinfo.password
            );
            assert_eq!(ours.mechanisms.first().map(|name| name.to_uppercase()), theirs.query.auth_mechanism.map(|name| name.to_string()));
        }
    }

    proptest! {
        #[test]
        fn a_virtual_host_of_any_name_comes_back(name in "\\PC{0,12}", user in "\\PC{1,8}") {
            let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
            let uri = AmqpUri::parse(&format!("amqps://{}@h/{}", encoded(&user), encoded(&name))).unwrap();
            prop_assert_eq!((uri.vhost, uri.user.unwrap()), (name, user));
        }

        #[test]
        fn no_text_makes_it_panic(text in r"(amqps://|[:/@%\[\]?&=#+.]|[0-9a-f]|\PC)*") {
            let _ = AmqpUri::parse(&text);
        }
    }
}
