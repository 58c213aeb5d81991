//! Which settings let in somebody whom nobody asks who they are: `content/open/`.

use fathom_model::{ResourceType, path::Path};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::resource::Condition;

/// The type that stands for all that no other rule names.
pub const ANY_TYPE: &str = "*";

/// Who may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Anybody of the internet.
    Internet,
    /// Who is in the network.
    Internal,
}

/// What kind of thing opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A setting of the resource.
    Setting,
    /// That it is shared.
    Share,
    /// A listener.
    Listener,
    /// Its policy, list or grants.
    Policy,
    /// A rule of a security group.
    Rule,
}

impl How {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Setting => "setting",
            Self::Share => "share",
            Self::Listener => "listener",
            Self::Policy => "policy",
            Self::Rule => "rule",
        }
    }
}

/// What is still asked for, the most worrying first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asks {
    /// Nothing.
    Nothing,
    /// Nothing that the provider checks; what is behind may ask by itself.
    Application,
    /// That an account of the provider signs, anybody's.
    AnyAccount,
    /// A password, key or token of its own.
    Credentials,
}

impl Asks {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Application, Self::AnyAccount, Self::Credentials];

    /// The word for it in JSON and SQL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Application => "application",
            Self::AnyAccount => "any_account",
            Self::Credentials => "credentials",
        }
    }
}

/// One way in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRule {
    /// What it is called.
    pub id: String,
    /// The type that it is about; [`ANY_TYPE`] for all that no rule about policies names.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Who may come.
    pub list: Reach,
    /// What kind of thing opens.
    pub how: How,
    /// What is still asked for.
    pub asks: Asks,
    /// What is open, in words.
    pub says: String,
    /// What must all hold of the document; the first is the setting that opens.
    #[serde(default)]
    pub opens: Vec<Condition>,
    /// Other resources without which nothing answers.
    #[serde(default)]
    pub beside: Vec<Beside>,
    /// A sheet of settings of the region that closes it.
    #[serde(default)]
    pub unless: Option<Unless>,
    /// The ranges of clients that are let in; all where there are none.
    #[serde(default)]
    pub ranges: Option<Path>,
    /// How it lies in a network of one's own; none where the provider's own endpoint answers.
    #[serde(default)]
    pub network: Option<Lies>,
    /// Actions that everyone gets by the policy and that this tells already.
    #[serde(default)]
    pub actions: Vec<String>,
    /// What must hold beside and no document of the resource says.
    #[serde(default)]
    pub only_if: Vec<String>,
    /// Its parts, where policies let in to these.
    #[serde(default)]
    pub parts: Option<Parts>,
    /// The call that would decide and that no scan makes.
    #[serde(default)]
    pub unread: Option<String>,
    /// Whether what travels is not encrypted, which is what it is about.
    #[serde(default)]
    pub in_the_clear: bool,
    /// The provider's page that says so.
    pub source: String,
    /// Documents that the rule is about.
    #[serde(default)]
    pub examples: Examples,
}

/// Parts of a resource that policies name by an ARN of their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    /// How their ARNs go on after the resource's: `/*`, one that no pattern singles out.
    pub under: String,
    /// The actions on them.
    pub actions: Vec<String>,
}

/// Another resource without which nothing answers: its ARN begins as this one's up to `cut`, and goes on with `begins`, or ends
/// there where that is not set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Where the own ARN is cut.
    pub cut: String,
    /// How the other one goes on there.
    #[serde(default)]
    pub begins: Option<String>,
    /// What must all hold of its document.
    #[serde(default)]
    pub opens: Vec<Condition>,
    /// The same as a condition, in words.
    pub says: String,
}

/// A sheet of settings of the same account and region that closes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unless {
    /// The type of the sheet.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// The member.
    pub path: Path,
    /// The values that close.
    pub is: Vec<String>,
    /// That it does not, in words, for where it was not read.
    pub says: String,
}

