//! A CloudFormation template against a stack of the estate: what it would make, change and take away. And what a template says of
//! values that a change set does not show.

use std::collections::{BTreeMap, BTreeSet};

use fathom_content::{Content, template::Fill};
use fathom_estate::{
    STACK_TYPE,
    declared::{
        Language,
        changes::{Does, Proposal, Proposed},
        evaluate::StackContext,
        template::Template,
        unknown_why,
    },
};
use fathom_model::{Resource, ResourceType};
use fathom_store::{Store, StoreError, Which};
use futures::TryStreamExt as _;
use serde_json::{Map, Value};

use super::{Planned, Where, code::proposal, find::Finder, plan};

/// Stacks that are named where several have one name.
const NAMED: usize = 5;

/// What a template is asked against.
#[derive(Debug, Clone, Copy)]
pub struct OfStack<'t> {
    /// The template as it would be.
    pub template: &'t Template,
    /// The template that the stack was made of, where it is given.
    pub was: Option<&'t Template>,
    /// The stack, by name or ARN.
    pub name: &'t str,
}

/// Why a template could not be asked about.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Which stack is meant, or where it is, is not known.
    #[error("stack `{name}`: {problem}")]
    Stack {
        /// The stack.
        name: String,
        /// What is wrong, and what to do.
        problem: String,
    },
}

/// Writes what a template would do to a stack into a copy of what the last scans read. Also told is what was left out.
///
/// # Errors
/// When the store fails, and when it is not known which stack is meant.
pub async fn of_stack(
    store: &Store,
    content: &Content,
    asked: &OfStack<'_>,
    place: &Where,
) -> Result<(Planned, Vec<String>), StackError> {
    let mut stack = Standing::of(store, asked.name, place).await?;
    let nothing = Proposal { file: asked.template.file.clone(), changes: Vec::new(), left_out: Vec::new() };
    let finder = Finder::new(store, content, &stack.place, &nothing).await?;
    stack.known(&finder, content).await?;
    let first = proposal(asked.template, &stack.context, &stack.place).proposal;
    stack.made(&finder, content, &first.changes);
    let new = proposal(asked.template, &stack.context, &stack.place);
    let old = asked.was.map(|was| proposal(was, &stack.context, &stack.place).proposal);
    let before = |id: &str| {
        let one = old.as_ref().and_then(|old| old.changes.iter().find(|one| one.address == id));
        one.map_or(Value::Null, |one| one.after.clone())
    };
    let mut whole = Proposal {
        file: new.proposal.file.clone(),
        changes: Vec::new(),
        left_out: new.proposal.left_out.clone(),
    };
    whole.left_out.extend(stack.note.clone());
    let mut stays: BTreeSet<&str> = BTreeSet::new();
    let mut same = 0_usize;
    for change in &new.proposal.changes {
        stays.insert(&change.address);
        if !stack.members.contains_key(&change.address) {
            whole.changes.push(change.clone());
            continue;
        }
        let before = before(&change.address);
        if before == change.after {
            same += 1;
            continue;
        }
        whole.changes.push(Proposed {
            does: Does::Changes,
            before,
            physical_id: stack.physical_id(&change.address),
            ..change.clone()
        });
    }
    for (id, kind) in stack.members.iter().filter(|(id, _)| !stays.contains(id.as_str())) {
        let before = before(id);
        whole.changes.push(Proposed {
            language: Language::CloudFormation,
            kind: kind.clone(),
            address: id.clone(),
            does: Does::Removes,
            before: if before.is_null() { Value::Object(Map::new()) } else { before },
            after: Value::Null,
            taken: Vec::new(),
            account: stack.place.account.clone(),
            region: stack.place.region.clone(),
            physical_id: stack.physical_id(id),
        });
    }
    let nested = |one: &Proposed| one.kind == STACK_TYPE;
    whole.left_out.extend(
        whole
            .changes
            .iter()
            .filter(|one| nested(one))
            .map(|one| format!("{}: a nested stack; ask of its own template", one.address)),
    );
    whole.changes.retain(|one| !nested(one));
    let mut planned = plan(store, content, &whole, &stack.place).await?;
    for told in new.assumed {
        let Some((id, why)) = told.split_once(": ") else { continue };
        if let Some(change) = planned.changes.iter_mut().find(|one| one.address == id) {
            change.assumed.push(why.to_owned());
        }
    }
    for change in planned.changes.iter_mut().filter(|one| one.does == Does::Removes.word()) {
        change.assumed.push("it is taken away; a `DeletionPolicy` may keep it".to_owned());
    }
    // What is as the template says it is no change.
    let is_idle = |one: &super::Change| {
        one.resources.is_empty() && one.not_known.is_empty() && one.not_looked_at.is_empty()
    };
    let count = planned.changes.len();
    planned.changes.retain(|one| !is_idle(one));
    same += count - planned.changes.len();
    let mut left_out = whole.left_out;
    if same > 0 {
        left_out.push(format!("{same} resources of the stack are as the template says"));
    }
    Ok((planned, left_out))
}

