//! Texts with `{holes}` that paths into a document fill; `{Path|last}` takes what follows the last `/` or `:`,
//! `{Path|bare}` leaves out a `/` at the start, `{Path|swap A>B}` has B in the place of the first A, and is empty without one.

use std::{fmt, str::FromStr};

use fathom_model::path::Path;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A parsed text with holes, like `arn:{partition}:s3:::{Name}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    /// A name that the surroundings give: `account`, `region`, `partition`.
    Variable(String),
    /// A path into another value than the document: `parent.…`, `item.…`, `job.…`.
    Scoped(String, Path),
    /// A path into the document.
    Path(Path),
    /// What follows the last `/` or `:` of another piece: an id out of an ARN or a path.
    Last(Box<Piece>),
    /// Another piece without a `/` at its start.
    Bare(Box<Piece>),
    /// Another piece with one text in the place of another, which it must have.
    Swap(Box<Piece>, String, String),
}

/// What fills a template's holes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fill<'a> {
    /// The partition, where known.
    pub partition: &'a str,
    /// The account asked.
    pub account: &'a str,
    /// The region asked, or the one the document told.
    pub region: &'a str,
    /// The document.
    pub document: Option<&'a Value>,
    /// The document of the parent.
    pub parent: Option<&'a Value>,
    /// The listed item, where a describe call is being made for it.
    pub item: Option<&'a Value>,
    /// The answer of the call that started the work whose result is being read.
    pub job: Option<&'a Value>,
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (literal, after) = rest.split_at(open);
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            let after = after.get(1..).unwrap_or_default();
            let close = after.find('}').ok_or_else(|| format!("`{text}`: a `{{` is not closed"))?;
            let (hole, tail) = after.split_at(close);
            pieces.push(parse_hole(hole)?);
            rest = tail.get(1..).unwrap_or_default();
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Self { text: text.to_owned(), pieces })
    }
}

fn parse_hole(hole: &str) -> Result<Piece, String> {
    if let Some(inner) = hole.strip_suffix("|last") {
        return parse_hole(inner).map(|piece| Piece::Last(Box::new(piece)));
    }
    if let Some(inner) = hole.strip_suffix("|bare") {
        return parse_hole(inner).map(|piece| Piece::Bare(Box::new(piece)));
    }
    if let Some((inner, swap)) = hole.split_once("|swap ") {
        let (from, to) = swap.split_once('>').ok_or_else(|| format!("`{swap}` is not of the form `A>B`"))?;
        return parse_hole(inner).map(|piece| Piece::Swap(Box::new(piece), from.to_owned(), to.to_owned()));
    }
    let path = |text: &str| text.parse::<Path>().map_err(|error| error.to_string());
    if matches!(hole, "partition" | "account" | "region") {
        return Ok(Piece::Variable(hole.to_owned()));
    }
    for scope in ["parent", "item", "job"] {
        if hole == scope {
            return Ok(Piece::Scoped(scope.to_owned(), path("@")?));
        }
        if let Some(inner) = hole.strip_prefix(scope).and_then(|rest| rest.strip_prefix('.')) {
            return Ok(Piece::Scoped(scope.to_owned(), path(inner)?));
        }
    }
    path(hole).map(Piece::Path)
}

impl Template {
    /// The filled text; none where a hole has nothing to fill it.
    pub fn fill(&self, with: Fill<'_>) -> Option<String> {
        let mut out = String::new();
        for piece in &self.pieces {
            out.push_str(&piece.fill(with)?);
        }
        Some(out)
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Piece {
    fn fill(&self, with: Fill<'_>) -> Option<String> {
        match self {
            Self::Literal(text) => Some(text.clone()),
            Self::Variable(name) => Some(
                match name.as_str() {
                    "partition" => with.partition,
                    "account" => with.account,
                    _ => with.region,
                }
                .to_owned(),
            ),
            Self::Scoped(scope, path) => path.text(match scope.as_str() {
                "parent" => with.parent,
                "item" => with.item,
                _ => with.job,
            }?),
            Self::Path(path) => path.text(with.document?),
            Self::Last(piece) => piece.fill(with).map(|text| last_segment(&text).to_owned()),
            Self::Swap(piece, from, to) => {
                piece.fill(with).filter(|text| text.contains(from)).map(|text| text.replacen(from, to, 1))
            }
            Self::Bare(piece) => {
                piece.fill(with).map(|text| text.strip_prefix('/').map_or(text.clone(), str::to_owned))
            }
        }
    }
}

/// What follows the last `/` or `:`.
pub fn last_segment(text: &str) -> &str {
    text.rsplit(['/', ':']).next().unwrap_or(text)
}

/// How a template ends whose value is a number.
const NUMBER: &str = "|number}";

/// Fills every text inside a parameter value; none where a hole stays empty.
pub fn fill_value(value: &Value, with: Fill<'_>) -> Option<Value> {
    Some(match value {
        // `{Path|number}` for parameters that are numbers.
        Value::String(text) if text.ends_with(NUMBER) => {
            let template = text.trim_end_matches(NUMBER).to_owned() + "}";
            Value::from(template.parse::<Template>().ok()?.fill(with)?.parse::<i64>().ok()?)
        }
        Value::String(text) if text.contains('{') => {
            Value::String(text.parse::<Template>().ok()?.fill(with)?)
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill_value(item, with)).collect::<Option<_>>()?)
        }
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, member)| Some((key.clone(), fill_value(member, with)?)))
                .collect::<Option<_>>()?,
        ),
        other => other.clone(),
    })
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
