//! Moments in the forms that services write them.

use crate::model::TimestampFormat;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Number, Value};

/// Reads a moment from text in any of the forms: RFC 3339, ISO 8601 without offset (then UTC), a date, the HTTP
/// date, or seconds since 1970.
pub(crate) fn from_text(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let first = text.bytes().next()?;
    if first.is_ascii_alphabetic() {
        return http_date(text);
    }
    if let Some(moment) = epoch(text) {
        return Some(moment);
    }
    text.parse::<Timestamp>().ok().or_else(|| in_utc(text)).or_else(|| http_date(text))
}

/// Reads a moment from a JSON value.
pub(crate) fn from_value(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => from_text(text),
        Value::Number(number) => epoch(&number.to_string()),
        _ => None,
    }
}

fn in_utc(text: &str) -> Option<Timestamp> {
    let civil = match text.parse::<DateTime>() {
        Ok(civil) => civil,
        Err(_) => text.parse::<Date>().ok()?.at(0, 0, 0, 0),
    };
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Seconds since 1970 with an optional fraction, read exactly where there is no exponent. A bare date such as
/// `20260102` is not a number of seconds that any service sends, but is read as one, as elsewhere.
fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (negative, digits) = match whole.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, whole),
    };
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if digits.is_empty() || !all_digits(digits) || !all_digits(fraction) {
        let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
        return from_nanos((number * 1e6).round() as i128 * 1000);
    }
    let seconds: i128 = digits.parse().ok()?;
    let mut nanos: i128 = 0;
    for index in 0..9 {
        let digit = fraction.as_bytes().get(index).map_or(0, |b| i128::from(b - b'0'));
        nanos = nanos * 10 + digit;
    }
    let total = seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?;
    from_nanos(if negative { -total } else { total })
}

fn from_nanos(nanos: i128) -> Option<Timestamp> {
    Timestamp::from_nanosecond(nanos).ok()
}

/// `Sun, 02 Jan 2000 20:34:56 GMT`, with or without weekday and fraction.
fn http_date(text: &str) -> Option<Timestamp> {
    let rest = text.split_once(", ").map_or(text, |(_, rest)| rest);
    let mut parts = rest.split_ascii_whitespace();
    let day: i8 = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|month| month.eq_ignore_ascii_case(name))? as i8 + 1;
    let year: i16 = parts.next()?.parse().ok()?;
    let clock = parts.next()?;
    match parts.next() {
        None | Some("GMT" | "UTC" | "UT" | "Z" | "+0000" | "-0000") => {}
        Some(_) => return None,
    }
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut fields = clock.split(':').map(|field| field.parse::<i8>().ok());
    let (hour, minute, second) = (fields.next()??, fields.next()??, fields.next()??);
    let mut nanos = 0;
    for index in 0..9 {
        let digit = fraction.as_bytes().get(index).copied().unwrap_or(b'0');
        nanos = nanos * 10 + i32::from(char::from(digit).to_digit(10)? as u8);
    }
    let civil = DateTime::new(year, month, day, hour, minute, second, nanos).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// The value form.
pub(crate) fn to_value(moment: Timestamp) -> Value {
    Value::String(moment.to_string())
}

/// The text a service expects in a form, header, path or element.
pub(crate) fn to_text(moment: Timestamp, format: TimestampFormat) -> String {
    match format {
        TimestampFormat::Iso8601 => moment.to_string(),
        TimestampFormat::Rfc822 => moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        TimestampFormat::Unix => to_number(moment).to_string(),
    }
}

/// Seconds since 1970, whole where there is no fraction.
pub(crate) fn to_number(moment: Timestamp) -> Number {
    if moment.subsec_nanosecond() == 0 {
        return Number::from(moment.as_second());
    }
    let seconds = moment.as_microsecond() as f64 / 1e6;
    Number::from_f64(seconds).unwrap_or_else(|| Number::from(moment.as_second()))
}
