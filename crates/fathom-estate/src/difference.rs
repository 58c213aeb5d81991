//! What changed between two documents, as a person would say it: one line for each member that came, went or changed.
//!
//! Providers return lists in any order, so a list is compared as a bag: elements that are equal (lists within them in
//! any order, too) belong together, then objects that carry the same identity (`GroupId`, `Arn`, `Key`, `Name`), then
//! objects whose plain members are equal. What is left came or went as a whole. Two documents that differ only in the
//! order of lists have an empty difference.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
};

use fathom_model::{CAPTURED, Document};
use serde::Serialize;
use serde_json::{Map, Value};

/// How deep two documents are compared; what lies deeper changes as a whole.
const DEPTH_MAX: usize = 64;
/// Members that tell an element of a list without an identity.
const LABELS_MAX: usize = 4;
/// Characters of a member that tells an element.
const LABEL_CHARS_MAX: usize = 80;
/// Members that name an object, best first: by whole name, else by how the name ends.
const IDENTITY: [(&[&str], &[&str]); 5] = [
    (&["Id", "ID", "id"], &["Id", "ID", "Identifier"]),
    (&["Arn", "ARN", "arn"], &["Arn", "ARN"]),
    (&["Key", "key", "TagKey"], &["Key"]),
    (&["Name", "name", "Sid"], &["Name"]),
    (&["Number", "Priority"], &["Number"]),
];

/// What came, went or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It has another value.
    Changed,
}

impl ChangeKind {
    /// The word used in tables and by programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }

    /// The sign that stands before a line: `+`, `-` or `~`.
    pub fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed => '~',
        }
    }
}

/// One step from a document towards what changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Step<'d> {
    /// Into the member of an object.
    Member(&'d str),
    /// Into an element of a list.
    Element {
        /// Its place in the old list; none where it was added.
        old: Option<usize>,
        /// Its place in the new list; none where it was removed.
        new: Option<usize>,
        /// The members that tell it from its neighbours; empty where the element itself came or went.
        of: Vec<(&'d str, &'d Value)>,
    },
}

/// One change: where, what was there and what is there now. At least one of the two is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<'d> {
    /// The way to it, through the old document and the new one at once.
    pub steps: Vec<Step<'d>>,
    /// The old value.
    pub old: Option<&'d Value>,
    /// The new value.
    pub new: Option<&'d Value>,
}

impl Change<'_> {
    /// What happened.
    pub fn kind(&self) -> ChangeKind {
        match (self.old, self.new) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            _ => ChangeKind::Changed,
        }
    }

    /// The path, spelled as [`fathom_model::path::Path`] spells it: `IpPermissions[].IpRanges[]`; `@` for the document.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.steps {
            match step {
                Step::Member(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    if name.is_empty() || name.contains(['.', '[', ']', '"', '|', ' ']) {
                        path.push('"');
                        path.push_str(&cut_text(name, LABEL_CHARS_MAX).0);
                        path.push('"');
                    } else {
                        path.push_str(&cut_text(name, LABEL_CHARS_MAX).0);
                    }
                }
                Step::Element { .. } => path.push_str("[]"),
            }
        }
        if path.is_empty() { "@".to_owned() } else { path }
    }

    /// The change as a line, with values cut to a number of characters.
    pub fn line(&self, value_chars_max: usize) -> Line {
        let of = self.steps.iter().filter_map(|step| match step {
            Step::Element { of, .. } if !of.is_empty() => Some(of),
            _ => None,
        });
        let label = |(name, value): &(&str, &Value)| match value {
            Value::String(text) => format!("{name}={}", cut_text(text, LABEL_CHARS_MAX).0),
            other => format!("{name}={other}"),
        };
        let cut = |value: Option<&Value>| value.map(|value| cut_value(value, value_chars_max));
        let begins = |value: Option<&Value>, cut: bool| cut && value.is_some_and(|value| !value.is_string());
        let (old, new) = (cut(self.old), cut(self.new));
        let is_cut = |value: &Option<(Value, bool)>| value.as_ref().is_some_and(|(_, cut)| *cut);
        Line {
            kind: self.kind(),
            path: self.path(),
            of: of.map(|members| members.iter().map(label).collect::<Vec<_>>().join(" ")).collect(),
            cut: is_cut(&old) || is_cut(&new),
            begins: (begins(self.old, is_cut(&old)), begins(self.new, is_cut(&new))),
            old: old.map(|(value, _)| value),
            new: new.map(|(value, _)| value),
        }
    }
}

