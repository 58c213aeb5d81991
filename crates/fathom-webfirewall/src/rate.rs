//! Rules that limit how many requests come: the requests of the last minutes by their key, counted exactly.
//!
//! AWS estimates the number and looks every ten seconds or so; what is said here is what the exact number would do.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use crate::{
    judged::{Judged, Truth},
    labels::Labels,
    request::{Request, Source, Told, arguments},
    statement::{Forwarded, Statement, forwarded, transformations},
    transform,
};

/// What AWS takes where nothing is said, in seconds.
const WINDOW: i64 = 300;
/// Between parts of a key; no part holds it.
const SEPARATOR: u8 = 0;

/// A limit on requests.
#[derive(Debug, Clone)]
pub struct RateBased {
    /// The most requests of a window.
    pub limit: u64,
    /// The window in seconds.
    pub window: i64,
    pub(crate) keys: Vec<Key>,
    pub(crate) scope: Option<Statement>,
}

/// By what requests are told apart.
#[derive(Debug, Clone)]
pub(crate) enum Key {
    Address,
    Forwarded(Forwarded),
    Header(String, Vec<String>),
    Cookie(String, Vec<String>),
    QueryArgument(String, Vec<String>),
    QueryString(Vec<String>),
    UriPath(Vec<String>),
    Method,
    Labels(String),
    Ja3,
    Ja4,
    Asn,
}

impl RateBased {
    /// Reads `RateBasedStatement`, whose scope was read before.
    pub(crate) fn read(of: &Value, scope: Option<Statement>) -> Result<Self, String> {
        let limit = of.get("Limit").and_then(Value::as_u64).ok_or("it has no Limit")?;
        let window = of.get("EvaluationWindowSec").and_then(Value::as_i64).unwrap_or(WINDOW);
        let header = forwarded(of.get("ForwardedIPConfig"))?;
        let by_header =
            || header.clone().map(Key::Forwarded).ok_or_else(|| "it has no ForwardedIPConfig".to_owned());
        let keys = match of.get("AggregateKeyType").and_then(Value::as_str).unwrap_or("IP") {
            "IP" => vec![Key::Address],
            "FORWARDED_IP" => vec![by_header()?],
            "CONSTANT" => Vec::new(),
            "CUSTOM_KEYS" => {
                let all = of.get("CustomKeys").and_then(Value::as_array).ok_or("it has no CustomKeys")?;
                all.iter().map(|one| key(one, &by_header)).collect::<Result<_, _>>()?
            }
            other => return Err(format!("AggregateKeyType `{other}` is not known here")),
        };
        Ok(Self { limit, window, keys, scope })
    }

    /// The key of a request; none where it lacks a part, and then it is not counted.
    fn key(&self, request: &Request, labels: &Labels) -> Told<Vec<u8>> {
        let mut whole = Vec::new();
        for key in &self.keys {
            match key.of(request, labels) {
                Told::Is(part) => {
                    whole.extend(part);
                    whole.push(SEPARATOR);
                }
                Told::None => return Told::None,
                Told::Unknown(why) => return Told::Unknown(why),
            }
        }
        Told::Is(whole)
    }
}

fn key(document: &Value, by_header: &impl Fn() -> Result<Key, String>) -> Result<Key, String> {
    let member = document.as_object().and_then(|members| members.iter().find(|(_, of)| !of.is_null()));
    let (kind, of) = member.ok_or("a key of CustomKeys is empty")?;
    let name = || of.get("Name").and_then(Value::as_str).map(ToOwned::to_owned).ok_or("a key has no Name");
    let done = || transformations(of, "TextTransformations");
    Ok(match kind.as_str() {
        "IP" => Key::Address,
        "ForwardedIP" => by_header()?,
        "Header" => Key::Header(name()?, done()?),
        "Cookie" => Key::Cookie(name()?, done()?),
        "QueryArgument" => Key::QueryArgument(name()?, done()?),
        "QueryString" => Key::QueryString(done()?),
        "UriPath" => Key::UriPath(done()?),
        "HTTPMethod" => Key::Method,
        "LabelNamespace" => {
            let space = of.get("Namespace").and_then(Value::as_str).ok_or("a key has no Namespace")?;
            Key::Labels(space.to_owned())
        }
        "JA3Fingerprint" => Key::Ja3,
        "JA4Fingerprint" => Key::Ja4,
        "ASN" => Key::Asn,
        other => return Err(format!("the key {other} is not known here")),
    })
}

