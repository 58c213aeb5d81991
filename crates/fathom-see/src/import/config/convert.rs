//! From a configuration item to a resource as a scan would have made it; pure.
//!
//! AWS Config spells members in its own case and names a few otherwise. The shapes of the service models give the
//! API's spelling back: the item of the type's listing for the configuration, the answers of its further calls for the
//! rest. What has no place there stays under `supplementaryConfiguration`.

use fathom_cloud::{
    codec::{Spelling, saved},
    model::{Kind, Member, Models, Service, ShapeRef, Structure},
};
use fathom_content::{Content, ResourceDefinition, resource::Enrich};
use fathom_estate::Unread;
use fathom_model::{Document, Partition, Region, Resource, ResourceType, Uid, path::Path};
use serde_json::{Map, Value, json};

use super::{super::run::partition_of, items::Item, not_understood};
use crate::{
    item::{self, Item as Finished, Place},
    seen,
};

/// A resource, and what is not known of it.
pub(super) struct Converted {
    pub(super) item: Finished,
    pub(super) unread: Vec<Unread>,
}

/// Makes the resource of an item.
///
/// # Errors
/// Says what the item lacks.
pub(super) fn convert(content: &Content, item: &Item) -> Result<Converted, String> {
    let names = content.aws_config.of(&item.kind);
    let kind = names.and_then(|names| names.named.as_ref()).map_or(item.kind.as_str(), ResourceType::as_str);
    match content.resources.get(kind) {
        Some(definition) => defined(content, definition, item),
        None => Ok(unknown(item)),
    }
}

fn partition(item: &Item) -> Partition {
    let told = item.arn.as_deref().and_then(|arn| arn.split(':').nth(1)).filter(|text| !text.is_empty());
    told.map(Partition::new).or_else(|| partition_of(&item.region)).unwrap_or_else(|| Partition::new("aws"))
}

fn unknown(item: &Item) -> Converted {
    let partition = partition(item);
    let who = (item.kind.as_str(), item.id.as_str());
    let (uid, kind) = seen::named(item.arn.as_deref(), partition.as_str(), &item.account, &item.region, who);
    let uid = Uid::from(uid);
    let document = json!({
        "configuration": item.configuration,
        "supplementaryConfiguration": item.supplementary,
        "tags": item.tags,
    });
    let resource = Resource {
        kind: seen::kind_of(&kind),
        account: item.account.clone(),
        region: item.region.clone(),
        id: item.id.clone(),
        name: item.name.clone(),
        tags: item.tags.clone(),
        created_at: item.created,
        provider_made: false,
        exposed: false,
        document: Document::new(&document),
        uid: uid.clone(),
    };
    let unread = vec![not_understood(&uid, &item.kind)];
    Converted { item: Finished { resource, also: Vec::new(), references: Vec::new(), cut: false }, unread }
}

fn defined(content: &Content, definition: &ResourceDefinition, item: &Item) -> Result<Converted, String> {
    let mut configuration = item.configuration.clone();
    for rename in content.aws_config.of(&item.kind).into_iter().flat_map(|names| &names.rename) {
        rename.inside.change(&mut configuration, &mut |place| {
            if let Some(members) = place.as_object_mut()
                && let Some(value) = members.remove(&rename.from)
            {
                members.insert(rename.to.clone(), value);
            }
        });
    }
    let mut document = match item_shape(definition) {
        Some((service, shape)) => {
            let value = wrapped(&service, &shape, configuration);
            saved(&service, &shape, value, Spelling::AnyCase).map_err(|error| error.to_string())?
        }
        None => configuration,
    };
    if !document.is_object() {
        document = Value::Object(Map::new());
    }
    let mut rest = Map::new();
    let mut told: Vec<&str> = Vec::new();
    for (name, part) in &item.supplementary {
        match definition.enrich.iter().find(|enrich| is_about(definition, enrich, name)) {
            Some(enrich) => {
                told.push(&enrich.into);
                put(&mut document, &enrich.into, answer(definition, enrich, part.clone())?);
            }
            None => {
                rest.insert(name.clone(), part.clone());
            }
        }
    }
    if !rest.is_empty() {
        put(&mut document, "supplementaryConfiguration", Value::Object(rest));
    }
    put_tags(definition, item, &mut document);
    fill_identity(definition, item, &mut document);
    item::normalise(definition, &mut document);

    let partition = partition(item);
    let told_region = item::region_of(definition, &document, &item.region);
    let region = match definition.scope {
        fathom_content::resource::Scope::Region => item.region.clone(),
        // A global type with a rule tells its region in the document, which AWS Config may leave out.
        _ if definition.identity.region.is_some() => item.region.clone(),
        _ if told_region.is_global() => told_region,
        _ => Region::global(),
    };
    let place = Place {
        partition: &partition,
        account: &item.account,
        region: &region,
        parent: None,
        parent_uid: None,
    };
    let built = item::build(definition, &content.references, &document, place, &region);
    let mut finished = match (built, item.arn.as_deref()) {
        (Ok(finished), _) => finished,
        // What identity needs is not in the item, but the item says who it is.
        (Err(problem), Some(arn)) => {
            let (Ok(arn), Ok(id)) = (arn.parse(), item.id.parse()) else { return Err(problem) };
            let mut known = definition.clone();
            (known.identity.arn, known.identity.id) = (arn, id);
            item::build(&known, &content.references, &document, place, &region)?
        }
        (Err(problem), None) => return Err(problem),
    };
    finished.resource.created_at = finished.resource.created_at.or(item.created);
    if finished.resource.name.is_none() {
        finished.resource.name.clone_from(&item.name);
    }
    let uid = &finished.resource.uid;
    let missing = definition.enrich.iter().filter(|enrich| {
        !told.contains(&enrich.into.as_str()) && document.get(&enrich.into).is_none_or(Value::is_null)
    });
    let unread = missing
        .map(|enrich| Unread {
            uid: uid.clone(),
            attribute: enrich.into.clone(),
            reason: fathom_model::Reason::NotImported,
            detail: "AWS Config does not describe it".to_owned(),
        })
        .collect();
    Ok(Converted { item: finished, unread })
}

