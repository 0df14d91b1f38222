//! `render`: the configuration snippets on stdout.

use std::collections::BTreeMap;

use clap::Args;

use super::console::Format;
use super::failure::{Exit, Failure};
use super::{Context, selected};
use crate::layout::Snippet;
use crate::snippet::{Passwords, Snippets};

/// Print configuration snippets as the cluster file has them
///
/// Passwords are left out: the files that `apply` writes hold them.
#[derive(Debug, Args)]
pub struct Render {
    /// Only for these, as kafka/broker-1 or broker-1
    #[arg(value_name = "HOLDER")]
    holders: Vec<String>,
    /// Only this file, such as server.properties
    #[arg(long = "only", value_name = "NAME")]
    only: Option<String>,
}

impl Render {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let directory = context.directory()?;
        let snippets = Snippets::new(&spec, directory.root());
        let mut texts: Vec<(String, &'static str, String)> = Vec::new();
        for holder in selected(&spec, &self.holders)? {
            for snippet in Snippet::ALL.into_iter().filter(|snippet| self.only.as_ref().is_none_or(|only| only == snippet.name())) {
                texts.extend(snippets.render(holder, snippet, Passwords::Elided).map(|text| (holder.id.to_string(), snippet.name(), text)));
            }
        }
        if texts.is_empty() {
            return Err(Failure::Usage(self.nothing()));
        }
        match context.console.format {
            Format::Json => {
                let mut by_holder: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
                for (holder, file, text) in &texts {
                    by_holder.entry(holder).or_default().insert(file, text);
                }
                context.console.json(&by_holder);
            }
            Format::Human => match texts.as_slice() {
                [(_, _, text)] => context.console.data(text),
                several => {
                    for (holder, file, text) in several {
                        context.console.data(&format!("# ---- {holder}/{file}\n{text}\n"));
                    }
                }
            },
        }
        Ok(Exit::Done)
    }

    fn nothing(&self) -> String {
        format!("there is no such snippet for these holders; the snippets are {}", Snippet::ALL.map(Snippet::name).join(", "))
    }
}
