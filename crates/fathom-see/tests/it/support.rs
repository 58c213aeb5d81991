//! The content that ships, small definitions, and a place to find items in.

use std::{collections::BTreeMap, sync::LazyLock};

use fathom_content::{Content, ResourceDefinition};
use fathom_model::{AccountId, Partition, Region, Uid};
use fathom_see::item::{Item, Place, build, normalise, region_of};
use serde_json::Value;

pub(crate) static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::embedded().expect("the content that ships"));

static PARTITION: LazyLock<Partition> = LazyLock::new(|| "aws".into());
static ACCOUNT: LazyLock<AccountId> = LazyLock::new(|| "111111111111".into());
static REGION: LazyLock<Region> = LazyLock::new(|| "eu-west-1".into());
static PARENT: LazyLock<Uid> = LazyLock::new(|| "arn:aws:box:eu-west-1:111111111111:parent/p".into());

/// A definition with an id and an ARN, and `more` of it.
pub(crate) fn definition(more: &str) -> ResourceDefinition {
    let text = format!(
        "type: T::Box::Thing
description: A thing.
service: box
list: {{ operation: ListThings, items: 'Things[]' }}
identity: {{ id: '{{Id}}', arn: 'arn:{{partition}}:box:{{region}}:{{account}}:thing/{{Id}}' }}
{more}"
    );
    one(text)
}

/// A definition as it is written.
pub(crate) fn one(text: String) -> ResourceDefinition {
    let files = BTreeMap::from([
        ("demands.yaml".to_owned(), "always: [owner]".to_owned()),
        ("resources/thing.yaml".to_owned(), text),
    ]);
    let content = Content::from_files(&files).expect("a definition");
    content.resources.into_values().next().expect("one definition")
}

pub(crate) fn place(parent: Option<&Value>) -> Place<'_> {
    Place {
        partition: &PARTITION,
        account: &ACCOUNT,
        region: &REGION,
        parent,
        parent_uid: parent.map(|_| &*PARENT),
    }
}

/// What the collector does with a document once its calls are made; gives the document too.
pub(crate) fn finish(
    definition: &ResourceDefinition,
    mut document: Value,
    parent: Option<&Value>,
) -> (Value, Result<Item, String>) {
    normalise(definition, &mut document);
    let region = region_of(definition, &document, &REGION);
    let item = build(definition, &CONTENT.references, &document, place(parent), &region);
    (document, item)
}
