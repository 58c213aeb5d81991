//! Reads XML bodies by their shape, event by event.

use super::error::ParseError;
use super::{Context, DEPTH_MAX, MASK, Secrets, quirks, scalar};
use crate::model::{Kind, Member, ShapeRef, Structure};
use quick_xml::XmlVersion;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Reads a body whose root (or whose child named `wrapper`) is the structure. An empty body is an empty structure.
pub(crate) fn parse_body(
    context: Context<'_>,
    target: &ShapeRef,
    body: &[u8],
    wrapper: Option<&str>,
) -> Result<Value, ParseError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    let mut xml = Xml::new(context, body)?;
    let Some(mut start) = xml.root()? else { return Err(ParseError::Truncated) };
    if let Some(wrapper) = wrapper {
        start = xml.child(wrapper)?.ok_or_else(|| ParseError::NoResult { element: wrapper.to_owned() })?;
    }
    let value = xml.value(target, &start, 0)?.unwrap_or_else(|| Value::Object(Map::new()));
    if wrapper.is_some() {
        // The rest of the root, so that a body that was cut off is noticed.
        xml.skip()?;
    }
    Ok(value)
}

/// A reader that stands behind some start tag.
pub(crate) struct Xml<'a> {
    context: Context<'a>,
    reader: Reader<&'a [u8]>,
}

