//! Who else can read a file: what its format, its schemes and its entries mean to each program.

use std::fmt;

use super::{Contents, Format, Held, Protected, Scheme};

/// The programs that brokers and their clients run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    Java8,
    Java11,
    /// And later.
    Java17,
    /// Without its legacy provider, as it is installed.
    OpenSsl3,
    Librdkafka,
    /// RabbitMQ.
    Erlang,
}

impl Program {
    pub const ALL: [Self; 6] = [Self::Java8, Self::Java11, Self::Java17, Self::OpenSsl3, Self::Librdkafka, Self::Erlang];
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Java8 => "Java 8",
            Self::Java11 => "Java 11",
            Self::Java17 => "Java 17+",
            Self::OpenSsl3 => "OpenSSL 3",
            Self::Librdkafka => "librdkafka",
            Self::Erlang => "Erlang",
        })
    }
}

/// Whether one program can read a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Reader {
    pub program: Program,
    #[serde(flatten)]
    pub answer: Answer,
}

/// In words that follow "can read it" or "cannot read it".
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase", tag = "reads", content = "why")]
pub enum Answer {
    Yes,
    If(String),
    No(String),
}

impl Answer {
    /// Both must hold. A refusal outweighs a condition, and the first outweighs the second.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, answer) | (answer, Self::Yes) => answer,
            (Self::No(why), _) | (Self::If(_), Self::No(why)) => Self::No(why),
            (Self::If(one), Self::If(other)) if one == other => Self::If(one),
            (Self::If(one), Self::If(other)) => Self::If(format!("{one}, and {other}")),
        }
    }
}

fn only_if(condition: &str) -> Answer {
    Answer::If(condition.to_owned())
}

fn no(why: &str) -> Answer {
    Answer::No(why.to_owned())
}

/// What each program says to a file. (Which passwords it is given is another matter.)
pub fn readers(contents: &Contents) -> Vec<Reader> {
    Program::ALL.map(|program| Reader { program, answer: answer(program, contents) }).into()
}

fn answer(program: Program, contents: &Contents) -> Answer {
    match (contents.format, program) {
        (Format::Pkcs12, Program::Java8 | Program::Java11 | Program::Java17) => {
            let schemes = contents.schemes.iter().map(|scheme| java(program, scheme));
            schemes.fold(entries_in_java(contents), |answer, scheme| scheme.and(answer))
        }
        (Format::Pkcs12, Program::OpenSsl3) => openssl(contents),
        (Format::Pkcs12, Program::Librdkafka) => {
            let key = contents.items.iter().any(|item| matches!(item.held, Held::Key { .. }));
            if key { openssl(contents) } else { no("it takes anchors from PEM alone, by ssl.ca.location") }
        }
        (Format::Jks | Format::Jceks, Program::Java8 | Program::Java11 | Program::Java17) => Answer::Yes,
        (Format::Jks | Format::Jceks, Program::OpenSsl3 | Program::Librdkafka | Program::Erlang) => no("Java alone knows the format"),
        (Format::Pem, Program::OpenSsl3 | Program::Librdkafka | Program::Erlang) | (Format::Der | Format::Pkcs7, Program::OpenSsl3) => {
            Answer::Yes
        }
        (Format::Pem, Program::Java8 | Program::Java11 | Program::Java17) => {
            only_if("Kafka 2.7 or later loads it (ssl.keystore.type=PEM): Java itself has no such store")
        }
        (Format::Der | Format::Pkcs7, Program::Java8 | Program::Java11 | Program::Java17) => {
            only_if("keytool imports the certificates into a store")
        }
        (Format::Der | Format::Pkcs7, Program::Librdkafka) => no("it takes PEM and PKCS#12"),
        (Format::Pkcs12 | Format::Der | Format::Pkcs7, Program::Erlang) => no("it takes PEM alone"),
    }
}

/// Java passes over what it does not take for an entry, and says nothing.
fn entries_in_java(contents: &Contents) -> Answer {
    let has = |wanted: fn(&Held) -> bool| contents.items.iter().any(|item| wanted(&item.held));
    if has(|held| matches!(held, Held::Key { .. })) && !contents.schemes.iter().any(|scheme| scheme.protects == Protected::Keys) {
        return no("it passes over keys that are not encrypted");
    }
    let sees = has(|held| matches!(held, Held::Key { .. } | Held::Trusted(_) | Held::SecretKey { .. }));
    if !sees && has(|held| matches!(held, Held::Certificate(_))) {
        return no("it sees no entry: the certificates lack the attribute that marks them as trusted (2.16.840.1.113894.746875.1.1)");
    }
    Answer::Yes
}

