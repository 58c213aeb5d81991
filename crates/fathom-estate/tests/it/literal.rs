//! What the documents say about references and sources, done slowly and word by word.

use std::collections::BTreeSet;

use fathom_content::{Content, Declarations};
use fathom_estate::{Reference, Sure, TerraformIndex};
use fathom_model::{Edge, Part, Resource, SourceKind, Statement, Target};

use crate::small::{STACK, now};

/// A resource with the further texts by which documents refer to it.
pub(crate) type Named = (Resource, Vec<String>);

/// The first description of each uid.
pub(crate) fn kept(added: &[Named]) -> Vec<Named> {
    let mut kept: Vec<Named> = Vec::new();
    for one in added {
        if kept.iter().all(|(resource, _)| resource.uid != one.0.uid) {
            kept.push(one.clone());
        }
    }
    kept
}

/// Every declared reference as an edge, resolved or not; then of those found by their form the surest, and of these the
/// first, that leads where no other edge does.
pub(crate) fn edges(estate: &[Named], references: &[Reference]) -> BTreeSet<Edge> {
    let mut edges: BTreeSet<Edge> = BTreeSet::new();
    let mut add = |edge: Edge, unless: &dyn Fn(&Edge) -> bool| {
        if !edges.iter().any(|known| known.from == edge.from && unless(known)) {
            edges.insert(edge);
        }
    };
    let mut found: Vec<(Sure, Edge)> = every_edge(estate, references);
    found.sort_by(|(sure, a), (surely, b)| {
        (&a.kind, &a.to, sure, &a.path).cmp(&(&b.kind, &b.to, surely, &b.path))
    });
    for (_, edge) in found.iter().filter(|(sure, _)| *sure == Sure::Declared) {
        add(edge.clone(), &|known| known.kind == edge.kind && known.to == edge.to);
    }
    for (_, edge) in found.iter().filter(|(sure, _)| *sure != Sure::Declared) {
        if edge.to.as_str() != edge.from.as_str() {
            add(edge.clone(), &|known| known.to.as_str() == edge.to.as_str());
        }
    }
    edges
}

fn every_edge(estate: &[Named], references: &[Reference]) -> Vec<(Sure, Edge)> {
    let mut edges = Vec::new();
    for reference in references {
        let Some((from, _)) = estate.iter().find(|(resource, _)| resource.uid == reference.from) else {
            continue;
        };
        let to = match find(estate, from, reference) {
            Some(found) => Target::Known { uid: found.uid.clone() },
            None if reference.sure == Sure::Perhaps => continue,
            None => Target::Unresolved {
                kind: reference.to[0].clone(),
                reference: reference.text.clone(),
                outside: false,
            },
        };
        let (kind, path) = (reference.kind.clone(), reference.path.clone());
        edges.push((reference.sure, Edge { from: from.uid.clone(), kind, to, path }));
    }
    edges
}

/// The exact uid, the id in the same account and region, the id in the same account, the id anywhere; at last the
/// uid without the wildcard at its end.
fn find<'e>(estate: &'e [Named], from: &Resource, reference: &Reference) -> Option<&'e Resource> {
    let with_uid = |text: &str| estate.iter().map(|(r, _)| r).find(|r| r.uid.as_str() == text);
    if let Some(exact) = with_uid(&reference.text) {
        return Some(exact);
    }
    let named = |(resource, also): &&Named| resource.id == reference.text || also.contains(&reference.text);
    let same_account = |r: &&Resource| r.account == from.account;
    let same_place = |r: &&Resource| r.account == from.account && r.region == from.region;
    let anywhere = |_: &&Resource| true;
    let circles: [&dyn Fn(&&Resource) -> bool; 3] = [&same_place, &same_account, &anywhere];
    for circle in circles {
        for kind in &reference.to {
            let of_kind = estate.iter().filter(named).map(|(r, _)| r).filter(|r| r.kind == *kind);
            if let Some(first) = of_kind.filter(circle).min_by_key(|r| &r.uid) {
                return Some(first);
            }
        }
    }
    [":*", "/*"].iter().find_map(|end| with_uid(reference.text.strip_suffix(end)?))
}

