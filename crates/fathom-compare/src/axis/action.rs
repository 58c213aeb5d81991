//! Actions: their patterns are read side by side, in lower case, for the case of letters means nothing.

use fathom_iam::parts::action_matches;

use super::{Axis, Part, key::Callers};
use crate::{
    asked::Asked,
    mask::Mask,
    text::{Machine, Reading, Style, Token},
};

/// Actions that exist, with which an answer reads better than with made-up ones.
const KNOWN: &str = "s3:GetObject s3:PutObject s3:DeleteObject s3:ListBucket s3:GetBucketPolicy s3:PutBucketPolicy s3:DeleteBucket \
    ec2:RunInstances ec2:TerminateInstances ec2:DescribeInstances iam:PassRole iam:CreateUser iam:GetUser iam:DeleteUser \
    iam:AttachUserPolicy sts:AssumeRole sts:AssumeRoleWithWebIdentity sts:AssumeRoleWithSAML kms:Decrypt kms:Encrypt \
    kms:DescribeKey kms:ScheduleKeyDeletion sqs:SendMessage sqs:ReceiveMessage sqs:DeleteMessage sns:Publish sns:Subscribe \
    lambda:InvokeFunction lambda:UpdateFunctionCode dynamodb:GetItem dynamodb:PutItem dynamodb:DeleteItem dynamodb:Query \
    secretsmanager:GetSecretValue secretsmanager:PutSecretValue ssm:GetParameter logs:PutLogEvents logs:GetLogEvents \
    logs:CreateLogGroup cloudwatch:PutMetricData rds:DeleteDBInstance rds:DescribeDBInstances ecr:GetDownloadUrlForLayer";

/// Calls that only callers make whom an identity provider vouches for, in lower case.
const WEB: &str = "sts:assumerolewithwebidentity";
const SAML: &str = "sts:assumerolewithsaml";
/// What goes with assuming a role, whoever does.
const BESIDE: [&str; 2] = ["sts:setsourceidentity", "sts:tagsession"];

/// Whether callers of a kind can ask for an action: whom an identity provider vouches for can only assume a role.
fn asks(callers: Callers, action: &str) -> bool {
    let is = |one: &str| action.eq_ignore_ascii_case(one);
    let beside = BESIDE.iter().any(|one| is(one));
    match callers {
        Callers::Web => is(WEB) || beside,
        Callers::Saml => is(SAML) || beside,
        Callers::OfAccounts | Callers::OfNone => !is(WEB) && !is(SAML),
    }
}

/// The axis of actions.
///
/// # Errors
/// When a limit is passed.
pub(crate) fn axis(asked: &Asked<'_>, callers: Callers) -> Result<Axis, String> {
    let patterns: Vec<Pattern<'_>> = asked
        .statements
        .iter()
        .flat_map(|statement| &statement.action.patterns)
        .map(|written| Pattern::of(written))
        .collect();
    // Those of each statement, so that an action is held against those of its service alone.
    let mut rest = patterns.as_slice();
    let each: Vec<&[Pattern<'_>]> = asked
        .statements
        .iter()
        .map(|statement| {
            let (own, after) = rest.split_at(statement.action.patterns.len());
            rest = after;
            own
        })
        .collect();
    let mut axis = Axis::default();
    let mut add = |action: &str| {
        let Some((service, name)) = action.split_once(':') else { return Ok(()) };
        let service = service.to_ascii_lowercase();
        // A call of IAM does not look at policies of resources.
        let is_heard = !asked.is_about_resource() || service != "iam";
        if service.is_empty()
            || name.is_empty()
            || action.contains(NEVER)
            || !is_heard
            || !asks(callers, action)
        {
            return Ok(());
        }
        let mask = Mask::of(asked.statements.len(), |at| {
            let Some((statement, own)) = asked.statement(at).zip(each.get(at)) else { return false };
            own.iter().any(|pattern| pattern.matches(&service, action)) != statement.action.negated
        });
        axis.add(mask, Part::Action(action.to_owned()))
    };
    for pattern in patterns.iter().filter(|pattern| !pattern.written.contains(['*', '?'])) {
        add(pattern.written)?;
    }
    for action in KNOWN.split_ascii_whitespace() {
        add(action)?;
    }
    for word in ["Example", ""] {
        for pattern in &patterns {
            add(&pattern.written.replace('*', word).replace('?', "X"))?;
        }
    }
    for action in texts(&patterns).map_err(|limit| format!("the actions: {limit}"))? {
        add(&action)?;
    }
    Ok(axis)
}

/// Characters that no action has.
const NEVER: &[char] = &['*', '?', ' '];

/// A pattern with its service and name in lower case; none where it is `*` alone or nothing that matches.
struct Pattern<'a> {
    written: &'a str,
    parts: Option<(String, String)>,
}

impl<'a> Pattern<'a> {
    fn of(written: &'a str) -> Self {
        let parts = written
            .split_once(':')
            .map(|(service, name)| (service.to_ascii_lowercase(), name.to_ascii_lowercase()));
        Self { written, parts }
    }

    /// Whether it matches an action of this service, which is in lower case.
    fn matches(&self, service: &str, action: &str) -> bool {
        let is_other =
            self.parts.as_ref().is_some_and(|(own, _)| !own.contains(['*', '?']) && own.as_str() != service);
        !is_other && action_matches(self.written, action)
    }
}

/// An action for each set of patterns that some action matches: services first, then the names of each.
fn texts(patterns: &[Pattern<'_>]) -> Result<Vec<String>, String> {
    let parts: Vec<&(String, String)> =
        patterns.iter().filter_map(|pattern| pattern.parts.as_ref()).collect();
    let own = ["iam", "sts"];
    let services =
        reading(parts.iter().map(|(service, _)| service.as_str()).chain(own), &[':', '*', '?', ' ']);
    let mut actions = Vec::new();
    for service in services.texts()? {
        let of_service = |pattern: &str| action_matches(&format!("{pattern}:*"), &format!("{service}:x"));
        let names = parts.iter().filter(|(pattern, _)| of_service(pattern)).map(|(_, name)| name.as_str());
        // What only some callers are asked for.
        let special = [WEB, SAML].into_iter().chain(BESIDE).filter_map(|action| action.strip_prefix("sts:"));
        let special = special.filter(|_| service == "sts");
        for name in reading(names.chain(special), NEVER).texts()? {
            actions.push(format!("{service}:{name}"));
        }
    }
    Ok(actions)
}

/// Reads texts that are not empty, in lower case.
fn reading<'a>(patterns: impl Iterator<Item = &'a str>, without: &'static [char]) -> Reading {
    let mut written: Vec<&str> = patterns.collect();
    written.sort_unstable();
    written.dedup();
    let required = Some(written.len());
    written.push("?*");
    let machine = |pattern: &&str| {
        let tokens = pattern.chars().map(|char| match char {
            '*' => Token::Any,
            '?' => Token::One,
            other => Token::Char(other),
        });
        Machine::new(tokens, Style::Plain, false)
    };
    let machines = written.iter().map(machine).collect();
    Reading { machines, prefix: String::new(), required, without }
}
