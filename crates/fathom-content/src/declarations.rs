//! The user's own file, `fathom.yaml`: teams, systems, and rules that say what belongs to them.
//!
//! It is kept in the user's repository, reviewed like code, and read at each scan.

use std::{collections::BTreeMap, path::Path};

use fathom_model::{Part, ResourceType, spelling::nearest};
use globset::{Glob, GlobMatcher};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    ContentError,
    demands::Demands,
    parse_yaml,
    vendors::{self, Vendor, Vendors},
};

/// The largest `fathom.yaml` that is read: 8 MiB, some 100,000 rules.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// What a user declares about the estate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declarations {
    /// The form of this file; 1.
    pub version: u32,
    /// Tag keys that state each part, in order of preference; compared without regard to case.
    #[serde(default = "default_tag_keys")]
    pub tags: BTreeMap<Part, Vec<String>>,
    /// Teams that can own things.
    #[serde(default)]
    pub teams: BTreeMap<String, Team>,
    /// Systems: named groups of resources that share an explanation.
    #[serde(default)]
    pub systems: BTreeMap<String, System>,
    /// Rules for what belongs to no system; the first that matches a part decides it.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Terraform state files (version 4 JSON, or what `terraform show -json` prints), relative to this file.
    #[serde(default)]
    pub terraform_states: Vec<String>,
    /// Terraform plans as `terraform show -json` prints them, relative to this file.
    #[serde(default)]
    pub terraform_plans: Vec<String>,
    /// CloudFormation templates, relative to this file.
    #[serde(default)]
    pub cloudformation_templates: Vec<TemplateFile>,
    /// Other demands than the built-in ones.
    #[serde(default)]
    pub demands: Option<Demands>,
    /// Whose accounts outside the organisation are, by their ids.
    #[serde(default)]
    pub vendors: BTreeMap<String, Vendor>,
}

/// A CloudFormation template: its path alone, or with what is known of its stack.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TemplateFile {
    /// The path, relative to the file that names it.
    pub file: String,
    /// The name or ARN of the stack; found by its resources otherwise.
    pub stack: Option<String>,
    /// What its parameters are in the stack, where that is not the default. A stack's own values are not kept: they may
    /// be secrets.
    pub parameters: BTreeMap<String, serde_json::Value>,
}

impl<'de> Deserialize<'de> for TemplateFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Long {
            file: String,
            #[serde(default)]
            stack: Option<String>,
            #[serde(default)]
            parameters: BTreeMap<String, serde_json::Value>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Short(String),
            Long(Long),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Short(file) => Self { file, ..Self::default() },
            Written::Long(Long { file, stack, parameters }) => Self { file, stack, parameters },
        })
    }
}

/// A team.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Where to reach it.
    #[serde(default)]
    pub contact: Option<String>,
}

/// A system.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// The team that answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub purpose: Option<String>,
    /// Its environment.
    #[serde(default)]
    pub environment: Option<String>,
    /// Its data class.
    #[serde(default)]
    pub data_class: Option<String>,
    /// What belongs to it: any of these.
    #[serde(rename = "match")]
    pub matches: Vec<Match>,
}

/// A rule: what matches is explained so.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which resources.
    #[serde(rename = "match")]
    pub matches: Match,
    /// What holds for them.
    pub set: BTreeMap<Part, String>,
}

/// Which resources are meant; every given member must match. Patterns know `*`, `?` and `{a,b}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The type, or a pattern of types: `AWS::IAM::*`.
    #[serde(default, rename = "type")]
    pub kind: Option<Pattern>,
    /// The account.
    #[serde(default)]
    pub account: Option<Pattern>,
    /// The region.
    #[serde(default)]
    pub region: Option<Pattern>,
    /// The name or the id.
    #[serde(default)]
    pub name: Option<Pattern>,
    /// The ARN.
    #[serde(default)]
    pub arn: Option<Pattern>,
    /// Tags and their values.
    #[serde(default)]
    pub tags: BTreeMap<String, Pattern>,
}

/// A pattern over names.
#[derive(Debug, Clone)]
pub struct Pattern(GlobMatcher);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        Glob::new(text)
            .map(|glob| Self(glob.compile_matcher()))
            .map_err(|error| format!("`{text}` is not a pattern: {}", error.kind()))
    }

    /// Whether a text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        self.0.glob().glob()
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

fn default_tag_keys() -> BTreeMap<Part, Vec<String>> {
    let keys = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    BTreeMap::from([
        (Part::Owner, keys(&["owner", "team", "contact"])),
        (Part::Purpose, keys(&["purpose", "service", "application", "app", "system", "description"])),
        (Part::Environment, keys(&["environment", "env", "stage"])),
        (
            Part::DataClass,
            keys(&["data_class", "data-class", "dataclass", "data-classification", "classification"]),
        ),
        (Part::Creator, keys(&["created-by", "created_by", "createdby", "creator", "aws:createdby"])),
        (Part::DeclaredBy, keys(&["declared-by", "terraform-module", "iac", "source-code", "repository"])),
    ])
}

impl Default for Declarations {
    fn default() -> Self {
        Self {
            version: 1,
            tags: default_tag_keys(),
            teams: BTreeMap::new(),
            systems: BTreeMap::new(),
            rules: Vec::new(),
            terraform_states: Vec::new(),
            terraform_plans: Vec::new(),
            cloudformation_templates: Vec::new(),
            demands: None,
            vendors: BTreeMap::new(),
        }
    }
}

const EMPTY_FILE: &str = "the file says nothing; begin it with the line `version: 1` and add teams, systems or rules \
                          (docs/declarations.md shows them), or remove it";
