//! Reads a policy: strict about what AWS refuses, and every fault told with its place.

use super::{
    BadPolicy, Effect, Element, Policy, PolicyKind, Statement, Version, element::Reader,
    principal::PrincipalElement,
};
use crate::{
    condition::Test,
    limits::{POLICY_BYTES_MAX, STATEMENTS_MAX},
    node::Node,
    pattern::Template,
};

const POLICY_MEMBERS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_MEMBERS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

impl Policy {
    /// Reads a policy's JSON.
    ///
    /// # Errors
    /// When AWS would refuse it, or a limit of [`limits`](crate::limits) is passed; each fault names its place.
    pub fn parse(name: &str, kind: PolicyKind, json: &str) -> Result<Self, BadPolicy> {
        let mut reader = Reader::new(name);
        if json.len() > POLICY_BYTES_MAX {
            reader.fault("", too_large(json.len()));
        } else {
            match Node::parse(json) {
                Ok(node) => return Self::read(name, kind, &node),
                Err(error) => reader.fault("", format!("is no JSON: {error}")),
            }
        }
        reader.end()?;
        Ok(Self { name: name.to_owned(), version: Version::V2008, statements: Vec::new() })
    }

    /// Reads a policy that is JSON already; also one that is kept as text in it.
    pub(crate) fn read(name: &str, kind: PolicyKind, node: &Node) -> Result<Self, BadPolicy> {
        if let Node::Text(json) = node {
            // Only an object may follow, so this ends.
            return Self::parse(name, kind, if json.trim_start().starts_with('{') { json } else { "" });
        }
        let mut reader = Reader::new(name);
        let (version, statements) = policy(&mut reader, kind, node);
        reader.end()?;
        Ok(Self { name: name.to_owned(), version, statements })
    }
}

fn too_large(bytes: usize) -> String {
    format!(
        "has {bytes} bytes; {POLICY_BYTES_MAX} are read at most, and AWS stores no policy of half that size"
    )
}

fn policy(reader: &mut Reader<'_>, kind: PolicyKind, node: &Node) -> (Version, Vec<Statement>) {
    let nothing = (Version::V2008, Vec::new());
    let Node::Object(object) = node else {
        reader.fault("", format!("must be an object with `Statement`, not {}", node.kind()));
        return nothing;
    };
    if node.size() > POLICY_BYTES_MAX {
        reader.fault("", too_large(node.size()));
        return nothing;
    }
    reader.members(object, &POLICY_MEMBERS);
    let of = |wanted: &str| object.iter().find(|(name, _)| name == wanted).map(|(_, node)| node);
    let version = match of("Version").map(|version| (version.text(), version)) {
        None | Some((Some("2008-10-17"), _)) => Version::V2008,
        Some((Some("2012-10-17"), _)) => Version::V2012,
        Some(_) => {
            reader.fault("Version", "must be \"2012-10-17\" or \"2008-10-17\"");
            Version::V2012
        }
    };
    if of("Id").is_some_and(|id| id.text().is_none()) {
        reader.fault("Id", "must be a text");
    }
    let Some(statements) = of("Statement") else {
        reader.fault("Statement", "is missing");
        return nothing;
    };
    let nodes = statements.one_or_many();
    if nodes.is_empty() {
        reader.fault("Statement", "has no statement");
    }
    if nodes.len() > STATEMENTS_MAX {
        reader
            .fault("Statement", format!("has {} statements; {STATEMENTS_MAX} are read at most", nodes.len()));
        return nothing;
    }
    let mut read: Vec<Statement> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let Node::Object(object) = node else {
            reader.enter(index, None);
            reader.fault("", format!("must be an object, not {}", node.kind()));
            continue;
        };
        let sid = object.iter().find(|(name, _)| name == "Sid").and_then(|(_, sid)| sid.text());
        reader.enter(index, sid.map(str::to_owned));
        if let Some(sid) = sid
            && kind == PolicyKind::Identity
            && !sid.is_empty()
            && let Some(first) = read.iter().find(|other| other.sid.as_deref() == Some(sid))
        {
            reader.fault(
                "Sid",
                format!("is that of statement {} too; ids are unique in a policy", first.index),
            );
        }
        if let Some(statement) = statement(reader, kind, version, index, object) {
            read.push(statement);
        }
    }
    reader.leave();
    (version, read)
}

