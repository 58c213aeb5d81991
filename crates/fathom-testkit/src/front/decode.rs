//! Parameters of a request in the value form.
//!
//! Bodies in XML are not read: no operation that only reads has one that matters.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::{Map, Number, Value};

use super::{
    model::{Model, Protocol, Ref, Shape},
    recognise::{Message, Seen, pairs},
    value::moment_of_seconds,
};

/// The most items that a list in a form may have.
const ITEMS_MAX: usize = 10_000;

/// Reads the parameters of a recognised call; none where the model does not have the operation.
pub fn decode(seen: &Seen, message: &Message<'_>) -> Option<Value> {
    let (model, operation) = seen.modelled()?;
    let mut out = Map::new();
    let Some(input) = &operation.input else { return Some(Value::Object(out)) };
    let shape = model.shape(input);
    match model.protocol() {
        Protocol::Query | Protocol::Ec2 => {
            let mut form: BTreeMap<String, String> =
                pairs(message.uri.query().unwrap_or_default()).into_iter().collect();
            form.extend(pairs(std::str::from_utf8(message.body).unwrap_or_default()));
            let form = Form { model, ec2: model.protocol() == Protocol::Ec2, pairs: form };
            out = form.structure(shape, "");
        }
        Protocol::Json => {
            if let Ok(Value::Object(object)) = serde_json::from_slice(message.body) {
                out = json_members(model, shape, object);
            }
        }
        Protocol::RestJson | Protocol::RestXml => {
            if model.protocol() == Protocol::RestJson {
                out = json_body(model, shape, message.body);
            }
            bound(model, shape, seen, message, &mut out);
        }
    }
    Some(Value::Object(out))
}

fn json_body(model: &Model, shape: &Shape, body: &[u8]) -> Map<String, Value> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Map::new() };
    let payload = shape.payload.as_ref().and_then(|name| Some((name, shape.members.get(name)?)));
    match (payload, value) {
        (Some((name, member)), value) => Map::from_iter([(name.clone(), json_value(model, member, value))]),
        (None, Value::Object(object)) => json_members(model, shape, object),
        _ => Map::new(),
    }
}

fn bound(model: &Model, shape: &Shape, seen: &Seen, message: &Message<'_>, out: &mut Map<String, Value>) {
    let query = pairs(message.uri.query().unwrap_or_default());
    for (name, member) in &shape.members {
        let wire = model.wire(member).unwrap_or(name);
        let value = match member.traits.location.as_deref() {
            Some("uri") => seen.labels.get(wire).map(|text| scalar(model, member, text)),
            Some("querystring") => {
                let found: Vec<&str> =
                    query.iter().filter(|(key, _)| key == wire).map(|(_, value)| value.as_str()).collect();
                in_query(model, member, &found)
            }
            Some("header") => header(message.headers, wire).map(|text| scalar(model, member, text)),
            _ => None,
        };
        if let Some(value) = value {
            out.insert(name.clone(), value);
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn in_query(model: &Model, member: &Ref, found: &[&str]) -> Option<Value> {
    let first = found.first()?;
    let shape = model.shape(member);
    match (&shape.member, shape.r#type.as_str()) {
        (Some(item), "list") => {
            Some(Value::Array(found.iter().map(|text| scalar(model, item, text)).collect()))
        }
        (_, "map") => None,
        _ => Some(scalar(model, member, first)),
    }
}

/// A single value from text.
fn scalar(model: &Model, target: &Ref, text: &str) -> Value {
    let plain = || Value::String(text.to_owned());
    match model.shape(target).r#type.as_str() {
        "boolean" => Value::Bool(text.eq_ignore_ascii_case("true")),
        "integer" | "long" | "short" | "byte" => text.parse::<i64>().map_or_else(|_| plain(), Value::from),
        "float" | "double" => text.parse::<f64>().map_or_else(|_| plain(), Value::from),
        "timestamp" => text.parse::<Number>().map_or_else(|_| plain(), |number| moment_of_seconds(&number)),
        _ => plain(),
    }
}

fn json_members(model: &Model, shape: &Shape, object: Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, value) in object {
        let found = shape.members.iter().find(|(name, member)| model.wire(member).unwrap_or(name) == key);
        if let Some((name, member)) = found {
            out.insert(name.clone(), json_value(model, member, value));
        }
    }
    out
}

fn json_value(model: &Model, target: &Ref, value: Value) -> Value {
    let shape = model.shape(target);
    match (shape.r#type.as_str(), value) {
        ("structure", Value::Object(object)) if !shape.document => {
            Value::Object(json_members(model, shape, object))
        }
        ("list", Value::Array(items)) => match &shape.member {
            Some(member) => items.into_iter().map(|item| json_value(model, member, item)).collect(),
            None => Value::Array(items),
        },
        ("map", Value::Object(object)) => match &shape.value {
            Some(of) => object.into_iter().map(|(key, item)| (key, json_value(model, of, item))).collect(),
            None => Value::Object(object),
        },
        ("timestamp", Value::Number(number)) => moment_of_seconds(&number),
        (_, value) => value,
    }
}

/// A form, read by the names that its structures give their members.
struct Form<'a> {
    model: &'a Model,
    ec2: bool,
    pairs: BTreeMap<String, String>,
}