fn java(program: Program, scheme: &Scheme) -> Answer {
    // JDK-8267701.
    let sha2 = match program {
        Program::Java8 => only_if("it is 8u301 or later"),
        Program::Java11 => only_if("it is 11.0.12 or later"),
        Program::Java17 | Program::OpenSsl3 | Program::Librdkafka | Program::Erlang => Answer::Yes,
    };
    match scheme.name.as_str() {
        "pbeWithSHAAnd3-KeyTripleDES-CBC"
        | "pbeWithSHAAnd128BitRC2-CBC"
        | "pbeWithSHAAnd40BitRC2-CBC"
        | "pbeWithSHAAnd128BitRC4"
        | "pbeWithSHAAnd40BitRC4"
        | "pbeWithMD5AndDES-CBC"
        | "HMAC-SHA1" => Answer::Yes,
        "HMAC-SHA224" | "HMAC-SHA256" | "HMAC-SHA384" | "HMAC-SHA512" | "HMAC-SHA512-224" | "HMAC-SHA512-256" => sha2,
        name if name.starts_with("PBMAC1 ") => no("PBMAC1 needs Java 26 or later"),
        name => match name.strip_prefix("PBES2 PBKDF2-HMAC-").and_then(|rest| rest.split_once(' ')) {
            Some(("SHA1" | "SHA224" | "SHA256" | "SHA384" | "SHA512", "AES-128-CBC" | "AES-256-CBC")) => sha2,
            Some(_) | None => Answer::No(format!("it does not know {name}")),
        },
    }
}

fn openssl(contents: &Contents) -> Answer {
    contents.schemes.iter().fold(Answer::Yes, |answer, scheme| answer.and(openssl_scheme(&scheme.name)))
}

fn openssl_scheme(name: &str) -> Answer {
    let words: Vec<&str> = name.split([' ', '-']).collect();
    let legacy = ["RC2", "RC4", "AndDES", "BitRC", "AndRC2"];
    if name.contains("MD2") || name.contains("-GCM") || name.starts_with(|first: char| first.is_ascii_digit()) {
        Answer::No(format!("it does not know {name}"))
    } else if legacy.iter().any(|legacy| name.contains(legacy)) || words.contains(&"DES") {
        Answer::No(format!("{name} needs its legacy provider, which is switched off"))
    } else if name.starts_with("PBMAC1 ") {
        only_if("it is 3.4 or later")
    } else {
        Answer::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::Seal;

    fn sealed_by(format: Format, scheme: &str) -> Contents {
        let scheme = Scheme { protects: Protected::Store, name: scheme.to_owned(), iterations: None };
        Contents { format, items: Vec::new(), seal: Seal::Intact, schemes: vec![scheme] }
    }

    fn said(contents: &Contents, program: Program) -> Answer {
        readers(contents).into_iter().find(|reader| reader.program == program).unwrap().answer
    }

    #[test]
    fn java_alone_reads_its_own_formats() {
        for format in [Format::Jks, Format::Jceks] {
            let yes = readers(&sealed_by(format, "SHA1 with password")).into_iter().filter(|reader| reader.answer == Answer::Yes);
            assert_eq!(yes.map(|reader| reader.program).collect::<Vec<_>>(), [Program::Java8, Program::Java11, Program::Java17]);
        }
    }

    #[test]
    fn pbmac1_is_for_the_newest_alone() {
        let store = sealed_by(Format::Pkcs12, "PBMAC1 PBKDF2-HMAC-SHA256 HMAC-SHA256");
        assert_eq!(said(&store, Program::Java17), no("PBMAC1 needs Java 26 or later"));
        assert_eq!(said(&store, Program::OpenSsl3), only_if("it is 3.4 or later"));
    }

    #[test]
    fn a_refusal_outweighs_a_condition() {
        let (condition, refusal) = (only_if("a"), no("b"));
        assert_eq!(condition.clone().and(refusal.clone()), refusal);
        assert_eq!(refusal.clone().and(condition.clone()), refusal);
        assert_eq!(condition.clone().and(only_if("c")), only_if("a, and c"));
        assert_eq!(condition.clone().and(Answer::Yes), condition);
    }
}