/// Reads a statement; none where too little of it could be read.
fn statement(
    reader: &mut Reader<'_>,
    kind: PolicyKind,
    version: Version,
    index: usize,
    object: &[(String, Node)],
) -> Option<Statement> {
    reader.members(object, &STATEMENT_MEMBERS);
    let of = |wanted: &str| object.iter().find(|(name, _)| name == wanted).map(|(_, node)| node);
    let sid = of("Sid").and_then(|sid| {
        if sid.text().is_none() {
            reader.fault("Sid", format!("must be a text, not {}", sid.kind()));
        }
        sid.text().map(str::to_owned)
    });
    let effect = match of("Effect").map(Node::text) {
        Some(Some("Allow")) => Some(Effect::Allow),
        Some(Some("Deny")) => Some(Effect::Deny),
        Some(_) => {
            reader.fault("Effect", "must be \"Allow\" or \"Deny\", in this case of letters");
            None
        }
        None => {
            reader.fault("Effect", "is missing; write \"Allow\" or \"Deny\"");
            None
        }
    };
    let action =
        reader.either(object, "Action", "NotAction").map(|(negated, node)| reader.actions(negated, node));
    if action.is_none() {
        reader.fault("Action", "is missing; a statement has `Action` or `NotAction`");
    }
    let resource = reader
        .either(object, "Resource", "NotResource")
        .map(|(negated, node)| reader.resources(negated, node, version));
    resource_fits(reader, kind, resource.as_ref());
    let principal = reader
        .either(object, "Principal", "NotPrincipal")
        .map(|(negated, node)| reader.principals(negated, node));
    principal_fits(reader, kind, principal.as_ref());
    let conditions = of("Condition").map_or_else(Vec::new, |node| conditions(reader, node, version));
    let statement =
        Statement { index, sid, effect: effect?, principal, action: action?, resource, conditions };
    if kind == PolicyKind::ResourceControl && statement.effect == Effect::Allow && !is_full_access(&statement)
    {
        reader.fault("Effect", "must be \"Deny\"; only AWS's own RCPFullAWSAccess allows");
    }
    Some(statement)
}

fn is_full_access(statement: &Statement) -> bool {
    let all = |patterns: &[String]| patterns.iter().any(|pattern| pattern == "*");
    let everything = |resource: &Element<Template>| resource.patterns.iter().any(Template::is_everything);
    !statement.action.negated
        && all(&statement.action.patterns)
        && statement.resource.as_ref().is_some_and(everything)
        && statement.conditions.is_empty()
}

fn resource_fits(reader: &mut Reader<'_>, kind: PolicyKind, resource: Option<&Element<Template>>) {
    let of_identity = matches!(kind, PolicyKind::Identity | PolicyKind::ServiceControl);
    match resource {
        None if kind != PolicyKind::Resource => {
            reader.fault("Resource", "is missing; a statement has `Resource` or `NotResource`");
        }
        Some(element) if of_identity => {
            for pattern in &element.patterns {
                let written = pattern.written();
                if written != "*" && !written.starts_with("arn:") {
                    let member = if element.negated { "NotResource" } else { "Resource" };
                    reader.fault(member, format!("`{written}` is no ARN and not \"*\""));
                }
            }
        }
        _ => {}
    }
}

fn principal_fits(reader: &mut Reader<'_>, kind: PolicyKind, principal: Option<&PrincipalElement>) {
    match (kind, principal) {
        (PolicyKind::Identity | PolicyKind::ServiceControl, Some(element)) => {
            let member = if element.negated { "NotPrincipal" } else { "Principal" };
            reader.fault(member, "must not stand in this kind of policy: it is about whom it is attached to");
        }
        (PolicyKind::ResourceControl, Some(element)) if element.negated || !element.is_everyone() => {
            reader
                .fault("Principal", "must be \"*\" in a resource control policy; narrow it with a condition");
        }
        (PolicyKind::ResourceControl, None) => {
            reader.fault("Principal", "is missing; write \"*\"");
        }
        // A statement of a resource without a principal is about nobody.
        _ => {}
    }
}

fn conditions(reader: &mut Reader<'_>, node: &Node, version: Version) -> Vec<Test> {
    let Node::Object(operators) = node else {
        reader.fault("Condition", format!("must be an object of operators, not {}", node.kind()));
        return Vec::new();
    };
    let mut tests: Vec<Test> = Vec::new();
    for (position, (operator, keys)) in operators.iter().enumerate() {
        let member = format!("Condition.{operator}");
        if operators.iter().take(position).any(|(earlier, _)| earlier == operator) {
            reader.fault(&member, "is written twice; put its keys into one");
        }
        let Node::Object(keys) = keys else {
            reader.fault(&member, format!("must be an object of context keys, not {}", keys.kind()));
            continue;
        };
        for (place, (key, values)) in keys.iter().enumerate() {
            let member = format!("Condition.{operator}.{key}");
            if keys.iter().take(place).any(|(earlier, _)| earlier.eq_ignore_ascii_case(key)) {
                reader.fault(&member, "is written twice; put its values into one list");
            }
            let mut texts = Vec::new();
            for value in values.one_or_many() {
                match value.scalar() {
                    Some(text) => texts.push(text),
                    None => reader
                        .fault(&member, format!("must be a value or a list of values, not {}", value.kind())),
                }
            }
            if key.trim().is_empty() {
                reader.fault(&member, "has no context key");
            }
            match Test::new(operator, key, &texts, version == Version::V2012) {
                Ok(test) => tests.push(test),
                Err(problem) => reader.fault(&member, problem),
            }
        }
        if keys.is_empty()
            && let Err(problem) = Test::new(operator, "key", &[], true)
        {
            reader.fault(&member, problem);
        }
    }
    tests
}
