//! A CloudFormation template as a [`Proposal`]: all that it would make.
//!
//! References between resources of one template become the ids and ARNs that these are called by until the provider gives them others:
//! a template is evaluated twice, first to learn what its resources are called.

use std::{collections::BTreeSet, sync::Arc};

use fathom_content::{
    Content,
    declared::Language,
    template::{Fill, last_segment},
};
use fathom_estate::declared::{
    changes::{Does, Proposal, Proposed},
    doubt,
    evaluate::{Evaluator, StackContext},
    settled,
    template::Template,
    unknown_why,
};
use fathom_model::Uid;
use fathom_store::{Store, StoreError};
use serde_json::{Map, Value};

use super::{
    Page, Where,
    find::{Finder, called, identities, is_called, naming},
};

/// Stands for an account that nobody says: no account has this number. It is another than the one that stands for any account when a
/// policy is asked whom it lets in.
pub const STANDS_FOR_ACCOUNT: &str = "000000000001";
/// Stands for a region that nobody says.
pub const STANDS_FOR_REGION: &str = "us-east-1";
/// Stands for the name of a stack that is not made yet.
const STANDS_FOR_STACK: &str = "planned-stack";

/// A template, read as what it would make.
#[derive(Debug, Clone)]
pub struct Templated {
    /// All that it would make.
    pub proposal: Proposal,
    /// What was taken to be so: defaults of parameters, conditions that are not known.
    pub assumed: Vec<String>,
    /// Addresses in the proposal of what the template only writes a part of: the bucket of a bucket policy.
    pub implied: Vec<String>,
}

