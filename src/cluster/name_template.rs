//! What holders' secrets are called in a sink: one text for all of them.

use std::fmt;

use super::{HolderId, HolderKind};

/// A name with `{cluster}`, `{kind}` and `{name}` in it: of the cluster, `kafka`, `rabbitmq` or `clients`, and the holder's.
///
/// `{name}` is always there, so that two holders of a kind never meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTemplate(Vec<NamePiece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum NamePiece {
    Plain(String),
    Cluster,
    Kind,
    Name,
}

/// Why a text is no template; a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameTemplateError {
    #[error("the placeholder in {0:?} is not closed")]
    Open(String),
    #[error("there is no placeholder {{{0}}}")]
    Unknown(String),
    #[error("{0:?} has no {{name}}: all holders would have one place")]
    WithoutName(String),
}

impl NameTemplate {
    pub fn new(text: &str) -> Result<Self, NameTemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (word, after) = after.split_once('}').ok_or_else(|| NameTemplateError::Open(text.to_owned()))?;
            pieces.push(NamePiece::Plain(before.to_owned()));
            pieces.push(match word {
                "cluster" => NamePiece::Cluster,
                "kind" => NamePiece::Kind,
                "name" => NamePiece::Name,
                _ => return Err(NameTemplateError::Unknown(word.to_owned())),
            });
            rest = after;
        }
        pieces.push(NamePiece::Plain(rest.to_owned()));
        if pieces.contains(&NamePiece::Name) { Ok(Self(pieces)) } else { Err(NameTemplateError::WithoutName(text.to_owned())) }
    }

    /// The name of one holder's place. Spaces in the cluster's name become `-`.
    pub fn of(&self, cluster: &str, holder: &HolderId) -> String {
        let cluster = cluster.replace(' ', "-");
        let piece = |piece: &NamePiece| match piece {
            NamePiece::Plain(text) => text.clone(),
            NamePiece::Cluster => cluster.clone(),
            NamePiece::Kind => holder.kind.directory().to_owned(),
            NamePiece::Name => holder.name.to_string(),
        };
        self.0.iter().map(piece).collect()
    }

    /// As [`NameTemplate::of`], where a DNS subdomain (RFC 1123) is wanted: lower case, `_` as `-`.
    pub fn dns_name_of(&self, cluster: &str, holder: &HolderId) -> String {
        self.of(cluster, holder).to_lowercase().replace('_', "-")
    }

    /// What all names of holders of `kind` begin with: everything before the first `{name}`.
    pub fn stem(&self, cluster: &str, kind: HolderKind) -> String {
        let cluster = cluster.replace(' ', "-");
        let piece = |piece: &NamePiece| match piece {
            NamePiece::Plain(text) => text.clone(),
            NamePiece::Cluster => cluster.clone(),
            NamePiece::Kind => kind.directory().to_owned(),
            NamePiece::Name => String::new(),
        };
        self.0.iter().take_while(|piece| **piece != NamePiece::Name).map(piece).collect()
    }
}

impl fmt::Display for NameTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            NamePiece::Plain(text) => f.write_str(text),
            NamePiece::Cluster => f.write_str("{cluster}"),
            NamePiece::Kind => f.write_str("{kind}"),
            NamePiece::Name => f.write_str("{name}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cluster::HolderName;

    fn id(kind: HolderKind, name: &str) -> HolderId {
        HolderId { kind, name: HolderName::new(name).unwrap() }
    }

    #[test]
    fn each_placeholder_becomes_what_it_says_and_a_cluster_has_no_spaces() {
        let template = NameTemplate::new("tls/{cluster}/{kind}-{name}/{name}.json").unwrap();
        assert_eq!(template.of("my orders", &id(HolderKind::Client, "app")), "tls/my-orders/clients-app/app.json");
    }

    #[test]
    fn where_dns_names_are_wanted_there_are_no_capitals_and_no_underscores() {
        let template = NameTemplate::new("{cluster}.{name}").unwrap();
        assert_eq!(template.dns_name_of("My orders_2", &id(HolderKind::Kafka, "broker_1")), "my-orders-2.broker-1");
    }

    #[test]
    fn a_text_that_is_no_template_is_refused_with_the_reason() {
        let refusal = |text: &str| NameTemplate::new(text).unwrap_err().to_string();
        assert_eq!(refusal("kafka/{name"), "the placeholder in \"kafka/{name\" is not closed");
        assert_eq!(refusal("{host}/{name}"), "there is no placeholder {host}");
        assert_eq!(refusal("{{name}}"), "there is no placeholder {{name}");
        assert_eq!(refusal("kafka/{cluster}"), "\"kafka/{cluster}\" has no {name}: all holders would have one place");
        assert_eq!(refusal(""), "\"\" has no {name}: all holders would have one place");
    }

    fn holder() -> impl Strategy<Value = HolderId> {
        (prop::sample::select(HolderKind::ALL.to_vec()), "[a-z0-9][a-z0-9._-]{0,20}").prop_map(|(kind, name)| id(kind, &name))
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_a_template_is_printed_as_it_was_written(text in "([a-z/{}]|\\{name\\}|\\{kind\\}|\\{cluster\\}|\\PC){0,12}") {
            if let Ok(template) = NameTemplate::new(&text) {
                prop_assert_eq!(template.to_string(), text);
            }
        }

        #[test]
        fn two_holders_of_a_kind_never_have_the_same_name(before in "[a-z/{}]{0,9}", after in "[a-z/{}]{0,9}", one in holder(), other in holder()) {
            prop_assume!(one.kind == other.kind && one != other);
            if let Ok(template) = NameTemplate::new(&format!("{before}{{name}}{after}")) {
                prop_assert_ne!(template.of("orders", &one), template.of("orders", &other));
            }
        }

        #[test]
        fn every_name_begins_with_the_stem_of_its_kind(text in "([a-z/-]|\\{name\\}|\\{kind\\}|\\{cluster\\}){0,9}", holder in holder()) {
            if let Ok(template) = NameTemplate::new(&text) {
                prop_assert!(template.of("orders", &holder).starts_with(&template.stem("orders", holder.kind)));
            }
        }
    }
}
