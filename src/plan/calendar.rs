//! What will happen when, if nothing is changed: what `apply` will do, and what needs a person.

use serde::Serialize;
use time::OffsetDateTime;

use super::succession::{self, issuing_due, root_due};
use crate::cluster::{AuthorityName, AuthorityOrigin, AuthoritySpec, ClusterSpec};
use crate::inventory::{Inventory, Line};

/// One entry of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// A holder, or an authority by its subject.
    pub whose: String,
    pub what: &'static str,
    pub by: By,
}

/// Who sees to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The first run of `apply` from then on.
    Apply,
    Person,
}

/// From the next entry on. Of what happens at once when it is due, only what is yet to come is told: what is due, the plan has.
pub fn calendar(spec: &ClusterSpec, inventory: &Inventory, now: OffsetDateTime) -> Vec<Event> {
    let mut events = renewals(spec, inventory);
    for authority in spec.authorities() {
        events.extend(of_authority(authority, spec, inventory, now));
    }
    events.retain(|event| event.at >= now);
    events.sort_by_key(|event| event.at);
    events
}

/// The first and the last; `status` has the others beside each holder.
fn renewals(spec: &ClusterSpec, inventory: &Inventory) -> Vec<Event> {
    let renewal = |holder: &crate::cluster::Holder| {
        let chain = inventory.holders.get(&holder.id)?.current.as_ref()?.chain.as_deref().ok()?;
        Some((spec.leaf.renewal(&holder.id, chain[0].validity.not_after), holder.id.to_string()))
    };
    let all: Vec<(OffsetDateTime, String)> = spec.holders.iter().filter_map(renewal).collect();
    let event = |(at, whose): &(OffsetDateTime, String), what| Event { at: *at, whose: whose.clone(), what, by: By::Apply };
    let first = all.iter().min().map(|first| event(first, "the first leaf is renewed"));
    let last = all.iter().max().filter(|_| all.len() > 1).map(|last| event(last, "the last of the leafs in use is renewed"));
    first.into_iter().chain(last).collect()
}

fn of_authority(authority: &AuthoritySpec, spec: &ClusterSpec, inventory: &Inventory, now: OffsetDateTime) -> Vec<Event> {
    let name = authority.name;
    let (Some(line), Some(signing)) = (
        inventory.signing_line(name, &spec.leaf, now),
        inventory.signing_generation(name, &spec.leaf, now).and_then(|signing| signing.state.as_ref().ok()),
    ) else {
        return Vec::new();
    };
    let event = |at, whose: &str, what, by| Event { at, whose: whose.to_owned(), what, by };
    let lines = inventory.lines(name);
    let waiting = lines.iter().skip_while(|one| one.root() != line.root()).nth(1);
    let (root, signs_as) = (line.root(), signing.signing());
    let mut events = Vec::new();
    match &authority.origin {
        AuthorityOrigin::Own(own) => {
            if own.issuing.is_some() && !signing.issuing.is_empty() && signs_as.validity.not_after < root.validity.not_after {
                let has_key = line.with_root_key().is_some();
                let by = if has_key { By::Apply } else { By::Person };
                let what = if has_key {
                    "is followed by another issuing authority below the same root"
                } else {
                    "is to be followed below the same root, whose key must be put back for that"
                };
                events.push(event(issuing_due(signs_as, spec), &signs_as.subject, what, by));
            }
            match waiting {
                Some(next) => events.extend(takes_over(next, spec)),
                None => events.push(event(
                    root_due(root, spec),
                    &root.subject,
                    "is followed by another root, which everyone trusts from then on",
                    By::Apply,
                )),
            }
        }
        AuthorityOrigin::Existing { .. } => {
            let what = "ends, and was brought along: exchange it before, by `countersign rollover start`";
            events.push(event(signs_as.validity.not_after, &signs_as.subject, what, By::Person));
            events.extend(waiting.into_iter().flat_map(|next| takes_over(next, spec)));
        }
    }
    events.extend(goings(name, spec, inventory, now));
    events
}

/// A root that is trusted already.
fn takes_over(next: &Line<'_>, spec: &ClusterSpec) -> Vec<Event> {
    vec![Event {
        at: next.signs_from(&spec.leaf),
        whose: next.root().subject.clone(),
        what: "signs in place of the root before it",
        by: By::Apply,
    }]
}

/// When generations go that sign no more.
fn goings(name: AuthorityName, spec: &ClusterSpec, inventory: &Inventory, now: OffsetDateTime) -> Vec<Event> {
    let leaving = succession::leaving(name, spec, inventory, now);
    let going = leaving.into_iter().map(|(subject, at)| Event { at, whose: subject, what: "goes, with its keys", by: By::Apply });
    going.collect()
}