/// All that is said about each resource, in the order of `estate`.
pub(crate) fn explanations(
    estate: &[Named],
    edges: &BTreeSet<Edge>,
    content: &Content,
    declarations: &Declarations,
    terraform: &TerraformIndex,
) -> Vec<Vec<Statement>> {
    let resources: Vec<&Resource> = estate.iter().map(|(resource, _)| resource).collect();
    let own: Vec<Vec<Statement>> = resources
        .iter()
        .map(|resource| {
            let mut said = tags(resource, declarations, SourceKind::Tag, "");
            said.extend(declared(resource, declarations));
            if let Some(address) = terraform.address(resource.uid.as_str(), &resource.id) {
                let file = address.split_once('#').expect("file and address").0;
                said.push(statement(Part::DeclaredBy, address, SourceKind::Terraform, file));
            }
            said.extend(stack(resource, &resources, declarations));
            said.extend(provider(resource, content));
            said
        })
        .collect();
    (0..resources.len())
        .map(|at| {
            let mut said = own[at].clone();
            said.extend(inherited(at, &resources, edges, content, &own));
            said.sort_by(|a, b| (a.part, a.source, &a.origin).cmp(&(b.part, b.source, &b.origin)));
            said
        })
        .collect()
}

fn statement(part: Part, value: &str, source: SourceKind, origin: &str) -> Statement {
    Statement { part, value: value.to_owned(), source, origin: origin.to_owned(), as_of: now() }
}

/// The first tag key in order of preference that has something to say.
fn tags(
    resource: &Resource,
    declarations: &Declarations,
    source: SourceKind,
    before: &str,
) -> Vec<Statement> {
    let mut said = Vec::new();
    for (part, keys) in &declarations.tags {
        'part: for wanted in keys {
            for (key, value) in &resource.tags {
                if key.to_lowercase() == wanted.to_lowercase() && !value.trim().is_empty() {
                    said.push(statement(*part, value, source, &format!("{before}tag {key}")));
                    break 'part;
                }
            }
        }
    }
    said
}

/// Systems, then rules; the first that states a part decides it.
fn declared(resource: &Resource, declarations: &Declarations) -> Vec<Statement> {
    let mut said: Vec<(Part, String, String)> = Vec::new();
    for (name, system) in &declarations.systems {
        if system.matches.iter().any(|one| one.matches(resource)) {
            let place = format!("system {name}");
            let purpose = system.purpose.clone().unwrap_or_else(|| name.clone());
            for (part, value) in [
                (Part::Owner, system.owner.clone()),
                (Part::Purpose, Some(purpose)),
                (Part::Environment, system.environment.clone()),
                (Part::DataClass, system.data_class.clone()),
            ] {
                said.extend(value.map(|value| (part, value, place.clone())));
            }
        }
    }
    for (rule, number) in declarations.rules.iter().zip(1..) {
        if rule.matches.matches(resource) {
            said.extend(
                rule.set.iter().map(|(part, value)| (*part, value.clone(), format!("rule {number}"))),
            );
        }
    }
    Part::ALL
        .into_iter()
        .filter_map(|part| said.iter().find(|(about, ..)| *about == part))
        .map(|(part, value, place)| {
            statement(*part, value, SourceKind::Declaration, &format!("fathom.yaml {place}"))
        })
        .collect()
}

/// A stack declares what it names as a member in its account and region, or what has no region; else the stack of
/// that account and region whose name the resource's tag gives.
fn stack(resource: &Resource, resources: &[&Resource], declarations: &Declarations) -> Vec<Statement> {
    let mut near: Vec<&&Resource> = resources
        .iter()
        .filter(|r| r.kind.as_str() == STACK && r.uid != resource.uid && r.account == resource.account)
        .filter(|r| r.region == resource.region || resource.region.is_global())
        .collect();
    near.sort_by_key(|r| &r.uid);
    let names_it = |stack: &Resource, text: &str| {
        let document = stack.document.value();
        document["Resources"].as_array().into_iter().flatten().any(|member| {
            let kind = member["ResourceType"].as_str();
            let fits = text.starts_with("arn:") || kind.is_none() || kind == Some(resource.kind.as_str());
            member["PhysicalResourceId"] == text && fits
        })
    };
    let texts = [Some(resource.id.as_str()), Some(resource.uid.as_str()), resource.name.as_deref()];
    let member = texts.into_iter().flatten().find_map(|text| near.iter().find(|s| names_it(s, text)));
    let tag = resource.tags.get("aws:cloudformation:stack-name");
    let tagged = near.iter().find(|stack| Some(stack.name.as_ref().unwrap_or(&stack.id)) == tag);
    let Some(stack) = member.or(tagged) else { return Vec::new() };
    let name = stack.name.as_ref().unwrap_or(&stack.id);
    let mut said = tags(stack, declarations, SourceKind::CloudFormation, &format!("{} ", stack.uid));
    said.retain(|one| one.part != Part::DeclaredBy);
    let value = format!("CloudFormation stack {name}");
    said.push(statement(Part::DeclaredBy, &value, SourceKind::CloudFormation, stack.uid.as_str()));
    said
}

