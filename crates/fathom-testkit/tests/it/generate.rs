//! Fills shapes of a model with values, the same for the same seed, bounded in depth and size.

use fathom_testkit::front::model::{Model, Protocol, Ref, Shape};
use serde_json::{Map, Value, json};

/// How deep values nest.
const DEPTH_MAX: usize = 5;

/// What the values are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Input,
    Output,
}

pub(crate) struct Generator<'a> {
    pub(crate) model: &'a Model,
    pub(crate) side: Side,
    state: u64,
    /// Values that may still be made.
    budget: usize,
}

impl<'a> Generator<'a> {
    pub(crate) fn new(model: &'a Model, side: Side, seed: u64) -> Self {
        Generator { model, side, state: seed | 1, budget: 400 }
    }

    /// xorshift64*
    fn next(&mut self, below: u64) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }

    fn is_xml(&self) -> bool {
        !matches!(self.model.protocol(), Protocol::Json | Protocol::RestJson)
    }

    pub(crate) fn structure(&mut self, shape: &Shape, depth: usize) -> Value {
        if shape.document {
            return json!({"free": [1, "two", {"three": true}]});
        }
        let mut out = Map::new();
        if shape.union {
            let names: Vec<&String> = shape.members.keys().collect();
            for _ in 0..8 {
                if names.is_empty() {
                    break;
                }
                let name = names[self.next(names.len() as u64) as usize];
                let member = &shape.members[name];
                if !member.traits.eventstream.unwrap_or(false)
                    && let Some(value) = self.value(member, depth + 1)
                {
                    out.insert(name.clone(), value);
                    break;
                }
            }
            return Value::Object(out);
        }
        for (name, member) in &shape.members {
            let location = member.traits.location.as_deref();
            let is_payload = shape.payload.as_deref() == Some(name);
            let is_stream = self.model.is(member, |traits| traits.eventstream);
            let always = is_payload || matches!(location, Some("headers" | "uri" | "statusCode"));
            let required = self.side == Side::Input && shape.required.contains(name);
            if is_stream || (!always && !required && (self.budget == 0 || self.next(3) == 0)) {
                continue;
            }
            let mut value = match location {
                Some("statusCode") => Some(json!(200)),
                Some("headers") => Some(json!({"one": "1", "two": "b c"})),
                Some("header") => self.header(member),
                Some("uri" | "querystring") => self.in_address(member),
                _ => self.value(member, depth + 1),
            };
            for _ in 0..8 {
                if required && value.is_none() {
                    value = self.value(member, (depth + 1).min(DEPTH_MAX - 2));
                }
            }
            // A body without a byte says nothing.
            if is_payload && value == Some(json!("")) {
                value = Some(json!("text"));
            }
            if let Some(value) = value {
                out.insert(name.clone(), value);
            }
        }
        Value::Object(out)
    }

    fn header(&mut self, member: &Ref) -> Option<Value> {
        if self.model.is(member, |traits| traits.jsonvalue) {
            return Some(json!({"a": [1, 2]}));
        }
        match self.model.shape(member).r#type.as_str() {
            "string" => Some(json!(format!("text-{}", self.next(100)))),
            "timestamp" if self.side == Side::Input => None,
            "timestamp" => Some(json!("2026-01-02T03:04:05Z")),
            "list" => Some(json!(["one", "t,wo"])),
            _ => self.value(member, DEPTH_MAX),
        }
    }

    fn in_address(&mut self, member: &Ref) -> Option<Value> {
        match self.model.shape(member).r#type.as_str() {
            "map" => None,
            // Route 53 takes ids without the path that it gives them out with.
            "string" if self.model.name == "route53" => Some(json!(format!("a b:{}", self.next(100)))),
            "string" => Some(json!(format!("a b/{}", self.next(100)))),
            "list" => {
                let item = self.model.shape(member).member.as_ref()?;
                Some(Value::Array(vec![self.in_address(item)?, self.in_address(item)?]))
            }
            _ => self.value(member, DEPTH_MAX),
        }
    }

    /// A value for a place; none where it would nest too deep.
    pub(crate) fn value(&mut self, target: &Ref, depth: usize) -> Option<Value> {
        let shape = self.model.shape(target);
        self.budget = self.budget.saturating_sub(1);
        if depth > DEPTH_MAX && matches!(shape.r#type.as_str(), "structure" | "list" | "map") {
            return None;
        }
        match shape.r#type.as_str() {
            "structure" => {
                let value = self.structure(shape, depth);
                // A union without a member cannot be told from one with an unknown member, and a form has no way to
                // say that a structure is empty.
                let can_be_empty = !shape.union && self.side == Side::Output;
                let hollow = !can_be_empty && value.as_object().is_some_and(Map::is_empty);
                (!hollow).then_some(value)
            }
            "list" => {
                let item = shape.member.as_ref()?;
                let count = 1 + self.next(2);
                let items: Vec<Value> = (0..count).filter_map(|_| self.value(item, depth + 1)).collect();
                // Neither a flattened list nor a form can say that it is empty.
                (!items.is_empty()).then_some(Value::Array(items))
            }
            "map" => {
                let of = shape.value.as_ref()?;
                let mut out = Map::new();
                for number in 0..=self.next(2) {
                    let key = format!("key {number} & more");
                    out.insert(key, self.value(of, depth + 1)?);
                }
                Some(Value::Object(out))
            }
            "boolean" => Some(Value::Bool(self.next(2) == 0)),
            "integer" | "short" | "byte" => Some(Value::from(self.next(1 << 20) as i64 - 1000)),
            "long" | "biginteger" | "bigInteger" => Some(Value::from(self.next(1 << 31) as i64 * 4_000_000)),
            "float" | "double" | "bigDecimal" | "bigdecimal" => Some(match self.next(8) {
                0 if self.side == Side::Output => json!("NaN"),
                1 if self.side == Side::Output => json!("-Infinity"),
                number => json!(number as f64 * 1.25),
            }),
            "timestamp" => {
                let format = self.model.with(target, |traits| traits.timestamp_format.as_deref());
                let whole = format == Some("rfc822") || self.side == Side::Input || self.next(2) == 0;
                Some(if whole { json!("2026-01-02T03:04:05Z") } else { json!("2026-01-02T03:04:05.25Z") })
            }
            "blob" => Some(json!("AAEC/v8=")),
            "string" | "character" => Some(self.text()),
            other => panic!("no values of type `{other}`"),
        }
    }

    fn text(&mut self) -> Value {
        let number = self.next(1000);
        match self.next(6) {
            0 if self.is_xml() || self.side == Side::Input => json!(format!("a<b> & \"c\" 'd' {number}")),
            1 => json!(format!("größer 大 \u{1f600} {number}")),
            2 => json!(format!("line\r\nline\tline {number}")),
            3 => json!(format!(" spaces {number} ")),
            4 if self.side == Side::Output => json!(""),
            _ => json!(format!("text-{number}")),
        }
    }
}
