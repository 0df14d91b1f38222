//! Who may do what on a Kafka broker, as far as certificates decide it.

use super::{Check, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{MappingRules, Program, SecurityProtocol, Setting, SuperUsers, Text};

pub const RULES: &[&Rule] = &[
    &NO_AUTHORIZER,
    &ZOOKEEPER_AUTHORIZER,
    &ALLOWS_EVERYONE,
    &SUPER_USERS_WITH_COMMAS,
    &BAD_SUPER_USER,
    &NO_SUPER_USERS,
    &BAD_MAPPING_RULES,
    &MAPPING_WITHOUT_DEFAULT,
];

pub(super) const CHECKS: &[Check] = &[
    no_authorizer,
    zookeeper_authorizer,
    allows_everyone,
    super_users_with_commas,
    bad_super_user,
    no_super_users,
    bad_mapping_rules,
    mapping_without_default,
];

const NO_AUTHORIZER: Rule = Rule {
    code: "no-authorizer",
    severity: Severity::Note,
    title: "certificates are demanded, and nothing is made of them",
    why: "Without an authorizer every client with a certificate may do everything.",
};

const ZOOKEEPER_AUTHORIZER: Rule = Rule {
    code: "zookeeper-authorizer",
    severity: Severity::Error,
    title: "an authorizer of ZooKeeper in a KRaft node",
    why: "It keeps its ACLs in ZooKeeper, which KRaft does not have; the class is StandardAuthorizer (KIP-801). Kafka 4 has no other.",
};

const ALLOWS_EVERYONE: Rule = Rule {
    code: "allows-everyone",
    severity: Severity::Warning,
    title: "everything without an ACL is open",
    why: "allow.everyone.if.no.acl.found lets every client use whatever nobody has made an ACL for.",
};

const SUPER_USERS_WITH_COMMAS: Rule = Rule {
    code: "super-users-with-commas",
    severity: Severity::Error,
    title: "super users separated by commas",
    why: "Distinguished names have commas, so super.users separates by semicolons: with commas the whole line is one user that there is not.",
};

const BAD_SUPER_USER: Rule = Rule {
    code: "bad-super-user",
    severity: Severity::Error,
    title: "a super user that is no principal",
    why: "Kafka does not start: a principal is its type, a colon and its name, as User:CN=broker-1,O=Acme.",
};

const NO_SUPER_USERS: Rule = Rule {
    code: "no-super-users",
    severity: Severity::Warning,
    title: "an authorizer without super users",
    why: "Until the ACLs are loaded StandardAuthorizer refuses everyone but super users, so brokers and controllers must be some.",
};

const BAD_MAPPING_RULES: Rule = Rule {
    code: "bad-mapping-rules",
    severity: Severity::Error,
    title: "mapping rules that do not parse",
    why: "Kafka does not start: a rule is RULE:pattern/replacement/, with L or U after it, or DEFAULT (KIP-371).",
};

const MAPPING_WITHOUT_DEFAULT: Rule = Rule {
    code: "mapping-rules-without-default",
    severity: Severity::Warning,
    title: "mapping rules without DEFAULT",
    why: "A client whose name no rule fits is refused with an error in the broker's log (KIP-371).",
};

fn is_kraft(view: &View<'_>) -> bool {
    view.settings.get("process.roles").is_some()
}

fn broker_setting<'a>(view: &View<'a>, key: &str) -> Option<&'a Setting> {
    view.settings.get(key).filter(|setting| view.is(Program::KafkaBroker) && !setting.is_unknown())
}

