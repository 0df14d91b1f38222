//! Where the directory is not what the cluster file says: the plan's reasons as findings.

use crate::finding::{Finding, Place, Rule};
use crate::plan::Reason;

pub const RULES: &[&Rule] = &[
    &MISSING,
    &UNREADABLE,
    &ENDED,
    &NOT_YET_VALID,
    &EXPIRING,
    &NAMES,
    &SUBJECT,
    &KEY_TYPE,
    &USAGE,
    &ISSUER,
    &MISSING_FILE,
    &UNWANTED,
    &TRUST_SET,
    &PASSWORD,
    &SASL_PASSWORD,
    &ALIAS,
    &PROFILE,
    &SETTINGS,
    &OWNER,
    &FILE_MODE,
    &HAND_EDITED,
];

const MISSING: Rule =
    Rule::error("drift-missing", "a holder without any files", "It stands in the cluster file and was never issued a certificate.");
const UNREADABLE: Rule = Rule::error("drift-unreadable", "a file of a holder that cannot be used", "The holder cannot load it either.");
const ENDED: Rule =
    Rule::error("drift-expired", "a leaf whose time is over", "Nobody takes it any more, and `apply` was not run in time to renew it.");
const NOT_YET_VALID: Rule = Rule::error(
    "drift-not-yet-valid",
    "a leaf that is not valid yet",
    "It was issued while the clock of this machine ran ahead. Nobody takes it until it begins.",
);
const EXPIRING: Rule = Rule::warning(
    "drift-expiring",
    "a leaf whose renewal is due",
    "`leaf.renew` of the cluster file says how long before its end a leaf is renewed.",
);
const NAMES: Rule = Rule::warning(
    "drift-names",
    "a leaf with other names than the cluster file has",
    "Whoever connects by a name that is missing refuses the holder; one too many is a name that it should not speak for.",
);
const SUBJECT: Rule = Rule::warning(
    "drift-subject",
    "a leaf with another subject than the cluster file has",
    "Kafka's principals and RabbitMQ's users are made of it: the rules that were rendered do not fit the leaf.",
);
const KEY_TYPE: Rule =
    Rule::warning("drift-key-type", "a key of another kind than the cluster file has", "`leaf.key` was changed after the leaf was issued.");
const USAGE: Rule = Rule::warning(
    "drift-usage",
    "a leaf with other usages than its role needs",
    "A broker or node needs serverAuth and clientAuth, a client clientAuth alone.",
);
const ISSUER: Rule = Rule::warning(
    "drift-issuer",
    "a leaf of another authority than the one that signs now",
    "When the other authority is no longer trusted, or ends, the leaf goes with it.",
);
const MISSING_FILE: Rule =
    Rule::error("drift-missing-file", "a file of a holder that is not there", "The holder's configuration names it.");
const UNWANTED: Rule = Rule::note(
    "drift-unwanted-file",
    "a file that is no longer wanted",
    "It was written for an earlier cluster file, and nobody keeps it fresh.",
);
const TRUST_SET: Rule = Rule::error(
    "drift-trust-set",
    "a trust store that does not hold what must be trusted now",
    "During a rollover every holder must trust both authorities before any leaf of the new one is used.",
);
const PASSWORD: Rule = Rule::error(
    "drift-password",
    "a store or password file with another password than the rest",
    "Kafka says \"keystore password was incorrect\".",
);
const SASL_PASSWORD: Rule = Rule::error(
    "drift-sasl-password",
    "a file with another password than the client logs in with",
    "Kafka says \"Authentication failed\", with PLAIN as with SCRAM.",
);
const ALIAS: Rule = Rule::warning(
    "drift-alias",
    "an entry under another alias than the cluster file has",
    "What names the entry by its alias does not find it.",
);
const PROFILE: Rule = Rule::warning(
    "drift-profile",
    "a store in another encoding than the cluster file has",
    "`stores.java` names the oldest Java that must read it.",
);
const SETTINGS: Rule = Rule::warning(
    "drift-settings",
    "a configuration that is not what the cluster file makes of it",
    "Brokers and clients would be configured for a cluster that is no more.",
);
const OWNER: Rule =
    Rule::warning("drift-owner", "files that belong to another user or group", "Whoever runs the holder may be unable to read them.");
const FILE_MODE: Rule = Rule::warning(
    "drift-file-mode",
    "a file with other permissions than it was written with",
    "Too few and the holder cannot read it; too many and others can.",
);
const HAND_EDITED: Rule = Rule::error(
    "drift-hand-edited",
    "a file that was changed by hand",
    "What the holder reads is not what the cluster file says, and one line may open it to everyone. The next `apply` writes it anew, and the change is lost.",
);

/// What the plan gives as a reason, found at `place`; `None` for what is told with all else of its kind.
pub fn finding(place: Place, reason: &Reason) -> Option<Finding> {
    Some(rule(reason)?.at(place, reason.to_string(), "run countersign apply"))
}

fn rule(reason: &Reason) -> Option<&'static Rule> {
    Some(match reason {
        Reason::Missing => &MISSING,
        Reason::Unreadable { .. } => &UNREADABLE,
        Reason::Ended { .. } => &ENDED,
        Reason::NotYetValid { .. } => &NOT_YET_VALID,
        Reason::Expiring { .. } => &EXPIRING,
        Reason::Names { .. } => &NAMES,
        Reason::Subject { .. } => &SUBJECT,
        Reason::KeyType { .. } => &KEY_TYPE,
        Reason::Usage { .. } => &USAGE,
        Reason::Issuer { .. } => &ISSUER,
        Reason::MissingFile { .. } => &MISSING_FILE,
        Reason::Unwanted { .. } => &UNWANTED,
        Reason::TrustSet { .. } => &TRUST_SET,
        Reason::Password { .. } => &PASSWORD,
        Reason::SaslPassword { .. } => &SASL_PASSWORD,
        Reason::Alias { .. } => &ALIAS,
        Reason::Profile { .. } => &PROFILE,
        Reason::Settings { .. } => &SETTINGS,
        Reason::Owner { .. } => &OWNER,
        Reason::FileMode { .. } => &FILE_MODE,
        Reason::HandEdited { .. } => &HAND_EDITED,
        Reason::Trespass { .. } | Reason::Asked { .. } => return None,
    })
}