const NO_VERSION: &str = "there is no `version`; begin the file with the line `version: 1`";

impl Declarations {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, ContentError> {
        let read = |source| ContentError::Read { path: path.to_owned(), source };
        let size = std::fs::metadata(path).map_err(read)?.len();
        let file = path.display().to_string();
        if size > FILE_BYTES_MAX {
            return Err(ContentError::Invalid {
                file,
                message: format!(
                    "{size} bytes is more than the limit of {FILE_BYTES_MAX}; split it by account"
                ),
            });
        }
        Self::parse(&file, &std::fs::read_to_string(path).map_err(read)?)
    }

    /// Reads the text of a file; `file` is for messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, ContentError> {
        let says_nothing = |line: &str| {
            let line = line.trim();
            line.is_empty() || line.starts_with('#') || line == "---"
        };
        let refused = |message: &str| {
            Err(ContentError::Parse {
                file: file.to_owned(),
                line: 1,
                column: 1,
                message: message.to_owned(),
            })
        };
        if text.lines().all(says_nothing) {
            return refused(EMPTY_FILE);
        }
        let mut declarations: Self = match parse_yaml(file, text) {
            Err(ContentError::Parse { message, .. }) if message.contains("missing field `version`") => {
                return refused(NO_VERSION);
            }
            other => other?,
        };
        // A file that names keys for one part says nothing about the others.
        for (part, keys) in default_tag_keys() {
            declarations.tags.entry(part).or_insert(keys);
        }
        declarations.check(file, text)?;
        vendors::check(file, text, &declarations.vendors)?;
        Ok(declarations)
    }

    /// Whose accounts outside the organisation are.
    pub fn vendors(&self) -> Vendors {
        Vendors::from(self.vendors.clone())
    }

    fn check(&self, file: &str, text: &str) -> Result<(), ContentError> {
        let invalid = |anchors: &[&str], message: String| {
            let line = line_of(text, anchors);
            Err(ContentError::Parse { file: file.to_owned(), line, column: 1, message })
        };
        const EMPTY: &str =
            "an empty `match` would take the whole estate; name a type, account, region, name, arn or tag";
        if self.version != 1 {
            let message = format!("version {} is not known here; write `version: 1`", self.version);
            return invalid(&["version"], message);
        }
        for (name, system) in &self.systems {
            let key = format!("{name}:");
            if let Some(owner) = &system.owner
                && !self.teams.contains_key(owner)
            {
                let message = format!(
                    "system `{name}` is owned by `{owner}`, which is not under `teams:`{}",
                    suggestion(owner, self.teams.keys())
                );
                return invalid(&["systems:", &key, "owner:"], message);
            }
            if let Err(message) = check_class(system.data_class.as_deref()) {
                return invalid(&["systems:", &key, "data_class:"], format!("system `{name}`: {message}"));
            }
            if system.matches.iter().any(Match::is_empty) {
                return invalid(&["systems:", &key, "match:"], format!("system `{name}`: {EMPTY}"));
            }
        }
        for (i, rule) in self.rules.iter().enumerate() {
            let mut anchors = vec!["rules:"];
            anchors.extend(std::iter::repeat_n("match:", i + 1));
            if let Err(message) = check_class(rule.set.get(&Part::DataClass).map(String::as_str)) {
                anchors.push("data_class:");
                return invalid(&anchors, format!("rule {}: {message}", i + 1));
            }
            if rule.matches.is_empty() {
                return invalid(&anchors, format!("rule {}: {EMPTY}", i + 1));
            }
        }
        Ok(())
    }
}

/// The line, from 1, where the last of some texts stands that follow each other; 1 where they do not.
pub(crate) fn line_of(text: &str, anchors: &[&str]) -> u64 {
    let mut at = 0;
    for anchor in anchors {
        match text.get(at..).and_then(|rest| rest.find(anchor)) {
            Some(found) => at += found + anchor.len(),
            None => break,
        }
    }
    text.get(..at).map_or(1, |before| before.matches('\n').count() as u64 + 1)
}

fn check_class(class: Option<&str>) -> Result<(), String> {
    match class {
        Some(word) if fathom_model::DataClass::parse(word).is_none() => {
            Err(format!("`{word}` is not a data class; choose public, internal, confidential or restricted"))
        }
        _ => Ok(()),
    }
}

fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a String>) -> String {
    match nearest(word, known.map(String::as_str)).first() {
        Some(name) => format!("; did you mean `{name}`?"),
        None => "; add it there".to_owned(),
    }
}

impl Match {
    fn is_empty(&self) -> bool {
        self.kind.is_none()
            && self.account.is_none()
            && self.region.is_none()
            && self.name.is_none()
            && self.arn.is_none()
            && self.tags.is_empty()
    }

    /// Whether a resource is meant.
    pub fn matches(&self, resource: &fathom_model::Resource) -> bool {
        let holds = |pattern: &Option<Pattern>, text: &str| pattern.as_ref().is_none_or(|p| p.matches(text));
        holds(&self.kind, kind_text(&resource.kind))
            && holds(&self.account, resource.account.as_str())
            && holds(&self.region, resource.region.as_str())
            && holds(&self.arn, resource.uid.as_str())
            && self.name.as_ref().is_none_or(|pattern| {
                resource.name.as_deref().is_some_and(|name| pattern.matches(name))
                    || pattern.matches(&resource.id)
            })
            && self
                .tags
                .iter()
                .all(|(key, pattern)| resource.tags.get(key).is_some_and(|value| pattern.matches(value)))
    }
}

fn kind_text(kind: &ResourceType) -> &str {
    kind.as_str()
}
