//! One cell of an answer as a JSON value: the form from which all text formats are made.

use datafusion::arrow::{
    array::{Array, ArrayRef, AsArray, UnionArray},
    datatypes::{
        DataType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
        TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
        UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
    util::display::{ArrayFormatter, FormatOptions},
};
use fathom_model::Timestamp;
use serde_json::{Map, Number, Value};

/// Deepest nesting of lists and objects that is followed.
const DEPTH_MAX: usize = 32;

/// A cell as JSON: numbers and booleans as such, moments as RFC 3339 text in UTC, lists and structs as lists and
/// objects, everything else as text. What is not a finite number becomes text (`NaN`).
pub fn cell_value(array: &dyn Array, row: usize) -> Value {
    at_depth(array, row, 0)
}

fn at_depth(array: &dyn Array, row: usize, depth: usize) -> Value {
    if row >= array.len() || array.is_null(row) || depth > DEPTH_MAX {
        return Value::Null;
    }
    let list = |values: &ArrayRef| {
        Value::Array((0..values.len()).map(|i| at_depth(values.as_ref(), i, depth + 1)).collect())
    };
    match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Utf8 => Value::from(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Value::from(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Value::from(array.as_string_view().value(row)),
        DataType::Int8 => Value::from(array.as_primitive::<Int8Type>().value(row)),
        DataType::Int16 => Value::from(array.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => Value::from(array.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => Value::from(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => Value::from(array.as_primitive::<UInt8Type>().value(row)),
        DataType::UInt16 => Value::from(array.as_primitive::<UInt16Type>().value(row)),
        DataType::UInt32 => Value::from(array.as_primitive::<UInt32Type>().value(row)),
        DataType::UInt64 => Value::from(array.as_primitive::<UInt64Type>().value(row)),
        DataType::Float16 => float(array.as_primitive::<Float16Type>().value(row).into()),
        DataType::Float32 => float(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp(unit, zone) => moment(array, row, *unit, zone.is_some()),
        DataType::List(_) => list(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            Value::Object(
                fields
                    .iter()
                    .zip(columns)
                    .map(|(field, column)| (field.name().clone(), at_depth(column.as_ref(), row, depth + 1)))
                    .collect::<Map<_, _>>(),
            )
        }
        DataType::Union(..) => match array.as_any().downcast_ref::<UnionArray>() {
            Some(union) => member(union, row, depth),
            None => shown(array, row),
        },
        _ => shown(array, row),
    }
}

/// What `->` gives: a value of any kind, where lists and objects are JSON as text.
fn member(union: &UnionArray, row: usize, depth: usize) -> Value {
    let id = union.type_id(row);
    let value = at_depth(union.child(id).as_ref(), union.value_offset(row), depth + 1);
    let name = match union.data_type() {
        DataType::Union(fields, _) => {
            fields.iter().find(|(of, _)| *of == id).map(|(_, field)| field.name().as_str())
        }
        _ => None,
    };
    match (name, value) {
        (Some("array" | "object"), Value::String(text)) => {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        (_, value) => value,
    }
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or_else(|| Value::from(number.to_string()), Value::Number)
}

fn moment(array: &dyn Array, row: usize, unit: TimeUnit, in_utc: bool) -> Value {
    let at = match unit {
        TimeUnit::Second => Timestamp::from_second(array.as_primitive::<TimestampSecondType>().value(row)),
        TimeUnit::Millisecond => {
            Timestamp::from_millisecond(array.as_primitive::<TimestampMillisecondType>().value(row))
        }
        TimeUnit::Microsecond => {
            Timestamp::from_microsecond(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        TimeUnit::Nanosecond => {
            Timestamp::from_nanosecond(array.as_primitive::<TimestampNanosecondType>().value(row).into())
        }
    };
    match at {
        Ok(at) if in_utc => Value::from(at.to_string()),
        // A moment without a zone is a reading of a clock: no `Z`.
        Ok(at) => Value::from(at.to_string().trim_end_matches('Z')),
        Err(_) => shown(array, row),
    }
}

fn shown(array: &dyn Array, row: usize) -> Value {
    let options = FormatOptions::default();
    match ArrayFormatter::try_new(array, &options) {
        Ok(formatter) => Value::from(formatter.value(row).to_string()),
        Err(_) => Value::Null,
    }
}

/// A value as plain text; nothing for null.
pub(super) fn text_of(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}
