//! A web ACL: its rules in their order, what each does, and the sets and groups that they name.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::statement::{Blobs, Range, Reader, Statement};

/// The most rules of a web ACL or group that are read; AWS allows far fewer by their capacity.
const RULES_MAX: usize = 2000;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is let through.
    Allow,
    /// It is refused.
    Block,
    /// It is counted, and the next rule is asked.
    Count,
    /// Somebody must solve a riddle; who did so lately goes on.
    Captcha,
    /// The browser must show that it is one; which did so lately goes on.
    Challenge,
    /// Something that is not known here.
    Other,
}

impl Action {
    /// Reads `Block`, `BLOCK` or `block`.
    pub fn read(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "allow" => Self::Allow,
            "block" => Self::Block,
            // What excluded rules of groups do, in older logs.
            "count" | "excluded_as_count" => Self::Count,
            "captcha" => Self::Captcha,
            "challenge" => Self::Challenge,
            _ => Self::Other,
        }
    }

    /// Its name as AWS writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
            Self::Count => "count",
            Self::Captcha => "captcha",
            Self::Challenge => "challenge",
            Self::Other => "other",
        }
    }
}

/// What a rule does with what it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Its own action.
    Acts(Action),
    /// What the rules of its group do.
    Group,
    /// It counts whatever the rules of its group would do.
    GroupCounts,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its place in the order, which is that of the list; those of Firewall Manager have numbers of their own.
    pub priority: i64,
    /// What it does.
    pub does: Does,
    /// What it looks for.
    pub statement: Statement,
    /// The labels it adds, without their beginning.
    pub labels: Vec<String>,
}

impl Rule {
    /// Whether all that it does is count.
    pub fn only_counts(&self) -> bool {
        matches!(self.does, Does::Acts(Action::Count) | Does::GroupCounts)
    }

    /// The rules of its group that the web ACL has count.
    pub fn counting_parts(&self) -> Vec<&str> {
        let overrides = match &self.statement {
            Statement::Managed(group) => &group.overrides,
            Statement::Group { overrides, .. } => overrides,
            _ => return Vec::new(),
        };
        let counting = overrides.iter().filter(|(_, action)| Action::read(action) == Action::Count);
        counting.map(|(name, _)| name.as_str()).collect()
    }
}

/// A group of rules of one's own.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// What its labels begin with.
    pub namespace: String,
    /// Its rules in their order.
    pub rules: Vec<Rule>,
}

/// What statements name: sets of addresses and patterns, groups of rules, each as its document, by ARN.
#[derive(Debug, Clone, Default)]
pub struct Sets {
    /// Documents of `GetIPSet`.
    pub addresses: BTreeMap<String, Value>,
    /// Documents of `GetRegexPatternSet`.
    pub patterns: BTreeMap<String, Value>,
    /// Documents of `GetRuleGroup`.
    pub groups: BTreeMap<String, Value>,
}

impl Sets {
    /// The addresses of a set.
    pub(crate) fn ranges(&self, arn: &str) -> Result<Vec<Range>, String> {
        let none = || format!("the set of addresses {arn} was not read (wafv2:GetIPSet)");
        let document = self.addresses.get(arn).ok_or_else(none)?;
        let all = document.get("Addresses").and_then(Value::as_array).ok_or_else(none)?;
        all.iter().map(|one| Range::read(one.as_str().unwrap_or_default())).collect()
    }

    /// The patterns of a set.
    pub(crate) fn patterns(&self, arn: &str) -> Result<Vec<String>, String> {
        let none = || format!("the set of patterns {arn} was not read (wafv2:GetRegexPatternSet)");
        let document = self.patterns.get(arn).ok_or_else(none)?;
        let all = document.get("RegularExpressionList").and_then(Value::as_array).ok_or_else(none)?;
        let text = |one: &Value| one.get("RegexString").and_then(Value::as_str).map(ToOwned::to_owned);
        all.iter().map(|one| text(one).ok_or_else(none)).collect()
    }
}

/// A web ACL.
#[derive(Debug, Clone)]
pub struct Acl {
    /// Its name.
    pub name: String,
    /// Its ARN; empty where its document has none.
    pub arn: String,
    /// What becomes of a request that no rule ends.
    pub default: Action,
    /// Its rules in their order.
    pub rules: Vec<Rule>,
    /// What its labels begin with.
    pub namespace: String,
    /// The capacity that its rules take, in AWS's units.
    pub capacity: Option<u64>,
    /// The groups of one's own that rules name, by ARN; or why they are not known.
    pub groups: BTreeMap<String, Result<Group, String>>,
    /// Since when it is as it is, in milliseconds since 1970, where that is known.
    pub since: Option<i64>,
    /// What of its document could not be read.
    pub faults: Vec<String>,
}

