//! Comparisons of single values. What is no value of its kind matches nothing.

use std::{cmp::Ordering, net::IpAddr};

use base64::Engine as _;
use jiff::{Timestamp, civil};

use super::operator::Order;
use crate::{
    pattern::{self, Token},
    steps::Steps,
};

pub(super) fn like(wanted: &[Token], found: &str, steps: &Steps) -> bool {
    let found: Vec<char> = found.chars().collect();
    pattern::glob(wanted, &found, steps)
}

/// An ARN has six segments; what is none matches nothing.
pub(super) fn arn(wanted: &[Token], found: &str, steps: &Steps) -> bool {
    found.starts_with("arn:") && found.matches(':').count() >= 5 && pattern::arn(wanted, found, steps)
}

pub(super) fn numeric(order: Order, wanted: &str, found: &str) -> bool {
    let ordering = match (found.trim().parse::<i128>(), wanted.trim().parse::<i128>()) {
        (Ok(found), Ok(wanted)) => Some(found.cmp(&wanted)),
        _ => match (decimal(found), decimal(wanted)) {
            (Some(found), Some(wanted)) => found.partial_cmp(&wanted),
            _ => None,
        },
    };
    ordering.is_some_and(|ordering| order.holds(ordering))
}

fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

pub(super) fn date(order: Order, wanted: &str, found: &str) -> bool {
    match (time(found), time(wanted)) {
        (Some(found), Some(wanted)) => order.holds(found.cmp(&wanted)),
        _ => false,
    }
}

/// Reads a time: seconds since 1970, or the W3C forms of ISO 8601 from the year alone to fractions of a second.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(year_or_seconds) = text.parse::<i64>().ok().filter(|_| text.len() != 4) {
        return Timestamp::from_second(year_or_seconds).ok();
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let full = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    if let Ok(date) = full.parse::<civil::Date>()
        && full.len() == 10
    {
        return Timestamp::from_second(seconds(date)).ok();
    }
    // Minutes with a zone: seconds are completed.
    let (day, rest) = full.split_once('T')?;
    let zone = rest.find(['Z', '+', '-'])?;
    let (clock, zone) = (rest.get(..zone)?, rest.get(zone..)?);
    format!("{day}T{clock}:00{zone}").parse().ok().filter(|_| clock.len() == 5)
}

/// Seconds from 1970 to the beginning of a day, in UTC.
fn seconds(date: civil::Date) -> i64 {
    let epoch = civil::date(1970, 1, 1);
    let days = date.since((jiff::Unit::Day, epoch)).map_or(0, |span| i64::from(span.get_days()));
    days * 86_400
}

/// `true` or `false` in any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    [true, false].into_iter().find(|value| text.eq_ignore_ascii_case(if *value { "true" } else { "false" }))
}

pub(super) fn bools(wanted: &str, found: &str) -> bool {
    boolean(wanted).is_some_and(|wanted| boolean(found) == Some(wanted))
}

pub(super) fn binary(wanted: &str, found: &str) -> bool {
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).ok();
    decode(wanted).is_some_and(|wanted| decode(found) == Some(wanted))
}

pub(super) fn ip(range: &str, found: &str) -> bool {
    let Ok(found) = found.trim().parse::<IpAddr>() else { return false };
    let Some((network, bits)) = self::range(range) else { return false };
    match (network, found) {
        (IpAddr::V4(network), IpAddr::V4(found)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            (u32::from(network) & mask).cmp(&(u32::from(found) & mask)) == Ordering::Equal
        }
        (IpAddr::V6(network), IpAddr::V6(found)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            (u128::from(network) & mask) == (u128::from(found) & mask)
        }
        _ => false,
    }
}

/// An address range: its network and how many bits are fixed. An address alone is a range of one.
pub(crate) fn range(text: &str) -> Option<(IpAddr, u8)> {
    let text = text.trim();
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some((address, bits))
}
