//! What code declares against what is there: in line, drifted, not declared, or declared and gone.
//!
//! Start in [`Drift`]. It is fed in three passes over the estate, so that a million resources need not be held: the
//! stacks, the names of what they made, then every resource with its document.
//!
//! **Invariant:** what was not compared is counted and named with its reason; it never reads as "no drift".

use std::collections::{BTreeMap, HashMap, HashSet};

use fathom_content::{Content, DeclaredMap, declared::Language, resource::Scope, template::Fill};
use fathom_model::{AccountId, Region, Resource, ResourceType, Uid};
use serde::Serialize;
use serde_json::Value;

use crate::{
    declared::{
        Declaration, Place, Planned,
        evaluate::{Evaluator, StackContext},
        template::Template,
        terraform::is_unique,
    },
    terraform::TerraformIndex,
};

mod by_name;
mod compare;
pub(crate) mod differing;
pub(crate) mod facts;
pub(crate) mod paths;
mod policy;
mod report;
pub(crate) mod same;
pub(crate) mod walk;

use compare::{Actual, Findings};
pub use report::{Report, Seen};

/// The verdict on one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// At least one attribute is not as declared.
    Drifted,
    /// It is declared, and not there.
    Missing,
    /// It is there, and nothing declares it.
    Undeclared,
    /// It is declared, but cannot be compared; the row says why.
    NotComparable,
    /// All that was compared is as declared.
    InLine,
}

impl Verdict {
    /// All verdicts, in the order people should see them.
    pub const ALL: [Self; 5] =
        [Self::Drifted, Self::Missing, Self::Undeclared, Self::NotComparable, Self::InLine];

    /// The word used in tables and by programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drifted => "drifted",
            Self::Missing => "missing",
            Self::Undeclared => "undeclared",
            Self::NotComparable => "not_comparable",
            Self::InLine => "in_line",
        }
    }
}

/// One resource, or one declaration that has none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The verdict.
    pub verdict: Verdict,
    /// The resource; none where it is missing or could not be told.
    pub uid: Option<Uid>,
    /// Its type, or the declared type where the estate has none.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its account, where known.
    pub account: Option<AccountId>,
    /// Its region, where known.
    pub region: Option<Region>,
    /// Its name, or the name under which it is declared.
    pub name: Option<String>,
    /// What declares it, or parts of it.
    pub declared_by: Vec<DeclaredBy>,
    /// Attributes that are not as declared.
    pub differences: Vec<AttributeDrift>,
    /// Attributes that were compared.
    pub compared: usize,
    /// Attributes that were not compared.
    pub not_compared: Vec<Skipped>,
    /// Why it is not comparable, and what a person should know.
    pub notes: Vec<String>,
}

/// A place in code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DeclaredBy {
    /// The language.
    pub language: Language,
    /// The file.
    pub file: String,
    /// The address in it.
    pub address: String,
    /// Whether it declares a part of the resource only.
    pub part: bool,
}

/// An attribute that is not as declared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttributeDrift {
    /// The attribute as the code names it.
    pub attribute: String,
    /// What is declared; null where it is not.
    pub declared: Value,
    /// What is there; null where nothing is.
    pub actual: Value,
    /// Whether the two were brought together by their names alone.
    pub by_name: bool,
    /// The tool that saw it itself; none where Fathom did.
    pub seen_by: Option<&'static str>,
    /// The file that declares it.
    pub file: String,
    /// The address that declares it.
    pub address: String,
}

/// An attribute that was not compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Skipped {
    /// The attribute as the code names it.
    pub attribute: String,
    /// Why.
    pub why: String,
}

/// How well a name fits: a uid before an id before a name.
type Rank = u8;

/// A declaration that may mean a resource.
#[derive(Debug, Clone)]
struct Wanted {
    declaration: usize,
    kind: Option<ResourceType>,
}

/// A resource that a declaration may mean.
#[derive(Debug)]
struct Hit {
    rank: Rank,
    resource: Brief,
    findings: Findings,
}

/// What a row says of a resource.
#[derive(Debug, Clone)]
struct Brief {
    uid: Uid,
    kind: ResourceType,
    account: AccountId,
    region: Region,
    name: Option<String>,
}

impl Brief {
    fn of(resource: &Resource) -> Self {
        Self {
            uid: resource.uid.clone(),
            kind: resource.kind.clone(),
            account: resource.account.clone(),
            region: resource.region.clone(),
            name: resource.name.clone().or_else(|| Some(resource.id.clone())),
        }
    }
}

