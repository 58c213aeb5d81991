//! XML bodies by their shape.

use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::{
    encode::moment,
    model::{Model, Ref, Shape},
    value::{Moment, text},
};

/// Text inside an element or attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
    out
}

/// Writes an element around what `inside` writes, if there is a name for it.
pub(crate) fn wrapped(out: &mut String, name: Option<&str>, inside: impl FnOnce(&mut String)) {
    if let Some(name) = name {
        let _ = write!(out, "<{name}>");
    }
    inside(out);
    if let Some(name) = name {
        let _ = write!(out, "</{name}>");
    }
}

/// Writes the members of a structure that belong into the body.
pub(crate) fn members(model: &Model, shape: &Shape, object: &Map<String, Value>, out: &mut String) {
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let Some(member) = shape.members.get(name) else { continue };
        let outside = matches!(member.traits.location.as_deref(), Some("header" | "headers" | "statusCode"));
        if outside || is_attribute(model, member) {
            continue;
        }
        element(model, member, &member_name(model, member, name), value, out);
    }
}

/// A flattened list's items carry the name of the list, or else the one its item gives.
fn member_name(model: &Model, member: &Ref, name: &str) -> String {
    let shape = model.shape(member);
    let own = member.traits.location_name.as_deref();
    if own.is_none() && shape.r#type == "list" && model.is(member, |traits| traits.flattened) {
        let of_item = shape.member.as_ref().and_then(|item| model.wire(item));
        return of_item.or(model.wire(member)).unwrap_or(name).to_owned();
    }
    model.wire(member).unwrap_or(name).to_owned()
}

fn is_attribute(model: &Model, member: &Ref) -> bool {
    model.is(member, |traits| traits.xml_attribute)
}

/// Writes one element, or as many as a flattened list or map has entries.
pub(crate) fn element(model: &Model, target: &Ref, name: &str, value: &Value, out: &mut String) {
    let shape = model.shape(target);
    let flattened = model.is(target, |traits| traits.flattened);
    match (shape.r#type.as_str(), value) {
        (_, Value::Null) => {}
        ("structure", Value::Object(object)) => {
            out.push('<');
            out.push_str(name);
            if let Some(namespace) = model.with(target, |traits| traits.xml_namespace.as_ref()) {
                out.push_str(&namespace.attribute());
            }
            for (key, value) in object {
                if let Some(member) = shape.members.get(key).filter(|member| is_attribute(model, member)) {
                    let wire = model.wire(member).unwrap_or(key);
                    let _ = write!(out, " {wire}=\"{}\"", escaped(&text(value)));
                }
            }
            out.push('>');
            members(model, shape, object, out);
            let _ = write!(out, "</{name}>");
        }
        ("list", Value::Array(items)) => {
            let Some(item) = &shape.member else { return };
            if flattened {
                for value in items {
                    element(model, item, name, value, out);
                }
            } else {
                wrapped(out, Some(name), |out| {
                    let item_name = model.wire(item).unwrap_or("member");
                    for value in items {
                        element(model, item, item_name, value, out);
                    }
                });
            }
        }
        ("map", Value::Object(entries)) => {
            let (Some(keys), Some(values)) = (&shape.key, &shape.value) else { return };
            let entry = if flattened { name } else { "entry" };
            wrapped(out, (!flattened).then_some(name), |out| {
                for (key, value) in entries {
                    wrapped(out, Some(entry), |out| {
                        let key = Value::String(key.clone());
                        element(model, keys, model.wire(keys).unwrap_or("key"), &key, out);
                        element(model, values, model.wire(values).unwrap_or("value"), value, out);
                    });
                }
            });
        }
        ("timestamp", value) => {
            let value = moment(model, target, Moment::Iso8601).write(value);
            wrapped(out, Some(name), |out| out.push_str(&escaped(&text(&value))));
        }
        // IAM gives its documents as percent-encoded text.
        ("string", Value::Object(_) | Value::Array(_)) if model.name == "iam" => {
            let document = value.to_string();
            wrapped(out, Some(name), |out| out.extend(utf8_percent_encode(&document, NON_ALPHANUMERIC)));
        }
        (_, value) => wrapped(out, Some(name), |out| out.push_str(&escaped(&text(value)))),
    }
}
