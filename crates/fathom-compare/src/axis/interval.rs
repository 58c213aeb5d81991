//! Numbers, times and addresses: one value of each interval that the values of policies cut.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fathom_iam::parts::{address_range, moment};
use jiff::Timestamp;

/// Each number of the policies, one between each two of them, and one beyond either end. What is no number compares with
/// nothing.
pub(crate) fn numbers(texts: &[&str]) -> Vec<String> {
    let mut whole: Vec<i128> = texts.iter().filter_map(|text| text.trim().parse().ok()).collect();
    let mut broken: Vec<f64> = texts
        .iter()
        .filter(|text| text.trim().parse::<i128>().is_err())
        .filter_map(|text| text.trim().parse().ok())
        .filter(|number: &f64| number.is_finite())
        .collect();
    whole.sort_unstable();
    whole.dedup();
    let mut found: Vec<String> = vec!["0".to_owned(), "1".to_owned()];
    for number in &whole {
        found.extend(
            [Some(*number), number.checked_add(1), number.checked_sub(1)]
                .into_iter()
                .flatten()
                .map(|near| near.to_string()),
        );
    }
    found.extend(broken.iter().map(ToString::to_string));
    broken.extend(whole.iter().map(|number| *number as f64));
    broken.sort_by(f64::total_cmp);
    for pair in broken.windows(2) {
        if let [low, high] = pair {
            let middle = low + (high - low) / 2.0;
            found.push(middle.to_string());
        }
    }
    let ends = [broken.first().map(|low| low - 1.0), broken.last().map(|high| high + 1.0)];
    found.extend(ends.into_iter().flatten().map(|number| number.to_string()));
    found
}

/// Each moment of the policies, one between each two of them, and one before and after all.
pub(crate) fn moments(texts: &[&str]) -> Vec<String> {
    let mut moments: Vec<Timestamp> = texts.iter().filter_map(|text| moment(text)).collect();
    moments.sort_unstable();
    moments.dedup();
    let mut nanoseconds: Vec<i128> = Vec::new();
    const SECOND: i128 = 1_000_000_000;
    let points: Vec<i128> = moments.iter().map(|moment| moment.as_nanosecond()).collect();
    for pair in points.windows(2) {
        if let [low, high] = pair {
            // A whole second where there is one.
            let middle = low + (high - low) / 2;
            let second = middle - middle.rem_euclid(SECOND);
            nanoseconds.push(if second > *low { second } else { middle });
        }
    }
    nanoseconds.extend(points.first().map(|low| low - SECOND));
    nanoseconds.extend(points.last().map(|high| high + SECOND));
    nanoseconds.extend(points);
    nanoseconds
        .into_iter()
        .filter_map(|nanosecond| Timestamp::from_nanosecond(nanosecond).ok())
        .map(|moment| moment.to_string())
        .collect()
}

/// Addresses that read well.
const SHOWN: [&str; 3] = ["203.0.113.7", "198.51.100.7", "2001:db8::7"];

/// Both ends of each range of the policies and the addresses beside them, in both families.
pub(crate) fn addresses(texts: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = SHOWN.iter().map(|shown| (*shown).to_owned()).collect();
    let mut v4 = vec![0, u32::MAX];
    let mut v6 = vec![0, u128::MAX];
    for text in texts {
        match address_range(text) {
            Some((IpAddr::V4(network), bits)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                let (low, high) = (u32::from(network) & mask, u32::from(network) | !mask);
                v4.extend(
                    [Some(low), Some(high), low.checked_sub(1), high.checked_add(1)].into_iter().flatten(),
                );
            }
            Some((IpAddr::V6(network), bits)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                let (low, high) = (u128::from(network) & mask, u128::from(network) | !mask);
                v6.extend(
                    [Some(low), Some(high), low.checked_sub(1), high.checked_add(1)].into_iter().flatten(),
                );
            }
            None => {}
        }
    }
    // Whoever starts at the end of a range is easier to recognise than 0.0.0.0.
    v4.rotate_left(2);
    v6.rotate_left(2);
    found.extend(v4.into_iter().map(|address| Ipv4Addr::from(address).to_string()));
    found.extend(v6.into_iter().map(|address| Ipv6Addr::from(address).to_string()));
    found
}