/// A stack of the estate.
#[derive(Debug)]
struct Stack {
    context: StackContext,
    kinds: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    uid: Uid,
}

/// The comparison of an estate with what is declared.
pub struct Drift<'a> {
    content: &'a Content,
    templates: &'a [Template],
    stacks: Vec<Stack>,
    /// Physical ids of stacks' members by account: stack and logical id.
    members: HashMap<(String, String), Vec<(usize, String)>>,
    declarations: Vec<Declaration>,
    maps: Vec<Option<&'a DeclaredMap>>,
    /// For each declaration the stack it was made by.
    made_by: Vec<Option<usize>>,
    wanted: HashMap<String, Vec<Wanted>>,
    hits: Vec<Vec<Hit>>,
    undeclared: Vec<(Brief, Option<String>)>,
    notes: Vec<String>,
    resources: usize,
}

impl<'a> Drift<'a> {
    /// Of what Terraform declares and of templates.
    pub fn new(content: &'a Content, terraform: &TerraformIndex, templates: &'a [Template]) -> Self {
        Self {
            content,
            templates,
            stacks: Vec::new(),
            members: HashMap::new(),
            declarations: terraform.declarations().to_vec(),
            maps: Vec::new(),
            made_by: vec![None; terraform.declarations().len()],
            wanted: HashMap::new(),
            hits: Vec::new(),
            undeclared: Vec::new(),
            notes: Vec::new(),
            resources: 0,
        }
    }

