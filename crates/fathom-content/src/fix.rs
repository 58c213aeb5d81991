//! The fix of a check as its file says it: commands, what they make of the document, and the way back.
//!
//! Texts hold places as `<doc.Name>`; `fathom-checks` reads and fills them. This only knows the form.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct as _};
use serde_json::Value;
use serde_saphyr::Spanned;

/// How something is put right, and how that is taken back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// By hand in the provider's console; empty where there is none.
    #[serde(default)]
    pub console: String,
    /// On the command line.
    pub cli: Spanned<Steps>,
    /// In Terraform; empty of what manifests declare.
    #[serde(default = "nothing")]
    pub terraform: Spanned<String>,
    /// In the manifest, of what manifests declare.
    #[serde(default)]
    pub manifest: Option<String>,
    /// The members of the document that are others afterwards, by their paths; null takes one away.
    #[serde(default)]
    pub sets: Option<Spanned<BTreeMap<String, Value>>>,
    /// Elements of lists of the document that are gone afterwards.
    #[serde(default)]
    pub takes: Option<Spanned<Vec<Takes>>>,
    /// What people choose, by name, each with what it is; beside those of `checks/choices.yaml`.
    #[serde(default)]
    pub yours: BTreeMap<String, String>,
    /// The way back; none where nobody wrote it yet.
    #[serde(default)]
    pub undo: Option<Spanned<Undo>>,
}

/// The texts for people, as a check is told: what the places of the commands are called stands in them.
impl Serialize for Fix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut told = serializer.serialize_struct("Fix", 4)?;
        told.serialize_field("console", &self.console)?;
        told.serialize_field("cli", &self.cli())?;
        told.serialize_field("terraform", &self.terraform.value)?;
        match &self.manifest {
            Some(manifest) => told.serialize_field("manifest", manifest)?,
            None => told.skip_field("manifest")?,
        }
        told.end()
    }
}

fn nothing() -> Spanned<String> {
    Spanned::new(String::new(), serde_saphyr::Location::UNKNOWN, serde_saphyr::Location::UNKNOWN)
}

impl Fix {
    /// How it is put right by hand.
    pub fn by_hand(&self) -> &str {
        self.manifest.as_deref().unwrap_or(&self.console)
    }

    /// How it is put right in code.
    pub fn in_code(&self) -> &str {
        self.manifest.as_deref().unwrap_or(&self.terraform.value)
    }

    /// The commands for people, as they are of any resource.
    pub fn cli(&self) -> String {
        self.cli.value.text()
    }
}

/// Commands, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps(pub Vec<Step>);

impl Steps {
    /// All of them on one line.
    pub fn text(&self) -> String {
        let all: Vec<&str> = self.0.iter().map(|step| step.run.trim()).collect();
        all.join("; ")
    }
}

/// A command, or several with `;` between them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is run.
    pub run: String,
    /// Only where this expression holds.
    #[serde(default, rename = "if")]
    pub when: Option<String>,
    /// Once for each element that this expression gives, which `it` is then.
    #[serde(default, rename = "for")]
    pub each: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Many(Vec<OneStep>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneStep {
    Text(String),
    Step(Step),
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let plain = |run: String| Step { run, when: None, each: None };
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::Text(text) => vec![plain(text)],
            Written::Many(steps) => steps
                .into_iter()
                .map(|step| match step {
                    OneStep::Text(text) => plain(text),
                    OneStep::Step(step) => step,
                })
                .collect(),
        }))
    }
}

/// Elements of a list that are gone after the fix.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Takes {
    /// The documents beside the own one out of which they are taken, as an expression that gives a list of documents.
    #[serde(default)]
    pub on: Option<String>,
    /// The list, as a path.
    pub from: String,
    /// Which elements, as an expression over `it`.
    #[serde(rename = "where")]
    pub which: String,
    /// Where an element loses only parts: its lists, each with an expression over `it` that says which of its elements go. An element
    /// that has none left goes too.
    #[serde(default)]
    pub of: BTreeMap<String, String>,
    /// The members of an element that say what it is, beside those lists.
    #[serde(default)]
    pub keeps: Vec<String>,
}

/// The way back from a fix.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// What kind of way it is.
    pub kind: UndoKind,
    /// The commands that make it as it was.
    #[serde(default)]
    pub cli: Steps,
    /// Why there is no way back, or what does not come back with it.
    #[serde(default)]
    pub because: Option<String>,
}

/// Whether a fix can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoKind {
    /// It is as it was after the undo.
    Reversible,
    /// There is no way back.
    OneWay,
    /// The fix makes a new resource; the old one stays until somebody deletes it.
    Replaces,
}

impl UndoKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reversible => "reversible",
            Self::OneWay => "one_way",
            Self::Replaces => "replaces",
        }
    }
}
