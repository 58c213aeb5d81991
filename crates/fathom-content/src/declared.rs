//! How code names what providers describe: one map a declared type, in `content/declared/`.
//!
//! Terraform writes `versioning_configuration[0].status` where the estate has `Versioning.Status`. A map says so, and
//! says which resource a declaration means. What no map names is compared by name where that is safe, and is counted
//! as not compared where it is not.

use std::{collections::BTreeMap, fmt};

use fathom_model::{ResourceType, path::Path};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{ContentError, parse_yaml, template::Template};

/// Who wrote a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Terraform, or what speaks its formats.
    Terraform,
    /// CloudFormation, or what compiles to it.
    CloudFormation,
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Terraform => "terraform",
            Self::CloudFormation => "cloudformation",
        })
    }
}

/// What is known about one declared type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredMap {
    /// The type as the language names it: `aws_s3_bucket`, `AWS::S3::Bucket`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Other names of the same in the language: `aws_alb` is `aws_lb`.
    #[serde(default)]
    pub also: Vec<String>,
    /// The resource type it declares, or whose attributes it declares.
    pub is: ResourceType,
    /// It declares attributes of a resource that another declaration makes: a bucket's policy.
    #[serde(default)]
    pub part: bool,
    /// How it names its resource, first match first; each is an ARN, an id or a name. Without it: `arn`, then `id`.
    #[serde(default)]
    pub identified_by: Vec<Template>,
    /// Where attributes are in the document; in the order of the declared paths.
    #[serde(default, deserialize_with = "attributes")]
    pub attributes: Vec<AttributeMap>,
    /// Attributes that say nothing about the resource: inputs of the tool, names made from others.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Attributes that may hold secrets and are never kept.
    #[serde(default)]
    pub secret: Vec<String>,
    /// Attributes of one that is to be made, where the code does not say them: names that the provider makes up, and its
    /// defaults. Texts as in `made`.
    #[serde(default)]
    pub default: BTreeMap<String, Value>,
    /// The same where an attribute is declared, by that attribute; they go before those of `default`: a copy of a database
    /// begins without the backups that a database of its own begins with.
    #[serde(default)]
    pub default_with: BTreeMap<String, BTreeMap<String, Value>>,
    /// Members of the document of one that is to be made, beside what its attributes say. Texts may hold `{attribute}`,
    /// `{account}`, `{region}`, `{partition}` and `{item.id}`: the id that it is called by until the provider gives it one. A value of `null` says that a new one has nothing there. A block that the declaration writes itself takes the
    /// place of what is made here. Without it, what a new one is like is not known.
    #[serde(default)]
    pub made: BTreeMap<String, Value>,
    /// What a declaration says by being there: by the attribute that is declared, or `@` for the declaration itself, members
    /// of the document with their values.
    #[serde(default)]
    pub sets: BTreeMap<String, BTreeMap<String, Value>>,
    /// Members of the document that hold more than is written of what is declared, by the attribute that is declared, or `@` for the
    /// declaration itself: paths; one that ends in `.*` leaves what is written below it known, for checks alone. Who asks of all of
    /// such a member is told that it is not known.
    #[serde(default)]
    pub not_whole: BTreeMap<String, Vec<String>>,
    /// What other declarations read of it that the provider gives, out of the document. Without it: `arn` is the ARN,
    /// `id` the id.
    #[serde(default)]
    pub gives: BTreeMap<String, Template>,
    /// The resource that `{parent.…}` in `made` is read of.
    #[serde(default)]
    pub parent: Option<Parent>,
    /// Other resources that change with it: the network interface of a server.
    #[serde(default)]
    pub beside: Vec<Beside>,
}

/// Another resource that a declaration names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// The attribute that names it.
    pub by: String,
}

