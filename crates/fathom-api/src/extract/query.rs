//! The query string as a struct: repeated names become lists, errors name the parameter.
//!
//! ```text
//! ?type=AWS::S3::Bucket&type=AWS::EC2::VPC&limit=10   ->   { kind: ["AWS::S3::Bucket", "AWS::EC2::VPC"], limit: 10 }
//! ```
//! The structs carry `deny_unknown_fields`, so that a misspelt filter is an error and never a wider answer.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::{
    Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};

use super::shown;
use crate::problem::Problem;

/// The longest query string.
const QUERY_BYTES_MAX: usize = 16 * 1024;
/// The most values in a query string.
const VALUES_MAX: usize = 500;

/// Reads the query string as `T`.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads a query string.
pub(crate) fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    if query.len() > QUERY_BYTES_MAX {
        return Err(Problem::parameter("", format!("a query string has at most {QUERY_BYTES_MAX} bytes")));
    }
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (at, (name, value)) in url::form_urlencoded::parse(query.as_bytes()).enumerate() {
        if at >= VALUES_MAX {
            return Err(Problem::parameter(
                &shown(&name),
                format!("a query string has at most {VALUES_MAX} values"),
            ));
        }
        values.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    T::deserialize(Parameters { rest: values.into_iter(), current: None }).map_err(Fault::into_problem)
}

/// Why a parameter cannot be read.
#[derive(Debug)]
enum Fault {
    Unknown { name: String, expected: &'static [&'static str] },
    Missing { name: &'static str },
    Value { name: String, message: String },
}

impl Fault {
    fn named(self, parameter: &str) -> Self {
        match self {
            Self::Value { name, message } if name.is_empty() => {
                Self::Value { name: parameter.to_owned(), message }
            }
            other => other,
        }
    }

    fn into_problem(self) -> Problem {
        match self {
            Self::Unknown { name, expected } => Problem::unknown_parameter(&shown(&name), expected),
            Self::Missing { name } => Problem::parameter(name, format!("`{name}` is needed")),
            Self::Value { name, message } => Problem::parameter(&name, format!("`{name}`: {message}")),
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown { name, .. } => write!(f, "unknown parameter {name}"),
            Self::Missing { name } => write!(f, "missing parameter {name}"),
            Self::Value { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::Value { name: String::new(), message: message.to_string() }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::Unknown { name: field.to_owned(), expected }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing { name: field }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("`{}` is not one of {}", shown(variant), expected.join(", ")))
    }
}

struct Parameters {
    rest: std::collections::btree_map::IntoIter<String, Vec<String>>,
    current: Option<(String, Vec<String>)>,
}

impl<'de> Deserializer<'de> for Parameters {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Parameters {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.current = self.rest.next();
        match &self.current {
            Some((name, _)) => seed.deserialize(name.as_str().into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, values) = self.current.take().unwrap_or_default();
        seed.deserialize(Values(values)).map_err(|fault| fault.named(&name))
    }
}

/// All values of one parameter.
struct Values(Vec<String>);

impl Values {
    fn one(mut self) -> Result<String, Fault> {
        match (self.0.pop(), self.0.is_empty()) {
            (Some(value), true) => Ok(value),
            _ => Err(de::Error::custom("it may be given only once")),
        }
    }

    fn read<T: FromStr>(self, what: &str) -> Result<T, Fault> {
        let text = self.one()?;
        text.parse().map_err(|_| de::Error::custom(format!("`{}` is not {what}", shown(&text))))
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $what:literal),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.$visit(self.read($what)?)
        })*
    };
}

impl<'de> Deserializer<'de> for Values {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_string(self.one()?)
    }

    numbers! {
        deserialize_bool visit_bool "`true` or `false`",
        deserialize_u16 visit_u16 "a whole number to 65535",
        deserialize_u32 visit_u32 "a whole number",
        deserialize_u64 visit_u64 "a whole number",
        deserialize_i64 visit_i64 "a whole number",
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Each(self.0.into_iter()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(self.one()?.into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        tuple tuple_struct map struct identifier ignored_any
    }
}

struct Each(std::vec::IntoIter<String>);

impl<'de> SeqAccess<'de> for Each {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.0.next().map(|value| seed.deserialize(Values(vec![value]))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Order {
        Name,
        LastSeen,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(rename = "type", default)]
        kind: Vec<String>,
        limit: Option<u64>,
        order: Option<Order>,
        understood: Option<bool>,
        uid: String,
    }

    fn problem(query: &str) -> serde_json::Value {
        serde_json::to_value(parse::<Sample>(query).expect_err(query)).expect("a problem is JSON")
    }

    #[test]
    fn reads_lists_options_and_escapes() {
        let read: Sample = parse("type=a%3A%3Ab&type=c+d&limit=7&order=last_seen&understood=true&uid=%C3%A9")
            .expect("valid");
        assert_eq!(
            read,
            Sample {
                kind: vec!["a::b".to_owned(), "c d".to_owned()],
                limit: Some(7),
                order: Some(Order::LastSeen),
                understood: Some(true),
                uid: "é".to_owned(),
            }
        );
    }

    #[test]
    fn each_fault_names_its_parameter() {
        for (query, parameter, code, words) in [
            ("uid=x&limt=3", "limt", "unknown_parameter", "no parameter `limt`"),
            ("limit=3", "uid", "invalid_parameter", "`uid` is needed"),
            ("uid=x&limit=three", "limit", "invalid_parameter", "`three` is not a whole number"),
            ("uid=x&limit=-1", "limit", "invalid_parameter", "`-1` is not a whole number"),
            ("uid=x&uid=y", "uid", "invalid_parameter", "only once"),
            ("uid=x&order=age", "order", "invalid_parameter", "`age` is not one of name, last_seen"),
            ("uid=x&understood=yes", "understood", "invalid_parameter", "`true` or `false`"),
        ] {
            let problem = problem(query);
            assert_eq!(problem["parameter"], parameter, "{problem}");
            assert_eq!(problem["code"], code, "{problem}");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{problem}");
        }
        assert!(parse::<Sample>(&"x".repeat(QUERY_BYTES_MAX + 1)).is_err());
        assert!(parse::<Sample>(&"type=a&".repeat(VALUES_MAX + 1)).is_err());
    }
}
