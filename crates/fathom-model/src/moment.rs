//! Moments as people name them: a time, a day, how long ago, or a scan.

use std::str::FromStr;

use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// A moment of the past. All times are UTC where they say nothing else.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    /// The end of a scan: `scan:12`, or `12`.
    Scan(i64),
    /// A time: `2027-01-31T08:00:00Z`.
    Time(Timestamp),
    /// A day: `2027-01-31`.
    Day(Date),
    /// So long before now: `3 days ago`, `7d`.
    Ago(Span),
}

/// Which edge of a day is meant by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayEdge {
    /// Where it begins: "since that day".
    Begin,
    /// Where it ends: "as of that day".
    End,
}

/// Why a text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no moment; write a time like 2027-01-31T08:00:00Z, a day like 2027-01-31, `3 days ago` or 7d, or a scan \
     like scan:12"
)]
pub struct MomentError {
    /// The text, cut to what a message may show.
    pub text: String,
}

/// The longest text that is looked at.
const TEXT_BYTES_MAX: usize = 100;

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let fail =
            || MomentError { text: text.chars().filter(|c| !c.is_control()).take(TEXT_BYTES_MAX).collect() };
        let text = text.trim();
        if text.is_empty() || text.len() > TEXT_BYTES_MAX {
            return Err(fail());
        }
        let number = text.strip_prefix("scan:").unwrap_or(text);
        if number.bytes().all(|byte| byte.is_ascii_digit()) {
            return number.parse().map(Self::Scan).map_err(|_| fail());
        }
        if let Ok(time) = text.parse() {
            return Ok(Self::Time(time));
        }
        if text.contains(':') {
            let time: DateTime = text.parse().map_err(|_| fail())?;
            return time.to_zoned(TimeZone::UTC).map(|time| Self::Time(time.timestamp())).map_err(|_| fail());
        }
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        text.parse().map(|span: Span| Self::Ago(span.abs())).map_err(|_| fail())
    }
}

impl Moment {
    /// The moment as a time; none for a scan, and for what lies before all calendars.
    pub fn time(&self, now: Timestamp, edge: DayEdge) -> Option<Timestamp> {
        match self {
            Self::Scan(_) => None,
            Self::Time(time) => Some(*time),
            Self::Day(day) => {
                let day = if edge == DayEdge::End { day.tomorrow().ok()? } else { *day };
                let begin = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
                match edge {
                    DayEdge::Begin => Some(begin),
                    DayEdge::End => begin.checked_sub(Span::new().microseconds(1)).ok(),
                }
            }
            Self::Ago(span) => {
                now.to_zoned(TimeZone::UTC).checked_sub(*span).ok().map(|time| time.timestamp())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_name_moments_in_many_ways() {
        let now: Timestamp = "2027-03-01T12:00:00Z".parse().expect("a time");
        let time = |text: &str, edge| {
            let moment: Moment = text.parse().unwrap_or_else(|error| panic!("{error}"));
            moment.time(now, edge).map(|time| time.to_string())
        };
        for (text, begin, end) in [
            ("2027-01-31T08:00:00Z", "2027-01-31T08:00:00Z", "2027-01-31T08:00:00Z"),
            ("2027-01-31T08:00:00+02:00", "2027-01-31T06:00:00Z", "2027-01-31T06:00:00Z"),
            ("2027-01-31 08:00", "2027-01-31T08:00:00Z", "2027-01-31T08:00:00Z"),
            ("2027-01-31", "2027-01-31T00:00:00Z", "2027-01-31T23:59:59.999999Z"),
            ("3 days ago", "2027-02-26T12:00:00Z", "2027-02-26T12:00:00Z"),
            ("7d", "2027-02-22T12:00:00Z", "2027-02-22T12:00:00Z"),
            ("1mo", "2027-02-01T12:00:00Z", "2027-02-01T12:00:00Z"),
            (" 90m ", "2027-03-01T10:30:00Z", "2027-03-01T10:30:00Z"),
        ] {
            assert_eq!(time(text, DayEdge::Begin).as_deref(), Some(begin), "{text}");
            assert_eq!(time(text, DayEdge::End).as_deref(), Some(end), "{text}");
        }
        for text in ["scan:12", "12"] {
            assert!(matches!(text.parse(), Ok(Moment::Scan(12))), "{text}");
        }
        for text in
            ["", "soon", "scan:", "scan:x", "2027-13-01", "99999999999999999999", "yesterday:", "\u{1b}[31m"]
        {
            let error = text.parse::<Moment>().expect_err(text).to_string();
            assert!(error.contains("2027-01-31T08:00:00Z") && !error.contains('\u{1b}'), "{error}");
        }
        assert_eq!(time("9000 years ago", DayEdge::Begin).map(|time| time.starts_with('-')), Some(true));
    }
}