/// A change, ready to be shown or sent. Nothing in it is escaped: values are as the provider wrote them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// What happened.
    pub kind: ChangeKind,
    /// Where, as [`Change::path`] writes it.
    pub path: String,
    /// Which elements of the lists on the way, outermost first: `Key=environment`, `IpProtocol=tcp FromPort=443`.
    pub of: Vec<String>,
    /// The old value.
    pub old: Option<Value>,
    /// The new value.
    pub new: Option<Value>,
    /// Whether a value was too long: then its text's beginning stands in its place, with how long it is.
    pub cut: bool,
    /// Whether the old and the new value are such a beginning of a list's or an object's text.
    #[serde(skip)]
    begins: (bool, bool),
}

impl Line {
    /// The old value as JSON text, or its beginning.
    pub fn old_text(&self) -> Option<String> {
        self.old.as_ref().map(|value| shown(value, self.begins.0))
    }

    /// The new value as JSON text, or its beginning.
    pub fn new_text(&self) -> Option<String> {
        self.new.as_ref().map(|value| shown(value, self.begins.1))
    }
}

fn shown(value: &Value, begins: bool) -> String {
    match value {
        // What is a piece of JSON already is not quoted once more.
        Value::String(text) if begins => text.clone(),
        value => value.to_string(),
    }
}

impl fmt::Display for Line {
    /// `~ Tags[].Value (Key=environment): "prod" → "dev"`, with values as JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.sign(), self.path)?;
        if !self.of.is_empty() {
            write!(f, " ({})", self.of.join(", "))?;
        }
        match (self.old_text(), self.new_text()) {
            (Some(old), Some(new)) => write!(f, ": {old} → {new}"),
            (Some(value), None) | (None, Some(value)) => write!(f, ": {value}"),
            (None, None) => Ok(()),
        }
    }
}

/// All changes between two documents, in the order of their members.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Difference<'d> {
    /// The changes, up to the limit.
    pub changes: Vec<Change<'d>>,
    /// How many more there are.
    pub more: u64,
}

impl<'d> Difference<'d> {
    /// Compares two documents; of more than `changes_max` changes the rest is only counted.
    pub fn between(old: &'d Value, new: &'d Value, changes_max: usize) -> Self {
        let mut walk = Walk { steps: Vec::new(), found: Self::default(), changes_max };
        walk.values(old, new, 0);
        walk.found
    }

    /// Whether nothing but the order of lists differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.more == 0
    }

    /// How many changes there are, those beyond the limit included.
    pub fn count(&self) -> u64 {
        self.changes.len() as u64 + self.more
    }

    /// The changes as lines, with values cut to a number of characters.
    pub fn lines(&self, value_chars_max: usize) -> Vec<Line> {
        self.changes.iter().map(|change| change.line(value_chars_max)).collect()
    }
}

/// What is said of a resource at one time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// Its document; null where it is not known.
    pub document: Value,
    /// What is said beside it, as an object: name, tags, whether it is exposed.
    pub facts: Value,
}

impl Said {
    /// What a document and the facts beside it say. When the document was captured is no part of it.
    pub fn new(document: Option<&Document>, facts: Value) -> Self {
        let mut document = document.map_or(Value::Null, Document::value);
        if let Value::Object(members) = &mut document {
            members.remove(CAPTURED);
        }
        Self { document, facts }
    }
}

