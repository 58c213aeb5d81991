//! Answers that the provider publishes as examples, for types that neither moto nor a recording has.
//!
//! For each type one session: the published answer to the call that lists it, and to every further call. A call that
//! describes one of the listed is answered with the example about that one, and with nothing where there is none.
//! `told.rs` has what must be stored then.

mod examples;
mod told;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fathom_content::{Content, ResourceDefinition};
use fathom_model::ResourceType;
use fathom_testkit::front::{Call, Fault, Rule, Written};
use serde_json::{Value, json};

use self::{
    examples::{Examples, MENDED},
    told::{TELLS_TOO_LITTLE, TOLD},
};
use super::{
    Found, Session, cli,
    modelled::{asked, last_page, on_the_wire},
};

/// Where what is stored is not what is published: type, what the difference is about, and why.
const DIFFERS: &[(&str, &str, &str)] = &[];

type Operation = (String, String);

/// What is played to one operation.
#[derive(Default)]
struct Played {
    outputs: Vec<Value>,
    /// The parameters that name the one that is described.
    about: Vec<String>,
}

impl Played {
    fn answer(&self, params: &Value) -> Value {
        let names = |output: &&Value| {
            let named =
                |param: &String| params[param].as_str().is_some_and(|text| cli::mentions(output, text));
            self.about.iter().all(named)
        };
        self.outputs.iter().find(names).cloned().unwrap_or_else(|| json!({}))
    }
}

fn session(content: &Content, definition: &ResourceDefinition, examples: &mut Examples) -> Session {
    let mut played: BTreeMap<Operation, Played> = BTreeMap::new();
    let mut only = BTreeSet::new();
    let mut next = Some(definition);
    while let Some(one) = next {
        for (service, operation) in asked(one) {
            let outputs = examples.of(&service, &operation);
            let outputs = outputs.into_iter().map(|output| last_page(&service, &operation, output)).collect();
            played.insert((service, operation), Played { outputs, about: Vec::new() });
        }
        only.insert(one.kind.clone());
        next = one.list.for_each.as_ref().and_then(|parent| content.resources.get(parent));
    }
    if let Some(describe) = &definition.list.describe {
        let of_item = |value: &Value| value.as_str().is_some_and(|text| text.contains("{item"));
        let about = describe.params.iter().filter(|(_, value)| of_item(value)).map(|(name, _)| name.clone());
        let key = (definition.service.clone(), describe.operation.clone());
        played.get_mut(&key).expect("it is asked").about = about.collect();
    }
    let played = Arc::new(played);
    let answered = Arc::clone(&played);
    Session {
        name: format!("published {}", definition.kind),
        operations: played.keys().cloned().collect(),
        only: Some(only),
        keep: true,
        rules: Box::new(move || {
            let one = |key: &Operation| {
                let (of, all) = (key.clone(), Arc::clone(&answered));
                let compute = move |params: &Value, _: &Call| all[&of].answer(params);
                Rule::new(Fault::AnswerWith(Arc::new(compute))).service(on_the_wire(&key.0)).operation(&key.1)
            };
            answered.keys().map(one).collect()
        }),
        answer: Box::new(move |call, _| {
            let params = call.params.clone().unwrap_or_default();
            let is_this = |(service, operation): &&Operation| {
                on_the_wire(service) == call.service && *operation == call.operation
            };
            let key = played.keys().find(is_this);
            Written::Output(key.map_or_else(|| json!({}), |key| played[key].answer(&params)))
        }),
    }
}

#[test]
fn published_examples_are_collected_as_published() {
    super::with_credentials("recorded::published::published_examples_are_collected_as_published", || {
        let Some(dir) = examples::directory() else { return };
        let content = Content::embedded().unwrap();
        let mut examples = Examples::new(dir);
        let kinds: BTreeSet<ResourceType> = (TOLD.iter().map(|told| told.kind))
            .chain(TELLS_TOO_LITTLE.iter().map(|(kind, _)| *kind))
            .map(ResourceType::new)
            .collect();
        let sessions: Vec<Session> =
            kinds.iter().map(|kind| session(&content, &content.resources[kind], &mut examples)).collect();
        let needless: Vec<_> = (0..MENDED.len()).filter(|index| !examples.mended.contains(index)).collect();
        assert!(needless.is_empty(), "corrections of what is not there: {needless:?}");

        let totals = super::compare_all(sessions);
        totals.print("published examples");
        let is_about = |line: &&String, (kind, about, _): &(&str, &str, &str)| {
            line.starts_with(&format!("published {kind} ")) && line.contains(about)
        };
        let wrong: Vec<&String> =
            totals.wrong.iter().filter(|line| !DIFFERS.iter().any(|one| is_about(line, one))).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let none: Vec<_> =
            DIFFERS.iter().filter(|one| !totals.wrong.iter().any(|line| is_about(&line, one))).collect();
        assert!(none.is_empty(), "differences that are none: {none:?}");

        let wrong: Vec<String> = TOLD.iter().filter_map(|told| told.differs(&totals.found)).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let has = |kind: &str| totals.found.values().any(|found: &Found| found.kind.as_str() == kind);
        let told: Vec<_> = TELLS_TOO_LITTLE.iter().filter(|(kind, _)| has(kind)).collect();
        assert!(told.is_empty(), "these are collected after all: {told:?}");
    });
}
