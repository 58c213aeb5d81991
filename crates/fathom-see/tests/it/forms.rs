//! Tags and times in the forms that services use, and in forms that nobody should.

use fathom_model::Timestamp;
use fathom_see::item::{tags, time};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn tags_of_odd_forms() {
    for (value, expected) in [
        (json!({"a": "1", "b": 2, "c": true, "d": null, "e": {}}), json!({"a": "1", "b": "2", "c": "true"})),
        (json!([{"Key": "a", "Value": "1"}, {"TagKey": "b", "TagValue": "2"}]), json!({"a": "1", "b": "2"})),
        (json!([{"Key": "a"}, {"Key": "b", "Value": null}]), json!({"a": "", "b": ""})),
        (json!([{"Key": "a", "Value": 1}, {"key": "b", "value": false}]), json!({"a": "1", "b": "false"})),
        (json!([{"Value": "1"}, {"Key": 5, "Value": "1"}, "a=1", null, []]), json!({})),
        (json!([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]), json!({"a": "2"})),
        (json!([{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]), json!({"A": "2", "a": "1"})),
        (json!([{"Key": "", "Value": "1"}]), json!({"": "1"})),
        (json!("a=1"), json!({})),
        (json!(null), json!({})),
        (json!(7), json!({})),
    ] {
        assert_eq!(json!(tags(Some(&value))), expected, "{value}");
    }
    assert!(tags(None).is_empty());
    let long = "x".repeat(100_000);
    let found = tags(Some(&json!([{"Key": &long, "Value": &long}])));
    assert_eq!(found[&long], long);
}

#[test]
fn times_of_odd_forms() {
    let second = |text: &str| Some(text.parse::<Timestamp>().expect("a time"));
    for (value, expected) in [
        (json!("2026-01-02T03:04:05Z"), second("2026-01-02T03:04:05Z")),
        (json!("2026-01-02T03:04:05+02:00"), second("2026-01-02T01:04:05Z")),
        (json!("2026-01-02T03:04:05.250-0530"), second("2026-01-02T08:34:05.25Z")),
        (json!(0), second("1970-01-01T00:00:00Z")),
        (json!(-1), second("1969-12-31T23:59:59Z")),
        (json!(1_767_323_045.5), second("2026-01-02T03:04:05.5Z")),
        (json!("1.767323045E9"), second("2026-01-02T03:04:05Z")),
        (json!(1_767_323_045_250_u64), second("2026-01-02T03:04:05.25Z")),
        (json!(u64::MAX), None),
        (json!(i64::MIN), None),
        (json!(1e300), None),
        (json!("NaN"), None),
        (json!("nan"), None),
        (json!("inf"), None),
        (json!("-infinity"), None),
        (json!(""), None),
        (json!("T+0000"), None),
        (json!("2026-01-02"), None),
        (json!("2026-13-02T03:04:05Z"), None),
        (json!("2026-01-02T03:04:0éé"), None),
        (json!("éééé"), None),
        (json!(null), None),
        (json!(true), None),
        (json!({"time": 1}), None),
        (json!([1]), None),
    ] {
        assert_eq!(time(&value), expected, "{value}");
    }
    assert_eq!(time(&Value::from("9".repeat(100_000))), None);
}

proptest! {
    #[test]
    fn no_text_and_no_number_is_too_odd(text in ".*", number in any::<f64>(), whole in any::<i64>()) {
        for value in [Value::from(text), Value::from(number), Value::from(whole), Value::from(number.to_string())] {
            let _ = time(&value);
            let _ = tags(Some(&value));
        }
    }

    #[test]
    fn a_time_in_seconds_is_the_same_in_every_form(second in 1_000_000_000_i64..4_000_000_000) {
        let expected = Timestamp::from_second(second).expect("a time");
        let text = expected.to_string();
        let without_colon = format!("{}+0000", text.trim_end_matches('Z'));
        for value in [
            json!(second), json!(second * 1000), json!(second.to_string()), json!(text), json!(without_colon),
        ] {
            prop_assert_eq!(time(&value), Some(expected), "{}", value);
        }
    }
}
