//! `retire`: archives the files of a holder that is gone.

use clap::Args;

use super::Context;
use super::console::Format;
use super::failure::{Exit, Failure};
use crate::cluster::HolderId;
use crate::ops::{self, DeedError, Progress, Retired, Site};
use crate::snippet::Snippets;
use crate::text::{Line, Text};

/// Archive the files of a holder that is no longer in the cluster file
///
/// Its keys, stores and passwords are removed for good; its certificates are kept below retired/. What is left to do at the brokers
/// is said, and how long its certificate stays valid. `apply --prune` does the same for all of them.
#[derive(Debug, Args)]
pub struct Retire {
    /// Whose, as clients/old or old
    #[arg(value_name = "HOLDER")]
    holder: String,
}

impl Retire {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let directory = context.directory()?;
        if !directory.exists() {
            return Err(DeedError::NothingThere { directory: directory.root().to_owned() }.into());
        }
        let inventory = directory.read(&spec)?;
        let known = spec.holders.iter().map(|holder| &holder.id).chain(inventory.gone.keys());
        let named: Vec<&HolderId> = known.filter(|id| id.to_string() == self.holder || id.name.as_str() == self.holder).collect();
        let id = match named.as_slice() {
            [] => {
                let gone = inventory.gone.keys().map(HolderId::to_string).collect();
                return Err(DeedError::NotGone { holder: self.holder.clone(), gone }.into());
            }
            [id] => *id,
            [one, other, ..] => {
                return Err(Failure::Usage(format!("{:?} may be {one} or {other}: write it so", self.holder)));
            }
        };
        let snippets = Snippets::new(&spec, directory.root());
        let site = Site { spec: &spec, snippets: &snippets, directory: &directory };
        let retired = ops::retire(site, context.means(Progress::SILENT), id)?;
        match context.console.format {
            Format::Json => context.console.json(&retired),
            Format::Human => show(context, &retired),
        }
        Ok(Exit::Done)
    }
}

/// For people.
pub fn show(context: &Context, retired: &Retired) {
    let Retired { holder, kept, farewell } = retired;
    let mut text = Text::default();
    let kept = context.dir.join(kept);
    text.push(Line::of(format_args!("{holder}: its keys and passwords are removed, its certificates are kept in {}.", kept.display())));
    for left in &farewell.left {
        text.push(Line::of(format_args!("  {left}.")));
    }
    context.console.text(&text);
}