/// The shape of one document of a type: what its listing, or the call that describes what was listed, gives.
fn item_shape(definition: &ResourceDefinition) -> Option<(std::sync::Arc<Service>, ShapeRef)> {
    let list = &definition.list;
    let (operation, items) = match &list.describe {
        Some(describe) => (&describe.operation, &describe.items),
        None => (&list.operation, &list.items),
    };
    let service = Models::embedded().service(&definition.service).ok()?;
    let output = service.operation(operation)?.output()?.clone();
    let shape = follow(&service, &output, items)?;
    Some((service, shape))
}

/// The shape that a path leads to.
fn follow(service: &Service, from: &ShapeRef, path: &Path) -> Option<ShapeRef> {
    let mut at = from.clone();
    let text = path.as_str().split("||").next()?.trim();
    if text == "@" {
        return Some(at);
    }
    for segment in text.split('.') {
        let (name, brackets) = segment.split_at(segment.find('[').unwrap_or(segment.len()));
        if !name.is_empty() && name != "@" {
            at = service.shape(at.shape()).structure()?.member(name)?.target().clone();
        }
        for _ in brackets.matches('[') {
            let Kind::List(item) = service.shape(at.shape()).kind() else { return None };
            at = item.clone();
        }
    }
    Some(at)
}

/// A value under the member that it fits better than the structure itself: what describes a thing may wrap it.
fn wrapped(service: &Service, shape: &ShapeRef, value: Value) -> Value {
    let Some(members) = value.as_object() else { return value };
    let fits = |shape: &ShapeRef| {
        let structure = service.shape(shape.shape()).structure();
        let known = |key: &String| {
            structure.is_some_and(|one| one.members().iter().any(|m| m.name().eq_ignore_ascii_case(key)))
        };
        members.keys().filter(|key| known(key)).count()
    };
    let own = fits(shape);
    let inner = service.shape(shape.shape()).structure().into_iter().flat_map(Structure::members);
    let best = inner.map(|member| (fits(member.target()), member)).max_by_key(|(count, _)| *count);
    match best {
        Some((count, member)) if count > own && own * 2 < members.len() => {
            Value::Object(Map::from_iter([(member.name().to_owned(), value)]))
        }
        _ => value,
    }
}

/// Whether a part of the supplementary configuration is what a further call answers.
fn is_about(definition: &ResourceDefinition, enrich: &Enrich, name: &str) -> bool {
    let noun = definition.kind.as_str().rsplit("::").next().unwrap_or_default().to_ascii_lowercase();
    let plain = |text: &str| {
        let text = text.to_ascii_lowercase();
        let text =
            text.strip_prefix(noun.as_str()).filter(|rest| !rest.is_empty()).unwrap_or(&text).to_owned();
        text.strip_suffix("configuration").filter(|rest| !rest.is_empty()).unwrap_or(&text).to_owned()
    };
    let verb = ["Get", "Describe", "List"].iter().find_map(|verb| enrich.operation.strip_prefix(verb));
    let take =
        enrich.take.as_ref().map(|path| path.as_str().rsplit(['.', '[', ']']).find(|part| !part.is_empty()));
    let name = plain(name);
    [Some(enrich.into.as_str()), verb, take.flatten()].into_iter().flatten().any(|told| plain(told) == name)
}

