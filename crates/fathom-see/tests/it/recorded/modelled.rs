//! Answers made from the service models: for each definition one session in which every operation that it asks answers
//! with every member that the model knows, so that no definition is without a run of its own.

use std::collections::{BTreeMap, BTreeSet};

use fathom_content::{Content, ResourceDefinition};
use fathom_testkit::front::{
    Fault, Rule, Written,
    model::{Model, Ref},
};
use serde_json::{Map, Value, json};

use super::Session;

/// How deep an answer nests; definitions do not look deeper.
const DEPTH_MAX: usize = 9;

/// A session for each definition: its operations, and those of the types that lead to it.
pub(super) fn sessions(content: &Content) -> Vec<Session> {
    content.resources.values().map(|definition| session(content, definition)).collect()
}

fn session(content: &Content, definition: &ResourceDefinition) -> Session {
    let mut answers: BTreeMap<(String, String), Value> = BTreeMap::new();
    let mut next = Some(definition);
    while let Some(one) = next {
        for (service, operation) in asked(one) {
            let output = output(&service, &operation);
            answers.insert((service, operation), output);
        }
        next = one.list.for_each.as_ref().and_then(|parent| content.resources.get(parent));
    }
    let mut only = BTreeSet::from([definition.kind.clone()]);
    let mut above = definition.list.for_each.as_ref();
    while let Some(kind) = above {
        only.insert(kind.clone());
        above = content.resources.get(kind).and_then(|parent| parent.list.for_each.as_ref());
    }
    let operations: BTreeSet<(String, String)> = answers.keys().cloned().collect();
    let played = answers.clone();
    Session {
        name: format!("modelled {}", definition.kind),
        operations,
        only: Some(only),
        rules: Box::new(move || {
            let one = |((service, operation), value): (&(String, String), &Value)| {
                Rule::new(Fault::Answer(value.clone())).service(on_the_wire(service)).operation(operation)
            };
            answers.iter().map(one).collect()
        }),
        answer: Box::new(move |call, _| {
            let is_this = |(service, operation): &(String, String)| {
                on_the_wire(service) == call.service && *operation == call.operation
            };
            let value = played.iter().find(|(key, _)| is_this(key)).map(|(_, value)| value.clone());
            Written::Output(value.unwrap_or_else(|| json!({})))
        }),
    }
}

/// The service that a front sees: two of them speak to the address of a third, in its words.
pub(super) fn on_the_wire(service: &str) -> &str {
    match service {
        "docdb" | "neptune" => "rds",
        other => other,
    }
}

/// The calls of a definition.
fn asked(definition: &ResourceDefinition) -> Vec<(String, String)> {
    let of = |operation: &String| (definition.service.clone(), operation.clone());
    let mut calls = vec![of(&definition.list.operation)];
    calls.extend(definition.list.describe.iter().map(|describe| of(&describe.operation)));
    calls.extend(definition.enrich.iter().map(|enrich| {
        (enrich.service.as_ref().unwrap_or(&definition.service).clone(), enrich.operation.clone())
    }));
    calls
}

/// An output with every member but those that ask for another page.
fn output(service: &str, operation: &str) -> Value {
    let model = Model::of(service).unwrap_or_else(|| panic!("no model of {service}"));
    let asked = &model.operations[operation];
    let Some(shape) = &asked.output else { return json!({}) };
    let mut value = filled(&model, shape, "", &mut Vec::new());
    if let (Some(members), Some(pages)) = (value.as_object_mut(), model.paginators.get(operation)) {
        let more = pages.output_token.all().into_iter().chain(pages.more_results.as_deref());
        for token in more.flat_map(|token| token.split("||").map(str::trim)) {
            leave_out(members, token);
        }
    }
    value
}

fn leave_out(members: &mut Map<String, Value>, path: &str) {
    match path.split_once('.') {
        Some((first, rest)) => {
            if let Some(inner) = members.get_mut(first).and_then(Value::as_object_mut) {
                leave_out(inner, rest);
            }
        }
        None => _ = members.remove(path),
    }
}

/// A value of a shape; `name` is the member's, from which texts are made.
fn filled(model: &Model, of: &Ref, name: &str, above: &mut Vec<String>) -> Value {
    let shape = &model.shapes[&of.shape];
    let is_deep = above.len() >= DEPTH_MAX || above.contains(&of.shape);
    match shape.r#type.as_str() {
        "structure" if is_deep => json!({}),
        "structure" => {
            above.push(of.shape.clone());
            // Of a union exactly one member is there.
            let count = if shape.union { 1 } else { usize::MAX };
            let members = shape.members.iter().take(count);
            let value = members.map(|(name, of)| (name.clone(), filled(model, of, name, above))).collect();
            above.pop();
            Value::Object(value)
        }
        "list" | "map" if is_deep => json!(if shape.r#type == "list" { json!([]) } else { json!({}) }),
        "list" => {
            let item = shape.member.as_ref().expect("a list has a member");
            json!([filled(model, item, name, above)])
        }
        "map" => {
            let value = shape.value.as_ref().expect("a map has a value");
            json!({ "key": filled(model, value, name, above) })
        }
        "boolean" => json!(true),
        "integer" | "long" if of.traits.location.as_deref() == Some("statusCode") => json!(200),
        "integer" | "long" => json!(7),
        "float" | "double" => json!(1.5),
        "timestamp" => json!("2026-01-02T03:04:05Z"),
        "blob" => json!("YmxvYg=="),
        _ => json!(text(name)),
    }
}

/// A text that fits a member's name: ids and ARNs are told from each other, and numbers of accounts are such.
fn text(name: &str) -> String {
    let lower = name.to_lowercase();
    if lower.ends_with("arn") {
        format!("arn:aws:box:us-east-1:123456789012:{lower}/of-{name}")
    } else if lower.contains("account") || lower == "ownerid" || lower == "registryid" {
        "123456789012".to_owned()
    } else if ["date", "time", "createdat", "subscribedat", "lastmodified"]
        .iter()
        .any(|word| lower.contains(word))
    {
        // Some models have moments as texts.
        "2026-01-02T03:04:05Z".to_owned()
    } else {
        format!("{name}-1")
    }
}
