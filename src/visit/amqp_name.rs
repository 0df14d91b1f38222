//! A name for what is declared at RabbitMQ.

use crate::cluster::RabbitmqAccess;

/// The longest name that AMQP can say, in bytes.
const LONGEST: usize = 255;

/// A name that nobody else has, and that the client may configure, write and read where its permissions are known.
pub fn own_name(access: Option<&RabbitmqAccess>, unique: &str) -> String {
    let beginnings = access.map(|access| [&access.configure, &access.write, &access.read].map(|pattern| literal_beginning(pattern)));
    let longest = beginnings.into_iter().flatten().max_by_key(String::len).unwrap_or_default();
    let own = format!("countersign-verify-{unique}");
    if longest.len() + own.len() > LONGEST { own } else { longest + &own }
}

/// What a name must begin with to match `pattern`, for patterns that ask for no more: `.*`, `^orders\..*`, `^orders-`. Of others
/// nothing is known, and RabbitMQ says what it thinks of the name.
fn literal_beginning(pattern: &str) -> String {
    let open = pattern.strip_prefix('^').unwrap_or(pattern);
    let open = [".*$", ".*", ".+$", ".+"].iter().find_map(|end| open.strip_suffix(end)).unwrap_or(open);
    let literal = open.replace("\\.", ".");
    let plain = literal.chars().all(|character| character.is_ascii_alphanumeric() || "-_.:/".contains(character));
    if plain { literal } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of the name that a client with these permissions uses.
    fn beginning(configure: &str, write: &str, read: &str) -> String {
        let [configure, write, read] = [configure, write, read].map(str::to_owned);
        let access = RabbitmqAccess { vhost: "/".to_owned(), configure, write, read, tags: Vec::new() };
        own_name(Some(&access), "1").split_once("countersign-verify-1").unwrap().0.to_owned()
    }

    #[test]
    fn a_name_is_found_that_the_permissions_allow() {
        assert_eq!(beginning(".*", ".*", ".*"), "");
        assert_eq!(beginning(r"^billing\..*", ".*", ".*"), "billing.");
        assert_eq!(beginning("^orders-", "^orders-.*$", "^orders.+"), "orders-");
    }

    #[test]
    fn where_none_is_known_rabbitmq_is_asked_all_the_same() {
        for configure in ["", "^$", "^orders$", "^(a|b)-.*", r"^\d+", "[a-z]+", &"a".repeat(300)] {
            assert_eq!(beginning(configure, ".*", ".*"), "", "{configure:?}");
        }
        assert_eq!(own_name(None, "1"), "countersign-verify-1");
    }
}
