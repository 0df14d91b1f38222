//! The certificates in the named files, against what the configuration says of names, users and roles.

use super::files::{certificates, chain};
use super::{Check, FileState, View};
use crate::finding::{Finding, Rule, Severity};
use crate::keystore::{Contents, Format, Held, Item};
use crate::pki::{Certificate, Host, San, Usage};
use crate::settings::{Program, Reference, Role, SuperUsers};

pub const RULES: &[&Rule] = &[&NAME_NOT_COVERED, &BROKER_NOT_SUPER_USER, &USAGE_MISSING, &SELF_SIGNED_LEAF, &NOT_TRUSTED_BY_ITSELF];

pub(super) const CHECKS: &[Check] = &[name_not_covered, broker_not_super_user, usage_missing, self_signed_leaf, not_trusted_by_itself];

const NAME_NOT_COVERED: Rule = Rule {
    code: "advertised-name-not-covered",
    severity: Severity::Error,
    title: "a name that the certificate does not have",
    why: "Clients check the advertised name against the certificate (RFC 6125): No subject alternative DNS name matching … found.",
};

const BROKER_NOT_SUPER_USER: Rule = Rule {
    code: "broker-not-super-user",
    severity: Severity::Error,
    title: "a broker that is no super user",
    why: "Brokers refuse each other with ClusterAuthorizationException, and nothing starts while the ACLs are not loaded.",
};

const USAGE_MISSING: Rule = Rule {
    code: "certificate-usage-missing",
    severity: Severity::Error,
    title: "a certificate that may not be used so",
    why: "Brokers are servers to their clients and clients to each other: Extended key usage does not permit use for TLS client authentication (RFC 5280, 4.2.1.12).",
};

const SELF_SIGNED_LEAF: Rule = Rule {
    code: "named-store-with-self-signed-leaf",
    severity: Severity::Warning,
    title: "a certificate that signs itself",
    why: "Everybody must then trust this very certificate, and again each new one; Erlang and rustls refuse it even so.",
};

const NOT_TRUSTED_BY_ITSELF: Rule = Rule {
    code: "chain-not-trusted-here",
    severity: Severity::Error,
    title: "a chain that its own truststore does not know",
    why: "Kafka does not start if it is the listener between brokers: A client SSLEngine created with the provided settings can't connect to a server SSLEngine created with those settings.",
};

/// The opened files of `roles`.
fn opened<'a>(view: &View<'a>, roles: &'static [Role]) -> impl Iterator<Item = (&'a Reference, &'a Contents)> {
    let open = |(reference, state): &'a (Reference, FileState)| {
        if let FileState::Opened(contents) = state { Some((reference, contents)) } else { None }
    };
    view.files.iter().filter_map(open).filter(|(reference, _)| roles.contains(&reference.role))
}

const IDENTITIES: &[Role] = &[Role::Keystore, Role::Certificate];
const TRUST: &[Role] = &[Role::Truststore, Role::Anchors];

fn name_not_covered(view: &View<'_>) -> Vec<Finding> {
    if !view.is(Program::KafkaBroker) {
        return Vec::new();
    }
    let (advertised, _) = view.settings.advertised();
    let mut findings = Vec::new();
    for (reference, contents) in opened(view, &[Role::Keystore]) {
        let Some(leaf) = chain(contents).first().copied() else { continue };
        let reached = advertised.iter().filter(|listener| reference.users.contains(&listener.name) && !listener.is_wildcard());
        for listener in reached.filter(|listener| !covers(leaf, listener.host.meant())) {
            let names: Vec<String> = leaf.names.iter().map(San::to_string).collect();
            let has = if names.is_empty() { "no names at all".to_owned() } else { names.join(", ") };
            let message =
                format!("listener {} is reached as {}, and the certificate of {} has {has}", listener.name, listener.host, leaf.subject);
            findings.push(view.finding(
                &NAME_NOT_COVERED,
                Some(listener.line),
                message,
                format!("issue it with the name {}", listener.host),
            ));
        }
    }
    findings
}

/// As RFC 6125 has it: a wildcard stands for one label. A subject's common name is not asked.
fn covers(leaf: &Certificate, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let Ok(host) = host.parse::<Host>() else { return false };
    leaf.names.iter().any(|name| match (name, &host) {
        (San::Dns(pattern), Host::Dns(name)) => {
            pattern == name || pattern.strip_prefix("*.").is_some_and(|rest| name.split_once('.').is_some_and(|(_, domain)| domain == rest))
        }
        (San::Ip(pattern), Host::Ip(address)) => pattern == address,
        (San::Dns(_) | San::Ip(_) | San::Uri(_) | San::Other(_), Host::Dns(_) | Host::Ip(_)) => false,
    })
}