/// How something lies in a network of one's own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lies {
    /// The ids of its security groups.
    pub groups: Option<Path>,
    /// The ids of its subnets.
    pub subnets: Option<Path>,
    /// The ids of its network interfaces.
    pub interfaces: Option<Path>,
    /// The load balancer that takes the port, by ARN or name.
    pub balancer: Option<Path>,
    /// Its ports.
    pub port: Option<Path>,
    /// Its ports where the document names none.
    pub ports: Vec<u16>,
    /// How the descriptions of its interfaces begin.
    pub made_by: Option<String>,
    /// Another document of the same account and region that says the rest.
    pub other: Option<Other>,
}

/// Another document of the same account and region that says more.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Other {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// The member of the own document that names it.
    pub this: Path,
    /// What is named ends before the last of this.
    #[serde(default)]
    pub cut: Option<String>,
    /// What is named has the second where the own member has the first.
    #[serde(default)]
    pub replace: Option<(String, String)>,
    /// The member of the other document that must be the same.
    pub that: Path,
    /// What must all hold of the other document.
    #[serde(default)]
    pub opens: Vec<Condition>,
    /// The ids of security groups in it.
    #[serde(default)]
    pub groups: Option<Path>,
    /// The ids of subnets in it.
    #[serde(default)]
    pub subnets: Option<Path>,
    /// The load balancer in it.
    #[serde(default)]
    pub balancer: Option<Path>,
    /// Ports in it.
    #[serde(default)]
    pub port: Option<Path>,
    /// Whether such a thing may have no security groups: then nothing is before it.
    #[serde(default)]
    pub may_lack_groups: bool,
}

impl Other {
    /// What the own document names; none where it names nothing.
    pub fn named(&self, document: &Value) -> Option<String> {
        let text = self.this.text(document).filter(|text| !text.is_empty())?;
        let text = match &self.cut {
            Some(cut) => text.rsplit_once(cut.as_str())?.0.to_owned(),
            None => text,
        };
        Some(match &self.replace {
            Some((before, after)) => text.replacen(before.as_str(), after, 1),
            None => text,
        })
    }
}

/// Documents that a rule is about, as the tests run them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Examples {
    /// The ARN of the one that opens, where it matters.
    pub arn: Option<String>,
    /// One that opens.
    pub open: Value,
    /// Those that do not.
    pub closed: Vec<Value>,
    /// What else there is.
    pub others: Vec<OtherExample>,
}

/// Another resource of an example.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherExample {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Its ARN, where it matters.
    #[serde(default)]
    pub arn: Option<String>,
    /// Its document.
    pub document: Value,
}

impl OpenRule {
    /// All paths into the own document, for checks against the provider's models.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let lies = self.network.iter().flat_map(|lies| {
            [&lies.groups, &lies.subnets, &lies.interfaces, &lies.balancer, &lies.port]
                .into_iter()
                .flatten()
                .chain(lies.other.as_ref().map(|other| &other.this))
        });
        self.ranges.iter().chain(lies)
    }

    /// All types that it reads.
    pub fn kinds(&self) -> impl Iterator<Item = &ResourceType> {
        let other = self.network.iter().filter_map(|lies| lies.other.as_ref());
        std::iter::once(&self.kind)
            .filter(|kind| kind.as_str() != ANY_TYPE)
            .chain(self.beside.iter().map(|beside| &beside.kind))
            .chain(self.unless.iter().map(|unless| &unless.kind))
            .chain(other.map(|other| &other.kind))
    }

    /// What about it cannot be, whatever the documents are; none where nothing is wrong.
    pub fn problem(&self) -> Option<String> {
        let id = &self.id;
        if self.kind.as_str() == ANY_TYPE && self.how != How::Policy {
            return Some(format!("`{id}` is about every type, which only `how: policy` can be"));
        }
        if self.opens.is_empty() && self.how != How::Policy {
            return Some(format!("`{id}` has no `opens`: nothing says what opens"));
        }
        if self.how == How::Rule {
            return Some(format!(
                "`{id}`: rules of security groups are read from the network, not from here"
            ));
        }
        None
    }
}
