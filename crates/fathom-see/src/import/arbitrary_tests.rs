//! The parsers of both doors, held against bytes and JSON of any form: they end, and never panic.

use std::sync::LazyLock;

use fathom_content::Content;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Limits, answer::value_form, config::read_one, naming::Names, narrow::narrow, recognise::recognise,
};

static CONTENT: LazyLock<Content> = LazyLock::new(|| Content::embedded().expect("the content that ships"));
static NAMES: LazyLock<Names> = LazyLock::new(|| Names::new(&CONTENT));

/// JSON of any form, with the member names that matter among others.
fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "Vpcs",
        "VpcId",
        "Reservations",
        "Instances",
        "State",
        "Name",
        "Filters",
        "Values",
        "Policy",
        "Tags",
        "key",
        "ipPermissions",
        "ipv4Ranges",
        "policyText",
        "configuration",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|n| json!(n)),
        any::<String>().prop_map(Value::from),
        Just(json!("self")),
        Just(json!("{\"a\":")),
        Just(json!("2026-01-02T03:04:05Z")),
    ];
    leaf.prop_recursive(8, 96, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(names.clone(), inner, 0..8)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Value>()),
        ]
    })
}

/// An item that says who it is, with anything else in it.
fn any_item() -> impl Strategy<Value = Value> {
    let kinds: Vec<String> = CONTENT.resources.keys().map(ToString::to_string).collect();
    let kinds = prop::sample::select(kinds);
    (kinds, any::<String>(), any::<Option<String>>(), any_json(), any_json(), any_json()).prop_map(
        |(kind, id, arn, configuration, part, tags)| {
            json!({
                "resourceType": kind, "resourceId": format!("r{id}"), "awsAccountId": "111111111111", "ARN": arn,
                "awsRegion": "eu-west-1", "configuration": configuration, "tags": tags,
                "supplementaryConfiguration": {"BucketPolicy": part, "Policy": configuration, "Tags": tags},
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_an_answer_or_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..300), start in 0..4_usize) {
        let starts: [&[u8]; 4] = [b"", b"{\"Vpcs\":[", b"An error occurred (", b"\xef\xbb\xbf{"];
        let bytes = [starts[start], &bytes].concat();
        let _ = value_form("ec2", "DescribeVpcs", &bytes);
        let magic: [&[u8]; 4] = [b"", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", b"PK\x03\x04", b"PK\x05\x06"];
        read_one(&CONTENT, [magic[start], &bytes].concat(), &Limits::default());
    }

    #[test]
    fn any_json_is_an_answer_or_a_problem(value in any_json(), params in any_json()) {
        let _ = value_form("ec2", "DescribeInstances", value.to_string().as_bytes());
        let _ = recognise(&CONTENT, &value);
        let mut narrowed = value;
        narrow(&mut narrowed, &params, "111111111111", "eu-west-1");
    }

    #[test]
    fn any_item_is_a_resource_or_a_problem(item in any_item()) {
        let document = json!({"configurationItems": [item]}).to_string();
        let (items, _) = read_one(&CONTENT, document.into_bytes(), &Limits::default());
        prop_assert_eq!(items, 1);
    }

    #[test]
    fn any_name_says_something_or_nothing(name in ".{0,80}", about in ".{0,40}") {
        NAMES.read(&name);
        NAMES.read(&format!("s3api-get-bucket-policy/{about}"));
        NAMES.read(&format!("{about}/ec2/{name}"));
    }
}
