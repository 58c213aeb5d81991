//! A template in one stack: references become what the stack made, intrinsics what they give.
//!
//! What cannot be evaluated from the template and the stack is unknown, with the reason; what depends on a parameter's
//! default is assumed, because a stack may have been given another value and stacks' values are not kept.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    assumed, assumed_parts, doubt, settled,
    template::{Parameter, Template},
    unknown, unknown_why,
};

/// How deep intrinsics may be nested.
const DEPTH_MAX: usize = 100;
/// How many nodes one template may come to when conditions and joins are written out.
const STEPS_MAX: usize = 1_000_000;

/// The stack that a template was made into.
#[derive(Debug, Clone, Default)]
pub struct StackContext {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub id: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// What it made: the physical id by logical id.
    pub physical_ids: BTreeMap<String, String>,
    /// The uid of what it made, by logical id, where the estate has it.
    pub uids: BTreeMap<String, String>,
    /// What attributes of what it made give, by logical id and name.
    pub gives: BTreeMap<(String, String), String>,
    /// What stands in longer texts for pseudo parameters that are not known, by name: an ARN with it still means a thing
    /// of this stack. Nothing is decided by it.
    pub stands_in: BTreeMap<String, String>,
    /// Whether nothing of it is made yet: a reference to a thing whose name is not known gives a text that means it and nothing else.
    pub is_new: bool,
}

/// Why a text is only assumed that has something in it which stands for what is not known.
pub const STANDS_IN: &str = "the code does not say the account, region or stack; something stands for it";

/// Evaluates the values of one template in one stack.
pub struct Evaluator<'t> {
    template: &'t Template,
    stack: &'t StackContext,
    steps: usize,
}

impl<'t> Evaluator<'t> {
    /// For a template and a stack.
    pub fn new(template: &'t Template, stack: &'t StackContext) -> Self {
        Self { template, stack, steps: 0 }
    }

    /// A value with its intrinsics evaluated; none where it is `AWS::NoValue`.
    pub fn value(&mut self, value: &Value) -> Option<Value> {
        self.at(value, 0)
    }

    /// Whether a condition holds; an unknown says why not.
    pub fn condition(&mut self, name: &str) -> Value {
        self.condition_at(name, 0)
    }

    fn at(&mut self, value: &Value, depth: usize) -> Option<Value> {
        self.steps += 1;
        if depth > DEPTH_MAX || self.steps > STEPS_MAX {
            return Some(unknown("the template is nested too deeply"));
        }
        Some(match value {
            Value::Object(members) => {
                if let Some((name, argument)) = intrinsic(members) {
                    return self.intrinsic(name, argument, depth + 1);
                }
                let mut evaluated = Map::new();
                for (name, member) in members {
                    if let Some(member) = self.at(member, depth + 1) {
                        evaluated.insert(name.clone(), member);
                    }
                }
                Value::Object(evaluated)
            }
            Value::Array(items) => items.iter().filter_map(|item| self.at(item, depth + 1)).collect(),
            Value::String(text) if text.contains("{{resolve:") => unknown("it is looked up elsewhere"),
            plain => plain.clone(),
        })
    }