impl Form<'_> {
    /// Whether the form has the key or something below it.
    fn has(&self, key: &str) -> bool {
        let below = format!("{key}.");
        self.pairs.contains_key(key)
            || self.pairs.range(below.clone()..).next().is_some_and(|(found, _)| found.starts_with(&below))
    }

    fn structure(&self, shape: &Shape, prefix: &str) -> Map<String, Value> {
        let mut out = Map::new();
        for (name, member) in &shape.members {
            let wire = self.name(member, name);
            let key = if prefix.is_empty() { wire } else { format!("{prefix}.{wire}") };
            if let Some(value) = self.value(member, &key) {
                out.insert(name.clone(), value);
            }
        }
        out
    }

    fn name(&self, member: &Ref, name: &str) -> String {
        let wire = self.model.wire(member).unwrap_or(name);
        if !self.ec2 {
            return wire.to_owned();
        }
        if let Some(own) = self.model.with(member, |traits| traits.query_name.as_deref()) {
            return own.to_owned();
        }
        let mut chars = wire.chars();
        chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
    }

    fn value(&self, target: &Ref, key: &str) -> Option<Value> {
        let model = self.model;
        let shape = model.shape(target);
        match shape.r#type.as_str() {
            "list" => {
                let item = shape.member.as_ref()?;
                for base in self.bases(target, item, key) {
                    let items = self.items(&base, |key| self.value(item, key));
                    if !items.is_empty() {
                        return Some(Value::Array(items));
                    }
                }
                self.pairs.get(key).filter(|text| text.is_empty()).map(|_| Value::Array(Vec::new()))
            }
            _ if !self.has(key) => None,
            "structure" => Some(Value::Object(self.structure(shape, key))),
            "map" => {
                let (keys, values) = (shape.key.as_ref()?, shape.value.as_ref()?);
                let (key_name, value_name) = (self.name(keys, "key"), self.name(values, "value"));
                let mut out = Map::new();
                for base in [format!("{key}.entry"), key.to_owned()] {
                    for entry in self.items(&base, |key| Some(key.to_owned())) {
                        let text = self.pairs.get(&format!("{entry}.{key_name}"));
                        let value = self.value(values, &format!("{entry}.{value_name}"));
                        if let (Some(text), Some(value)) = (text, value) {
                            out.insert(text.clone(), value);
                        }
                    }
                }
                Some(Value::Object(out))
            }
            _ => self.pairs.get(key).map(|text| scalar(model, target, text)),
        }
    }

    /// Where a list's items may stand: flattened, or below the name of its item.
    fn bases(&self, target: &Ref, item: &Ref, key: &str) -> Vec<String> {
        let item_name = self.model.wire(item);
        let flattened = self.ec2 || self.model.is(target, |traits| traits.flattened);
        if !flattened {
            return vec![format!("{key}.{}", item_name.unwrap_or("member"))];
        }
        let mut bases = vec![key.to_owned()];
        if let (Some(name), false) = (item_name, self.ec2) {
            let beside = key.rsplit_once('.').map(|(parent, _)| format!("{parent}.{name}"));
            bases.push(beside.unwrap_or_else(|| name.to_owned()));
        }
        bases
    }

    fn items<T>(&self, base: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let keys = (1..=ITEMS_MAX).map(|number| format!("{base}.{number}"));
        keys.take_while(|key| self.has(key)).filter_map(|key| read(&key)).collect()
    }
}