/// Resources that the provider keeps beside a declared one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// Their type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Which: those whose members are so. The texts are filled from the document of the declared one.
    #[serde(rename = "where")]
    pub found: BTreeMap<String, Template>,
    /// Attributes of the declaration that are also in theirs.
    #[serde(default, deserialize_with = "attributes")]
    pub attributes: Vec<AttributeMap>,
    /// Whether they go when it goes.
    #[serde(default)]
    pub goes: bool,
    /// The resource that `{parent.…}` is read of.
    #[serde(default)]
    pub parent: Option<Parent>,
    /// What one begins with that is made with a new one; as `made` of the declaration, with members of the new document.
    #[serde(default)]
    pub made: BTreeMap<String, Value>,
    /// What it has besides where it gets a public address.
    #[serde(default)]
    pub public: Option<Public>,
}

/// Whether something gets a public address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Public {
    /// The attribute that says so.
    pub when: String,
    /// The member of the parent that says so where the attribute says nothing.
    pub otherwise: String,
    /// What it has then.
    pub made: BTreeMap<String, Value>,
}

/// One attribute: where it is declared, and where the document has it.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeMap {
    /// The path in the declaration.
    pub from: Path,
    /// The path in the document.
    pub to: Path,
    /// How the two are compared.
    pub form: Form,
    /// What the document says for a declared word.
    pub values: BTreeMap<String, String>,
    /// Declared values for which the document has nothing.
    pub absent: Vec<String>,
    /// For [`Form::Facts`]: what one declared element states, and what one element of the document states.
    pub facts: Option<Facts>,
}

/// How two values are compared. Lists have no order, but in `json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As they are; numbers and booleans also as text.
    #[default]
    Value,
    /// Without regard to case.
    Caseless,
    /// By the last part where one side is an ARN and the other an id or a name; otherwise as they are.
    Reference,
    /// Policies: what they say, not how they are written.
    Policy,
    /// JSON, also as text.
    Json,
    /// Tags, against all tags of the resource but the provider's own.
    Tags,
    /// Sets of short texts made from both sides; see [`Facts`].
    Facts,
    /// The document has one of several elements: those declared must be there, others may be.
    Contains,
    /// One policy of several: the element whose `PolicyName` is the declared name.
    InlinePolicy,
    /// All policies of a list: by their names, each as a policy.
    InlinePolicies,
    /// One policy of several versions: the element that `IsDefaultVersion`.
    DefaultPolicy,
    /// Domain names: in any case, with or without the last dot.
    DnsName,
    /// A list that one side writes as one text with commas.
    CommaList,
    /// A map that the document writes as a list of `Name` and `Value`.
    NameValues,
}

/// Two ways to write the same facts: each template makes one text for each combination of the values in its holes, so
/// that a rule with two ranges and two rules with one range are the same. A hole is a path; with `?` at its end it may
/// be empty, with `|last` it takes the last part of an ARN, and `{path=word}` makes the text only where the path leads
/// to the word.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// What a declared element states: texts with `{path}` holes.
    pub declared: Vec<String>,
    /// What an element of the document states.
    pub actual: Vec<String>,
    /// Texts that mean another: made facts that equal a key are replaced.
    #[serde(default)]
    pub same: BTreeMap<String, String>,
    /// Facts that such a resource has where none is declared; `*` stands for anything.
    #[serde(default)]
    pub given: Vec<String>,
    /// Facts that the provider adds to every such resource; `*` stands for anything.
    #[serde(default)]
    pub own: Vec<String>,
    /// Others may be there without being declared.
    #[serde(default)]
    pub others: bool,
    /// The facts are of domain names: in any case, with or without their last dot.
    #[serde(default)]
    pub dns: bool,
    /// For each of `declared` the place in `actual` of the text that says the same, word for word: an element of the
    /// document is made of a fact by it. Nothing where facts do not say all that an element has.
    #[serde(default)]
    pub makes: Vec<usize>,
    /// What else an element that is made so has.
    #[serde(default)]
    pub with: BTreeMap<String, Value>,
    /// An element that is made of a declared one instead, where it has more than facts say: its texts are filled from the
    /// declaration, and from the document as `{parent.…}`; members without anything to fill them are left out. A `Principal`
    /// is written as policies do.
    #[serde(default)]
    pub whole: Option<Value>,
    /// The members of such an element that are numbers; others are text.
    #[serde(default)]
    pub numbers: Vec<String>,
}

