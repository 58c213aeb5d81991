//! A made-up provider of five types, and short ways to write its resources.

use std::collections::BTreeMap;

use fathom_content::{Content, Declarations};
use fathom_estate::{Estate, EstateBuilder, Reference, Sources, Sure, TerraformIndex, explain};
use fathom_model::{Document, Explanation, Part, Region, Resource, SourceKind, Timestamp};
use serde_json::{Value, json};

pub(crate) const DISK: &str = "T::Box::Disk";
pub(crate) const SERVER: &str = "T::Box::Server";
pub(crate) const NET: &str = "T::Box::Net";
pub(crate) const PERSON: &str = "T::Box::Person";
pub(crate) const STACK: &str = "AWS::CloudFormation::Stack";

const FILES: [(&str, &str); 6] = [
    (
        "demands.yaml",
        "always: [owner, purpose, environment]
traits: { stores_data: [data_class], costs: [creator_or_code], exposed: [creator_or_code] }",
    ),
    (
        "resources/disk.yaml",
        "type: T::Box::Disk
description: Keeps data.
service: box
list: { operation: ListDisks, items: 'Disks[]' }
identity: { id: '{Id}', arn: '{Arn}' }
traits: [stores_data, costs]
relations:
  - { kind: attached_to, path: Server, to: 'T::Box::Server' }
  - { kind: copy_of, path: Source, to: 'T::Box::Disk' }
inherit: [attached_to, copy_of]",
    ),
    (
        "resources/server.yaml",
        "type: T::Box::Server
description: Costs money.
service: box
list: { operation: ListServers, items: 'Servers[]' }
identity: { id: '{Id}', arn: '{Arn}' }
traits: [costs]
relations:
  - { kind: in_net, path: Net, to: 'T::Box::Net' }
  - { kind: part_of, path: Group, to: 'T::Box::Server' }
inherit: [part_of, in_net]",
    ),
    (
        "resources/net.yaml",
        "type: T::Box::Net
description: Nothing special.
service: box
list: { operation: ListNets, items: 'Nets[]' }
identity: { id: '{Id}', arn: '{Arn}' }
relations:
  - { kind: in_net, path: Outer, to: 'T::Box::Net' }
  - { kind: part_of, path: Whole, to: ['T::Box::Net', 'T::Box::Server'] }
inherit: [part_of]",
    ),
    (
        "resources/person.yaml",
        "type: T::Box::Person
description: Acts.
service: box
list: { operation: ListPeople, items: 'People[]' }
identity: { id: '{Id}', arn: '{Arn}' }
traits: [identity]
states: { creator: MadeBy }",
    ),
    (
        "resources/stack.yaml",
        "type: AWS::CloudFormation::Stack
description: Declares others.
service: box
list: { operation: ListStacks, items: 'Stacks[]' }
identity: { id: '{Id}', arn: '{Arn}' }
relations:
  - { kind: part_of, path: Parent, to: 'AWS::CloudFormation::Stack' }
inherit: [part_of]",
    ),
];

pub(crate) fn content() -> Content {
    let files = FILES.map(|(name, text)| (name.to_owned(), text.to_owned()));
    Content::from_files(&BTreeMap::from(files)).expect("the made-up content")
}

pub(crate) fn now() -> Timestamp {
    time(1_000)
}

pub(crate) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

pub(crate) fn declarations(text: &str) -> Declarations {
    Declarations::parse("fathom.yaml", text).expect("good declarations")
}

/// The ARN that [`resource`] gives.
pub(crate) fn arn(kind: &str, account: &str, region: &str, id: &str) -> String {
    format!("arn:t:{}:{region}:{account}:{id}", kind.rsplit(':').next().unwrap_or_default().to_lowercase())
}

pub(crate) fn resource(kind: &str, account: &str, region: &str, id: &str) -> Resource {
    Resource {
        uid: arn(kind, account, region, id).into(),
        kind: kind.into(),
        account: account.into(),
        region: Region::from(region),
        id: id.to_owned(),
        name: None,
        tags: BTreeMap::new(),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(&json!({})),
    }
}

/// A resource in the one account and region that most cases need.
pub(crate) fn here(kind: &str, id: &str) -> Resource {
    resource(kind, "1", "north", id)
}

/// Short ways to change a resource.
pub(crate) trait With: Sized {
    fn tag(self, key: &str, value: &str) -> Self;
    fn named(self, name: &str) -> Self;
    fn document(self, value: &Value) -> Self;
    fn exposed(self) -> Self;
    fn provider_made(self) -> Self;
    fn created(self, second: i64) -> Self;
}

impl With for Resource {
    fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    fn document(self, value: &Value) -> Self {
        Self { document: Document::new(value), ..self }
    }

    fn exposed(self) -> Self {
        Self { exposed: true, ..self }
    }

    fn provider_made(self) -> Self {
        Self { provider_made: true, ..self }
    }

    fn created(self, second: i64) -> Self {
        Self { created_at: Some(time(second)), ..self }
    }
}

pub(crate) fn refer(from: &Resource, kind: &str, to: &[&str], text: &str) -> Reference {
    Reference {
        from: from.uid.clone(),
        kind: kind.into(),
        to: to.iter().map(|&kind| kind.into()).collect(),
        text: text.to_owned(),
        path: "Place".into(),
        sure: Sure::Declared,
    }
}

pub(crate) fn estate(resources: &[Resource], references: &[Reference]) -> Estate {
    let mut builder = EstateBuilder::new();
    for resource in resources {
        builder.add(resource.clone(), None);
    }
    for reference in references {
        builder.refer(reference.clone());
    }
    builder.build()
}

/// What the engine says about a resource.
pub(crate) fn explanation(
    estate: &Estate,
    declarations: &Declarations,
    terraform: &TerraformIndex,
    of: &Resource,
) -> Explanation {
    let content = content();
    let sources = Sources {
        content: &content,
        declarations,
        declarations_file: "fathom.yaml",
        terraform,
        creators: None,
        now: now(),
    };
    let at = estate.position(of.uid.as_str()).expect("the resource is in the estate");
    explain(estate, &sources).swap_remove(at)
}

/// The value that holds and the kind of its source.
pub(crate) fn holds(explanation: &Explanation, part: Part) -> Option<(&str, SourceKind)> {
    explanation.of(part).map(|statement| (statement.value.as_str(), statement.source))
}
