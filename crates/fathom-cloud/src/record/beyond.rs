//! What an answer holds beyond its model: nobody reads it, and nobody says whether it is secret, so it is not recorded.

use bytes::Bytes;
use serde_json::Value;

use crate::model::{Kind, Operation, Protocol, Service, ShapeRef};

/// The body of a JSON answer without the members that the model does not have. None where it has no others, and for
/// XML.
pub(super) fn without_unknown(service: &Service, operation: &Operation, body: &Bytes) -> Option<Bytes> {
    if !matches!(service.protocol(), Protocol::Json | Protocol::RestJson) {
        return None;
    }
    let output = operation.output()?;
    let payload = service.shape(output.shape()).structure()?.payload();
    let mut value: Value = serde_json::from_slice(body).ok()?;
    strip(service, payload.map_or(output, |member| member.target()), &mut value)
        .then(|| Bytes::from(value.to_string()))
}

/// Removes unknown members; returns whether there were any. The depth is that of a document that was parsed.
fn strip(service: &Service, target: &ShapeRef, value: &mut Value) -> bool {
    let mut any = false;
    match (service.shape(target.shape()).kind(), value) {
        (Kind::Structure(structure), Value::Object(members)) if !structure.is_document() => {
            let before = members.len();
            // Of a union, the name of an unknown member is an answer.
            members.retain(|name, value| {
                let known = name == "__type" || structure.by_key(name).is_some();
                if !known && structure.is_union() && !value.is_null() {
                    any |= *value != Value::Object(serde_json::Map::new());
                    *value = Value::Object(serde_json::Map::new());
                }
                known || structure.is_union()
            });
            any |= members.len() < before;
            for (name, value) in members {
                if let Some(member) = structure.by_key(name) {
                    any |= strip(service, member.target(), value);
                }
            }
        }
        (Kind::List(item), Value::Array(items)) => {
            for value in items {
                any |= strip(service, item, value);
            }
        }
        (Kind::Map(_, of), Value::Object(members)) => {
            for value in members.values_mut() {
                any |= strip(service, of, value);
            }
        }
        _ => {}
    }
    any
}
