//! What routes take in, read strictly: unknown parameters are errors that name the parameter.

mod body;
mod query;

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use serde::Deserialize;
use utoipa::IntoParams;

pub(crate) use body::{BODY_BYTES_MAX, Body, SecretBody};
pub(crate) use query::Query;

use crate::problem::Problem;

/// The parameters of a route that has none.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// A number within its limits, or the default.
pub(crate) fn within<T: PartialOrd + Display>(
    name: &str,
    value: Option<T>,
    default: T,
    range: &RangeInclusive<T>,
) -> Result<T, Problem> {
    match value {
        None => Ok(default),
        Some(value) if range.contains(&value) => Ok(value),
        Some(value) => {
            let (least, most) = (range.start(), range.end());
            Err(Problem::parameter(
                name,
                format!("`{name}` is {value}; it must be between {least} and {most}"),
            ))
        }
    }
}

/// A part of the path that is a number.
pub(crate) fn number<T: FromStr>(name: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| {
        Problem::parameter(name, format!("`{name}` is `{}`, which is not a number", shown(text)))
    })
}

/// A value as a message may show it: never long, never with control characters.
pub(crate) fn shown(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut out: String = text.chars().take(80).map(clean).collect();
    if text.chars().nth(80).is_some() {
        out.push('…');
    }
    out
}
