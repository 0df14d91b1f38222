//! The `keep` block: how long what is not in use any more is kept.

use std::ops::RangeInclusive;

use super::KeepSpec;
use super::node::Node;
use super::reader::{Fields, Reader, number};

pub fn block(reader: &mut Reader<'_>, node: Option<&Node>) -> KeepSpec {
    let default = KeepSpec { generations: 5, days: 30 };
    let Some(fields) = node.and_then(|node| reader.fields(node, "keep", &["generations", "days"])) else { return default };
    KeepSpec {
        generations: count(reader, fields, "generations", 2..=1000).unwrap_or(default.generations),
        days: count(reader, fields, "days", 1..=36500).unwrap_or(default.days),
    }
}

fn count(reader: &mut Reader<'_>, fields: Fields<'_>, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
    let node = fields.get(key)?;
    let text = reader.text(node, &format!("keep.{key}"))?;
    let count = number(text).filter(|count| range.contains(count));
    if count.is_none() {
        let fix = format!("write a whole number from {} to {}", range.start(), range.end());
        reader.wrong_node(node, format_args!("{text:?} is not a value of keep.{key}"), fix);
    }
    count
}
