//! The entry form: canonical bytes, strict reading.

use fathom_ledger::entry::{CanonicalError, EntryError, body_by_hash, canonical};
use fathom_ledger::{Entry, Hash};
use proptest::prelude::*;
use serde_json::{Value, json};

fn scan() -> Entry {
    Entry::builder("scan.finished")
        .at("2026-03-01T10:00:00Z")
        .actor("user:ana")
        .subject("scan:7")
        .body(json!({ "findings": 3, "b": { "z": 9.8, "a": null } }))
        .build()
        .unwrap()
}

const BYTES: &str = r#"{"actor":"user:ana","at":"2026-03-01T10:00:00Z","body":{"b":{"a":null,"z":9.8},"findings":3},"kind":"scan.finished","subject":"scan:7","v":1}"#;

#[test]
fn one_entry_has_one_form() {
    assert_eq!(String::from_utf8(scan().to_bytes()).unwrap(), BYTES);
    let read = Entry::parse(BYTES.as_bytes()).unwrap();
    assert_eq!(read, scan());
    assert_eq!((read.kind(), read.actor(), read.subject()), ("scan.finished", "user:ana", "scan:7"));
    assert_eq!(read.body()["findings"], 3);
    assert_eq!(read.leaf_hash(), Hash::leaf(BYTES.as_bytes()));
}

#[test]
fn any_other_form_is_refused() {
    for (bytes, error) in [
        (format!("{BYTES} "), EntryError::NotCanonical),
        (BYTES.replacen(':', ": ", 1), EntryError::NotCanonical),
        (BYTES.replace("9.8", "9.80"), EntryError::NotCanonical),
        (BYTES.replace(r#""findings":3"#, r#""a":3"#), EntryError::NotCanonical),
        (BYTES.replace(r#""findings":3"#, r#""findings":3,"findings":3"#), EntryError::NotCanonical),
        (BYTES.replace("ana", "\\u0061na"), EntryError::NotCanonical),
        (BYTES.replace(r#""v":1"#, r#""v":2"#), EntryError::Version { found: 2 }),
        (BYTES.replace(r#","v":1"#, r#","v":1,"x":1"#), EntryError::Members),
        (BYTES.replace(r#","v":1"#, ""), EntryError::Members),
        (BYTES.replace("user:ana", ""), EntryError::Name { field: "actor" }),
        (BYTES.replace("scan.finished", "scan"), EntryError::Kind),
        (BYTES.replace("scan.finished", "Scan.finished"), EntryError::Kind),
        ("null".to_owned(), EntryError::Members),
        (String::new(), EntryError::Json(CanonicalError::Json)),
    ] {
        assert_eq!(Entry::parse(bytes.as_bytes()).unwrap_err(), error, "{bytes}");
    }
}

#[test]
fn times() {
    let with = |at: &str| {
        Entry::builder("a.b").at(at).actor("x").subject("y").build().map(|entry| entry.at().to_owned())
    };
    for good in [
        "2026-03-01T10:00:00Z",
        "2024-02-29T23:59:60Z",
        "2026-12-31T00:00:00.1Z",
        "2026-12-31T00:00:00.123456789Z",
    ] {
        assert_eq!(with(good).unwrap(), good);
    }
    for bad in [
        "",
        "2026-03-01",
        "2026-03-01 10:00:00Z",
        "2026-03-01T10:00:00",
        "2026-03-01T10:00:00+00:00",
        "2026-03-01T10:00:00z",
        "2026-02-29T10:00:00Z",
        "2026-13-01T10:00:00Z",
        "2026-00-01T10:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T10:00:00.Z",
        "2026-03-01T10:00:00.1234567890Z",
        "2026-03-0\u{661}T10:00:00Z",
    ] {
        assert_eq!(with(bad), Err(EntryError::Time), "{bad}");
    }
}

#[test]
fn large_and_deep_bodies_are_refused() {
    let with = |body: Value| {
        Entry::builder("a.b").at("2026-03-01T10:00:00Z").actor("x").subject("y").body(body).build()
    };
    assert!(with(json!("x".repeat(65_000))).is_ok());
    let large = "x".repeat(70_000);
    assert!(matches!(with(json!(large)), Err(EntryError::TooLarge { bytes: 70_000.. })));
    let instead = body_by_hash(large.as_bytes());
    assert_eq!(instead["bytes"], 70_000);
    assert!(with(instead).is_ok());
    let deep = |n: usize| (0..n).fold(json!(1), |inner, _| json!([inner]));
    assert!(with(deep(32)).is_ok());
    assert_eq!(with(deep(33)).unwrap_err(), EntryError::Body(CanonicalError::TooDeep));
    let bracket_bomb = "[".repeat(60_000) + &"]".repeat(60_000);
    assert!(canonical(&bracket_bomb).is_err());
}

#[test]
fn numbers() {
    for (text, form) in [
        ("0", "0"),
        ("-0", "0"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("18446744073709551615", "18446744073709551615"),
        ("1.50", "1.5"),
        ("1.0", "1.0"),
        ("0.1", "0.1"),
    ] {
        assert_eq!(canonical(text).unwrap(), form);
    }
    assert_eq!(canonical("1e400"), Err(CanonicalError::Number));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_entry_reads_back(body in json_value(), actor in "[^\\x00-\\x1f\\x7f-\\u{9f}]{1,20}", nanos in 0_u32..1_000_000_000) {
        let entry = Entry::builder("iam.role_changed")
            .at(format!("2026-03-01T10:00:00.{nanos:09}Z"))
            .actor(actor)
            .subject("role")
            .body(body)
            .build()
            .unwrap();
        let bytes = entry.to_bytes();
        prop_assert_eq!(&Entry::parse(&bytes).unwrap(), &entry);
        let text = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(canonical(&text).unwrap(), text);
    }

    #[test]
    fn random_entries_never_panic(text in "[\\[\\]{}\":,0-9a-z\\-.e ]{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = Entry::parse(&bytes);
        let _ = Entry::parse(text.as_bytes());
        if let Ok(form) = canonical(&text) {
            prop_assert_eq!(canonical(&form).unwrap(), form);
        }
    }
}
