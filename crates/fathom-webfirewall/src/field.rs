//! Fields to match: which part of a request a statement looks at.

use serde_json::Value;

use crate::request::{Request, Told, arguments};

/// The most bytes, and the most, of headers and of cookies that are looked at.
const INSPECTED_BYTES: usize = 8192;
const INSPECTED_COUNT: usize = 200;

/// What to do where a part is larger than is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oversize {
    /// Look at what is there.
    Continue,
    /// It matches.
    Match,
    /// It does not match.
    NoMatch,
}

/// Which of several named parts are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    Included(Vec<String>),
    Excluded(Vec<String>),
}

/// The parts of named values that are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Map {
    pub(crate) which: Which,
    pub(crate) keys: bool,
    pub(crate) values: bool,
    pub(crate) oversize: Oversize,
}

/// Which part of a request is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    Method,
    UriPath,
    QueryString,
    UriFragment,
    SingleHeader(String),
    SingleQueryArgument(String),
    AllQueryArguments,
    Headers(Map),
    Cookies(Map),
    Body(Oversize),
    JsonBody,
    HeaderOrder,
    /// A fingerprint, and whether a request without one matches.
    Ja3(bool),
    Ja4(bool),
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    /// Values, of which one must fit.
    Values(Vec<Vec<u8>>),
    /// Only how long it is.
    Length(u64),
    /// The statement is decided by its own setting.
    Decided(bool),
    /// The log does not say.
    Unknown(String),
}

impl Field {
    /// Reads `FieldToMatch`.
    ///
    /// # Errors
    /// What it lacks.
    pub(crate) fn read(document: &Value) -> Result<Self, String> {
        let Some((name, of)) = document.as_object().and_then(|members| members.iter().next()) else {
            return Err("FieldToMatch names no field".to_owned());
        };
        let own = |member: &str| {
            let text = of.get(member).and_then(Value::as_str);
            text.map(ToOwned::to_owned).ok_or_else(|| format!("FieldToMatch.{name} has no {member}"))
        };
        Ok(match name.as_str() {
            "Method" => Self::Method,
            "UriPath" => Self::UriPath,
            "QueryString" => Self::QueryString,
            "UriFragment" => Self::UriFragment,
            "SingleHeader" => Self::SingleHeader(own("Name")?),
            "SingleQueryArgument" => Self::SingleQueryArgument(own("Name")?),
            "AllQueryArguments" => Self::AllQueryArguments,
            "Headers" => Self::Headers(map(of, "IncludedHeaders", "ExcludedHeaders")?),
            "Cookies" => Self::Cookies(map(of, "IncludedCookies", "ExcludedCookies")?),
            "Body" => Self::Body(oversize(of)?),
            "JsonBody" => Self::JsonBody,
            "HeaderOrder" => Self::HeaderOrder,
            "JA3Fingerprint" => Self::Ja3(own("FallbackBehavior")? == "MATCH"),
            "JA4Fingerprint" => Self::Ja4(own("FallbackBehavior")? == "MATCH"),
            other => return Err(format!("the field {other} is not known here")),
        })
    }

    /// What a request holds in it. `prepared` are the transformations of the query before it is taken apart.
    pub(crate) fn of(&self, request: &Request, prepared: &[String]) -> Held {
        match self {
            Self::Method => text(request.verb()),
            Self::UriPath => text(request.path()),
            Self::QueryString => text(request.query()),
            Self::UriFragment => match &request.fragment {
                Some(fragment) => one(fragment),
                None => Held::Unknown("the log does not hold the fragment".to_owned()),
            },
            Self::SingleHeader(name) => match request.header(name) {
                Told::Is(values) => many(values),
                Told::None => Held::Values(Vec::new()),
                Told::Unknown(why) => Held::Unknown(why),
            },
            Self::SingleQueryArgument(name) => query(request, prepared, Some(name)),
            Self::AllQueryArguments => query(request, prepared, None),
            Self::Headers(map) => headers(request, map),
            Self::Cookies(map) => cookies(request, map),
            Self::Body(oversize) => body(request, *oversize),
            Self::JsonBody if request.body_bytes == Some(0) => {
                Held::Unknown("what an empty body is as JSON is not documented".to_owned())
            }
            Self::JsonBody => Held::Unknown("the log does not hold the body".to_owned()),
            Self::HeaderOrder => Held::Unknown("the log does not keep the order of headers".to_owned()),
            Self::Ja3(fallback) => fingerprint(request, request.ja3.as_ref(), *fallback),
            Self::Ja4(fallback) => fingerprint(request, request.ja4.as_ref(), *fallback),
        }
    }
}

fn one(text: &str) -> Held {
    Held::Values(vec![text.as_bytes().to_vec()])
}

fn many(values: Vec<&str>) -> Held {
    Held::Values(values.into_iter().map(|value| value.as_bytes().to_vec()).collect())
}

fn text(told: Told<&str>) -> Held {
    match told {
        Told::Is(value) => one(value),
        Told::None => Held::Values(Vec::new()),
        Told::Unknown(why) => Held::Unknown(why),
    }
}

fn oversize(of: &Value) -> Result<Oversize, String> {
    match of.get("OversizeHandling").and_then(Value::as_str) {
        // What was made before this setting was there is looked at as far as it goes.
        None | Some("CONTINUE") => Ok(Oversize::Continue),
        Some("MATCH") => Ok(Oversize::Match),
        Some("NO_MATCH") => Ok(Oversize::NoMatch),
        Some(other) => Err(format!("OversizeHandling {other} is not known here")),
    }
}

