//! Which resource types an ARN may be of.
//!
//! The reference gives a form for each type, such as `arn:${Partition}:s3:::${BucketName}/${ObjectName}`. What stands in
//! braces may be anything, and the reference does not say which of them go on across `/`. Here they do not, but for
//! those whose names say that they are paths; only where no form of any service fits so, the forms are taken loosely,
//! and of these the ones that spell out most.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::catalogue::{ActionId, Catalogue};

/// The longest ARN that is looked at; AWS has none so long.
const ARN_BYTES_MAX: usize = 4096;
/// An ARN has six parts, the last takes all that follows.
const PARTS: usize = 6;
/// Names in braces that are known to hold `/`, beside those that end in `Path`.
const PATHS: [&str; 8] = [
    "Alias",
    "LogGroupName",
    "ObjectName",
    "ParameterNameWithoutLeadingSlash",
    "RepositoryName",
    "SecretId",
    "TopicFilter",
    "TopicName",
];

/// Whether an action is asked of resources such as one with a certain ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// The ARN is of a resource type of the action.
    Yes,
    /// The ARN is of resource types that the action does not have.
    No,
    /// The action has no resource types: it is asked of `*` only.
    OnlyEverything,
    /// The catalogue knows no resource type with such an ARN.
    Unknown,
}

/// The forms of ARNs, by the service in them.
#[derive(Debug)]
pub(crate) struct ArnIndex {
    forms: BTreeMap<Box<str>, Vec<Form>>,
    /// Forms for any service.
    general: Vec<Form>,
    /// The actions of each resource type.
    actions: Vec<Vec<ActionId>>,
}

#[derive(Debug)]
struct Form {
    resource_type: u32,
    /// Region and account; the other parts are either the same everywhere or the key of the index.
    middle: [Vec<Step>; 2],
    resource: Vec<Step>,
    /// How many characters are spelled out in the resource.
    spelled: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Byte(u8),
    /// At least one character, `/` only where it is a path.
    Name {
        is_path: bool,
    },
    /// `*` in the form: anything.
    Any,
}

impl ArnIndex {
    pub(crate) fn new(catalogue: &Catalogue) -> Self {
        let mut index = Self {
            forms: BTreeMap::new(),
            general: Vec::new(),
            actions: vec![Vec::new(); catalogue.types.len()],
        };
        for (resource_type, row) in (0_u32..).zip(&catalogue.types) {
            for arn in &row.arns {
                let parts: Vec<&str> = arn.splitn(PARTS, ':').collect();
                let &[_, _, service, region, account, resource] = parts.as_slice() else { continue };
                let resource = steps(resource);
                let form = Form {
                    resource_type,
                    middle: [steps(region), steps(account)],
                    spelled: resource.iter().filter(|step| matches!(step, Step::Byte(_))).count(),
                    resource,
                };
                if service.contains("${") {
                    index.general.push(form);
                } else {
                    index.forms.entry(service.into()).or_default().push(form);
                }
            }
        }
        for action in catalogue.actions() {
            for resource in action.resources() {
                if let Some(actions) = index.actions.get_mut(resource.resource_type.index as usize) {
                    actions.push(action.id());
                }
            }
        }
        index
    }

    /// Resource types, each once, in the order of their numbers.
    pub(crate) fn types_of(&self, arn: &str) -> Vec<u32> {
        let parts: Vec<&str> =
            if arn.len() > ARN_BYTES_MAX { Vec::new() } else { arn.splitn(PARTS, ':').collect() };
        let &["arn", _, service, region, account, resource] = parts.as_slice() else { return Vec::new() };
        let own = self.forms.get(service).map_or(&[][..], Vec::as_slice);
        let fits = |form: &&Form, loosely: bool| {
            form.middle.iter().zip([region, account]).all(|(steps, part)| is_middle(steps, part))
                && matches(&form.resource, resource, loosely)
        };
        let mut found: Vec<&Form> = own.iter().filter(|form| fits(form, false)).collect();
        if found.is_empty() {
            found = own.iter().filter(|form| fits(form, true)).collect();
            let most = found.iter().map(|form| form.spelled).max();
            found.retain(|form| Some(form.spelled) == most);
        }
        found.extend(self.general.iter().filter(|form| fits(form, true)));
        let mut types: Vec<u32> = found.iter().map(|form| form.resource_type).collect();
        types.sort_unstable();
        types.dedup();
        types
    }

    /// The actions that have a resource type.
    pub(crate) fn actions_of(&self, resource_type: u32) -> impl Iterator<Item = ActionId> + use<'_> {
        self.actions.get(resource_type as usize).into_iter().flatten().copied()
    }
}

/// Region or account. What stands in braces may be empty too: some resources have no account in their ARN.
fn is_middle(form: &[Step], part: &str) -> bool {
    match form {
        [Step::Name { .. } | Step::Any] => true,
        _ => matches(form, part, false),
    }
}

fn steps(mut form: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(first) = form.bytes().next() {
        if let Some((name, after)) = form.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
            steps.push(Step::Name { is_path: name.ends_with("Path") || PATHS.contains(&name) });
            form = after;
            continue;
        }
        if first == b'*' {
            steps.push(Step::Any);
            form = &form[1..];
            continue;
        }
        let length = form.chars().next().map_or(1, char::len_utf8);
        steps.extend(form.as_bytes()[..length].iter().map(|byte| Step::Byte(*byte)));
        form = &form[length..];
    }
    steps
}

/// Whether a text has a form: all places of the form that a beginning of the text leads to, character by character. Time
/// is the product of the lengths.
fn matches(form: &[Step], text: &str, loosely: bool) -> bool {
    let mut places = vec![false; form.len() + 1];
    places[0] = true;
    skip(form, &mut places);
    for byte in text.bytes() {
        let mut next = vec![false; form.len() + 1];
        let mut alive = false;
        for (at, step) in form.iter().enumerate().filter(|(at, _)| places[*at]) {
            match step {
                Step::Byte(wanted) if *wanted == byte => {
                    next[at + 1] = true;
                    alive = true;
                }
                Step::Byte(_) => {}
                Step::Name { is_path } => {
                    if loosely || !(byte == b':' || (byte == b'/' && !is_path)) {
                        next[at] = true;
                        next[at + 1] = true;
                        alive = true;
                    }
                }
                Step::Any => {
                    next[at] = true;
                    alive = true;
                }
            }
        }
        if !alive {
            return false;
        }
        skip(form, &mut next);
        places = next;
    }
    places[form.len()]
}

/// What stands for anything also stands for nothing.
fn skip(form: &[Step], places: &mut [bool]) {
    for (at, step) in form.iter().enumerate() {
        if *step == Step::Any && places[at] {
            places[at + 1] = true;
        }
    }
}