    /// First pass: a stack with its document, its members under `Resources`.
    pub fn add_stack(&mut self, stack: &Resource) {
        let document = stack.document.value();
        let at = self.stacks.len();
        let mut context = StackContext {
            name: stack.name.clone().unwrap_or_else(|| stack.id.clone()),
            id: stack.uid.to_string(),
            account: stack.account.to_string(),
            region: stack.region.to_string(),
            ..StackContext::default()
        };
        let mut kinds = BTreeMap::new();
        for member in document.get("Resources").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| member.get(name).and_then(Value::as_str);
            let gone = text("ResourceStatus").is_some_and(|status| status == "DELETE_COMPLETE");
            let (Some(logical), Some(physical), false) =
                (text("LogicalResourceId"), text("PhysicalResourceId"), gone)
            else {
                continue;
            };
            context.physical_ids.insert(logical.to_owned(), physical.to_owned());
            kinds.insert(logical.to_owned(), text("ResourceType").unwrap_or_default().to_owned());
            for name in physical_names(physical) {
                self.members
                    .entry((context.account.clone(), name))
                    .or_default()
                    .push((at, logical.to_owned()));
            }
        }
        self.stacks.push(Stack { context, kinds, tags: stack.tags.clone(), uid: stack.uid.clone() });
    }

    /// Whether the second pass is of use: some stack made something.
    pub fn wants_names(&self) -> bool {
        !self.members.is_empty()
    }

    /// Second pass: any resource; its document is not read.
    pub fn add_name(&mut self, resource: &Resource) {
        for (_, name) in names(resource) {
            let Some(found) = self.members.get(&(resource.account.to_string(), name)) else { continue };
            for (at, logical) in found.clone() {
                let Some(stack) = self.stacks.get_mut(at) else { continue };
                if is_near(&stack.context, resource, self.content)
                    && stack.kinds.get(&logical).is_some_and(|kind| *kind == resource.kind.as_str())
                {
                    stack.context.uids.entry(logical).or_insert_with(|| resource.uid.to_string());
                }
            }
        }
    }

    /// Between the passes: templates become what their stacks declare.
    pub fn begin(&mut self) {
        for template in self.templates {
            self.instantiate(template);
        }
        for (at, declaration) in self.declarations.iter().enumerate() {
            let map = self.content.declared.get(declaration.language, &declaration.kind);
            let kind = map.map(|map| map.is.clone()).or_else(|| {
                (declaration.language == Language::CloudFormation)
                    .then(|| ResourceType::new(&declaration.kind))
            });
            self.maps.push(map);
            self.hits.push(Vec::new());
            let stack = self.made_by.get(at).copied().flatten().and_then(|at| self.stacks.get(at));
            for name in identities(declaration, map, stack) {
                self.wanted.entry(name).or_default().push(Wanted { declaration: at, kind: kind.clone() });
            }
        }
    }

    fn instantiate(&mut self, template: &Template) {
        for (id, why) in &template.skipped {
            self.notes.push(format!("{}: resource `{id}` is left out: {why}", template.file));
        }
        let chosen: Vec<usize> = (0..self.stacks.len())
            .filter(|at| self.stacks.get(*at).is_some_and(|stack| is_instance(template, stack)))
            .collect();
        if chosen.is_empty() {
            self.notes.push(match &template.stack {
                Some(name) => format!("{}: the estate has no stack `{name}`", template.file),
                None => format!(
                    "{}: the estate has no stack with these resources; name one with `stack`",
                    template.file
                ),
            });
            self.declare(template, None);
        }
        for at in chosen {
            self.declare(template, Some(at));
        }
    }

    fn declare(&mut self, template: &Template, stack: Option<usize>) {
        let none = StackContext::default();
        let context = stack.and_then(|at| self.stacks.get(at)).map_or(&none, |stack| &stack.context);
        let mut made = Vec::new();
        for (logical, resource) in &template.resources {
            let mut evaluator = Evaluator::new(template, context);
            let physical_id = context.physical_ids.get(logical).cloned();
            if stack.is_some() && physical_id.is_none() {
                // Not made: because of its condition, or because the stack is behind its template.
                let may_be = resource.condition.as_deref().map(|name| evaluator.condition(name));
                if may_be.is_some_and(|holds| holds != Value::Bool(true)) {
                    continue;
                }
            }
            let attributes = evaluator.value(&resource.properties).unwrap_or(Value::Null);
            let file = match stack {
                Some(_) => format!("{} (stack {})", template.file, context.name),
                None => template.file.to_string(),
            };
            made.push(Declaration {
                language: Language::CloudFormation,
                kind: resource.kind.clone(),
                source: format!("{file}#{logical}"),
                file: file.into(),
                address: logical.clone(),
                attributes: if attributes.is_null() {
                    Value::Object(serde_json::Map::new())
                } else {
                    attributes
                },
                note: match (stack, &physical_id) {
                    (None, _) => Some("no stack of this template is in the estate".to_owned()),
                    (Some(_), None) => Some(format!("the stack `{}` has not made it", context.name)),
                    _ => None,
                },
                physical_id,
                place: stack
                    .map(|_| Place { account: context.account.clone(), region: context.region.clone() }),
                seen_by_tool: Vec::new(),
                planned: Planned::Stays,
            });
        }
        for declaration in made {
            self.declarations.push(declaration);
            self.made_by.push(stack);
        }
    }

    /// Third pass: any resource with its document; `unread` are members that could not be read, and why.
    pub fn add(&mut self, resource: &Resource, unread: &[(String, String)]) {
        self.resources += 1;
        let mut met: Vec<(Rank, usize)> = Vec::new();
        for (rank, name) in names(resource) {
            for wanted in self.wanted.get(&name).into_iter().flatten() {
                let known = met.iter().any(|(_, at)| *at == wanted.declaration);
                if !known && self.means(wanted, resource, rank) {
                    met.push((rank, wanted.declaration));
                }
            }
        }
        let mut is_declared = false;
        if !met.is_empty() {
            let document = resource.document.value();
            let none = BTreeMap::new();
            for (rank, at) in met {
                let (Some(declaration), Some(map)) = (self.declarations.get(at), self.maps.get(at).copied())
                else {
                    continue;
                };
                is_declared |= !map.is_some_and(|map| map.part) && declaration.planned != Planned::Removed;
                let stack = self.made_by.get(at).copied().flatten().and_then(|at| self.stacks.get(at));
                let actual = Actual {
                    resource,
                    document: &document,
                    unread,
                    handed_on: stack.map_or(&none, |stack| &stack.tags),
                };
                let findings = compare::compare(declaration, map, &actual);
                if let Some(hits) = self.hits.get_mut(at) {
                    hits.push(Hit { rank, resource: Brief::of(resource), findings });
                }
            }
        }
        if !is_declared && !resource.provider_made {
            let stack = names(resource).into_iter().find_map(|(_, name)| {
                let members = self.members.get(&(resource.account.to_string(), name))?;
                members.iter().find_map(|(at, logical)| {
                    let stack = self.stacks.get(*at)?;
                    let same = stack.kinds.get(logical).is_some_and(|kind| *kind == resource.kind.as_str());
                    (same && is_near(&stack.context, resource, self.content) && stack.uid != resource.uid)
                        .then(|| stack.context.name.clone())
                })
            });
            self.undeclared.push((Brief::of(resource), stack));
        }
    }

    fn means(&self, wanted: &Wanted, resource: &Resource, rank: Rank) -> bool {
        let Some(declaration) = self.declarations.get(wanted.declaration) else { return false };
        let kind = match &wanted.kind {
            Some(kind) => *kind == resource.kind,
            // Of an unknown type only what cannot mean another thing is taken.
            None => rank <= 1,
        };
        let place = declaration.place.as_ref().is_none_or(|place| {
            place.account == resource.account.as_str()
                && (place.region == resource.region.as_str() || resource.region.is_global() || rank == 0)
        });
        let arn = declaration.attributes.get("arn").and_then(Value::as_str).unwrap_or_default();
        let arn_place = |at: usize| arn.split(':').nth(at).filter(|part| !part.is_empty());
        kind && place
            && arn_place(4).is_none_or(|account| account == resource.account.as_str() || rank == 0)
            && arn_place(3).is_none_or(|region| {
                region == resource.region.as_str() || resource.region.is_global() || rank == 0
            })
    }

    /// The end: one row a resource, and one for each declaration that has none. `seen` says what the scans read.
    pub fn finish(self, seen: &Seen) -> Report {
        report::make(self, seen)
    }
}