/// What changed in a resource.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ResourceDifference {
    /// The changes, up to the limit.
    pub lines: Vec<Line>,
    /// How many more there are.
    pub more: u64,
}

impl ResourceDifference {
    /// Compares what was said of a resource at two times.
    ///
    /// What is said beside the document is mostly read from it, so of these facts only those are told that the lines of
    /// the document do not tell: the flags `exposed` and `provider_made`, and all others where the document is the same.
    pub fn between(old: &Said, new: &Said, lines_max: usize, value_chars_max: usize) -> Self {
        const FLAGS: [&str; 2] = ["exposed", "provider_made"];
        let document = Difference::between(&old.document, &new.document, lines_max);
        let facts = Difference::between(&old.facts, &new.facts, lines_max);
        let is_told = |change: &&Change<'_>| {
            let is_flag = matches!(change.steps.as_slice(), [Step::Member(name)] if FLAGS.contains(name));
            is_flag || document.is_empty()
        };
        let mut lines: Vec<Line> =
            facts.changes.iter().filter(is_told).map(|change| change.line(value_chars_max)).collect();
        lines.extend(document.lines(value_chars_max));
        let beyond = lines.len().saturating_sub(lines_max);
        lines.truncate(lines_max);
        Self { lines, more: document.more + beyond as u64 }
    }

    /// Whether nothing but the order of lists differs.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.more == 0
    }
}

struct Walk<'d> {
    steps: Vec<Step<'d>>,
    found: Difference<'d>,
    changes_max: usize,
}

impl<'d> Walk<'d> {
    fn values(&mut self, old: &'d Value, new: &'d Value, depth: usize) {
        if old == new {
            return;
        }
        match (old, new) {
            (Value::Object(old), Value::Object(new)) if depth < DEPTH_MAX => self.objects(old, new, depth),
            (Value::Array(old), Value::Array(new)) if depth < DEPTH_MAX => self.lists(old, new, depth),
            _ => self.push(Some(old), Some(new)),
        }
    }

    fn objects(&mut self, old: &'d Map<String, Value>, new: &'d Map<String, Value>, depth: usize) {
        let names: BTreeSet<&'d String> = old.keys().chain(new.keys()).collect();
        for name in names {
            self.steps.push(Step::Member(name));
            match (old.get(name), new.get(name)) {
                (Some(old), Some(new)) => self.values(old, new, depth + 1),
                (old, new) => self.push(old, new),
            }
            self.steps.pop();
        }
    }

    fn lists(&mut self, old: &'d [Value], new: &'d [Value], depth: usize) {
        let (mut gone, mut come) = surplus(old, new);
        for Pair { left, right, of } in pairs(old, new, &mut gone, &mut come) {
            let (Some(before), Some(after)) = (old.get(left), new.get(right)) else { continue };
            self.steps.push(Step::Element { old: Some(left), new: Some(right), of });
            self.values(before, after, depth + 1);
            self.steps.pop();
        }
        for at in gone {
            self.steps.push(Step::Element { old: Some(at), new: None, of: Vec::new() });
            self.push(old.get(at), None);
            self.steps.pop();
        }
        for at in come {
            self.steps.push(Step::Element { old: None, new: Some(at), of: Vec::new() });
            self.push(None, new.get(at));
            self.steps.pop();
        }
    }

    fn push(&mut self, old: Option<&'d Value>, new: Option<&'d Value>) {
        if self.found.changes.len() < self.changes_max {
            self.found.changes.push(Change { steps: self.steps.clone(), old, new });
        } else {
            self.found.more += 1;
        }
    }
}

/// An object and its place in a list.
type Placed<'d> = (usize, &'d Map<String, Value>);

/// Two elements that are the same thing before and after.
struct Pair<'d> {
    left: usize,
    right: usize,
    of: Vec<(&'d str, &'d Value)>,
}

