//! From a definition's paths to the shapes they lead to.

use std::sync::Arc;

use fathom_cloud::model::{Kind, Models, Operation, Service, ShapeRef};
use fathom_content::{ResourceDefinition, resource::Name};
use serde_json::Value;

use crate::support::CONTENT;

/// An answer of which a definition takes a part.
pub(super) struct Source {
    pub(super) service: Arc<Service>,
    pub(super) operation: String,
    /// Where the part is in the answer.
    pub(super) base: String,
    /// The member of the document that receives it; empty for the document itself.
    pub(super) into: String,
    /// Whether that member is a list of what was found.
    pub(super) many: bool,
}

/// Where a path ended.
pub(super) struct Place<'s> {
    /// The shape, unless the path went on into text.
    pub(super) end: Option<&'s ShapeRef>,
    /// The first shape on the way that the client masks.
    pub(super) masked: Option<String>,
    /// All shapes on the way.
    pub(super) passed: Vec<String>,
}

impl Place<'_> {
    fn pass(&mut self, service: &Service, shape: &ShapeRef) {
        let name = service.shape(shape.shape()).name().to_owned();
        if shape.is_sensitive() {
            self.masked.get_or_insert_with(|| name.clone());
        }
        self.passed.push(name);
    }
}

impl Source {
    pub(super) fn of(service: &str, operation: &str, base: &str, into: &str) -> Self {
        Self {
            service: Models::embedded().service(service).unwrap(),
            operation: operation.to_owned(),
            base: base.to_owned(),
            into: into.to_owned(),
            many: false,
        }
    }

    pub(super) fn operation(&self) -> &Operation {
        self.service.operation(&self.operation).unwrap()
    }

    /// The same path in the answer, where it leads into this part of the document.
    pub(super) fn in_answer(&self, path: &str) -> Option<String> {
        let below = path.strip_prefix(self.into.as_str())?;
        let is_below = below.is_empty() || below.starts_with(['.', '[']);
        if !(self.into.is_empty() || is_below) {
            return None;
        }
        let below = if self.many && below.starts_with('[') {
            below.split_once(']').map_or(below, |(_, rest)| rest)
        } else {
            below
        };
        let below = below.trim_start_matches('.');
        Some(match (self.base.as_str(), below) {
            (base, "" | "@") => base.to_owned(),
            ("@", below) => below.to_owned(),
            (base, below) if below.starts_with('[') => format!("{base}{below}"),
            (base, below) => format!("{base}.{below}"),
        })
    }

    /// Follows a path of the answer; none where the model knows no such member.
    pub(super) fn walk(&self, path: &str) -> Option<Place<'_>> {
        let mut place = Place { end: self.operation().output(), masked: None, passed: Vec::new() };
        if path == "@" {
            return Some(place);
        }
        for segment in path.split('.') {
            let name = segment.split('[').next().unwrap_or_default();
            let steps = (!name.is_empty() && name != "@").then_some(name).into_iter();
            for step in steps.chain(segment.matches('[')) {
                let here = place.end?;
                place.pass(&self.service, here);
                place.end = match (self.service.shape(here.shape()).kind(), step) {
                    (Kind::List(member), "[") => Some(member),
                    (Kind::Map(_, value), step) if step != "[" => Some(value),
                    // Text that holds JSON.
                    (Kind::String, _) => return Some(Place { end: None, ..place }),
                    (Kind::Structure(structure), step) if step != "[" => {
                        Some(structure.member(step)?.target())
                    }
                    _ => return None,
                };
            }
        }
        if let Some(end) = place.end {
            place.pass(&self.service, end);
        }
        Some(place)
    }
}

/// The calls of a definition, as service and operation.
pub(super) fn calls(definition: &ResourceDefinition) -> Vec<(String, String)> {
    definition.calls().map(|(service, operation)| (service.to_owned(), operation.to_owned())).collect()
}

