//! Every source speaks about every resource; all that is said is kept, and the order of trust decides what holds.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
    ops::Range,
    rc::Rc,
};

use fathom_content::{Content, Declarations};
use fathom_model::{Explanation, Part, Resource, SourceKind, Statement, Timestamp};

use crate::{activity::Creators, graph::Estate, terraform::TerraformIndex};

/// How far an explanation may travel over edges: an access key's user, a volume's instance's cluster.
const INHERIT_DEPTH_MAX: usize = 4;
/// Resources whose own statements are kept at a time while others take over from them.
const OWN_KEPT_MAX: usize = 16_384;

/// Where explanations come from.
#[derive(Debug)]
pub struct Sources<'a> {
    /// Definitions: which edges hand explanations on.
    pub content: &'a Content,
    /// The user's declarations; defaults where there is no file.
    pub declarations: &'a Declarations,
    /// The declarations file as people know it.
    pub declarations_file: &'a str,
    /// What Terraform declares.
    pub terraform: &'a TerraformIndex,
    /// What the log of calls tells about creators; none where no log was ever read.
    pub creators: Option<&'a Creators<'a>>,
    /// When all this was read.
    pub now: Timestamp,
}

/// Explanations by place in [`Estate::resources`].
pub type Explained = Vec<Explanation>;

/// Explains every resource of an estate.
pub fn explain(estate: &Estate, sources: &Sources<'_>) -> Explained {
    Explainer::new(estate, sources).explain(0..estate.resources().len())
}

/// Explains an estate part by part, so that not all that is said must be in memory at once.
#[derive(Debug)]
pub struct Explainer<'e> {
    estate: &'e Estate,
    sources: &'e Sources<'e>,
    stacks: StackMembers<'e>,
}

impl<'e> Explainer<'e> {
    /// Of all resources of an estate.
    pub fn new(estate: &'e Estate, sources: &'e Sources<'e>) -> Self {
        Self { estate, sources, stacks: StackMembers::of(estate) }
    }

    /// Explains the resources at these places in [`Estate::resources`]; places beyond its end are left out.
    pub fn explain(&self, places: Range<usize>) -> Explained {
        let places = places.start..places.end.min(self.estate.resources().len());
        let mut own = Own::default();
        places
            .map(|at| {
                let mut more = from_relations(at, self, &mut own);
                let mut statements = own.of(at, self).to_vec();
                statements.append(&mut more);
                statements.sort_by(by_part_and_trust);
                Explanation { statements }
            })
            .collect()
    }

    /// What a resource states itself, or sources say of it alone.
    fn own(&self, at: usize) -> Vec<Statement> {
        let Some(resource) = self.estate.resources().get(at) else { return Vec::new() };
        let sources = self.sources;
        let mut statements = from_tags(resource, sources);
        statements.extend(sources.creators.and_then(|creators| creators.statement(resource)));
        statements.extend(from_declarations(resource, sources));
        statements.extend(from_terraform(resource, sources));
        statements.extend(from_stacks(resource, &self.stacks, sources));
        statements.extend(from_provider(resource, sources));
        statements.extend(from_document(resource, sources));
        // What is handed on is what holds here, so both go by the same order.
        statements.sort_by(by_part_and_trust);
        statements
    }
}

/// What resources state themselves, as far as it is needed again: many hang on few.
#[derive(Default)]
struct Own {
    said: HashMap<usize, Rc<[Statement]>>,
}

impl Own {
    fn of(&mut self, at: usize, explainer: &Explainer<'_>) -> Rc<[Statement]> {
        if let Some(said) = self.said.get(&at) {
            return Rc::clone(said);
        }
        if self.said.len() >= OWN_KEPT_MAX {
            self.said.clear();
        }
        let said: Rc<[Statement]> = explainer.own(at).into();
        self.said.insert(at, Rc::clone(&said));
        said
    }
}

fn by_part_and_trust(a: &Statement, b: &Statement) -> Ordering {
    (a.part, a.source, &a.origin).cmp(&(b.part, b.source, &b.origin))
}

fn from_tags(resource: &Resource, sources: &Sources<'_>) -> Vec<Statement> {
    tag_statements(resource, sources)
        .map(|(part, key, value)| Statement {
            part,
            value: value.to_owned(),
            source: SourceKind::Tag,
            origin: format!("tag {key}"),
            as_of: sources.now,
        })
        .collect()
}

fn tag_statements<'r>(
    resource: &'r Resource,
    sources: &'r Sources<'_>,
) -> impl Iterator<Item = (Part, &'r str, &'r str)> {
    sources.declarations.tags.iter().filter_map(|(part, keys)| {
        keys.iter()
            .find_map(|wanted| {
                resource.tags.iter().find(|(key, value)| same_key(key, wanted) && !value.trim().is_empty())
            })
            .map(|(key, value)| (*part, key.as_str(), value.as_str()))
    })
}

/// Tag keys may be of any alphabet; most are plain.
fn same_key(key: &str, wanted: &str) -> bool {
    key.eq_ignore_ascii_case(wanted)
        || (!(key.is_ascii() && wanted.is_ascii()) && key.to_lowercase() == wanted.to_lowercase())
}