/// What the provider made is its own; what it states in a document counts as its word too.
fn provider(resource: &Resource, content: &Content) -> Vec<Statement> {
    let mut said = Vec::new();
    if resource.provider_made {
        let who = resource.kind.as_str().split("::").next().expect("a first part");
        let purpose = "made and managed by the provider for its own service";
        for (part, value) in [
            (Part::Owner, who),
            (Part::Purpose, purpose),
            (Part::Environment, "provider"),
            (Part::Creator, who),
        ] {
            let origin = format!("definition of {}", resource.kind);
            said.push(statement(part, value, SourceKind::Provider, &origin));
        }
    }
    for (part, path) in &content.resources[&resource.kind].states {
        if let Some(value) = path.text(&resource.document.value()).filter(|text| !text.trim().is_empty()) {
            said.push(statement(*part, &value, SourceKind::Provider, &format!("{path} of its description")));
        }
    }
    said
}

/// One step of a way: which of the definition's edges, in their order, and where to.
type Step = (usize, String);

/// For each part that a resource does not state itself, what the nearest says that does. Ways have up to four steps;
/// of equally long ones the first in the order of the definition, then of the uids. Nobody's creator or code is
/// handed to what may be reached from outside.
fn inherited(
    at: usize,
    resources: &[&Resource],
    edges: &BTreeSet<Edge>,
    content: &Content,
    own: &[Vec<Statement>],
) -> Vec<Statement> {
    let mut ways: Vec<Vec<Step>> = Vec::new();
    let mut longest: Vec<Vec<Step>> = vec![Vec::new()];
    for _ in 0..4 {
        let mut longer = Vec::new();
        for way in longest {
            let end = way.last().map_or(resources[at].uid.as_str(), |(_, uid)| uid.as_str());
            let kind = &resources.iter().find(|r| r.uid.as_str() == end).expect("on the way").kind;
            for (rank, inherit) in content.resources[kind].inherit.iter().enumerate() {
                let leaving = edges.iter().filter(|edge| edge.from.as_str() == end && edge.kind == *inherit);
                for edge in leaving.filter(|edge| edge.to.is_known()) {
                    longer.push([way.clone(), vec![(rank, edge.to.as_str().to_owned())]].concat());
                }
            }
        }
        ways.extend(longer.clone());
        longest = longer;
    }
    ways.sort_by_key(|way| (way.len(), way.clone()));

    let mut said: Vec<Statement> = Vec::new();
    let mut met = vec![resources[at].uid.to_string()];
    for way in &ways {
        let (rank, uid) = way.last().expect("a way has a step");
        if met.contains(uid) {
            continue;
        }
        met.push(uid.clone());
        let before = way.len().checked_sub(2).map_or(resources[at].uid.as_str(), |i| way[i].1.as_str());
        let giver_before = resources.iter().find(|r| r.uid.as_str() == before).expect("on the way");
        let edge = &content.resources[&giver_before.kind].inherit[*rank];
        let giver = resources.iter().position(|r| r.uid.as_str() == uid).expect("on the way");
        for part in Part::ALL {
            let of_part = own[giver].iter().filter(|one| one.part == part);
            let Some(best) = of_part.min_by(|a, b| (a.source, &a.origin).cmp(&(b.source, &b.origin))) else {
                continue;
            };
            let known = own[at].iter().chain(&said).any(|one| one.part == part);
            let kept_back = resources[at].exposed && (part == Part::Creator || part == Part::DeclaredBy);
            if !known && !kept_back {
                let origin = format!("{edge} {uid}: {}", best.origin);
                said.push(statement(part, &best.value, SourceKind::Inherited, &origin));
            }
        }
    }
    said
}