/// The resources of a template as if all of them were to be made.
///
/// # Errors
/// When the store fails.
pub async fn template(
    store: &Store,
    content: &Content,
    template: &Template,
    place: &Where,
) -> Result<Templated, StoreError> {
    let mut stack = StackContext {
        account: place.account.clone().unwrap_or_default(),
        region: place.region.clone().unwrap_or_default(),
        is_new: true,
        ..StackContext::default()
    };
    let partition = match place.region.as_deref() {
        Some(region) if region.starts_with("cn-") => "aws-cn",
        Some(region) if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    let suffix = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    for (name, text) in [
        ("AWS::AccountId", STANDS_FOR_ACCOUNT),
        ("AWS::Region", STANDS_FOR_REGION),
        ("AWS::StackName", STANDS_FOR_STACK),
        ("AWS::Partition", partition),
        ("AWS::URLSuffix", suffix),
    ] {
        stack.stands_in.insert(name.to_owned(), text.to_owned());
    }
    let first = proposal(template, &stack, place);
    let finder = Finder::new(store, content, place, &first.proposal).await?;
    let mut wholes: Vec<(Uid, Page)> = Vec::new();
    for change in &first.proposal.changes {
        let map = content.declared.get(change.language, &change.kind).filter(|map| !map.part);
        let Some((map, (uid, page))) = map.and_then(|map| Some((map, finder.make(change, map).ok()?))) else {
            continue;
        };
        let fill = Fill {
            partition,
            account: &page.account,
            region: &page.region,
            document: Some(&page.document),
            ..Fill::default()
        };
        for (name, given) in map.gives.iter().filter(|(name, _)| *name != "Ref") {
            if let Some(text) = given.fill(fill) {
                stack.gives.insert((change.address.clone(), name.clone()), text);
            }
        }
        let given =
            map.gives.get("Ref").and_then(|given| given.fill(fill)).unwrap_or_else(|| page.id.clone());
        stack.physical_ids.insert(change.address.clone(), given);
        stack.uids.insert(change.address.clone(), uid.to_string());
        wholes.push((uid, page));
    }
    let mut made = proposal(template, &stack, place);
    if place.otherwise.is_some() {
        imply(content, &mut made, &wholes);
    }
    Ok(made)
}

/// Adds what parts of a plan belong to that is not in the plan, of which nothing but the part is known; gives back the addresses of what
/// was added. A part of something that nothing names gets something of its own.
pub fn plan_wholes(content: &Content, proposal: &mut Proposal) -> Vec<String> {
    let wholes: Vec<Proposed> = proposal.changes.clone();
    let file = Arc::clone(&proposal.file);
    let mut implied: Vec<Proposed> = Vec::new();
    for change in &mut proposal.changes {
        let map = |one: &Proposed| content.declared.get(one.language, &one.kind);
        let Some(of) = map(change).filter(|of| of.part) else { continue };
        let Some(name) = of.identified_by.first().map(|text| attribute(text.as_str()).to_owned()) else {
            continue;
        };
        let mut is_whole =
            wholes.iter().filter(|one| map(one).is_some_and(|whole| !whole.part && whole.is == of.is));
        let known = change.after.get(&name).filter(|value| unknown_why(value).is_none());
        let known = known.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let is_there = match &known {
            Some(said) => is_whole.any(|one| {
                let Some(whole) = map(one) else { return false };
                identities(&one.after, one, whole)
                    .iter()
                    .any(|own| own == said || last_segment(own) == last_segment(said))
            }),
            None => is_whole.any(|one| {
                let bare = one.address.split('[').next().unwrap_or_default();
                let taken = change.taken.iter().filter(|(path, _)| *path == name);
                taken
                    .flat_map(|(_, all)| all)
                    .any(|taken| taken.address == one.address || taken.address == bare)
            }),
        };
        let mut all = content.declared.iter();
        let whole = all.find(|(of_language, one)| {
            *of_language == change.language && one.is == of.is && !one.part && !one.made.is_empty()
        });
        let (false, Some((_, whole))) = (is_there, whole) else { continue };
        let said = known.unwrap_or_else(|| called(content, &file, change, &of.is));
        if let Some(members) = change.after.as_object_mut() {
            members.insert(name, Value::from(said.as_str()));
        }
        let own = Value::from(last_segment(&said));
        let names = ["id"].into_iter().chain(naming(whole)).map(|name| (name.to_owned(), own.clone()));
        let after: Value = names.collect();
        if implied.iter().any(|one| one.kind == whole.kind && one.after == after) {
            continue;
        }
        let (account, region) = place_of(&said);
        implied.push(Proposed {
            kind: whole.kind.clone(),
            address: format!("what {} is of", change.address),
            after,
            taken: Vec::new(),
            account: account.or_else(|| change.account.clone()),
            region: region.or_else(|| change.region.clone()),
            ..change.clone()
        });
    }
    let addresses = implied.iter().map(|one| one.address.clone()).collect();
    proposal.changes.extend(implied);
    addresses
}

/// The attribute that a template of a name reads.
fn attribute(text: &str) -> &str {
    text.trim_matches(['{', '}']).split('|').next().unwrap_or_default()
}

/// Adds what a part belongs to that is not in the template, of which nothing but the part is known.
fn imply(content: &Content, made: &mut Templated, wholes: &[(Uid, Page)]) {
    let mut implied: Vec<Proposed> = Vec::new();
    for change in &made.proposal.changes {
        let Some(map) = content.declared.get(change.language, &change.kind).filter(|map| map.part) else {
            continue;
        };
        let names = identities(&change.after, change, map);
        let is_whole = |(uid, page): &(Uid, Page)| {
            page.kind == map.is && names.iter().any(|name| is_called(uid, &page.id, &page.document, name))
        };
        let whole =
            content.declared.iter().find(|(of, one)| *of == change.language && one.is == map.is && !one.part);
        let (Some(name), Some((_, whole)), false) = (names.first(), whole, wholes.iter().any(is_whole))
        else {
            continue;
        };
        let attribute =
            whole.identified_by.first().map_or("id", |text| text.as_str().trim_matches(['{', '}']));
        // What an ARN identifies is named by all of it: one of a layer ends in a number.
        let is_whole_name = attribute == "id" || attribute.ends_with("Arn");
        let value = if is_whole_name { name } else { last_segment(name) };
        let after = Value::from_iter([(attribute.to_owned(), Value::from(value))]);
        if implied.iter().any(|one| one.kind == whole.kind && one.after == after) {
            continue;
        }
        let address = format!("what {} is of", change.address);
        let (account, region) = place_of(name);
        implied.push(Proposed {
            kind: whole.kind.clone(),
            address,
            after,
            account: account.or_else(|| change.account.clone()),
            region: region.or_else(|| change.region.clone()),
            ..change.clone()
        });
    }
    made.implied = implied.iter().map(|one| one.address.clone()).collect();
    made.proposal.changes.extend(implied);
}

/// The account and the region that a name says: an ARN, or the address of a queue.
fn place_of(name: &str) -> (Option<String>, Option<String>) {
    let said = |part: &&str| !part.is_empty() && !part.contains('*');
    if name.starts_with("arn:") {
        let parts: Vec<&str> = name.splitn(6, ':').collect();
        let part = |at: usize| parts.get(at).copied().filter(said).map(str::to_owned);
        return (part(4), part(3));
    }
    let Some((host, path)) = name.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else {
        return (None, None);
    };
    let is_account = |part: &&str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_region = |label: &&str| {
        let parts: Vec<&str> = label.split('-').collect();
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        parts.len() > 2
            && parts.first().is_some_and(|part| part.len() == 2)
            && parts.last().is_some_and(is_number)
    };
    let account = path.split('/').next().filter(is_account);
    let region = host.split(['.', ':']).find(is_region);
    (account.map(str::to_owned), region.map(str::to_owned))
}

pub(super) fn proposal(template: &Template, stack: &StackContext, place: &Where) -> Templated {
    let mut evaluator = Evaluator::new(template, stack);
    let mut left_out: Vec<String> =
        template.skipped.iter().map(|(id, why)| format!("resource `{id}`: {why}")).collect();
    let (mut changes, mut assumed) = (Vec::new(), Vec::new());
    for (id, resource) in &template.resources {
        if let Some(name) = &resource.condition {
            let holds = evaluator.condition(name);
            if settled(&holds) == Value::Bool(false) {
                let why = doubt(&holds).map(|why| format!(": {why}")).unwrap_or_default();
                left_out
                    .push(format!("resource `{id}` is not made, its condition `{name}` does not hold{why}"));
                continue;
            }
            if let Some(why) = doubt(&holds) {
                assumed.push(format!("{id}: condition `{name}` holds: {why}"));
            }
        }
        let properties = evaluator.value(&resource.properties).filter(Value::is_object);
        let properties = properties.unwrap_or_else(|| Value::Object(Map::new()));
        let mut told = BTreeSet::new();
        assumptions(&properties, &mut told);
        assumed.extend(told.into_iter().map(|why| format!("{id}: {why}")));
        changes.push(Proposed {
            language: Language::CloudFormation,
            kind: resource.kind.clone(),
            address: id.clone(),
            does: Does::Makes,
            before: Value::Null,
            after: settled(&properties),
            taken: Vec::new(),
            account: place.account.clone(),
            region: place.region.clone(),
            physical_id: None,
        });
    }
    Templated {
        proposal: Proposal { file: Arc::clone(&template.file), changes, left_out },
        assumed,
        implied: Vec::new(),
    }
}

/// What parts of a value are only assumed by.
fn assumptions(value: &Value, told: &mut BTreeSet<String>) {
    if unknown_why(value).is_some() {
        return;
    }
    if let Some((inner, why)) = fathom_estate::declared::assumed_parts(value) {
        told.insert(why.to_owned());
        return assumptions(inner, told);
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| assumptions(item, told)),
        Value::Object(members) => members.values().for_each(|member| assumptions(member, told)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_where_things_are() {
        for (name, account, region) in [
            ("arn:aws:sns:eu-west-1:111122223333:alerts", Some("111122223333"), Some("eu-west-1")),
            ("arn:aws:s3:::bucket", None, None),
            (
                "https://sqs.us-east-2.amazonaws.com/444455556666/queue",
                Some("444455556666"),
                Some("us-east-2"),
            ),
            ("https://queue.amazonaws.com/444455556666/queue", Some("444455556666"), None),
            ("https://sqs.us-east-2.amazonaws.com/queue", None, Some("us-east-2")),
            ("alerts", None, None),
        ] {
            let wanted = (account.map(str::to_owned), region.map(str::to_owned));
            assert_eq!(place_of(name), wanted, "{name}");
        }
    }
}