/// The name without its namespace prefix.
pub(crate) fn local<'s>(start: &'s BytesStart<'_>) -> &'s str {
    let name = start.name().0;
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

impl<'a> Xml<'a> {
    pub(crate) fn new(context: Context<'a>, body: &'a [u8]) -> Result<Self, ParseError> {
        let text = std::str::from_utf8(body).map_err(ParseError::NotUtf8)?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        reader.config_mut().expand_empty_elements = true;
        Ok(Xml { context, reader })
    }

    fn next(&mut self) -> Result<Event<'a>, ParseError> {
        self.reader
            .read_event()
            .map_err(|source| ParseError::Xml { offset: self.reader.error_position(), source })
    }

    /// Goes to the root's start tag; none in a document without elements.
    pub(crate) fn root(&mut self) -> Result<Option<BytesStart<'a>>, ParseError> {
        loop {
            match self.next()? {
                Event::Start(start) => return Ok(Some(start)),
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// Goes to the next child's start tag; none at the end of the current element.
    pub(crate) fn next_child(&mut self) -> Result<Option<BytesStart<'a>>, ParseError> {
        loop {
            match self.next()? {
                Event::Start(start) => return Ok(Some(start)),
                Event::End(_) => return Ok(None),
                Event::Eof => return Err(ParseError::Truncated),
                _ => {}
            }
        }
    }

    /// Goes into the first child of that name, past the others.
    pub(crate) fn child(&mut self, name: &str) -> Result<Option<BytesStart<'a>>, ParseError> {
        while let Some(start) = self.next_child()? {
            if local(&start) == name {
                return Ok(Some(start));
            }
            self.skip()?;
        }
        Ok(None)
    }

    /// Passes the rest of the current element.
    pub(crate) fn skip(&mut self) -> Result<(), ParseError> {
        let mut open = 1_usize;
        while open > 0 {
            match self.next()? {
                Event::Start(_) => open += 1,
                Event::End(_) => open -= 1,
                Event::Eof => return Err(ParseError::Truncated),
                _ => {}
            }
        }
        Ok(())
    }

    /// The text of the current element, up to its end tag; children are passed over.
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, ParseError> {
        let mut text: Cow<'a, str> = Cow::Borrowed("");
        loop {
            let part = match self.next()? {
                Event::End(_) => return Ok(text),
                Event::Eof => return Err(ParseError::Truncated),
                Event::Text(part) => line_ends(part.into_inner()),
                Event::CData(part) => line_ends(part.into_inner()),
                Event::GeneralRef(reference) => self.resolve(&reference)?,
                Event::Start(_) => {
                    self.skip()?;
                    continue;
                }
                _ => continue,
            };
            if text.is_empty() {
                text = part;
            } else {
                text.to_mut().push_str(&part);
            }
        }
    }

    fn resolve(&self, reference: &quick_xml::events::BytesRef<'a>) -> Result<Cow<'a, str>, ParseError> {
        let here = |source| ParseError::Xml { offset: self.reader.buffer_position(), source };
        if let Some(character) = reference.resolve_char_ref().map_err(here)? {
            return Ok(Cow::Owned(character.to_string()));
        }
        match quick_xml::escape::resolve_xml_entity(reference) {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => Err(ParseError::value("text with known entities")),
        }
    }

    /// Reads the element whose start tag was just read; none where it is empty and its type has no empty value.
    pub(crate) fn value(
        &mut self,
        target: &ShapeRef,
        start: &BytesStart<'a>,
        depth: usize,
    ) -> Result<Option<Value>, ParseError> {
        if depth > DEPTH_MAX {
            return Err(ParseError::TooDeep);
        }
        let context = self.context;
        let shape = context.service.shape(target.shape());
        let masked = target.sensitive && context.secrets == Secrets::Mask;
        match shape.kind() {
            Kind::Map(keys, values) => {
                let mut out = Map::new();
                while self.next_child()?.is_some() {
                    self.entry(keys, values, masked, &mut out, depth)?;
                }
                Ok(Some(Value::Object(out)))
            }
            _ if masked => {
                self.skip()?;
                Ok(Some(Value::from(MASK)))
            }
            Kind::Structure(structure) => self.structure(structure, start, depth).map(|out| Some(out.into())),
            Kind::List(member) => {
                let mut out = Vec::new();
                while let Some(item) = self.next_child()? {
                    let value = self
                        .value(member, &item, depth + 1)
                        .map_err(|error| error.inside(&format!("[{}]", out.len())))?;
                    out.extend(value);
                }
                Ok(Some(Value::Array(out)))
            }
            kind => {
                let text = self.text()?;
                if let Some(value) = quirks::json_in_text(context.service, shape, &text) {
                    return Ok(Some(value));
                }
                match (kind, text) {
                    (Kind::String, text) => Ok(Some(Value::String(text.into_owned()))),
                    (kind, text) => scalar::from_text(kind, &text),
                }
            }
        }
    }

    /// Reads the members of the current element.
    pub(crate) fn structure(
        &mut self,
        structure: &Structure,
        start: &BytesStart<'a>,
        depth: usize,
    ) -> Result<Map<String, Value>, ParseError> {
        let mut out = Map::new();
        let mut unknown = None;
        while let Some(child) = self.next_child()? {
            let Some(member) = structure.by_element(local(&child)) else {
                if structure.is_union() {
                    unknown = Some(local(&child).to_owned());
                }
                self.skip()?;
                continue;
            };
            self.member(member, &child, &mut out, depth).map_err(|error| error.inside(member.name()))?;
        }
        if structure.has_attributes {
            attributes(structure, start, &mut out);
        }
        if let Some(tag) = unknown
            && out.is_empty()
        {
            out.insert("SDK_UNKNOWN_MEMBER".to_owned(), serde_json::json!({ "name": tag }));
        }
        Ok(out)
    }

    fn member(
        &mut self,
        member: &Member,
        start: &BytesStart<'a>,
        out: &mut Map<String, Value>,
        depth: usize,
    ) -> Result<(), ParseError> {
        let target = member.target();
        let context = self.context;
        let masked = target.sensitive && context.secrets == Secrets::Mask;
        match context.service.shape(target.shape()).kind() {
            Kind::List(_) if target.flattened && masked => {
                self.skip()?;
                out.insert(member.name().to_owned(), Value::from(MASK));
            }
            Kind::List(item) if target.flattened => {
                if depth + 1 > DEPTH_MAX {
                    return Err(ParseError::TooDeep);
                }
                let value = self.value(item, start, depth + 1)?;
                let list = out.entry(member.name()).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(items) = list {
                    items.extend(value);
                }
            }
            Kind::Map(keys, values) if target.flattened => {
                let mut entries = match out.remove(member.name()) {
                    Some(Value::Object(entries)) => entries,
                    _ => Map::new(),
                };
                self.entry(keys, values, masked, &mut entries, depth)?;
                out.insert(member.name().to_owned(), Value::Object(entries));
            }
            _ if out.contains_key(member.name()) => self.skip()?,
            _ => {
                if let Some(value) = self.value(target, start, depth + 1)? {
                    out.insert(member.name().to_owned(), value);
                }
            }
        }
        Ok(())
    }

    /// Reads one entry of a map; an entry without key or value is dropped.
    fn entry(
        &mut self,
        keys: &ShapeRef,
        values: &ShapeRef,
        masked: bool,
        out: &mut Map<String, Value>,
        depth: usize,
    ) -> Result<(), ParseError> {
        if depth + 1 > DEPTH_MAX {
            return Err(ParseError::TooDeep);
        }
        let key_name = keys.wire_name().unwrap_or("key");
        let value_name = values.wire_name().unwrap_or("value");
        let (mut key, mut value) = (None, None);
        while let Some(part) = self.next_child()? {
            match local(&part) {
                name if name == key_name => key = Some(self.text()?.into_owned()),
                name if name == value_name && masked => {
                    self.skip()?;
                    value = Some(Value::from(MASK));
                }
                name if name == value_name => value = self.value(values, &part, depth + 1)?,
                _ => self.skip()?,
            }
        }
        if let (Some(key), Some(value)) = (key, value) {
            out.insert(key, value);
        }
        Ok(())
    }
}

/// XML turns the line ends of other systems into `\n`.
fn line_ends(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { text }
}

/// Members that are attributes of their element; a prefix counts as the name that the model uses for its namespace.
fn attributes(structure: &Structure, start: &BytesStart<'_>, out: &mut Map<String, Value>) {
    let tail = |name: &str| name.rsplit_once(':').map(|(_, local)| local.to_owned());
    for member in structure.members().iter().filter(|member| member.target().xml_attribute) {
        let wanted = member.wire();
        let found = start.attributes().with_checks(false).flatten().find(|attribute| {
            let key = attribute.key.0;
            key == wanted || (tail(key).is_some() && tail(key) == tail(wanted))
        });
        if let Some(value) = found.and_then(|attribute| attribute_text(&attribute)) {
            out.entry(member.name()).or_insert(Value::String(value));
        }
    }
}

fn attribute_text(attribute: &Attribute<'_>) -> Option<String> {
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
}