/// Puts what a template says in the place of values that a change set does not show. Gives back what was taken to be so.
///
/// # Errors
/// When the store fails, and when it is not known which stack is meant.
pub async fn fill(
    store: &Store,
    content: &Content,
    changes: &mut Proposal,
    asked: &OfStack<'_>,
    place: &Where,
) -> Result<(), StackError> {
    let mut stack = Standing::of(store, asked.name, place).await?;
    let finder = Finder::new(store, content, &stack.place, changes).await?;
    stack.known(&finder, content).await?;
    stack.made(&finder, content, &changes.changes);
    let told = proposal(asked.template, &stack.context, &stack.place);
    for change in changes.changes.iter_mut().filter(|one| one.after.is_object()) {
        if let Some(one) = told.proposal.changes.iter().find(|one| one.address == change.address) {
            fill_unknown(&mut change.after, &one.after, 0);
        }
    }
    Ok(())
}

/// How deep properties are looked into.
const DEPTH_MAX: usize = 64;

fn fill_unknown(value: &mut Value, told: &Value, depth: usize) {
    if depth > DEPTH_MAX || told.is_null() {
        return;
    }
    if unknown_why(value).is_some() {
        *value = told.clone();
        return;
    }
    match (value, told) {
        (Value::Object(members), Value::Object(told)) => {
            for (name, member) in members {
                fill_unknown(member, told.get(name).unwrap_or(&Value::Null), depth + 1);
            }
        }
        (Value::Array(items), Value::Array(told)) if items.len() == told.len() => {
            for (item, told) in items.iter_mut().zip(told) {
                fill_unknown(item, told, depth + 1);
            }
        }
        _ => {}
    }
}

/// A stack with its members.
struct Standing {
    place: Where,
    context: StackContext,
    /// Types by logical id.
    members: BTreeMap<String, String>,
    /// What to know about it.
    note: Option<String>,
}