/// Rules that map names are not applied here, so with any the question is left open.
fn broker_not_super_user(view: &View<'_>) -> Vec<Finding> {
    let mapped =
        view.settings.effective().any(|setting| setting.key.ends_with("ssl.principal.mapping.rules") && setting.value != "DEFAULT");
    let custom = view.settings.effective().any(|setting| setting.key.ends_with("principal.builder.class"));
    let (Some(users), Some(_)) = (view.settings.get("super.users"), view.settings.get("authorizer.class.name")) else { return Vec::new() };
    let between = view.inter_broker().map(|listener| &listener.name);
    let speaks =
        |reference: &Reference| reference.users.iter().any(|user| Some(user) == between || view.settings.is_controller_listener(user));
    let missing = |(reference, contents): (&Reference, &Contents)| {
        let leaf = *chain(contents).first()?;
        (speaks(reference) && !SuperUsers::of(&users.value).contains(&leaf.subject)).then(|| {
            let message = format!("this node's certificate makes it User:{}, which super.users does not have", leaf.subject);
            view.finding(&BROKER_NOT_SUPER_USER, Some(users.line), message, format!("add User:{} as it is spelled here", leaf.subject))
        })
    };
    if mapped || custom || !view.is(Program::KafkaBroker) {
        return Vec::new();
    }
    opened(view, &[Role::Keystore]).filter_map(missing).collect()
}

fn usage_missing(view: &View<'_>) -> Vec<Finding> {
    let between = view.inter_broker().map(|listener| &listener.name);
    let missing = |(reference, contents): (&Reference, &Contents)| {
        let leaf = *chain(contents).first()?;
        let among_nodes = reference.users.iter().any(|user| Some(user) == between || view.settings.is_controller_listener(user));
        let needed: &[Usage] = match view.settings.program {
            Program::KafkaBroker if among_nodes => &[Usage::ServerAuth, Usage::ClientAuth],
            Program::KafkaBroker => &[Usage::ServerAuth],
            Program::KafkaClient | Program::KafkaOther | Program::Librdkafka => &[Usage::ClientAuth],
            Program::RabbitMq if reference.key.starts_with("ssl_options.") => &[Usage::ServerAuth],
            Program::RabbitMq | Program::RabbitMqTerms => &[],
        };
        let lacking: Vec<String> =
            needed.iter().filter(|usage| !leaf.usages.is_empty() && !leaf.usages.contains(usage)).map(Usage::to_string).collect();
        (!lacking.is_empty()).then(|| {
            let message = format!("the certificate of {} in {:?} is not for {}", leaf.subject, reference.path, lacking.join(" and "));
            view.finding(
                &USAGE_MISSING,
                Some(reference.line),
                message,
                format!("issue it with {} in its extended key usage", lacking.join(" and ")),
            )
        })
    };
    opened(view, IDENTITIES).filter_map(missing).collect()
}

fn self_signed_leaf(view: &View<'_>) -> Vec<Finding> {
    let own = |(reference, contents): (&Reference, &Contents)| {
        let leaf = *chain(contents).first()?;
        leaf.is_self_signed().then(|| {
            let message = format!("the certificate of {} in {:?} signs itself", leaf.subject, reference.path);
            view.finding(
                &SELF_SIGNED_LEAF,
                Some(reference.line),
                message,
                "let an authority sign it, and put the authority into the truststores",
            )
        })
    };
    opened(view, IDENTITIES).filter_map(own).collect()
}

fn not_trusted_by_itself(view: &View<'_>) -> Vec<Finding> {
    let between = view.inter_broker().map(|listener| &listener.name);
    let stranger = |(reference, contents): (&Reference, &Contents)| {
        let user = reference.users.iter().find(|user| Some(*user) == between || view.settings.is_controller_listener(user))?;
        let (_, trust) = opened(view, TRUST).find(|(other, _)| other.users.contains(user))?;
        let chain = chain(contents);
        (!chain.is_empty() && !reaches(&chain, &anchors(trust))).then(|| {
            let message =
                format!("no certificate of {:?} leads from {} to an authority of the truststore", reference.path, chain[0].subject);
            view.finding(&NOT_TRUSTED_BY_ITSELF, Some(reference.line), message, "complete the chain, or put its root into the truststore")
        })
    };
    if !view.is(Program::KafkaBroker) {
        return Vec::new();
    }
    opened(view, &[Role::Keystore]).filter_map(stranger).collect()
}

/// What Java takes for anchors: trusted entries, the leaf of each key, and every certificate of PEM.
fn anchors(contents: &Contents) -> Vec<&Certificate> {
    fn of(item: &Item) -> Option<&Certificate> {
        match &item.held {
            Held::Trusted(certificate) => Some(certificate.as_ref()),
            Held::Key { chain, .. } => chain.first(),
            Held::Certificate(_)
            | Held::SecretKey { .. }
            | Held::PublicKey(_)
            | Held::Request(_)
            | Held::RevocationList(_)
            | Held::Unreadable { .. } => None,
        }
    }
    let pem = if contents.format == Format::Pem { certificates(contents) } else { Vec::new() };
    contents.items.iter().filter_map(of).chain(pem).collect()
}

/// Whether the certificates lead from the first one to an anchor, each signed by the next.
fn reaches(chain: &[&Certificate], anchors: &[&Certificate]) -> bool {
    let mut chain = chain.iter().copied();
    let Some(mut current) = chain.next() else { return false };
    loop {
        if anchors.iter().any(|anchor| anchor.der() == current.der() || current.is_signed_by(anchor)) {
            return true;
        }
        match chain.next().filter(|next| current.is_signed_by(next)) {
            Some(next) => current = next,
            None => return false,
        }
    }
}