/// The texts by which a resource may be meant, best first.
fn names(resource: &Resource) -> Vec<(Rank, String)> {
    let mut names: Vec<(Rank, String)> = vec![(0, resource.uid.to_string()), (1, resource.id.clone())];
    names.extend(resource.name.clone().map(|name| (2, name)));
    for whole in [resource.uid.as_str(), resource.id.as_str()] {
        names.push((3, fathom_content::template::last_segment(whole).to_owned()));
    }
    let mut known = HashSet::new();
    names.retain(|(_, name)| !name.is_empty() && known.insert(name.clone()));
    names
}

/// A physical id, and the name in it where it is an address: the same queue has several.
fn physical_names(id: &str) -> Vec<String> {
    let mut names = vec![id.to_owned()];
    if id.starts_with("https://") || id.starts_with("http://") {
        names.push(fathom_content::template::last_segment(id).to_owned());
    }
    names
}

/// The texts by which a declaration names its resource.
fn identities(declaration: &Declaration, map: Option<&DeclaredMap>, stack: Option<&Stack>) -> Vec<String> {
    let mut found = Vec::new();
    let is_part = map.is_some_and(|map| map.part);
    if let (Some(id), false) = (&declaration.physical_id, is_part) {
        return physical_names(id);
    }
    match map.filter(|map| !map.identified_by.is_empty()) {
        Some(map) => {
            let place = declaration.place.as_ref();
            // A stack's id is its ARN, and what it made is in the same partition.
            let partition = stack.and_then(|stack| stack.uid.as_str().split(':').nth(1));
            let fill = Fill {
                account: place.map_or("", |place| &place.account),
                region: place.map_or("", |place| &place.region),
                partition: partition.unwrap_or("aws"),
                document: Some(&declaration.attributes),
                ..Fill::default()
            };
            found.extend(map.identified_by.iter().filter_map(|template| template.fill(fill)));
        }
        None => {
            for member in ["arn", "id"] {
                let Some(text) = declaration.attributes.get(member).and_then(Value::as_str) else { continue };
                if map.is_some() || is_unique(text) {
                    found.push(text.to_owned());
                }
            }
        }
    }
    found.retain(|name| !name.is_empty());
    found.dedup();
    found
}

/// A stack lives in one region and declares what is there, or what has no region, or what is listed for the whole
/// account and may be anywhere.
fn is_near(stack: &StackContext, resource: &Resource, content: &Content) -> bool {
    let scope = content.resources.get(&resource.kind).map(|definition| definition.scope);
    stack.region == resource.region.as_str()
        || resource.region.is_global()
        || scope.is_some_and(|scope| scope != Scope::Region)
}

/// Whether a stack was made from a template: it is the one named, or they share at least half of their resources.
fn is_instance(template: &Template, stack: &Stack) -> bool {
    if let Some(wanted) = &template.stack {
        return *wanted == stack.context.name || *wanted == stack.context.id;
    }
    let shared = stack
        .kinds
        .iter()
        .filter(|(logical, kind)| template.resources.get(*logical).is_some_and(|one| one.kind == **kind))
        .count();
    // A template may make much less than it names, under conditions; a stack is all of what was made.
    let unconditional = template.resources.values().filter(|resource| resource.condition.is_none()).count();
    shared > 0 && shared * 2 >= stack.kinds.len() && shared * 2 >= unconditional
}
