//! The canonical form of JSON text: what makes equal entries equal bytes.
//!
//! Members sorted by the bytes of their names, no space outside strings, the shortest escapes, integers as
//! they are, other numbers as the shortest text that reads back as the same 64-bit float. Sorting is done
//! here and not left to the map type of the JSON library, which a feature of some other crate can change.
//! It differs from RFC 8785 in two points that no tool of ours depends on: names are sorted by UTF-8 bytes
//! instead of UTF-16 units, and `1.0` keeps its fraction.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Number, Value};

/// The deepest nesting of objects and lists.
pub const MAX_DEPTH: u32 = 32;

/// Why a text has no canonical form.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CanonicalError {
    /// The text is not JSON.
    #[error("the text is not JSON")]
    Json,
    /// Objects and lists are nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// A number is too large for a 64-bit float.
    #[error("a number is out of range")]
    Number,
}

/// The canonical form of a JSON text. Of members with the same name the last one counts.
pub fn canonical(text: &str) -> Result<String, CanonicalError> {
    let value: &RawValue = parse(text)?;
    let mut out = String::with_capacity(text.len());
    write(value.get(), MAX_DEPTH, &mut out)?;
    Ok(out)
}

/// Recursion is bounded by `depth_left`.
fn write(text: &str, depth_left: u32, out: &mut String) -> Result<(), CanonicalError> {
    let text = text.trim_ascii();
    match text.as_bytes().first() {
        Some(b'{') => {
            let depth_left = depth_left.checked_sub(1).ok_or(CanonicalError::TooDeep)?;
            let members: BTreeMap<String, &RawValue> = parse(text)?;
            out.push('{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name).to_string());
                out.push(':');
                write(value.get(), depth_left, out)?;
            }
            out.push('}');
        }
        Some(b'[') => {
            let depth_left = depth_left.checked_sub(1).ok_or(CanonicalError::TooDeep)?;
            let items: Vec<&RawValue> = parse(text)?;
            out.push('[');
            for (at, value) in items.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(value.get(), depth_left, out)?;
            }
            out.push(']');
        }
        Some(b'"') => out.push_str(&Value::from(parse::<String>(text)?).to_string()),
        Some(b'-' | b'0'..=b'9') => out.push_str(&number(text)?),
        // What is left of JSON are the words true, false and null, which have one form only.
        _ => out.push_str(text),
    }
    Ok(())
}

fn number(text: &str) -> Result<String, CanonicalError> {
    if let Ok(integer) = text.parse::<u64>() {
        return Ok(integer.to_string());
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Ok(integer.to_string());
    }
    // The standard library's reading is exact; the JSON library's may be off in the last digit.
    let float: f64 = text.parse().map_err(|_| CanonicalError::Number)?;
    Number::from_f64(float).map(|number| number.to_string()).ok_or(CanonicalError::Number)
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, CanonicalError> {
    serde_json::from_str(text).map_err(|_| CanonicalError::Json)
}
