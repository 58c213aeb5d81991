//! Forms in which messages and values can be compared.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fathom_cloud::model::Protocol;
use percent_encoding::percent_decode_str;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::{Number, Value};

/// Nothing where the two are alike, else what differs.
pub(crate) fn same<T: PartialEq + std::fmt::Debug + ?Sized>(
    what: &str,
    actual: &T,
    expected: &T,
) -> Result<(), String> {
    if actual == expected { Ok(()) } else { Err(format!("{what} is {actual:?}, not {expected:?}")) }
}

/// Seconds since 1970 as RFC 3339 in UTC.
pub(crate) fn rfc3339(seconds: &Number) -> String {
    let micros = (seconds.as_f64().unwrap() * 1e6).round() as i64;
    jiff::Timestamp::from_microsecond(micros).unwrap().to_string()
}

/// The decoded pairs of a form or query.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// The same value with whole floats as integers, so that `1.0` and `1` are alike.
pub(crate) fn numbers(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => Value::from(float as i64),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(numbers).collect(),
        Value::Object(object) => {
            Value::Object(object.iter().map(|(key, value)| (key.clone(), numbers(value))).collect())
        }
        other => other.clone(),
    }
}

/// Compares two bodies in the way that the protocol gives them meaning.
pub(crate) fn body(protocol: Protocol, actual: &[u8], expected: &[u8]) -> Result<(), String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let alike = match protocol {
        Protocol::Query | Protocol::Ec2 => {
            let (mut actual, mut expected) = (pairs(&text(actual)), pairs(&text(expected)));
            actual.sort();
            expected.sort();
            actual == expected
        }
        Protocol::Json | Protocol::RestJson => {
            let value =
                |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok().map(|value| numbers(&value));
            match (value(actual), value(expected)) {
                (Some(actual), Some(expected)) => actual == expected,
                _ => actual == expected,
            }
        }
        Protocol::RestXml => match (tree(actual), tree(expected)) {
            (Some(actual), Some(expected)) => actual == expected,
            _ => actual == expected,
        },
    };
    if alike { Ok(()) } else { Err(format!("body is {:?}, not {:?}", text(actual), text(expected))) }
}

/// An element: name, sorted attributes, text, children. Children of different names may stand in any order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Node {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Node>,
}

impl Node {
    /// Entries of a map (two children each) have no order; anything else keeps its own.
    fn entry_order(&self, other: &Node) -> std::cmp::Ordering {
        if self.children.len() == 2 && other.children.len() == 2 {
            self.cmp(other)
        } else {
            std::cmp::Ordering::Equal
        }
    }
}

/// The tree of a document; none where it is not XML.
pub(crate) fn tree(bytes: &[u8]) -> Option<Node> {
    let mut reader = Reader::from_str(std::str::from_utf8(bytes).ok()?);
    reader.config_mut().expand_empty_elements = true;
    let mut stack = vec![Node::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => stack.push(node(&start)),
            Event::End(_) => {
                let mut done = stack.pop()?;
                if !done.children.is_empty() {
                    done.text = String::from(done.text.trim());
                }
                done.children.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.entry_order(b)));
                stack.last_mut()?.children.push(done);
            }
            Event::Text(text) => stack.last_mut()?.text.push_str(&text.into_inner()),
            Event::CData(text) => stack.last_mut()?.text.push_str(&text.into_inner()),
            Event::GeneralRef(reference) => {
                let top = stack.last_mut()?;
                match reference.resolve_char_ref().ok()? {
                    Some(character) => top.text.push(character),
                    None => top.text.push_str(quick_xml::escape::resolve_xml_entity(&reference)?),
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let mut root = stack.pop()?;
    if root.children.len() == 1 { root.children.pop() } else { None }
}

fn node(start: &BytesStart<'_>) -> Node {
    let mut attributes: Vec<(String, String)> = start
        .attributes()
        .flatten()
        .map(|attribute| (attribute.key.0.to_owned(), attribute.value.into_owned()))
        .collect();
    attributes.sort();
    Node { name: start.name().0.to_owned(), attributes, ..Node::default() }
}