impl Acl {
    /// Reads the document of `GetWebACL`, also with the answer around it.
    ///
    /// # Errors
    /// When it is no web ACL.
    pub fn read(document: &Value, sets: &Sets) -> Result<Self, String> {
        let document = document.get("WebACL").unwrap_or(document);
        let text = |member: &str| document.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let default = document.get("DefaultAction").and_then(Value::as_object);
        let default = default.and_then(|members| members.keys().next()).map(|name| Action::read(name));
        let default = default.ok_or("is no web ACL: it has no DefaultAction")?;
        let (name, arn) = (text("Name"), text("ARN"));
        let mut reader = Reader { sets, blobs: Blobs::Api, faults: Vec::new() };
        let mut rules = Vec::new();
        for member in ["PreProcessFirewallManagerRuleGroups", "Rules", "PostProcessFirewallManagerRuleGroups"]
        {
            rules.extend(rules_of(&mut reader, document, member));
        }
        let account = arn.split(':').nth(4).unwrap_or_default();
        let mut namespace = text("LabelNamespace");
        if namespace.is_empty() {
            namespace = format!("awswaf:{account}:webacl:{name}:");
        }
        let mut groups = BTreeMap::new();
        for rule in &rules {
            if let Statement::Group { arn, .. } = &rule.statement {
                groups.insert(arn.clone(), group(&mut reader, arn));
            }
        }
        Ok(Self {
            default,
            rules,
            namespace,
            groups,
            capacity: document.get("Capacity").and_then(Value::as_u64),
            since: None,
            faults: reader.faults,
            name,
            arn,
        })
    }

    /// Puts a rule where its priority says, before one with the same.
    ///
    /// # Errors
    /// When it is no rule, or something of it cannot be read.
    pub fn add(&mut self, document: &Value, sets: &Sets) -> Result<String, String> {
        let mut reader = Reader { sets, blobs: Blobs::Written, faults: Vec::new() };
        let rule = rule(&mut reader, "the rule", document)?;
        if let Some(fault) = reader.faults.into_iter().next() {
            return Err(fault);
        }
        if self.rules.iter().any(|one| one.name == rule.name) {
            return Err(format!(
                "the web ACL has a rule `{}` already; give the new one another name",
                rule.name
            ));
        }
        if let Statement::Group { arn, .. } = &rule.statement {
            let mut reader = Reader { sets, blobs: Blobs::Api, faults: Vec::new() };
            self.groups.insert(arn.clone(), group(&mut reader, arn));
        }
        let at = self.rules.iter().position(|one| one.priority >= rule.priority).unwrap_or(self.rules.len());
        let name = rule.name.clone();
        self.rules.insert(at, rule);
        Ok(name)
    }

    /// Whether a rule of it stops anything: none that only counts, none that allows.
    pub fn stops(&self) -> bool {
        self.default != Action::Allow
            || self.rules.iter().any(|rule| !rule.only_counts() && rule.does != Does::Acts(Action::Allow))
    }
}

fn group(reader: &mut Reader<'_>, arn: &str) -> Result<Group, String> {
    let none = || format!("the group of rules {arn} was not read (wafv2:GetRuleGroup)");
    let document = reader.sets.groups.get(arn).ok_or_else(none)?.clone();
    let text = |member: &str| document.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = text("Name");
    let mut namespace = text("LabelNamespace");
    if namespace.is_empty() {
        let account = arn.split(':').nth(4).unwrap_or_default();
        namespace = format!("awswaf:{account}:rulegroup:{name}:");
    }
    Ok(Group { rules: rules_of(reader, &document, "Rules"), name, namespace })
}

/// The rules of a member, in the order of their priority. What cannot be read is a fault, and a rule that is unknown.
fn rules_of(reader: &mut Reader<'_>, document: &Value, member: &str) -> Vec<Rule> {
    let all = document.get(member).and_then(Value::as_array);
    let mut rules = Vec::new();
    for (number, one) in (0..).zip(all.into_iter().flatten()) {
        if number >= RULES_MAX {
            reader.faults.push(format!("{member}: rules after {RULES_MAX} are left out"));
            break;
        }
        let place = format!("{member}[{number}]");
        match rule(reader, &place, one) {
            Ok(rule) => rules.push(rule),
            Err(why) => {
                reader.faults.push(format!("{place}: {why}"));
                rules.push(Rule {
                    name: place,
                    priority: i64::from(number as u32),
                    does: Does::Acts(Action::Other),
                    statement: Statement::Unread(why),
                    labels: Vec::new(),
                });
            }
        }
    }
    rules.sort_by_key(|rule: &Rule| rule.priority);
    rules
}

fn rule(reader: &mut Reader<'_>, place: &str, document: &Value) -> Result<Rule, String> {
    let name = document.get("Name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.ok_or("it has no Name")?.to_owned();
    let priority = document.get("Priority").and_then(Value::as_i64).ok_or("it has no Priority")?;
    let statement = document.get("Statement").or_else(|| document.get("FirewallManagerStatement"));
    let statement = reader.read(&format!("{place} ({name})"), statement.unwrap_or(&Value::Null));
    let first = |member: &str| document.get(member).and_then(Value::as_object)?.keys().next().cloned();
    let does = match (first("Action"), first("OverrideAction")) {
        (Some(action), _) => Does::Acts(Action::read(&action)),
        (None, Some(action)) if action == "Count" => Does::GroupCounts,
        (None, Some(_)) => Does::Group,
        (None, None) => return Err(format!("{name} has neither Action nor OverrideAction")),
    };
    let labels = document.get("RuleLabels").and_then(Value::as_array).into_iter().flatten();
    let labels = labels.filter_map(|one| one.get("Name").and_then(Value::as_str)).map(ToOwned::to_owned);
    Ok(Rule { labels: labels.collect(), name, priority, does, statement })
}
