//! `sasl.jaas.config`: `LoginModule required name="value" …;`, taken apart as Kafka does it, by the rules of
//! `java.io.StreamTokenizer`: words, numbers, quoted texts with C's escapes, and comments.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use crate::pki::Passphrase;

/// The one login module that a client may have, with its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginModule {
    /// The name of its Java class.
    pub class: String,
    options: BTreeMap<String, Passphrase>,
}

/// Why Kafka does not take a `sasl.jaas.config`. Never holds what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JaasError {
    #[error("it names no login module")]
    NoModule,
    #[error("after the login module stands none of required, requisite, sufficient and optional")]
    NoFlag,
    #[error("option {0} has no value: a value is a word or stands in quotes, and a number needs the quotes too")]
    NoValue(usize),
    #[error("it does not end in a semicolon")]
    NotEnded,
    #[error("it has {0} login modules instead of one")]
    Several(usize),
}

impl LoginModule {
    pub fn parse(text: &str) -> Result<Self, JaasError> {
        let mut tokens = Tokens { text: text.chars().peekable() };
        let mut modules = Vec::new();
        while let Some(first) = tokens.next() {
            modules.push(module(first, &mut tokens)?);
        }
        match (modules.pop(), modules.len()) {
            (Some(module), 0) => Ok(module),
            (Some(_), others) => Err(JaasError::Several(others + 1)),
            (None, _) => Err(JaasError::NoModule),
        }
    }

    pub fn option(&self, name: &str) -> Option<&Passphrase> {
        self.options.get(name)
    }
}

fn module(first: Token, tokens: &mut Tokens<'_>) -> Result<LoginModule, JaasError> {
    let flag = tokens.next().and_then(Token::text).ok_or(JaasError::NoFlag)?;
    if !["required", "requisite", "sufficient", "optional"].iter().any(|known| known.eq_ignore_ascii_case(&flag)) {
        return Err(JaasError::NoFlag);
    }
    let mut options = BTreeMap::new();
    for number in 1.. {
        let name = match tokens.next() {
            None => return Err(JaasError::NotEnded),
            Some(Token::Other(';')) => break,
            // Java passes over the name that is none.
            Some(token) => token.text().unwrap_or_default(),
        };
        let equals = tokens.next().filter(|token| *token == Token::Other('='));
        let value = equals.and_then(|_| tokens.next()).and_then(Token::text).ok_or(JaasError::NoValue(number))?;
        options.insert(name, Passphrase::new(value));
    }
    let class = first.text().filter(|class| !class.is_empty()).ok_or(JaasError::NoModule)?;
    Ok(LoginModule { class, options })
}

#[derive(PartialEq, Eq)]
enum Token {
    /// A word, or what stands in quotes.
    Text(String),
    /// Which one does not matter: it stands for no text.
    Number,
    Other(char),
}

impl Token {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number | Self::Other(_) => None,
        }
    }
}

struct Tokens<'a> {
    text: Peekable<Chars<'a>>,
}

const fn is_number(c: char) -> bool {
    matches!(c, '0'..='9' | '.' | '-')
}

const fn is_word(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '_' | '$' | '-' | '\u{a0}'..)
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let c = self.text.next()?;
            match c {
                '\0'..=' ' => {}
                '/' => self.comment(),
                '"' | '\'' => return Some(Token::Text(self.quoted(c))),
                _ if is_number(c) => return Some(self.number(c)),
                _ if is_word(c) => return Some(Token::Text(self.word(c))),
                _ => return Some(Token::Other(c)),
            }
        }
    }
}

impl Tokens<'_> {
    fn word(&mut self, first: char) -> String {
        let mut word = String::from(first);
        word.extend(std::iter::from_fn(|| self.text.next_if(|c| is_word(*c) || is_number(*c))));
        word
    }

    /// A sign, digits and one dot; a sign that no digit follows stands for itself.
    fn number(&mut self, first: char) -> Token {
        if first == '-' && !self.text.peek().is_some_and(|c| c.is_ascii_digit() || *c == '.') {
            return Token::Other('-');
        }
        let mut dots = usize::from(first == '.');
        while self.text.next_if(|c| c.is_ascii_digit() || *c == '.' && dots == 0).is_some_and(|c| {
            dots += usize::from(c == '.');
            true
        }) {}
        Token::Number
    }

    /// After a slash: to the end of the comment, or of the line. One slash is enough.
    fn comment(&mut self) {
        if self.text.next_if_eq(&'*').is_none() {
            while self.text.next_if(|c| !['\n', '\r'].contains(c)).is_some() {}
            return;
        }
        let mut before = '\0';
        for c in self.text.by_ref() {
            if before == '*' && c == '/' {
                return;
            }
            before = c;
        }
    }

    /// To the same quote again, or to the end of the line.
    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some(c) = self.text.next_if(|c| !['\n', '\r'].contains(c)) {
            match c {
                _ if c == quote => break,
                '\\' => text.extend(self.escaped()),
                _ => text.push(c),
            }
        }
        text
    }

    /// Up to three octal digits, up to 377; letters as in C; anything else stands for itself.
    fn escaped(&mut self) -> Option<char> {
        let first = self.text.next()?;
        let Some(mut number) = first.to_digit(8) else {
            return Some(match first {
                'a' => '\u{7}',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\u{b}',
                _ => first,
            });
        };
        for _ in 0..if first <= '3' { 2 } else { 1 } {
            let Some(digit) = self.text.next_if(|c| c.is_digit(8)) else { break };
            number = number * 8 + digit.to_digit(8)?;
        }
        char::from_u32(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCRAM: &str = "org.apache.kafka.common.security.scram.ScramLoginModule";

    #[test]
    fn a_login_module_with_its_options() {
        let module = LoginModule::parse(&format!(r#"{SCRAM} required username="a" password="b\"c" tokenauth=true;"#)).unwrap();
        assert_eq!(module.class, SCRAM);
        let options = ["username", "password", "tokenauth"].map(|name| module.option(name).unwrap().expose());
        assert_eq!(options, ["a", "b\"c", "true"]);
        assert!(module.option("other").is_none());
    }

    #[test]
    fn what_kafka_refuses_is_named_and_not_shown() {
        let refusal = |text: &str| LoginModule::parse(text).unwrap_err();
        assert_eq!(refusal(""), JaasError::NoModule);
        assert_eq!(refusal("M"), JaasError::NoFlag);
        assert_eq!(refusal("M needed;"), JaasError::NoFlag);
        assert_eq!(refusal("M required username=a password=12345;"), JaasError::NoValue(2));
        assert_eq!(refusal("M required username=a"), JaasError::NotEnded);
        assert_eq!(refusal("M required a=b; N optional;"), JaasError::Several(2));
    }

    proptest! {
        #[test]
        fn any_text_in_quotes_comes_back(text in "[^\r\n]{0,20}") {
            let quoted: String = text.chars().flat_map(|c| ['\\', c].into_iter().skip(usize::from(!"\\\"".contains(c)))).collect();
            let module = LoginModule::parse(&format!("M required password=\"{quoted}\";")).unwrap();
            prop_assert_eq!(module.option("password").unwrap().expose(), text);
        }

        #[test]
        fn no_text_makes_it_panic(text in r#"([MN =;'"/*.\-\\0-9a\n]|required|\PC)*"#) {
            let _ = LoginModule::parse(&text);
        }
    }
}