/// What the documents of a type are made of.
pub(super) fn sources(definition: &ResourceDefinition) -> Vec<Source> {
    let (service, list) = (definition.service.as_str(), &definition.list);
    let mut sources = Vec::new();
    match &list.describe {
        None => sources.push(Source::of(service, &list.operation, list.items.as_str(), "")),
        Some(describe) => {
            sources.push(Source::of(service, &describe.operation, describe.items.as_str(), ""));
            let kept = describe.keep_item.as_ref();
            sources.extend(kept.map(|kept| Source::of(service, &list.operation, list.items.as_str(), kept)));
            let beside = describe.keep.iter();
            sources.extend(
                beside.map(|(into, path)| Source::of(service, &describe.operation, path.as_str(), into)),
            );
        }
    }
    sources.extend(definition.enrich.iter().map(|enrich| {
        let service = enrich.service.as_deref().unwrap_or(service);
        let take = enrich.take.as_ref().map_or("@", |take| take.as_str());
        Source { many: enrich.many, ..Source::of(service, &enrich.operation, take, &enrich.into) }
    }));
    sources
}

/// The paths in documents of a type by which resources are told apart, grouped, found and asked for more, each with
/// what it is for.
pub(super) fn relied_on(definition: &ResourceDefinition) -> Vec<(&'static str, String)> {
    let identity = &definition.identity;
    let mut paths: Vec<(&str, String)> = Vec::new();
    let mut add = |what, path: &str| {
        let alternatives = path.split("||").map(|one| one.trim().trim_end_matches("|last").to_owned());
        paths.extend(alternatives.map(|one| (what, one)));
    };
    for template in [&identity.id, &identity.arn].into_iter().chain(&identity.also_as) {
        for hole in holes(template.as_str()) {
            add("identity", &hole);
        }
    }
    match &identity.name {
        Some(Name::Path(path) | Name::Last(path)) => add("name", path.as_str()),
        Some(Name::Tag(_)) | None => {}
    }
    identity.also.iter().for_each(|path| add("identity.also", path.as_str()));
    identity.account.iter().for_each(|path| add("identity.account", path.as_str()));
    identity.region.iter().for_each(|rule| add("identity.region", rule.path.as_str()));
    definition.tags.iter().for_each(|path| add("tags", path.as_str()));
    for relation in definition.relations.iter().filter(|relation| relation.path.as_str() != "parent") {
        add("relations", relation.path.as_str());
    }
    definition.states.values().for_each(|path| add("states", path.as_str()));
    let conditions = definition.exposed_when.iter().chain(&definition.provider_made);
    conditions.chain(definition.enrich.iter().filter_map(|enrich| enrich.when.as_ref())).for_each(
        |condition| {
            add("a condition", condition.path.as_str());
            if condition.path.as_str() == "@" {
                condition.all.iter().for_each(|inner| add("a condition", inner.path.as_str()));
            }
        },
    );
    for value in definition.enrich.iter().flat_map(|enrich| enrich.params.values()) {
        texts(value).iter().flat_map(|text| holes(text)).for_each(|hole| add("a parameter", &hole));
    }
    // Children are asked for by what their parent's document says.
    for child in CONTENT.resources.values() {
        if child.list.for_each.as_ref() != Some(&definition.kind) {
            continue;
        }
        let params =
            child.list.params.values().chain(child.enrich.iter().flat_map(|one| one.params.values()));
        for hole in params.flat_map(texts).flat_map(holes) {
            if let Some(path) = hole.strip_prefix("parent.") {
                add("a child's parameter", path);
            }
        }
    }
    paths.retain(|(_, path)| {
        !matches!(path.as_str(), "account" | "region" | "partition" | "item" | "@")
            && !path.starts_with("parent.")
            && !path.starts_with("item.")
    });
    paths
}

/// What is between braces.
pub(super) fn holes(text: &str) -> Vec<String> {
    let after = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    after.map(|(hole, _)| hole.trim_end_matches("|last").trim_end_matches("|bare").to_owned()).collect()
}

/// All texts in a parameter.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