/// The places of elements that have no equal in the other list.
fn surplus(old: &[Value], new: &[Value]) -> (Vec<usize>, Vec<usize>) {
    let mut bags: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (at, value) in old.iter().enumerate() {
        bags.entry(in_any_order(value)).or_default().0.push(at);
    }
    for (at, value) in new.iter().enumerate() {
        bags.entry(in_any_order(value)).or_default().1.push(at);
    }
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for (left, right) in bags.into_values() {
        gone.extend(left.iter().skip(right.len()));
        come.extend(right.iter().skip(left.len()));
    }
    gone.sort_unstable();
    come.sort_unstable();
    (gone, come)
}

/// Takes out of both lists of places what belongs together, in the order of the old list.
fn pairs<'d>(
    old: &'d [Value],
    new: &'d [Value],
    gone: &mut Vec<usize>,
    come: &mut Vec<usize>,
) -> Vec<Pair<'d>> {
    let objects = |list: &'d [Value], places: &[usize]| -> Option<Vec<(usize, &'d Map<String, Value>)>> {
        places.iter().map(|at| Some((*at, list.get(*at)?.as_object()?))).collect()
    };
    let (Some(left), Some(right)) = (objects(old, gone), objects(new, come)) else { return Vec::new() };
    if left.is_empty() || right.is_empty() {
        return Vec::new();
    }
    let mut found = if let Some(name) = identity(&left, &right) {
        let by_value = |side: &[(usize, &'d Map<String, Value>)]| -> BTreeMap<String, (usize, &'d Value)> {
            let one = |(at, object): &(usize, &'d Map<String, Value>)| {
                object.get(name).map(|value| (value.to_string(), (*at, value)))
            };
            side.iter().filter_map(one).collect()
        };
        let after = by_value(&right);
        let matched = by_value(&left).into_iter().filter_map(|(text, (left, value))| {
            after.get(&text).map(|(right, _)| Pair { left, right: *right, of: vec![(name, value)] })
        });
        matched.collect()
    } else {
        by_plain_members(&left, &right)
    };
    found.sort_by_key(|pair| pair.left);
    let (lefts, rights): (BTreeSet<usize>, BTreeSet<usize>) =
        found.iter().map(|pair| (pair.left, pair.right)).unzip();
    gone.retain(|at| !lefts.contains(at));
    come.retain(|at| !rights.contains(at));
    found
}

