//! `init`: a cluster file to start from.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Context;
use super::console::Format;
use super::failure::{Exit, Failure};
use crate::cluster::Draft;
use crate::directory;
use crate::text::Line;

/// Write a commented cluster file that `apply` accepts as it is
///
/// Asks on a terminal for what is not given; takes the defaults elsewhere. Never overwrites.
#[derive(Debug, Args)]
pub struct Init {
    /// Where to write countersign.yaml
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// The name of the cluster [default: orders]
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// How many Kafka brokers [default: 3]
    #[arg(long, value_name = "N")]
    kafka: Option<u32>,
    /// How many RabbitMQ nodes [default: 0]
    #[arg(long, value_name = "N")]
    rabbitmq: Option<u32>,
    /// The domain below which the brokers have their names [default: example.com]
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
    /// The clients, separated by commas [default: app]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    clients: Option<Vec<String>>,
}

impl Init {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let path = self.directory.join("countersign.yaml");
        if path.symlink_metadata().is_ok() {
            return Err(Failure::Exists(path));
        }
        let text = self.draft(context)?.text();
        let base = std::path::absolute(&self.directory).unwrap_or_else(|_| self.directory.clone());
        crate::cluster::parse(&text, &base).map_err(|problems| Failure::ClusterFile { file: path.clone(), problems })?;
        directory::write_new(&path, &text)?;
        match context.console.format {
            Format::Json => context.console.json(&json!({ "file": path.display().to_string() })),
            Format::Human => context.console.text(&Line::of(path.display()).into()),
        }
        context.console.say(format_args!("Read it through, then: countersign apply -f {}", path.display()));
        Ok(Exit::Done)
    }

    fn draft(&self, context: &Context) -> Result<Draft, Failure> {
        let asks = std::io::stdin().is_terminal() && context.console.format == Format::Human;
        let text = |given: &Option<String>, question: &str, default: &str| match given {
            Some(given) => given.clone(),
            None if asks => context.console.ask(question, default),
            None => default.to_owned(),
        };
        let number = |given: Option<u32>, question: &str, default: &str| {
            let answer = text(&given.map(|number| number.to_string()), question, default);
            answer.parse().map_err(|_| Failure::Usage(format!("{question} {answer:?} is not a number")))
        };
        let cluster = text(&self.cluster, "The name of the cluster?", "orders");
        let kafka = number(self.kafka, "How many Kafka brokers?", "3")?;
        let rabbitmq = number(self.rabbitmq, "How many RabbitMQ nodes?", "0")?;
        let domain = text(&self.domain, "The domain below which they have their names?", "example.com");
        let clients = text(&self.clients.as_ref().map(|names| names.join(",")), "The clients, separated by commas?", "app");
        let clients = clients.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        if kafka == 0 && rabbitmq == 0 {
            return Err(Failure::Usage("a cluster has at least one Kafka broker or RabbitMQ node: --kafka 3, --rabbitmq 3".to_owned()));
        }
        Ok(Draft { cluster, kafka, rabbitmq, domain, clients })
    }
}