impl Key {
    fn of(&self, request: &Request, labels: &Labels) -> Told<Vec<u8>> {
        let bytes = |text: &str| Told::Is(text.as_bytes().to_vec());
        let missing = |told: Option<String>, what: &str| match (told, request.source) {
            (Some(told), _) => Told::Is(told.into_bytes()),
            (None, Source::Log) => Told::None,
            (None, Source::Sample) => Told::Unknown(format!("samples do not hold {what}")),
        };
        match self {
            Self::Address => bytes(&request.client),
            Self::Forwarded(forwarded) => match request.forwarded(&forwarded.header) {
                Told::Is(all) => match all.into_iter().next() {
                    Some(Ok(address)) => bytes(&address.to_string()),
                    _ if forwarded.fallback => Told::Unknown(
                        "how requests without a valid address are counted is not documented".to_owned(),
                    ),
                    _ => Told::None,
                },
                Told::None => Told::None,
                Told::Unknown(why) => Told::Unknown(why),
            },
            Self::Header(name, done) => match request.header(name) {
                Told::Is(values) => transformed(values.join(",").as_bytes(), done),
                Told::None => Told::None,
                Told::Unknown(why) => Told::Unknown(why),
            },
            Self::Cookie(name, done) => match request.cookies() {
                Told::Is(all) => match all.into_iter().find(|(own, _)| own == name) {
                    Some((_, value)) => transformed(value.as_bytes(), done),
                    None => Told::None,
                },
                Told::None => Told::None,
                Told::Unknown(why) => Told::Unknown(why),
            },
            Self::QueryArgument(name, done) => match request.query() {
                Told::Is(query) => {
                    let own = arguments(query).into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
                    own.map_or(Told::None, |(_, value)| transformed(value.as_bytes(), done))
                }
                Told::None => Told::None,
                Told::Unknown(why) => Told::Unknown(why),
            },
            Self::QueryString(done) => text(request.query(), done),
            Self::UriPath(done) => text(request.path(), done),
            Self::Method => text(request.verb(), &[]),
            Self::Labels(space) => {
                let own = labels.of(space);
                if own.is_empty() { Told::None } else { bytes(&own.join(",")) }
            }
            Self::Ja3 => missing(request.ja3.clone(), "the fingerprint"),
            Self::Ja4 => missing(request.ja4.clone(), "the fingerprint"),
            Self::Asn => match request.asn {
                Some(number) => bytes(&number.to_string()),
                None => Told::Unknown("the log does not hold the number of the network".to_owned()),
            },
        }
    }
}

fn text(told: Told<&str>, done: &[String]) -> Told<Vec<u8>> {
    match told {
        Told::Is(text) => transformed(text.as_bytes(), done),
        Told::None => Told::None,
        Told::Unknown(why) => Told::Unknown(why),
    }
}

fn transformed(input: &[u8], done: &[String]) -> Told<Vec<u8>> {
    match transform::all(done, input).map(|mut all| (all.pop(), all.is_empty())) {
        Ok((Some(only), true)) => Told::Is(only),
        Ok(_) => Told::Unknown("the key of the limit can be read in several ways".to_owned()),
        Err(why) => Told::Unknown(why),
    }
}

/// The requests of the last minutes, by rule and key. They must come in the order of their time.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    counted: HashMap<(usize, Vec<u8>), Window>,
    /// When the first request of all came: before, nothing is known.
    begin: Option<i64>,
}

/// The requests of one key.
#[derive(Debug, Default)]
struct Window {
    /// When each came, and whether it surely counts.
    came: VecDeque<(i64, bool)>,
    sure: u64,
}

impl Windows {
    /// What came first.
    pub(crate) fn begin(&mut self, at: i64) {
        self.begin.get_or_insert(at);
    }

    /// Counts a request that `scope` lets in, and says whether it is beyond the limit.
    pub(crate) fn judge(
        &mut self,
        rule: usize,
        of: &RateBased,
        request: &Request,
        labels: &Labels,
        scope: Judged,
    ) -> Judged {
        if scope.truth == Truth::No {
            return scope;
        }
        if request.source == Source::Sample {
            return Judged::unknown("samples do not say how many requests came");
        }
        let key = match of.key(request, labels) {
            Told::Is(key) => key,
            Told::None => return Judged::from(false),
            Told::Unknown(why) => return Judged::unknown(why),
        };
        let window = of.window.saturating_mul(1000);
        let since = request.at.saturating_sub(window);
        let own = self.counted.entry((rule, key)).or_default();
        while let Some((_, is_sure)) = own.came.pop_front_if(|(at, _)| *at <= since) {
            own.sure -= u64::from(is_sure);
        }
        let is_sure = scope.truth == Truth::Yes;
        own.came.push_back((request.at, is_sure));
        own.sure += u64::from(is_sure);
        let (sure, most) = (own.sure, own.came.len() as u64);
        if most <= of.limit {
            return match self.begin {
                Some(begin) if begin <= since => Judged::from(false),
                _ => Judged::unknown("how many requests came before the log begins is not known"),
            };
        }
        if sure > of.limit {
            scope
        } else {
            Judged::unknown("whether all that are counted are meant is not known")
        }
    }
}
