//! Reduces one service's model to what the client needs.

use super::tables;
use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A reduced model and what there is to say about it.
pub(super) struct Trimmed {
    /// `service` and `paginators`, as the client reads them.
    pub(super) document: Value,
    pub(super) protocol: String,
    pub(super) api_version: String,
    pub(super) endpoint_prefix: String,
    pub(super) operations: usize,
    pub(super) paginators: usize,
    pub(super) shapes: usize,
}

const METADATA: &[&str] = &[
    "apiVersion",
    "awsQueryCompatible",
    "endpointPrefix",
    "globalEndpoint",
    "jsonVersion",
    "protocol",
    "protocols",
    "serviceId",
    "signatureVersion",
    "signingName",
    "targetPrefix",
    "xmlNamespace",
    "auth",
];

const OPERATION: &[&str] = &[
    "http",
    "input",
    "output",
    "errors",
    "endpoint",
    "endpointdiscovery",
    "auth",
    "authtype",
    "unsignedPayload",
];

const SHAPE: &[&str] = &[
    "type",
    "shape",
    "members",
    "member",
    "key",
    "value",
    "required",
    "location",
    "locationName",
    "queryName",
    "resultWrapper",
    "payload",
    "timestampFormat",
    "xmlNamespace",
    "xmlAttribute",
    "flattened",
    "streaming",
    "jsonvalue",
    "hostLabel",
    "idempotencyToken",
    "sensitive",
    "eventstream",
    "document",
    "union",
    "exception",
    "fault",
    "error",
];

const PAGINATOR: &[&str] = &["input_token", "output_token", "more_results", "limit_key", "result_key"];

/// The protocols in the order in which the client prefers them.
const PROTOCOLS: &[&str] = &["json", "rest-json", "rest-xml", "query", "ec2"];

/// Keeps the read operations and the shapes they reach.
pub(super) fn service(name: &str, model: &Value, pages: &Value) -> Result<Trimmed> {
    let shapes = object(model, "shapes")?;
    let metadata = keep(object(model, "metadata")?, METADATA);
    let stale = tables::stale(name, &object(model, "operations")?.keys());
    ensure!(stale.is_empty(), "the tables name operations that are not there: {}", stale.join(", "));
    let mut operations = Map::new();
    for (operation, value) in object(model, "operations")? {
        if !tables::keeps(name, operation) {
            continue;
        }
        let mut kept = keep(value.as_object().context("an operation is not an object")?, OPERATION);
        if has_event_stream(shapes, kept.get("output")) || has_event_stream(shapes, kept.get("input")) {
            continue;
        }
        // Where discovery is only an offer, the usual address serves.
        let is_required = |discovery: &Value| discovery.get("required") == Some(&Value::Bool(true));
        if !kept.get("endpointdiscovery").is_some_and(is_required) {
            kept.remove("endpointdiscovery");
        }
        for part in ["input", "output"] {
            if let Some(reference) = kept.get_mut(part) {
                *reference = shape(reference)?;
            }
        }
        if let Some(Value::Array(errors)) = kept.get_mut("errors") {
            for error in errors {
                *error = json!({"shape": error.get("shape")});
            }
        }
        operations.insert(operation.clone(), Value::Object(kept));
    }

    let mut reached = BTreeSet::new();
    let mut open: Vec<String> = Vec::new();
    references(&Value::Object(operations.clone()), &mut open);
    while let Some(next) = open.pop() {
        if !reached.contains(&next) {
            references(shapes.get(&next).with_context(|| format!("no shape {next}"))?, &mut open);
            reached.insert(next);
        }
    }
    let mut kept_shapes = Map::new();
    for name in &reached {
        kept_shapes.insert(name.clone(), shape(&shapes[name])?);
    }

    let mut pagination = Map::new();
    if let Some(Value::Object(all)) = pages.get("pagination") {
        for (operation, value) in all {
            if operations.contains_key(operation) {
                let value = value.as_object().context("a paginator is not an object")?;
                pagination.insert(operation.clone(), Value::Object(keep(value, PAGINATOR)));
            }
        }
    }

    let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let listed = metadata.get("protocols").and_then(Value::as_array);
    let protocol = PROTOCOLS
        .iter()
        .find(|known| listed.is_some_and(|listed| listed.iter().any(|one| one == *known)))
        .map_or_else(|| text("protocol"), |known| (*known).to_owned());
    Ok(Trimmed {
        protocol,
        api_version: text("apiVersion"),
        endpoint_prefix: text("endpointPrefix"),
        operations: operations.len(),
        paginators: pagination.len(),
        shapes: kept_shapes.len(),
        document: json!({
            "service": {"metadata": metadata, "operations": operations, "shapes": kept_shapes},
            "paginators": {"pagination": pagination},
        }),
    })
}

fn object<'a>(value: &'a Value, key: &str) -> Result<&'a Map<String, Value>> {
    value.get(key).and_then(Value::as_object).with_context(|| format!("the model has no `{key}`"))
}

fn keep(map: &Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    keys.iter().filter_map(|key| Some(((*key).to_owned(), map.get(*key)?.clone()))).collect()
}

/// A shape or reference without what only people read.
fn shape(value: &Value) -> Result<Value> {
    let mut kept = keep(value.as_object().context("a shape is not an object")?, SHAPE);
    if let Some(Value::Object(members)) = kept.get_mut("members") {
        for member in members.values_mut() {
            *member = shape(member)?;
        }
    }
    for part in ["member", "key", "value"] {
        if let Some(part) = kept.get_mut(part) {
            *part = shape(part)?;
        }
    }
    Ok(Value::Object(kept))
}

/// Collects the shapes that are named anywhere below.
fn references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    // A member may itself be called `shape`; then its value is an object.
                    Value::String(name) if key == "shape" => into.push(name.clone()),
                    _ => references(value, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        _ => {}
    }
}

fn has_event_stream(shapes: &Map<String, Value>, reference: Option<&Value>) -> bool {
    let name = reference.and_then(|reference| reference.get("shape")).and_then(Value::as_str);
    let members = name.and_then(|name| shapes.get(name)?.get("members")?.as_object());
    members.is_some_and(|members| {
        members.values().any(|member| {
            let own = |value: &Value| value.get("eventstream").and_then(Value::as_bool) == Some(true);
            let target = member.get("shape").and_then(Value::as_str).and_then(|name| shapes.get(name));
            own(member) || target.is_some_and(own)
        })
    })
}
