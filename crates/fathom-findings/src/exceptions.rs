//! What people decided to live with: which findings an exception is about, and what may be decided at all.

use std::collections::HashMap;

use fathom_content::declarations::Pattern;
use fathom_model::{FindingException, FindingRule, KeptFinding, Timestamp};

/// Characters of a pattern.
pub const PATTERN_CHARS_MAX: usize = 300;

/// Looks through a rule before it is kept.
///
/// # Errors
/// What is wrong with it, in words.
pub fn check_rule(rule: &FindingRule) -> Result<(), String> {
    let given: Vec<(&str, &str)> = rule.given().collect();
    if given.is_empty() {
        return Err("name a finding, or a pattern for check, type, account, tag or owner".to_owned());
    }
    if rule.finding.is_some() && given.len() > 1 {
        return Err("an exception is about one finding or about patterns, not both".to_owned());
    }
    for (name, text) in &given {
        if text.trim().is_empty() {
            return Err(format!("the pattern for {name} is empty"));
        }
        if text.chars().count() > PATTERN_CHARS_MAX {
            return Err(format!("the pattern for {name} has more than {PATTERN_CHARS_MAX} characters"));
        }
        if *name != "finding" {
            Pattern::parse(text).map_err(|why| format!("{name}: {why}"))?;
        }
    }
    if rule.tag.as_deref().is_some_and(|tag| !tag.contains('=')) {
        return Err("a pattern for a tag is written KEY=VALUE".to_owned());
    }
    if given.iter().all(|(_, text)| text.chars().all(|one| matches!(one, '*' | '='))) {
        return Err("the rule takes every finding there is; narrow it".to_owned());
    }
    Ok(())
}

/// A rule of patterns that is ready to be asked. What is not given takes everything.
#[derive(Debug)]
pub struct Patterns {
    check: Option<Pattern>,
    kind: Option<Pattern>,
    account: Option<Pattern>,
    tag: Option<Pattern>,
    owner: Option<Pattern>,
}

impl Patterns {
    /// Reads those of a rule; a finding that it names plays no part.
    ///
    /// # Errors
    /// What is wrong with a pattern, in words.
    pub fn of(rule: &FindingRule) -> Result<Self, String> {
        let read = |text: &Option<String>| text.as_deref().map(Pattern::parse).transpose();
        Ok(Self {
            check: read(&rule.check)?,
            kind: read(&rule.kind)?,
            account: read(&rule.account)?,
            tag: read(&rule.tag)?,
            owner: read(&rule.owner)?,
        })
    }

    /// Whether a finding fits all of them.
    pub fn takes(&self, finding: &KeptFinding) -> bool {
        let fits = |pattern: &Option<Pattern>, text: Option<&str>| {
            pattern.as_ref().is_none_or(|pattern| text.is_some_and(|text| pattern.matches(text)))
        };
        let mut tags = finding.tags.iter();
        fits(&self.check, Some(&finding.check))
            && fits(&self.kind, Some(finding.resource_type.as_str()))
            && fits(&self.account, Some(finding.account.as_str()))
            && fits(&self.owner, finding.owner.as_deref())
            && self
                .tag
                .as_ref()
                .is_none_or(|pattern| tags.any(|(key, value)| pattern.matches(&format!("{key}={value}"))))
    }
}

/// The exceptions that hold at a moment.
#[derive(Debug, Default)]
pub struct Exceptions {
    all: Vec<FindingException>,
    by_finding: HashMap<String, Vec<usize>>,
    rules: Vec<(usize, Patterns)>,
}

impl Exceptions {
    /// Those of a list that hold.
    ///
    /// # Errors
    /// Names the exception whose rule cannot be read.
    pub fn holding(all: impl IntoIterator<Item = FindingException>, now: Timestamp) -> Result<Self, String> {
        let mut held =
            Self { all: all.into_iter().filter(|one| one.holds(now)).collect(), ..Self::default() };
        for (at, one) in held.all.iter().enumerate() {
            if let Some(finding) = &one.rule.finding {
                held.by_finding.entry(finding.clone()).or_default().push(at);
            } else {
                let rule = Patterns::of(&one.rule).map_err(|why| format!("exception {}: {why}", one.id))?;
                held.rules.push((at, rule));
            }
        }
        Ok(held)
    }

    /// Whether none holds.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The exception by which a finding is accepted: of several the one that holds longest.
    pub fn of(&self, finding: &KeptFinding) -> Option<&FindingException> {
        let own = self.by_finding.get(&finding.id).into_iter().flatten().copied();
        let ruled = self.rules.iter().filter(|(_, rule)| rule.takes(finding)).map(|(at, _)| *at);
        own.chain(ruled)
            .filter_map(|at| self.all.get(at))
            .max_by_key(|one| (one.until, std::cmp::Reverse(one.id)))
    }
}