/// A part in the form that a further call gives it.
fn answer(definition: &ResourceDefinition, enrich: &Enrich, part: Value) -> Result<Value, String> {
    let service = enrich.service.as_deref().unwrap_or(&definition.service);
    let Ok(service) = Models::embedded().service(service) else { return Ok(part) };
    let output = service.operation(&enrich.operation).and_then(|operation| operation.output());
    let whole: Path = "@".parse().map_err(|_| "no path")?;
    let shape = output.and_then(|output| follow(&service, output, enrich.take.as_ref().unwrap_or(&whole)));
    let Some(shape) = shape else { return Ok(part) };
    // A text in an object of its own: `{"policyText": "…"}`.
    let part = match (service.shape(shape.shape()).kind(), part) {
        (Kind::String, Value::Object(members)) if members.len() == 1 && !members.contains_key("Version") => {
            members.into_iter().next().map(|(_, value)| value).unwrap_or_default()
        }
        (_, part) => part,
    };
    saved(&service, &shape, part, Spelling::AnyCase).map_err(|error| error.to_string())
}

/// Puts the item's tags where the definition looks for them, in the form that the service gives them.
fn put_tags(definition: &ResourceDefinition, item: &Item, document: &mut Value) {
    let Some(path) = &definition.tags else { return };
    if item.tags.is_empty() || path.first(document).is_some_and(|tags| !item::tags(Some(tags)).is_empty()) {
        return;
    }
    let member = path.as_str();
    if !member.chars().all(|c| c.is_ascii_alphanumeric()) {
        return;
    }
    let own = item_shape(definition).and_then(|(service, shape)| {
        let member = service.shape(shape.shape()).structure()?.member(member)?.target().clone();
        Some((service, member))
    });
    let enriched = || {
        let enrich = definition.enrich.iter().find(|enrich| enrich.into == member)?;
        let service = enrich.service.as_deref().unwrap_or(&definition.service);
        let service = Models::embedded().service(service).ok()?;
        let shape = follow(&service, service.operation(&enrich.operation)?.output()?, enrich.take.as_ref()?)?;
        Some((service, shape))
    };
    let names = own.or_else(enriched).and_then(|(service, shape)| {
        let Kind::List(tag) = service.shape(shape.shape()).kind() else { return None };
        let tag = service.shape(tag.shape()).structure()?;
        let named = |ending: &str| {
            let mut names = tag.members().iter().map(Member::name);
            names.find(|name| name.to_ascii_lowercase().ends_with(ending)).map(str::to_owned)
        };
        Some((named("key")?, named("value")?))
    });
    let tags = match names {
        Some((key, value)) => {
            let pair = |(k, v): (&String, &String)| json!({key.as_str(): k, value.as_str(): v});
            Value::Array(item.tags.iter().map(pair).collect())
        }
        None => json!(item.tags),
    };
    put(document, member, tags);
}

/// Puts what the item says of itself into the members that make its identity, where the configuration lacks them.
fn fill_identity(definition: &ResourceDefinition, item: &Item, document: &mut Value) {
    let identity = &definition.identity;
    let arn_hole = only_hole(identity.arn.as_str());
    if let (Some(hole), Some(arn)) = (arn_hole, &item.arn) {
        put_missing(document, hole, arn);
    }
    for hole in holes(identity.id.as_str()).into_iter().chain(holes(identity.arn.as_str())) {
        let last = hole.rsplit('.').next().unwrap_or(hole);
        let is_id = last.to_ascii_lowercase().ends_with("id");
        let text = if is_id { Some(&item.id) } else { item.name.as_ref().or(Some(&item.id)) };
        if Some(hole) != arn_hole
            && let Some(text) = text
        {
            put_missing(document, hole, text);
        }
    }
}

/// The path of a template that is one hole and nothing else.
fn only_hole(template: &str) -> Option<&str> {
    let inner = template.strip_prefix('{')?.strip_suffix('}')?;
    (!inner.contains(['{', '}', '|'])).then_some(inner)
}

/// The paths of holes that lead into the document.
fn holes(template: &str) -> Vec<&str> {
    let inside = template.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    inside
        .filter(|hole| !matches!(*hole, "partition" | "account" | "region"))
        .filter(|hole| !hole.starts_with("parent") && !hole.starts_with("item") && !hole.contains(['|', '[']))
        .collect()
}

fn put_missing(document: &mut Value, path: &str, text: &str) {
    let mut at = document;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let Some(members) = at.as_object_mut() else { return };
        let member = members.entry(name).or_insert(Value::Null);
        if names.peek().is_none() {
            if member.is_null() {
                *member = Value::from(text);
            }
            return;
        }
        if member.is_null() {
            *member = Value::Object(Map::new());
        }
        at = member;
    }
}

fn put(document: &mut Value, member: &str, value: Value) {
    if let Some(members) = document.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}