impl Standing {
    async fn of(store: &Store, name: &str, place: &Where) -> Result<Self, StackError> {
        let wrong = |problem: String| StackError::Stack { name: name.to_owned(), problem };
        let found =
            store.stream_resources(&Which::of(&ResourceType::new(STACK_TYPE)), true).try_concat().await?;
        let mut found: Vec<Resource> = found.into_iter().map(|one| one.resource).collect();
        found.retain(|one| {
            (one.uid.as_str() == name || one.name.as_deref() == Some(name) || one.id == name)
                && place.account.as_deref().is_none_or(|account| one.account.as_str() == account)
                && place.region.as_deref().is_none_or(|region| one.region.as_str() == region)
        });
        if found.len() > 1 {
            let some: Vec<String> = found.iter().take(NAMED).map(|one| one.uid.to_string()).collect();
            return Err(wrong(format!(
                "there are several: {}; write --account and --region",
                some.join(", ")
            )));
        }
        let Some(stack) = found.pop() else {
            // The ARN of a stack says where it is.
            let part = |at: usize| name.split(':').nth(at).filter(|part| !part.is_empty()).map(str::to_owned);
            let account = place.account.clone().or_else(|| part(4));
            let region = place.region.clone().or_else(|| part(3));
            let (Some(account), Some(region)) = (account, region) else {
                return Err(wrong(
                    "the last scans saw no such stack; of one that is to be made write --account and --region"
                        .to_owned(),
                ));
            };
            let called = name.split('/').nth(1).unwrap_or(name).to_owned();
            let context = StackContext {
                id: format!("arn:aws:cloudformation:{region}:{account}:stack/{called}/planned"),
                name: called,
                account: account.clone(),
                region: region.clone(),
                ..StackContext::default()
            };
            let place = Where { account: Some(account), region: Some(region), ..Where::default() };
            let note = Some(format!("the last scans saw no stack `{name}`: all of it is taken to be new"));
            return Ok(Self { place, context, members: BTreeMap::new(), note });
        };
        let document = stack.document.value();
        let (mut members, mut physical_ids) = (BTreeMap::new(), BTreeMap::new());
        for member in document["Resources"].as_array().into_iter().flatten() {
            let text = |name: &str| member[name].as_str().unwrap_or_default().to_owned();
            if text("ResourceStatus") == "DELETE_COMPLETE" {
                continue;
            }
            let (id, physical) = (text("LogicalResourceId"), text("PhysicalResourceId"));
            if id.is_empty() {
                continue;
            }
            if !physical.is_empty() {
                physical_ids.insert(id.clone(), physical);
            }
            members.insert(id, text("ResourceType"));
        }
        let context = StackContext {
            name: stack.name.clone().unwrap_or_else(|| stack.id.clone()),
            id: stack.uid.to_string(),
            account: stack.account.to_string(),
            region: stack.region.to_string(),
            physical_ids,
            ..StackContext::default()
        };
        let place = Where {
            account: Some(stack.account.to_string()),
            region: Some(stack.region.to_string()),
            ..Where::default()
        };
        Ok(Self { place, context, members, note: None })
    }

    fn physical_id(&self, id: &str) -> Option<String> {
        self.context.physical_ids.get(id).cloned()
    }

    /// Learns the uids of what the stack has made.
    async fn known(&mut self, finder: &Finder<'_>, content: &Content) -> Result<(), StoreError> {
        for (id, kind) in &self.members {
            let Some(physical) = self.physical_id(id) else { continue };
            let Some(map) = content.declared.get(Language::CloudFormation, kind).filter(|map| !map.part)
            else {
                continue;
            };
            let change = Proposed {
                language: Language::CloudFormation,
                kind: kind.clone(),
                address: id.clone(),
                does: Does::Changes,
                before: Value::Null,
                after: Value::Null,
                taken: Vec::new(),
                account: self.place.account.clone(),
                region: self.place.region.clone(),
                physical_id: Some(physical.clone()),
            };
            if let [one] = finder.named(&map.is, &physical, &change).await?.as_slice() {
                self.context.uids.insert(id.clone(), one.uid.to_string());
            }
        }
        Ok(())
    }

    /// Learns what that is called which is to be made.
    fn made(&mut self, finder: &Finder<'_>, content: &Content, changes: &[Proposed]) {
        for change in
            changes.iter().filter(|one| one.does == Does::Makes && !self.members.contains_key(&one.address))
        {
            let map = content.declared.get(change.language, &change.kind).filter(|map| !map.part);
            let Some((map, (uid, page))) = map.and_then(|map| Some((map, finder.make(change, map).ok()?)))
            else {
                continue;
            };
            let fill = Fill {
                partition: uid.as_str().split(':').nth(1).unwrap_or("aws"),
                account: &page.account,
                region: &page.region,
                document: Some(&page.document),
                ..Fill::default()
            };
            let given = map.gives.get("Ref").and_then(|given| given.fill(fill)).unwrap_or(page.id);
            self.context.physical_ids.insert(change.address.clone(), given);
            self.context.uids.insert(change.address.clone(), uid.to_string());
        }
    }
}
