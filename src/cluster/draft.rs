//! A cluster file to start from.

use askama::Template;

/// What `init` asks for.
#[derive(Debug, Clone, Template)]
#[template(path = "countersign.yaml", escape = "none")]
pub struct Draft {
    pub cluster: String,
    /// How many brokers; none for 0.
    pub kafka: u32,
    /// How many nodes; none for 0.
    pub rabbitmq: u32,
    pub domain: String,
    /// Beside `admin`, which every draft has.
    pub clients: Vec<String>,
}

impl Draft {
    pub fn text(&self) -> String {
        // Rendering into a string cannot fail.
        self.render().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the commented block `push`, too.
    #[test]
    fn every_draft_is_a_valid_cluster_file() {
        for (kafka, rabbitmq) in [(1, 0), (3, 0), (0, 1), (0, 3), (5, 3)] {
            for clients in [vec![], vec!["app".to_owned()], vec!["app".to_owned(), "admin".to_owned(), "web".to_owned()]] {
                let draft = Draft { cluster: "orders".into(), kafka, rabbitmq, domain: "example.com".into(), clients };
                let spec = super::super::parse(&draft.text(), std::path::Path::new("/")).unwrap();
                assert_eq!(spec.kafka_nodes().count(), kafka as usize);
                assert_eq!(spec.rabbitmq_nodes().count(), rabbitmq as usize);
                let (before, push) =
                    draft.text().split_once("# push:").map(|(before, push)| (before.to_owned(), push.replace("\n# ", "\n"))).unwrap();
                assert_eq!(super::super::parse(&format!("{before}push:{push}"), std::path::Path::new("/")).unwrap().sinks.len(), 3);
            }
        }
    }
}
