//! Small estates, as a scan would find them.

use std::sync::Arc;

use fathom_escalate::{Escalation, Facts, Group, Reached, Role, Rules, User, Ways, What, Workload};
use fathom_iam::{
    Index,
    organisation::{Builder, Found, Kind},
};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const OTHER: &str = "444455556666";

/// An estate in the making.
#[derive(Debug, Default)]
pub(crate) struct Estate {
    builder: Builder,
    pub(crate) facts: Facts,
}

/// What a policy says: statements.
pub(crate) fn policy(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A statement that allows actions on resources.
pub(crate) fn allow(actions: &[&str], resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resource})
}

pub(crate) fn user(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

pub(crate) fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// Inline policies with these statements; none where there are no statements, for AWS refuses such a policy.
fn inline(statements: Value) -> Value {
    if statements.as_array().is_some_and(Vec::is_empty) {
        return json!([]);
    }
    json!([{"PolicyName": "own", "PolicyDocument": policy(statements)}])
}

fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap()
}

fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap()
}

impl Estate {
    pub(crate) fn new() -> Self {
        let mut estate = Self::default();
        for account in [ACCOUNT, OTHER] {
            estate.builder.account(account);
        }
        estate
    }

    /// One more account that is scanned.
    pub(crate) fn account(&mut self, id: &str) {
        self.builder.account(id);
    }

    fn add(&mut self, kind: &str, arn: &str, document: Value) {
        let account = account_of(arn);
        self.builder.add(Found { kind, uid: arn, account, document: &document, unread: &[] });
    }

    /// A user with inline statements, of groups by their names, with managed policies.
    pub(crate) fn user(&mut self, arn: &str, statements: Value, groups: &[&str], attached: &[&str]) {
        let document = json!({
            "UserName": name_of(arn),
            "UserPolicyList": inline(statements),
            "GroupList": groups,
            "AttachedManagedPolicies": attached.iter().map(|arn| json!({"PolicyArn": arn})).collect::<Vec<_>>(),
        });
        self.add("AWS::IAM::User", arn, document);
        let user = User {
            groups: groups.iter().map(|&name| name.to_owned()).collect(),
            attached: attached.iter().map(|&arn| arn.to_owned()).collect(),
            access_keys: Some(0),
            has_password: Some(false),
        };
        self.facts.users.insert(arn.to_owned(), user);
    }

    /// A role with inline statements that trusts somebody; with a boundary where one is named.
    pub(crate) fn role(&mut self, arn: &str, statements: Value, trusts: Value, boundary: Option<&str>) {
        self.role_with(arn, statements, trusts, boundary, &[]);
    }

    pub(crate) fn role_with(
        &mut self,
        arn: &str,
        statements: Value,
        trusts: Value,
        boundary: Option<&str>,
        attached: &[&str],
    ) {
        let trust = policy(json!([{"Effect": "Allow", "Principal": trusts, "Action": "sts:AssumeRole"}]));
        let mut document = json!({
            "RoleName": name_of(arn),
            "RolePolicyList": inline(statements),
            "AssumeRolePolicyDocument": trust,
            "AttachedManagedPolicies": attached.iter().map(|arn| json!({"PolicyArn": arn})).collect::<Vec<_>>(),
        });
        if let Some(boundary) = boundary {
            document["PermissionsBoundary"] = json!({"PermissionsBoundaryArn": boundary});
        }
        self.add("AWS::IAM::Role", arn, document);
        let attached = attached.iter().map(|&arn| arn.to_owned()).collect();
        self.facts.roles.insert(arn.to_owned(), Role { attached, has_profile: true });
    }

    pub(crate) fn group(&mut self, arn: &str, statements: Value, attached: &[&str]) {
        let document = json!({
            "GroupName": name_of(arn),
            "GroupPolicyList": inline(statements),
            "AttachedManagedPolicies": attached.iter().map(|arn| json!({"PolicyArn": arn})).collect::<Vec<_>>(),
        });
        self.add("AWS::IAM::Group", arn, document);
        let group = Group {
            account: account_of(arn).to_owned(),
            name: name_of(arn).to_owned(),
            attached: attached.iter().map(|&arn| arn.to_owned()).collect(),
        };
        self.facts.groups.insert(arn.to_owned(), group);
    }

    pub(crate) fn managed(&mut self, arn: &str, statements: Value, versions: usize) {
        let document = json!({
            "PolicyName": name_of(arn),
            "DefaultVersionId": "v1",
            "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "Document": policy(statements)}],
        });
        self.add("AWS::IAM::ManagedPolicy", arn, document);
        self.facts.policies.insert(arn.to_owned(), versions);
    }

    pub(crate) fn workload(&mut self, kind: &str, arn: &str, roles: &[&str]) {
        self.facts.workloads.push(Workload {
            kind: kind.to_owned(),
            arn: arn.to_owned(),
            account: account_of(arn).to_owned(),
            roles: roles.iter().map(|&arn| arn.to_owned()).collect(),
        });
    }

    pub(crate) fn index(self) -> (Index, Facts) {
        (Index::new(Arc::new(self.builder.build())), self.facts)
    }

    /// What somebody can become here.
    pub(crate) fn escalate(self, arn: &str) -> Escalation {
        self.escalate_by(&Rules::embedded().unwrap(), arn)
    }

    /// The same by some rules alone.
    pub(crate) fn escalate_by(self, rules: &Rules, arn: &str) -> Escalation {
        let (index, facts) = self.index();
        let ways = Ways::of(&index, &facts, rules).unwrap();
        ways.escalate(number(&index, arn), usize::MAX, |_| true).unwrap()
    }
}

/// Some rules of the file.
pub(crate) fn rules_of(ids: &[&str]) -> Rules {
    let file = include_str!("../../../../content/iam/escalation.yaml");
    let is_wanted = |line: &&str| ids.iter().any(|id| line.trim().starts_with(&format!("- {{ id: {id},")));
    let lines: Vec<&str> = file.lines().filter(is_wanted).collect();
    let rules = Rules::parse("some of escalation.yaml", &format!("rules:\n{}", lines.join("\n"))).unwrap();
    assert_eq!(rules.all().len(), ids.len(), "every rule that is named is there");
    rules
}

pub(crate) fn number(index: &Index, arn: &str) -> u32 {
    [Kind::User, Kind::Role].into_iter().find_map(|kind| index.number(arn, kind)).unwrap()
}

/// The way to something, where there is one.
pub(crate) fn to<'a>(found: &'a Escalation, what: What, name: &str) -> Option<&'a Reached> {
    found.reached.iter().find(|one| one.what == what && one.name == name)
}

/// The rules that a way takes.
pub(crate) fn taken(one: &Reached) -> Vec<&str> {
    one.steps.iter().map(|step| step.rule.as_str()).collect()
}
