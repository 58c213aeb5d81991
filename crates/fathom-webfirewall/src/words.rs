//! Rules in plain words.

use crate::{
    acl::{Action, Does, Rule},
    field::{Field, Which as Names},
    rate::{Key, RateBased},
    statement::{Compare, Forwarded, Position, Statement, Test, TextStatement},
};

/// Characters of a text that are shown.
const SHOWN: usize = 60;
/// Items of a list that are named.
const NAMED: usize = 12;

/// What the best known groups of AWS are about.
const GROUPS: [(&str, &str); 13] = [
    ("AWSManagedRulesACFPRuleSet", "account creation by robots"),
    ("AWSManagedRulesATPRuleSet", "stolen passwords tried out"),
    ("AWSManagedRulesAdminProtectionRuleSet", "pages of administrators"),
    ("AWSManagedRulesAmazonIpReputationList", "reputation: addresses of known robots and attackers"),
    ("AWSManagedRulesAnonymousIpList", "reputation: addresses that hide who comes"),
    ("AWSManagedRulesAntiDDoSRuleSet", "floods of requests"),
    ("AWSManagedRulesBotControlRuleSet", "robots"),
    ("AWSManagedRulesCommonRuleSet", "common attacks"),
    ("AWSManagedRulesKnownBadInputsRuleSet", "inputs known to be bad"),
    ("AWSManagedRulesLinuxRuleSet", "attacks on Linux"),
    ("AWSManagedRulesPHPRuleSet", "attacks on PHP"),
    ("AWSManagedRulesSQLiRuleSet", "SQL in requests"),
    ("AWSManagedRulesWindowsRuleSet", "attacks on Windows"),
];

/// What a rule does, in a few words.
pub fn does(rule: &Rule) -> String {
    let counting = rule.counting_parts();
    match rule.does {
        Does::Acts(Action::Count) => "only counts".to_owned(),
        Does::Acts(Action::Other) => "does something that is not known here".to_owned(),
        Does::Acts(action) => action.word().to_owned(),
        Does::GroupCounts => "only counts what its group would do".to_owned(),
        Does::Group if counting.is_empty() => "as its group".to_owned(),
        Does::Group => format!("as its group; only counts: {}", list(&counting)),
    }
}

/// What a statement looks for, in plain words.
pub fn says(statement: &Statement) -> String {
    match statement {
        Statement::Text(text) => compared(text),
        Statement::Geo { countries, forwarded } => {
            format!("the country{} is {}", by(forwarded.as_ref()), list(countries))
        }
        Statement::Asn { numbers, forwarded } => {
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            format!("the network{} is AS {}", by(forwarded.as_ref()), list(&numbers))
        }
        Statement::Addresses { set, ranges, forwarded } => {
            let how_many = match ranges {
                Ok(ranges) => format!("{} ranges", ranges.len()),
                Err(_) => "which was not read".to_owned(),
            };
            format!("the address{} is in the set {} ({how_many})", by(forwarded.as_ref()), name_of(set))
        }
        Statement::Label { key, is_namespace: false } => format!("a rule before added the label {key}"),
        Statement::Label { key, is_namespace: true } => format!("a rule before added a label of {key}"),
        Statement::Rate(rate) => limited(rate),
        Statement::And(parts) => joined(parts, " and "),
        Statement::Or(parts) => joined(parts, " or "),
        Statement::Not(inner) => format!("not ({})", says(inner)),
        Statement::Managed(group) => {
            let about =
                GROUPS.iter().find(|(name, _)| *name == group.name).map(|(_, about)| format!(" ({about})"));
            let version = group.version.as_ref().map(|version| format!(", {version}")).unwrap_or_default();
            let scope =
                group.scope.as_ref().map(|scope| format!(", where {}", says(scope))).unwrap_or_default();
            format!("group {} of {}{}{version}{scope}", group.name, group.vendor, about.unwrap_or_default())
        }
        Statement::Group { arn, .. } => format!("group {} of one's own", name_of(arn)),
        Statement::Unread(why) => format!("UNKNOWN: {why}"),
    }
}

fn joined(parts: &[Statement], word: &str) -> String {
    let parts: Vec<String> = parts.iter().map(|part| format!("({})", says(part))).collect();
    parts.join(word)
}

