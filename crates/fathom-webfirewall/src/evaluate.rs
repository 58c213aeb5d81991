//! Whether one statement matches one request, literally as AWS documents it.

use std::net::IpAddr;

use crate::{
    field::{Field, Held},
    judged::Judged,
    labels::Labels,
    request::{Request, Told},
    statement::{Compare, Forwarded, Position, Range, Statement, Test, TextStatement, Which},
    transform,
};

/// The most addresses of a header that are looked at, the last ones.
const FORWARDED_MAX: usize = 10;

/// What a statement is judged on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) request: &'a Request,
    pub(crate) labels: &'a Labels,
    /// What labels without a beginning begin with.
    pub(crate) context: &'a str,
}

/// Whether a statement matches. Groups of rules and limits are more than a statement: they are asked where rules are walked.
pub(crate) fn judge(statement: &Statement, case: Case<'_>) -> Judged {
    match statement {
        Statement::Text(text) => text_matches(text, case.request),
        Statement::Geo { countries, forwarded } => geo(countries, forwarded.as_ref(), case.request),
        Statement::Asn { numbers, forwarded } => match (forwarded, case.request.asn) {
            (None, Some(own)) => numbers.contains(&own).into(),
            (None, None) => Judged::unknown("the log does not hold the number of the client's network"),
            (Some(forwarded), _) => by_header(forwarded, case.request, "network"),
        },
        Statement::Addresses { ranges, forwarded, .. } => match ranges {
            Ok(ranges) => addresses(ranges, forwarded.as_ref(), case.request),
            Err(why) => Judged::unknown(why.clone()),
        },
        Statement::Label { key, is_namespace: false } => case.labels.has(key, case.context),
        Statement::Label { key, is_namespace: true } => case.labels.has_namespace(key, case.context),
        Statement::And(parts) => Judged::all(parts.iter().map(|part| judge(part, case))),
        Statement::Or(parts) => Judged::any(parts.iter().map(|part| judge(part, case))),
        Statement::Not(inner) => !judge(inner, case),
        Statement::Rate(_) | Statement::Managed(_) | Statement::Group { .. } => {
            Judged::unknown("AWS does not take this statement inside another one")
        }
        Statement::Unread(why) => Judged::unknown(why.clone()),
    }
}

fn text_matches(text: &TextStatement, request: &Request) -> Judged {
    let values = match text.field.of(request, &text.prepared) {
        Held::Decided(matches) => return matches.into(),
        Held::Unknown(why) => return Judged::unknown(why),
        Held::Length(bytes) => {
            return match &text.test {
                Test::Size(compare, size) if text.transformations.iter().all(|one| one == "NONE") => {
                    compare.holds(bytes, *size).into()
                }
                _ => Judged::unknown("the log does not hold the body"),
            };
        }
        Held::Values(values) => values,
    };
    if let (Test::Size(compare, size), true) = (&text.test, values.is_empty()) {
        let is_map = matches!(text.field, Field::Headers(_) | Field::Cookies(_) | Field::AllQueryArguments);
        return if !is_map && compare.holds(0, *size) {
            Judged::unknown("whether what a request lacks has the size 0 is not documented")
        } else {
            false.into()
        };
    }
    Judged::any(values.iter().map(|value| match transform::all(&text.transformations, value) {
        Err(why) => Judged::unknown(why),
        Ok(readings) => {
            let all: Vec<Judged> = readings.iter().map(|reading| text.test.holds(reading)).collect();
            match all.split_first() {
                Some((first, rest)) if rest.iter().all(|one| one.truth == first.truth) => first.clone(),
                _ => Judged::unknown(format!(
                    "what {} makes of it can be read in several ways",
                    text.transformations.join(", ")
                )),
            }
        }
    }))
}

impl Compare {
    fn holds(self, own: u64, size: u64) -> bool {
        match self {
            Self::Eq => own == size,
            Self::Ne => own != size,
            Self::Le => own <= size,
            Self::Lt => own < size,
            Self::Ge => own >= size,
            Self::Gt => own > size,
        }
    }
}

impl Test {
    fn holds(&self, value: &[u8]) -> Judged {
        match self {
            Self::Bytes(search, position) => position.holds(value, search).into(),
            Self::Patterns(_, Ok(patterns)) => Judged::any(patterns.iter().map(|one| match &one.compiled {
                Ok(pattern) => pattern.is_match(value).into(),
                Err(why) => Judged::unknown(why.clone()),
            })),
            Self::Patterns(_, Err(why)) => Judged::unknown(why.clone()),
            Self::Size(compare, size) => compare.holds(value.len() as u64, *size).into(),
            Self::Sqli => Judged::unknown("how AWS finds SQL in a request is not published"),
            Self::Xss => Judged::unknown("how AWS finds scripts in a request is not published"),
        }
    }
}

impl Position {
    fn holds(self, value: &[u8], search: &[u8]) -> bool {
        match self {
            Self::Exactly => value == search,
            Self::StartsWith => value.starts_with(search),
            Self::EndsWith => value.ends_with(search),
            Self::Contains => search.is_empty() || value.windows(search.len()).any(|part| part == search),
            Self::ContainsWord => {
                let is_word =
                    |at: Option<&u8>| at.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
                !search.is_empty()
                    && value.windows(search.len()).enumerate().any(|(at, part)| {
                        let before = at.checked_sub(1).and_then(|at| value.get(at));
                        part == search && !is_word(before) && !is_word(value.get(at + search.len()))
                    })
            }
        }
    }
}

fn geo(countries: &[String], forwarded: Option<&Forwarded>, request: &Request) -> Judged {
    match (forwarded, &request.country) {
        (Some(forwarded), _) => by_header(forwarded, request, "country"),
        (None, Some(own)) => countries.contains(own).into(),
        // AWS did not know it either, and then nothing is matched.
        (None, None) => false.into(),
    }
}

/// What only AWS knows of an address in a header.
fn by_header(forwarded: &Forwarded, request: &Request, what: &str) -> Judged {
    match request.forwarded(&forwarded.header) {
        Told::Is(all) => match all.first() {
            Some(Ok(_)) => {
                Judged::unknown(format!("the log does not hold the {what} of {}", forwarded.header))
            }
            _ => forwarded.fallback.into(),
        },
        // A request without the header is not asked about.
        Told::None => false.into(),
        Told::Unknown(why) => Judged::unknown(why),
    }
}

fn addresses(ranges: &[Range], forwarded: Option<&Forwarded>, request: &Request) -> Judged {
    let is_in = |address: IpAddr| ranges.iter().any(|range| range.has(address));
    let Some(forwarded) = forwarded else {
        return match request.client.parse() {
            Ok(address) => is_in(address).into(),
            Err(_) => Judged::unknown("the log does not hold the client's address"),
        };
    };
    let all = match request.forwarded(&forwarded.header) {
        Told::Is(all) => all,
        Told::None => return false.into(),
        Told::Unknown(why) => return Judged::unknown(why),
    };
    let fits = |one: &Result<IpAddr, String>| match one {
        Ok(address) => is_in(*address),
        Err(_) => forwarded.fallback,
    };
    match forwarded.position {
        Some(Which::Last) => all.last().is_some_and(fits).into(),
        Some(Which::Any) => all.iter().rev().take(FORWARDED_MAX).any(fits).into(),
        Some(Which::First) | None => all.first().is_some_and(fits).into(),
    }
}