/// The tags that sources look at; others need not be in memory to explain a resource.
#[derive(Debug, Clone)]
pub struct WantedTags {
    explaining: Vec<String>,
    matching: HashSet<String>,
}

impl WantedTags {
    /// Those that these declarations look at, and those that name a stack.
    pub fn of(declarations: &Declarations) -> Self {
        let systems = declarations.systems.values().flat_map(|system| &system.matches);
        let rules = declarations.rules.iter().map(|rule| &rule.matches);
        let matching = systems.chain(rules).flat_map(|one| one.tags.keys().cloned());
        Self {
            explaining: declarations.tags.values().flatten().cloned().collect(),
            matching: matching.chain([STACK_TAG.to_owned()]).collect(),
        }
    }

    /// Whether anything looks at this key.
    pub fn wants(&self, key: &str) -> bool {
        self.matching.contains(key) || self.explaining.iter().any(|wanted| same_key(key, wanted))
    }
}

fn from_declarations(resource: &Resource, sources: &Sources<'_>) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut state = |part: Part, value: &str, place: String| {
        // A blank says nothing, here as in tags.
        if !value.trim().is_empty() && !statements.iter().any(|s: &Statement| s.part == part) {
            statements.push(Statement {
                part,
                value: value.to_owned(),
                source: SourceKind::Declaration,
                origin: format!("{} {place}", sources.declarations_file),
                as_of: sources.now,
            });
        }
    };
    for (name, system) in &sources.declarations.systems {
        if !system.matches.iter().any(|one| one.matches(resource)) {
            continue;
        }
        let place = || format!("system {name}");
        for (part, value) in [
            (Part::Owner, &system.owner),
            (Part::Environment, &system.environment),
            (Part::DataClass, &system.data_class),
        ] {
            if let Some(value) = value {
                state(part, value, place());
            }
        }
        let purpose = system.purpose.as_deref().filter(|purpose| !purpose.trim().is_empty());
        state(Part::Purpose, purpose.unwrap_or(name), place());
    }
    for (i, rule) in sources.declarations.rules.iter().enumerate() {
        if rule.matches.matches(resource) {
            for (part, value) in &rule.set {
                state(*part, value, format!("rule {}", i + 1));
            }
        }
    }
    statements
}

fn from_terraform(resource: &Resource, sources: &Sources<'_>) -> Option<Statement> {
    sources.terraform.address(resource.uid.as_str(), &resource.id).map(|address| Statement {
        part: Part::DeclaredBy,
        value: address.to_owned(),
        source: SourceKind::Terraform,
        origin: address.split('#').next().unwrap_or(address).to_owned(),
        as_of: sources.now,
    })
}

/// The stacks of each account: by what they name as members, and by their own names.
#[derive(Debug)]
struct StackMembers<'e> {
    by_id: HashMap<(&'e str, String), Vec<Member<'e>>>,
    by_name: HashMap<(&'e str, &'e str), Vec<&'e Resource>>,
}

/// A stack, and the type that it gives to the member.
#[derive(Debug)]
struct Member<'e> {
    stack: &'e Resource,
    kind: Option<String>,
}

/// The only type that is known by name here: its members are explained by it, so its document is read.
pub const STACK_TYPE: &str = "AWS::CloudFormation::Stack";
const STACK_TAG: &str = "aws:cloudformation:stack-name";

impl<'e> StackMembers<'e> {
    fn of(estate: &'e Estate) -> Self {
        let mut by_id: HashMap<_, Vec<_>> = HashMap::new();
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        let mut stacks: Vec<&Resource> =
            estate.resources().iter().filter(|resource| resource.kind.as_str() == STACK_TYPE).collect();
        // Where two stacks name one resource, the first by uid speaks, whichever the scan met first.
        stacks.sort_by(|a, b| a.uid.cmp(&b.uid));
        for stack in stacks {
            let account = stack.account.as_str();
            by_name.entry((account, stack_name(stack))).or_default().push(stack);
            let document = stack.document.value();
            let members = document.get("Resources").and_then(serde_json::Value::as_array);
            for member in members.into_iter().flatten() {
                let text = |name| member.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
                let Some(id) = text("PhysicalResourceId") else { continue };
                let member = Member { stack, kind: text("ResourceType") };
                by_id.entry((account, id)).or_default().push(member);
            }
        }
        Self { by_id, by_name }
    }

    /// A stack lives in one region and declares what is there, or what has no region (roles, buckets).
    fn stack_of(&self, resource: &Resource) -> Option<&'e Resource> {
        let account = resource.account.as_str();
        let near = |stack: &&'e Resource| {
            stack.uid != resource.uid && (stack.region == resource.region || resource.region.is_global())
        };
        let ids = [Some(resource.id.as_str()), Some(resource.uid.as_str()), resource.name.as_deref()];
        let member = ids.into_iter().flatten().find_map(|id| {
            let members = self.by_id.get(&(account, id.to_owned()))?;
            members.iter().filter(|member| member.means(resource, id)).map(|member| member.stack).find(near)
        });
        member.or_else(|| {
            let tag = resource.tags.get(STACK_TAG)?;
            self.by_name.get(&(account, tag.as_str()))?.iter().copied().find(near)
        })
    }
}