fn no_authorizer(view: &View<'_>) -> Vec<Finding> {
    let demands = |engine: &super::Engine<'_>| engine.protocol == SecurityProtocol::Ssl && engine.scope.says("ssl.client.auth", "required");
    if !view.is(Program::KafkaBroker) || view.settings.get("authorizer.class.name").is_some() || !view.engines.iter().any(demands) {
        return Vec::new();
    }
    view.absent(
        &NO_AUTHORIZER,
        "client certificates are demanded, and authorizer.class.name is not set",
        "set authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    )
}

fn zookeeper_authorizer(view: &View<'_>) -> Vec<Finding> {
    let of_zookeeper = |setting: &&Setting| {
        ["AclAuthorizer", "SimpleAclAuthorizer"].iter().any(|class| setting.value.meant().rsplit('.').next() == Some(class))
    };
    let setting = broker_setting(view, "authorizer.class.name").filter(|setting| is_kraft(view) && of_zookeeper(setting));
    let fix = "write org.apache.kafka.metadata.authorizer.StandardAuthorizer";
    setting
        .into_iter()
        .map(|setting| {
            view.finding(&ZOOKEEPER_AUTHORIZER, Some(setting.line), format!("{} keeps its ACLs in ZooKeeper", setting.value), fix)
        })
        .collect()
}

fn allows_everyone(view: &View<'_>) -> Vec<Finding> {
    let setting =
        broker_setting(view, "allow.everyone.if.no.acl.found").filter(|setting| setting.value.meant().eq_ignore_ascii_case("true"));
    setting
        .into_iter()
        .map(|setting| {
            view.finding(&ALLOWS_EVERYONE, Some(setting.line), format!("{} is true", setting.key), "set it to false, and make the ACLs")
        })
        .collect()
}

fn super_users_with_commas(view: &View<'_>) -> Vec<Finding> {
    let setting = broker_setting(view, "super.users");
    let joined =
        |setting: &&Setting| SuperUsers::of(&setting.value).0.iter().any(|user| user.meant().replace(", ", ",").contains(",User:"));
    let fix = "separate them by semicolons";
    setting
        .filter(joined)
        .into_iter()
        .map(|setting| view.finding(&SUPER_USERS_WITH_COMMAS, Some(setting.line), "super.users has a comma between users".to_owned(), fix))
        .collect()
}

fn bad_super_user(view: &View<'_>) -> Vec<Finding> {
    let Some(setting) = broker_setting(view, "super.users") else { return Vec::new() };
    let bad = SuperUsers::of(&setting.value).0.into_iter().filter(|user| !user.meant().contains(':'));
    bad.map(|user| {
        view.finding(&BAD_SUPER_USER, Some(setting.line), format!("{user:?} in super.users is no principal"), format!("write User:{user}"))
    })
    .collect()
}

fn no_super_users(view: &View<'_>) -> Vec<Finding> {
    let standard = |setting: &&Setting| setting.value.ends_with(".StandardAuthorizer");
    let none = view.settings.value("super.users").is_none_or(Text::is_empty);
    let setting = broker_setting(view, "authorizer.class.name").filter(|setting| none && standard(setting));
    let fix = "set super.users to the principals of all brokers and controllers";
    setting
        .into_iter()
        .map(|setting| {
            view.finding(&NO_SUPER_USERS, Some(setting.line), "there is an authorizer, and super.users is not set".to_owned(), fix)
        })
        .collect()
}

/// The mapping rules of the broker and of each listener.
fn mapping_rules<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a Setting, Result<MappingRules, Text>)> {
    let settings = if view.is(Program::KafkaBroker) { Some(view.settings) } else { None };
    let rules = settings
        .into_iter()
        .flat_map(|settings| settings.effective())
        .filter(|setting| setting.key.ends_with("ssl.principal.mapping.rules"));
    rules.map(|setting| (setting, MappingRules::of(&setting.value)))
}

fn bad_mapping_rules(view: &View<'_>) -> Vec<Finding> {
    let bad = |(setting, rules): (&Setting, Result<MappingRules, Text>)| {
        let rest = rules.err()?;
        let message = format!("{} does not parse from {rest:?} on", setting.key);
        Some(view.finding(&BAD_MAPPING_RULES, Some(setting.line), message, "write RULE:pattern/replacement/, … ,DEFAULT"))
    };
    mapping_rules(view).filter_map(bad).collect()
}

fn mapping_without_default(view: &View<'_>) -> Vec<Finding> {
    let open = |(setting, rules): (&Setting, Result<MappingRules, Text>)| {
        let open = rules.is_ok_and(|rules| rules.patterns > 0 && !rules.has_default);
        open.then(|| {
            view.finding(&MAPPING_WITHOUT_DEFAULT, Some(setting.line), format!("{} has no DEFAULT", setting.key), "end it with ,DEFAULT")
        })
    };
    mapping_rules(view).filter_map(open).collect()
}