/// The words of a text of [`Facts`]: split at spaces, but not in holes.
pub fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut begin, mut is_hole) = (0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => is_hole = true,
            '}' => is_hole = false,
            ' ' if !is_hole => {
                words.extend(text.get(begin..at));
                begin = at + 1;
            }
            _ => {}
        }
    }
    words.extend(text.get(begin..));
    words
}

fn attributes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AttributeMap>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Long {
        to: Path,
        #[serde(default, rename = "as")]
        form: Form,
        #[serde(default)]
        values: BTreeMap<String, String>,
        #[serde(default)]
        absent: Vec<String>,
        #[serde(default)]
        facts: Option<Facts>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Short(Path),
        Long(Box<Long>),
        Several(Vec<Long>),
    }
    let written = BTreeMap::<String, Written>::deserialize(deserializer)?;
    let mut maps = Vec::new();
    for (from, written) in written {
        let from: Path = from.parse().map_err(serde::de::Error::custom)?;
        let all = match written {
            Written::Short(to) => {
                let (values, absent) = (BTreeMap::new(), Vec::new());
                vec![Long { to, form: Form::default(), values, absent, facts: None }]
            }
            Written::Long(long) => vec![*long],
            Written::Several(several) => several,
        };
        maps.extend(all.into_iter().map(|Long { to, form, values, absent, facts }| AttributeMap {
            from: from.clone(),
            to,
            form,
            values,
            absent,
            facts,
        }));
    }
    Ok(maps)
}

/// All maps.
#[derive(Debug, Clone, Default)]
pub struct DeclaredMaps {
    maps: BTreeMap<(Language, String), DeclaredMap>,
}

impl DeclaredMaps {
    /// The map of a declared type.
    pub fn get(&self, language: Language, kind: &str) -> Option<&DeclaredMap> {
        // The key is owned; types are few and names short.
        self.maps.get(&(language, kind.to_owned()))
    }

    /// All maps, by language and type.
    pub fn iter(&self) -> impl Iterator<Item = (Language, &DeclaredMap)> {
        self.maps.iter().map(|((language, _), map)| (*language, map))
    }

    /// Adds a file of `content/declared/`; the folder says the language.
    pub(crate) fn add(&mut self, file: &str, text: &str) -> Result<(), ContentError> {
        let language = match file.split('/').nth(1) {
            Some("terraform") => Language::Terraform,
            Some("cloudformation") => Language::CloudFormation,
            _ => {
                return Err(ContentError::Invalid {
                    file: file.to_owned(),
                    message: "maps are in `declared/terraform/` or `declared/cloudformation/`".to_owned(),
                });
            }
        };
        let map: DeclaredMap = parse_yaml(file, text)?;
        for attribute in &map.attributes {
            let invalid = |message: &str| {
                let message = format!("`{}`: {message}", attribute.from);
                Err(ContentError::Invalid { file: file.to_owned(), message })
            };
            if (attribute.form == Form::Facts) != attribute.facts.is_some() {
                return invalid("`facts` and `as: facts` go together; write both or none");
            }
            if let Some(facts) = attribute.facts.as_ref().filter(|facts| !facts.makes.is_empty()) {
                if facts.makes.len() != facts.declared.len() {
                    return invalid("`makes` names a text of `actual` for each of `declared`");
                }
                let fits = |(declared, at): (&String, &usize)| {
                    facts.actual.get(*at).is_some_and(|actual| words(actual).len() == words(declared).len())
                };
                if !facts.declared.iter().zip(&facts.makes).all(fits) {
                    return invalid("`makes` names a text of `actual` that has not as many words");
                }
            }
        }
        let names: Vec<String> = [&map.kind].into_iter().chain(&map.also).cloned().collect();
        for kind in names {
            let named = DeclaredMap { kind: kind.clone(), ..map.clone() };
            if self.maps.insert((language, kind.clone()), named).is_some() {
                return Err(ContentError::Invalid {
                    file: file.to_owned(),
                    message: format!("`{kind}` has a map in another file already"),
                });
            }
        }
        Ok(())
    }
}