fn compared(text: &TextStatement) -> String {
    let field = match &text.field {
        Field::Method => "the method".to_owned(),
        Field::UriPath => "the path".to_owned(),
        Field::QueryString => "the query".to_owned(),
        Field::UriFragment => "the fragment".to_owned(),
        Field::SingleHeader(name) => format!("the header {name}"),
        Field::SingleQueryArgument(name) => format!("the argument {name}"),
        Field::AllQueryArguments => "an argument".to_owned(),
        Field::Headers(map) => format!("{} headers", which(&map.which)),
        Field::Cookies(map) => format!("{} cookies", which(&map.which)),
        Field::Body(_) => "the body".to_owned(),
        Field::JsonBody => "the body as JSON".to_owned(),
        Field::HeaderOrder => "the order of headers".to_owned(),
        Field::Ja3(_) | Field::Ja4(_) => "the fingerprint of the client's TLS".to_owned(),
    };
    let test = match &text.test {
        Test::Bytes(search, position) => {
            let word = match position {
                Position::Exactly => "is",
                Position::StartsWith => "begins with",
                Position::EndsWith => "ends with",
                Position::Contains => "contains",
                Position::ContainsWord => "contains the word",
            };
            format!("{word} `{}`", shown(&String::from_utf8_lossy(search)))
        }
        Test::Patterns(Some(set), _) => format!("fits a pattern of the set {}", name_of(set)),
        Test::Patterns(None, Ok(patterns)) => {
            let texts: Vec<String> = patterns.iter().map(|one| format!("`{}`", shown(&one.text))).collect();
            format!("fits {}", texts.join(" or "))
        }
        Test::Patterns(None, Err(_)) => "fits a pattern that was not read".to_owned(),
        Test::Size(compare, size) => {
            let word = match compare {
                Compare::Eq => "is",
                Compare::Ne => "is not",
                Compare::Le => "is at most",
                Compare::Lt => "is less than",
                Compare::Ge => "is at least",
                Compare::Gt => "is more than",
            };
            format!("{word} {size} bytes long")
        }
        Test::Sqli => "looks like SQL".to_owned(),
        Test::Xss => "looks like a script".to_owned(),
    };
    let done: Vec<&str> =
        text.transformations.iter().map(String::as_str).filter(|one| *one != "NONE").collect();
    let done = if done.is_empty() { String::new() } else { format!(" after {}", done.join(", ")) };
    format!("{field} {test}{done}")
}

fn which(which: &Names) -> String {
    match which {
        Names::All => "one of all".to_owned(),
        Names::Included(names) => format!("one of the {}", list(names)),
        Names::Excluded(names) => format!("one of all but the {}", list(names)),
    }
}

fn limited(rate: &RateBased) -> String {
    let keys: Vec<String> = rate.keys.iter().map(key).collect();
    let by = if keys.is_empty() { String::new() } else { format!(" for each {}", keys.join(" and ")) };
    let scope = rate.scope.as_ref().map(|scope| format!(", where {}", says(scope))).unwrap_or_default();
    format!("more than {} requests in {} seconds{by}{scope}", rate.limit, rate.window)
}

fn key(key: &Key) -> String {
    match key {
        Key::Address => "address".to_owned(),
        Key::Forwarded(forwarded) => format!("address in {}", forwarded.header),
        Key::Header(name, _) => format!("header {name}"),
        Key::Cookie(name, _) => format!("cookie {name}"),
        Key::QueryArgument(name, _) => format!("argument {name}"),
        Key::QueryString(_) => "query".to_owned(),
        Key::UriPath(_) => "path".to_owned(),
        Key::Method => "method".to_owned(),
        Key::Labels(space) => format!("label of {space}"),
        Key::Ja3 | Key::Ja4 => "fingerprint of the client's TLS".to_owned(),
        Key::Asn => "network".to_owned(),
    }
}

fn by(forwarded: Option<&Forwarded>) -> String {
    forwarded.map(|one| format!(" in the header {}", one.header)).unwrap_or_default()
}

fn list<T: AsRef<str>>(all: &[T]) -> String {
    let named: Vec<&str> = all.iter().take(NAMED).map(AsRef::as_ref).collect();
    let more = all.len().saturating_sub(NAMED);
    if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
}

/// The name in an ARN of this service: `…/ipset/NAME/ID`.
fn name_of(arn: &str) -> &str {
    let mut parts = arn.rsplit('/');
    parts.next();
    parts.next().unwrap_or(arn)
}

fn shown(text: &str) -> String {
    let short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
