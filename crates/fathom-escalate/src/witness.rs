//! On what an action might be allowed, where no resource is named: things that are not there yet, made from the forms of
//! ARNs that the catalogue knows and from the patterns of the asker's own statements.
//!
//! Each is then asked of the evaluator, so that a yes is one. A no may be wrong where statements allow only names that no
//! candidate has, such as names between two patterns that deny.

use std::collections::BTreeSet;

use fathom_iam::organisation::Suppose;

use crate::{actor::Actor, asks::World, facts::region_of};

/// Candidates for one kind of resource.
const CANDIDATES_MAX: usize = 60;
/// Regions that are tried where a form has one.
const REGIONS_MAX: usize = 3;
const DEFAULT_REGION: &str = "us-east-1";
/// What stands for a name that nobody chose yet.
const NAME: &str = "fathom-new";

/// Candidates of each kind of resource that a request for an action must name; of any one kind where it need not.
pub(crate) fn of_each(world: &World<'_>, actor: Actor<'_>, action: &str) -> Vec<Vec<String>> {
    let everything = || vec![vec!["*".to_owned()]];
    let Some(known) = world.catalogue.action(action) else {
        // Of an action that the catalogue does not have, only a statement about everything is sure to be about it.
        return everything();
    };
    if known.is_without_resource() {
        return everything();
    }
    let forms = |required: bool| {
        let types = known.resources().filter(move |one| one.required == required);
        types.map(|one| one.resource_type.arns().collect::<Vec<_>>()).filter(|forms| !forms.is_empty())
    };
    let mut kinds: Vec<Vec<&str>> = forms(true).collect();
    if kinds.is_empty() {
        kinds.push(forms(false).flatten().collect());
    }
    kinds.iter().map(|forms| candidates(world, actor, &[action.to_owned()], forms)).collect()
}

/// Candidates on which several actions are asked together: those of the first kind of resource of the first action.
pub(crate) fn of_all(world: &World<'_>, actor: Actor<'_>, actions: &[String]) -> Vec<String> {
    let first = actions.first().and_then(|action| world.catalogue.action(action));
    let forms: Vec<&str> = first
        .into_iter()
        .flat_map(|action| action.resources())
        .flat_map(|one| one.resource_type.arns())
        .collect();
    candidates(world, actor, actions, &forms)
}

fn candidates(world: &World<'_>, actor: Actor<'_>, actions: &[String], forms: &[&str]) -> Vec<String> {
    let account = actor.account();
    let partition = actor.name.split(':').nth(1).filter(|_| actor.name.starts_with("arn:")).unwrap_or("aws");
    let known = world.facts.regions.get(account).map(Vec::as_slice).unwrap_or_default();
    let mut regions: Vec<&str> = known.iter().map(String::as_str).take(REGIONS_MAX).collect();
    if regions.is_empty() {
        regions.push(DEFAULT_REGION);
    }
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut kept: Vec<String> = Vec::new();
    let mut add = |arn: String| {
        if kept.len() < CANDIDATES_MAX && found.insert(arn.clone()) {
            kept.push(arn);
        }
    };
    for region in &regions {
        for form in forms {
            add(fill(form, partition, region, account));
        }
    }
    let mut patterns: BTreeSet<&str> = BTreeSet::new();
    for action in actions {
        patterns.extend(world.index.allowed_patterns(actor.member, action));
    }
    let own = actor.suppose == &Suppose::default();
    for pattern in patterns.into_iter().filter(|pattern| own || !pattern.is_empty()) {
        for region in &regions {
            if let Some(arn) = instance(pattern, partition, region, account) {
                // Only what the action can be about.
                let is_alike = forms.iter().any(|form| kind_of(form) == kind_of(&arn));
                if is_alike {
                    add(arn);
                }
            }
            if region_of(pattern).is_none_or(|region| !region.contains('*')) {
                break;
            }
        }
    }
    kept
}

/// The form of an ARN with all in braces filled in.
fn fill(form: &str, partition: &str, region: &str, account: &str) -> String {
    let mut filled = String::new();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(match name {
            "Partition" => partition,
            "Region" => region,
            "Account" => account,
            _ => NAME,
        });
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// A resource that a pattern is about; none where it names no kind of resource, or has variables.
fn instance(pattern: &str, partition: &str, region: &str, account: &str) -> Option<String> {
    if !pattern.starts_with("arn:") || pattern.contains("${") {
        return None;
    }
    let mut segments: Vec<&str> = pattern.splitn(6, ':').collect();
    if segments.len() < 6 || segments[2].contains(['*', '?']) {
        return None;
    }
    for (at, value) in [(1, partition), (3, region), (4, account)] {
        if segments[at].contains(['*', '?']) {
            segments[at] = value;
        }
    }
    let name = segments[5].replace('*', NAME).replace('?', "a");
    segments[5] = &name;
    Some(segments.join(":"))
}

/// What of an ARN tells its kind: service, and what stands before the first `/` or `:` of its name.
fn kind_of(arn: &str) -> (&str, &str) {
    let mut segments = arn.splitn(6, ':').skip(2);
    let service = segments.next().unwrap_or_default();
    let name = segments.nth(2).unwrap_or_default();
    let kind = name.split(['/', ':']).next().unwrap_or_default();
    (service, if kind == name { "" } else { kind })
}