fn map(of: &Value, included: &str, excluded: &str) -> Result<Map, String> {
    let pattern = of.get("MatchPattern").unwrap_or(&Value::Null);
    let names = |member: &str| -> Option<Vec<String>> {
        let list = pattern.get(member)?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect())
    };
    let which = match (names(included), names(excluded)) {
        (Some(own), _) => Which::Included(own),
        (None, Some(own)) => Which::Excluded(own),
        (None, None) if pattern.get("All").is_some() => Which::All,
        (None, None) => {
            return Err("MatchPattern says neither which are looked at nor that all are".to_owned());
        }
    };
    let scope = of.get("MatchScope").and_then(Value::as_str).unwrap_or_default();
    if !["ALL", "KEY", "VALUE"].contains(&scope) {
        return Err(format!("MatchScope `{scope}` is none of ALL, KEY and VALUE"));
    }
    Ok(Map { which, keys: scope != "VALUE", values: scope != "KEY", oversize: oversize(of)? })
}

/// Where a part is larger than is looked at.
fn beyond(what: &str, oversize: Oversize) -> Held {
    match oversize {
        Oversize::Match => Held::Decided(true),
        Oversize::NoMatch => Held::Decided(false),
        Oversize::Continue => {
            Held::Unknown(format!("the {what} are larger than is looked at, and which part was is not told"))
        }
    }
}

fn headers(request: &Request, map: &Map) -> Held {
    let all = &request.headers;
    let bytes: usize = all.iter().map(|(name, value)| name.len() + value.len()).sum();
    let is_told = request.oversize.iter().any(|one| one == "REQUEST_HEADERS");
    if is_told || all.len() > INSPECTED_COUNT || bytes > INSPECTED_BYTES {
        return beyond("headers", map.oversize);
    }
    let is_same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let own = all.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    parts(own, map, is_same, "header")
}

fn cookies(request: &Request, map: &Map) -> Held {
    let all = match request.cookies() {
        Told::Is(all) => all,
        Told::None => return Held::Values(Vec::new()),
        Told::Unknown(why) => return Held::Unknown(why),
    };
    let bytes: usize = all.iter().map(|(name, value)| name.len() + value.len()).sum();
    let is_told = request.oversize.iter().any(|one| one == "REQUEST_COOKIES");
    if is_told || all.len() > INSPECTED_COUNT || bytes > INSPECTED_BYTES {
        return beyond("cookies", map.oversize);
    }
    parts(all.into_iter(), map, |one, other| one == other, "cookie")
}

fn parts<'r>(
    all: impl Iterator<Item = (&'r str, &'r str)>,
    map: &Map,
    is_same: impl Fn(&str, &str) -> bool,
    what: &str,
) -> Held {
    let mut values = Vec::new();
    for (name, value) in all {
        let is_in = |names: &[String]| names.iter().any(|own| is_same(own, name));
        let is_own = match &map.which {
            Which::All => true,
            Which::Included(names) => is_in(names),
            Which::Excluded(names) => !is_in(names),
        };
        if !is_own {
            continue;
        }
        if map.values && value == "REDACTED" {
            return Held::Unknown(format!("the log hides the {what} {name}"));
        }
        if map.keys {
            values.push(name.as_bytes().to_vec());
        }
        if map.values {
            values.push(value.as_bytes().to_vec());
        }
    }
    Held::Values(values)
}

fn query(request: &Request, prepared: &[String], name: Option<&str>) -> Held {
    let query = match request.query() {
        Told::Is(query) => query,
        Told::None => return Held::Values(Vec::new()),
        Told::Unknown(why) => return Held::Unknown(why),
    };
    let readings = match crate::transform::all(prepared, query.as_bytes()) {
        Ok(readings) => readings,
        Err(why) => return Held::Unknown(why),
    };
    let [reading] = readings.as_slice() else {
        return Held::Unknown(
            "what is done to the query before it is taken apart can be read in several ways".to_owned(),
        );
    };
    let reading = String::from_utf8_lossy(reading);
    let all = arguments(&reading).into_iter();
    let own = all.filter(|(own, _)| name.is_none_or(|name| own.eq_ignore_ascii_case(name)));
    Held::Values(own.map(|(_, value)| value.as_bytes().to_vec()).collect())
}

fn body(request: &Request, oversize: Oversize) -> Held {
    let is_told = request.oversize.iter().any(|one| one == "REQUEST_BODY");
    match (request.body_bytes, request.body_bytes_inspected) {
        (Some(0), _) => Held::Values(vec![Vec::new()]),
        (Some(bytes), Some(inspected)) if !is_told && bytes == inspected => Held::Length(bytes),
        (Some(bytes), Some(inspected)) if is_told || bytes > inspected => match oversize {
            Oversize::Continue => Held::Length(inspected),
            Oversize::Match => Held::Decided(true),
            Oversize::NoMatch => Held::Decided(false),
        },
        _ if is_told && oversize != Oversize::Continue => Held::Decided(oversize == Oversize::Match),
        _ => Held::Unknown("the log does not hold the body".to_owned()),
    }
}

fn fingerprint(request: &Request, told: Option<&String>, fallback: bool) -> Held {
    match (told, request.source) {
        (Some(told), _) => one(told),
        (None, crate::request::Source::Log) => Held::Decided(fallback),
        (None, crate::request::Source::Sample) => {
            Held::Unknown("samples do not hold the fingerprint".to_owned())
        }
    }
}