impl Member<'_> {
    /// A plain name may mean a role here and a log group there, so the type must agree; an ARN means one thing.
    fn means(&self, resource: &Resource, id: &str) -> bool {
        id.starts_with("arn:") || self.kind.as_deref().is_none_or(|kind| kind == resource.kind.as_str())
    }
}

fn stack_name(stack: &Resource) -> &str {
    stack.name.as_deref().unwrap_or(&stack.id)
}

fn from_stacks(resource: &Resource, stacks: &StackMembers<'_>, sources: &Sources<'_>) -> Vec<Statement> {
    let Some(stack) = stacks.stack_of(resource) else { return Vec::new() };
    let statement = |part, value: &str, origin: String| Statement {
        part,
        value: value.to_owned(),
        source: SourceKind::CloudFormation,
        origin,
        as_of: sources.now,
    };
    let declared_by = format!("CloudFormation stack {}", stack_name(stack));
    let mut statements = vec![statement(Part::DeclaredBy, &declared_by, stack.uid.to_string())];
    statements.extend(
        tag_statements(stack, sources)
            .filter(|(part, ..)| *part != Part::DeclaredBy)
            .map(|(part, key, value)| statement(part, value, format!("{} tag {key}", stack.uid))),
    );
    statements
}

fn from_provider(resource: &Resource, sources: &Sources<'_>) -> Vec<Statement> {
    if !resource.provider_made {
        return Vec::new();
    }
    let provider = resource.kind.as_str().split("::").next().unwrap_or("provider").to_owned();
    [
        (Part::Owner, provider.clone()),
        (Part::Purpose, "made and managed by the provider for its own service".to_owned()),
        (Part::Environment, "provider".to_owned()),
        (Part::Creator, provider),
    ]
    .into_iter()
    .map(|(part, value)| Statement {
        part,
        value,
        source: SourceKind::Provider,
        origin: format!("definition of {}", resource.kind),
        as_of: sources.now,
    })
    .collect()
}

fn from_document(resource: &Resource, sources: &Sources<'_>) -> Vec<Statement> {
    let Some(definition) = sources.content.resources.get(&resource.kind) else { return Vec::new() };
    if definition.states.is_empty() {
        return Vec::new();
    }
    let document = resource.document.value();
    definition
        .states
        .iter()
        .filter_map(|(part, path)| {
            path.text(&document).filter(|value| !value.trim().is_empty()).map(|value| Statement {
                part: *part,
                value,
                source: SourceKind::Provider,
                origin: format!("{path} of its description"),
                as_of: sources.now,
            })
        })
        .collect()
}

/// What a resource takes over: for each part it does not state itself, the nearest that does, over the edges its
/// definition names. Only what a resource states itself is handed on along a chain, so the origin is always a place
/// where somebody can change it.
fn from_relations(at: usize, explainer: &Explainer<'_>, own: &mut Own) -> Vec<Statement> {
    let Explainer { estate, sources, .. } = explainer;
    let mut found: Vec<Statement> = Vec::new();
    let mut visited = vec![at];
    let mut ring = vec![at];
    for _ in 0..INHERIT_DEPTH_MAX {
        let mut next = Vec::new();
        for &from in &ring {
            let Some(definition) =
                estate.resources().get(from).and_then(|r| sources.content.resources.get(&r.kind))
            else {
                continue;
            };
            for kind in &definition.inherit {
                for edge in estate.outgoing(from).iter().filter(|edge| edge.kind == *kind) {
                    let Some(to) = estate.position(edge.to.as_str()) else { continue };
                    if visited.contains(&to) {
                        continue;
                    }
                    visited.push(to);
                    next.push(to);
                    let Some(target) = estate.resources().get(to) else { continue };
                    for statement in best_of_each_part(&own.of(to, explainer)) {
                        if !found.iter().any(|s| s.part == statement.part) {
                            found.push(Statement {
                                source: SourceKind::Inherited,
                                origin: format!("{kind} {}: {}", target.uid, statement.origin),
                                ..statement.clone()
                            });
                        }
                    }
                }
            }
        }
        if next.is_empty() {
            break;
        }
        ring = next;
    }
    if found.is_empty() {
        return found;
    }
    let stated = own.of(at, explainer);
    // Who made a thing, and which code, is not handed on to what may be reached from outside: a snapshot of a well
    // explained disk that somebody shared with the world must not pass for declared.
    let exposed = estate.resources().get(at).is_some_and(|resource| resource.exposed);
    found.retain(|statement| {
        let origin = matches!(statement.part, Part::Creator | Part::DeclaredBy);
        let stated_itself = stated.iter().any(|s| s.part == statement.part);
        let kept_back = exposed && origin;
        !stated_itself && !kept_back
    });
    found
}

fn best_of_each_part(statements: &[Statement]) -> impl Iterator<Item = &Statement> {
    Part::ALL
        .into_iter()
        .filter_map(|part| statements.iter().filter(|s| s.part == part).min_by_key(|s| s.source))
}