/// The member that names every one of these objects, and no two on a side alike.
fn identity<'d>(left: &[Placed<'d>], right: &[Placed<'d>]) -> Option<&'d str> {
    let (_, first) = left.first()?;
    let mut names: Vec<(usize, &'d str)> = first
        .keys()
        .filter_map(|name| {
            let whole = IDENTITY.iter().position(|(whole, _)| whole.contains(&name.as_str()));
            let ending = || IDENTITY.iter().position(|(_, ends)| ends.iter().any(|end| name.ends_with(end)));
            let rank = whole.or_else(|| ending().map(|at| at + IDENTITY.len()))?;
            Some((rank, name.as_str()))
        })
        .collect();
    names.sort_unstable();
    let names_each = |name: &str, side: &[(usize, &Map<String, Value>)]| {
        let mut seen = BTreeSet::new();
        side.iter().all(|(_, object)| match object.get(name) {
            Some(value @ (Value::String(_) | Value::Number(_))) => seen.insert(value.to_string()),
            _ => false,
        })
    };
    names.into_iter().map(|(_, name)| name).find(|name| names_each(name, left) && names_each(name, right))
}

/// Objects whose plain members are all equal, where that is clear; and the last one on each side, where they share one.
fn by_plain_members<'d>(left: &[Placed<'d>], right: &[Placed<'d>]) -> Vec<Pair<'d>> {
    let mut bags: BTreeMap<String, (Vec<Placed<'d>>, Vec<usize>)> = BTreeMap::new();
    for (at, object) in left {
        bags.entry(plain_text(object)).or_default().0.push((*at, object));
    }
    for (at, object) in right {
        bags.entry(plain_text(object)).or_default().1.push(*at);
    }
    let clear = bags.into_values().filter_map(|bag| match (bag.0.as_slice(), bag.1.as_slice()) {
        ([(left, object)], [right]) => {
            Some(Pair { left: *left, right: *right, of: plain(object).take(LABELS_MAX).collect() })
        }
        _ => None,
    });
    let mut found: Vec<Pair<'d>> = clear.collect();
    let (lefts, rights): (BTreeSet<usize>, BTreeSet<usize>) =
        found.iter().map(|pair| (pair.left, pair.right)).unzip();
    let mut left = left.iter().filter(|(at, _)| !lefts.contains(at));
    let mut right = right.iter().filter(|(at, _)| !rights.contains(at));
    if let (Some((one, before)), None, Some((other, after)), None) =
        (left.next(), left.next(), right.next(), right.next())
        && before.iter().any(|(name, value)| after.get(name) == Some(value))
    {
        let same = plain(before).filter(|(name, value)| after.get(*name) == Some(*value));
        let of = same.take(LABELS_MAX).collect();
        found.push(Pair { left: *one, right: *other, of });
    }
    found
}

fn plain(object: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    let members = object.iter().map(|(name, value)| (name.as_str(), value));
    members.filter(|(_, value)| !value.is_array() && !value.is_object())
}

fn plain_text(object: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (name, value) in plain(object) {
        text.extend([Value::from(name).to_string().as_str(), ":", &value.to_string(), ","]);
    }
    text
}

/// A text that two values share if and only if they are equal with the lists in them in any order.
pub fn in_any_order(value: &Value) -> String {
    fn write(value: &Value, depth: usize, out: &mut String) {
        match value {
            Value::Array(items) if depth < DEPTH_MAX => {
                let mut texts: Vec<String> = items
                    .iter()
                    .map(|item| {
                        let mut text = String::new();
                        write(item, depth + 1, &mut text);
                        text
                    })
                    .collect();
                texts.sort_unstable();
                out.push('[');
                for text in texts {
                    out.push_str(&text);
                    out.push(',');
                }
                out.push(']');
            }
            Value::Object(members) if depth < DEPTH_MAX => {
                out.push('{');
                for (name, value) in members {
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push(':');
                    write(value, depth + 1, out);
                    out.push(',');
                }
                out.push('}');
            }
            other => out.push_str(&other.to_string()),
        }
    }
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

/// The beginning of a text, and whether there was more.
fn cut_text(text: &str, chars_max: usize) -> (String, bool) {
    match text.char_indices().nth(chars_max) {
        None => (text.to_owned(), false),
        Some((end, _)) => (format!("{}…", text.get(..end).unwrap_or_default()), true),
    }
}

/// A value as it may be shown, and whether it was too long and only its beginning is.
fn cut_value(value: &Value, chars_max: usize) -> (Value, bool) {
    let (begin, length, unit) = match value {
        Value::String(text) => match cut_text(text, chars_max) {
            (_, false) => return (value.clone(), false),
            (begin, true) => (begin, text.chars().count(), "characters"),
        },
        Value::Array(_) | Value::Object(_) => {
            // A document may be large: no more of its text is made than is shown.
            let mut writer =
                Beginning { bytes: Vec::new(), bytes_max: chars_max.saturating_mul(4), length: 0 };
            let written = serde_json::to_writer(&mut writer, value).is_ok();
            let text = String::from_utf8_lossy(&writer.bytes);
            match cut_text(&text, chars_max) {
                (_, false) if written && writer.length == writer.bytes.len() => {
                    return (value.clone(), false);
                }
                (begin, is_cut) => (if is_cut { begin } else { begin + "…" }, writer.length, "bytes"),
            }
        }
        _ => return (value.clone(), false),
    };
    (Value::String(format!("{begin} ({length} {unit})")), true)
}

/// Keeps the beginning of what is written, and counts the rest.
struct Beginning {
    bytes: Vec<u8>,
    bytes_max: usize,
    length: usize,
}

impl io::Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.bytes_max.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.length += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