    fn intrinsic(&mut self, name: &str, argument: &Value, depth: usize) -> Option<Value> {
        Some(match name {
            // An account is a name and nothing else: what stands for it may stand alone, as in longer texts.
            "Ref" if argument == "AWS::AccountId" => return self.reference_in_text("AWS::AccountId", depth),
            "Ref" => return self.reference(argument.as_str().unwrap_or_default(), depth),
            "Fn::GetAtt" => self.attribute(argument, depth),
            "Fn::Sub" => self.substitute(argument, depth),
            "Fn::Join" => self.join(argument, depth),
            "Fn::Select" => self.select(argument, depth),
            "Fn::Split" => self.split(argument, depth),
            "Fn::FindInMap" => self.find_in_map(argument, depth),
            "Fn::Base64" => {
                // Only user data is written so, and it is never compared.
                unknown("it is encoded")
            }
            "Fn::If" => return self.choose(argument, depth),
            "Condition" | "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
                self.truth(name, argument, depth)
            }
            other => unknown(&format!("`{other}` is evaluated by CloudFormation only")),
        })
    }

    fn reference(&mut self, name: &str, depth: usize) -> Option<Value> {
        let stack = self.stack;
        let given = |text: &str, what: &str| {
            if text.is_empty() { unknown(&format!("the stack's {what} is not known")) } else { text.into() }
        };
        Some(match name {
            "AWS::NoValue" => return None,
            "AWS::AccountId" => given(&stack.account, "account"),
            "AWS::Region" => given(&stack.region, "region"),
            "AWS::StackName" => given(&stack.name, "name"),
            "AWS::StackId" => given(&stack.id, "id"),
            "AWS::Partition" => given(stack.id.split(':').nth(1).unwrap_or_default(), "partition"),
            "AWS::URLSuffix" => match stack.id.split(':').nth(1) {
                Some("aws-cn") => "amazonaws.com.cn".into(),
                Some("aws" | "aws-us-gov") => "amazonaws.com".into(),
                _ => unknown("the stack's partition is not known"),
            },
            _ => match self.template.parameters.get(name) {
                Some(Parameter::Given(value)) => value.clone(),
                Some(Parameter::Default(value)) => {
                    let value = self.at(value, depth)?;
                    assumed(value, &format!("it is the default of parameter `{name}`"))
                }
                Some(Parameter::Unknown(why)) => unknown(why),
                None => match stack.physical_ids.get(name) {
                    Some(id) => id.as_str().into(),
                    None if self.stack.is_new => planned(name, name),
                    None => unknown(&format!("the stack has no `{name}`")),
                },
            },
        })
    }

    /// A reference within a longer text.
    fn reference_in_text(&mut self, name: &str, depth: usize) -> Option<Value> {
        let value = self.reference(name, depth)?;
        Some(match self.stack.stands_in.get(name) {
            Some(text) if unknown_why(&value).is_some() => assumed(text.as_str().into(), STANDS_IN),
            _ => value,
        })
    }

    fn attribute(&mut self, argument: &Value, depth: usize) -> Value {
        let parts: Vec<String> = match argument {
            Value::Array(parts) => parts
                .iter()
                .filter_map(|part| self.at(part, depth))
                .filter_map(|part| part.as_str().map(str::to_owned))
                .collect(),
            Value::String(text) => {
                text.split_once('.').map_or_else(Vec::new, |(a, b)| vec![a.to_owned(), b.to_owned()])
            }
            _ => Vec::new(),
        };
        if let [thing, attribute] = parts.as_slice()
            && let Some(given) = self.stack.gives.get(&(thing.clone(), attribute.clone()))
        {
            return given.as_str().into();
        }
        if let [thing, attribute] = parts.as_slice()
            && self.stack.is_new
            && ["Arn", "Id", "Name"].iter().any(|end| attribute.ends_with(end))
            && !self.stack.uids.contains_key(thing)
            && !self.is_custom(thing)
        {
            return planned(&format!("{thing}.{attribute}"), &format!("{thing}-{attribute}"));
        }
        match parts.as_slice() {
            // What is known of another resource without asking for it.
            [thing, attribute] if attribute.ends_with("Arn") => match self.stack.uids.get(thing) {
                Some(uid) => uid.as_str().into(),
                None => unknown(&format!("the estate has no `{thing}` of this stack")),
            },
            [thing, attribute] if attribute.ends_with("Id") || attribute == "KeyId" => {
                // Many types give their id as attribute and as reference; only ids that cannot mean another thing
                // are taken for it.
                match self.stack.physical_ids.get(thing) {
                    Some(id) if super::terraform::is_unique(id) && !id.starts_with("arn:") => {
                        id.as_str().into()
                    }
                    _ => unknown(&format!("`{thing}.{attribute}` is evaluated by CloudFormation only")),
                }
            }
            [thing, attribute] => {
                unknown(&format!("`{thing}.{attribute}` is evaluated by CloudFormation only"))
            }
            _ => unknown("`Fn::GetAtt` names no attribute"),
        }
    }

    /// Whether a thing gives whatever somebody's code or another template says.
    fn is_custom(&self, thing: &str) -> bool {
        self.template.resources.get(thing).is_some_and(|resource| {
            resource.kind.starts_with("Custom::") || resource.kind.starts_with("AWS::CloudFormation::")
        })
    }

    fn substitute(&mut self, argument: &Value, depth: usize) -> Value {
        let none = Map::new();
        let (text, names) = match argument {
            Value::String(text) => (text.as_str(), &none),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(text), Value::Object(names)] => (text.as_str(), names),
                [Value::String(text)] => (text.as_str(), &none),
                _ => return unknown("`Fn::Sub` has no text"),
            },
            _ => return unknown("`Fn::Sub` has no text"),
        };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            pieces.push(Value::from(before));
            let Some((name, tail)) = after.split_once('}') else {
                pieces.push(Value::from("${"));
                rest = after;
                continue;
            };
            rest = tail;
            // `${!Literal}` is written for `${Literal}`.
            if let Some(literal) = name.strip_prefix('!') {
                pieces.push(Value::from(format!("${{{literal}}}")));
                continue;
            }
            let name = name.trim();
            let value = match names.get(name) {
                Some(value) => self.at(value, depth),
                None if name.contains('.') => Some(self.attribute(&Value::from(name), depth)),
                None => self.reference_in_text(name, depth),
            };
            pieces.push(value.unwrap_or_else(|| Value::from("")));
        }
        pieces.push(Value::from(rest));
        concatenated(&pieces, "")
    }

    fn join(&mut self, argument: &Value, depth: usize) -> Value {
        let Some([Value::String(between), list]) = argument.as_array().map(Vec::as_slice) else {
            return unknown("`Fn::Join` has no list");
        };
        let list = match list {
            Value::Array(items) => {
                let item = |item: &Value| match item.as_object().and_then(intrinsic) {
                    Some(("Ref", Value::String(name))) => self.reference_in_text(name, depth),
                    _ => self.at(item, depth),
                };
                Some(items.iter().filter_map(item).collect())
            }
            list => self.at(list, depth),
        };
        with_list(list, |items| concatenated(items, between))
    }

    fn split(&mut self, argument: &Value, depth: usize) -> Value {
        let Some([Value::String(between), text]) = argument.as_array().map(Vec::as_slice) else {
            return unknown("`Fn::Split` has no text");
        };
        let Some(text) = self.at(text, depth) else { return unknown("`Fn::Split` has no text") };
        if let Some(why) = unknown_why(&text) {
            return unknown(why);
        }
        let why = doubt(&text).map(str::to_owned);
        match settled(&text).as_str() {
            Some(text) if !between.is_empty() => {
                let parts: Value = text.split(between.as_str()).map(Value::from).collect();
                why.map_or_else(|| parts.clone(), |why| assumed(parts.clone(), &why))
            }
            _ => unknown("`Fn::Split` has no text"),
        }
    }

    fn select(&mut self, argument: &Value, depth: usize) -> Value {
        let Some([index, list]) = argument.as_array().map(Vec::as_slice) else {
            return unknown("`Fn::Select` has no list");
        };
        let index = self.at(index, depth).and_then(|index| match settled(&index) {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        });
        let list = self.at(list, depth);
        with_list(list, |items| {
            index
                .and_then(|index| items.get(usize::try_from(index).ok()?).cloned())
                .unwrap_or_else(|| unknown("`Fn::Select` leads to nothing"))
        })
    }

    fn find_in_map(&mut self, argument: &Value, depth: usize) -> Value {
        let keys: Vec<Value> =
            argument.as_array().into_iter().flatten().take(3).filter_map(|key| self.at(key, depth)).collect();
        let why = keys.iter().find_map(doubt).map(str::to_owned);
        let texts: Vec<String> = keys
            .iter()
            .filter_map(|key| match settled(key) {
                Value::String(text) => Some(text),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
            .collect();
        let found = match texts.as_slice() {
            // What only stands for something decides nothing.
            _ if why.as_deref() == Some(STANDS_IN) => None,
            [map, first, second] => {
                self.template.mappings.get(map).and_then(|map| map.get(first)).and_then(|map| map.get(second))
            }
            _ => None,
        };
        match (found, why) {
            (Some(value), None) => value.clone(),
            (Some(value), Some(why)) => assumed(value.clone(), &why),
            (None, Some(why)) => unknown(&why),
            (None, None) => unknown("`Fn::FindInMap` leads to nothing"),
        }
    }

    fn choose(&mut self, argument: &Value, depth: usize) -> Option<Value> {
        let Some([Value::String(condition), yes, no]) = argument.as_array().map(Vec::as_slice) else {
            return Some(unknown("`Fn::If` has not three parts"));
        };
        let holds = self.condition_at(condition, depth);
        if let Some(why) = unknown_why(&holds) {
            return Some(unknown(why));
        }
        let why = doubt(&holds).map(str::to_owned);
        let chosen = self.at(if settled(&holds) == Value::Bool(true) { yes } else { no }, depth);
        match (chosen, why) {
            (Some(value), Some(why)) => Some(assumed(value, &why)),
            // Whether it is there at all depends on a default.
            (None, Some(why)) => Some(unknown(&why)),
            (chosen, None) => chosen,
        }
    }

    fn condition_at(&mut self, name: &str, depth: usize) -> Value {
        // Taken by itself: the template outlives the evaluation.
        let template = self.template;
        match template.conditions.get(name) {
            Some(condition) => {
                self.at(condition, depth + 1).unwrap_or_else(|| unknown("the condition has no value"))
            }
            None => unknown(&format!("there is no condition `{name}`")),
        }
    }

    fn truth(&mut self, name: &str, argument: &Value, depth: usize) -> Value {
        if name == "Condition" {
            return match argument.as_str() {
                Some(condition) => self.condition_at(condition, depth),
                None => unknown("a condition has no name"),
            };
        }
        let parts: Vec<Value> = argument
            .as_array()
            .into_iter()
            .flatten()
            .map(|part| self.at(part, depth).unwrap_or(Value::Null))
            .collect();
        let truths = || parts.iter().map(|part| settled(part).as_bool());
        let holds = match (name, parts.as_slice()) {
            // What only stands for something decides nothing.
            ("Fn::Equals", _) if parts.iter().any(|part| doubt(part) == Some(STANDS_IN)) => None,
            ("Fn::Equals", [a, b]) if parts.iter().all(|part| unknown_why(&settled(part)).is_none()) => {
                let text = |value: &Value| match settled(value) {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                Some(text(a) == text(b))
            }
            ("Fn::Not", [one]) => settled(one).as_bool().map(|holds| !holds),
            ("Fn::And", _) if truths().any(|holds| holds == Some(false)) => Some(false),
            ("Fn::Or", _) if truths().any(|holds| holds == Some(true)) => Some(true),
            ("Fn::And", _) if truths().all(|holds| holds == Some(true)) => Some(true),
            ("Fn::Or", _) if truths().all(|holds| holds == Some(false)) => Some(false),
            _ => None,
        };
        let why = parts.iter().find_map(doubt).map(str::to_owned);
        match (holds, why) {
            (Some(holds), None) => Value::Bool(holds),
            (Some(holds), Some(why)) => assumed(Value::Bool(holds), &why),
            (None, why) => unknown(why.as_deref().unwrap_or("the condition cannot be evaluated")),
        }
    }
}

/// A text for the name of a thing that is not made yet.
fn planned(what: &str, name: &str) -> Value {
    assumed(format!("planned-{name}").into(), &format!("`{what}` is called something that only it is called"))
}

/// An object with one member that is an intrinsic's name.
fn intrinsic(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut all = members.iter();
    let (name, argument) = all.next()?;
    if all.next().is_some() {
        return None;
    }
    let is_condition = name == "Condition" && argument.is_string();
    (name == "Ref" || is_condition || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

/// Gives a list, with what is assumed of it, to a function.
fn with_list(list: Option<Value>, give: impl FnOnce(&[Value]) -> Value) -> Value {
    let Some(list) = list else { return unknown("it has no list") };
    if let Some((inner, why)) = assumed_parts(&list) {
        return match inner.as_array() {
            Some(items) => assumed(give(items), why),
            None => unknown("it has no list"),
        };
    }
    if let Some(why) = unknown_why(&list) {
        return unknown(why);
    }
    match list.as_array() {
        Some(items) => give(items),
        None => unknown("it has no list"),
    }
}

/// Texts joined; one unknown makes all of it unknown, one assumption makes all of it assumed.
fn concatenated(pieces: &[Value], between: &str) -> Value {
    let mut texts = Vec::with_capacity(pieces.len());
    let mut condition = None;
    for piece in pieces {
        if let Some(why) = doubt(piece) {
            condition = Some(why.to_owned());
        }
        match settled(piece) {
            Value::String(text) => texts.push(text),
            Value::Null => {}
            Value::Bool(truth) => texts.push(truth.to_string()),
            Value::Number(number) => texts.push(number.to_string()),
            other => return unknown(unknown_why(&other).unwrap_or("a part of it is no text")),
        }
    }
    let joined = Value::from(texts.join(between));
    match condition {
        Some(why) => assumed(joined, &why),
        None => joined,
    }
}
