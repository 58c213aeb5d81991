//! Bytes that are no answers: whatever they are, an import ends, and good files beside them land. The parsers alone meet
//! many more in `src/import/arbitrary_tests.rs`.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Desk;

/// JSON of any form, with the member names that matter among others.
fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "Vpcs",
        "VpcId",
        "NextToken",
        "Error",
        "Code",
        "Tags",
        "Key",
        "Value",
        "configurationItems",
        "resourceType",
        "resourceId",
        "awsAccountId",
        "configuration",
        "supplementaryConfiguration",
        "tags",
        "ARN",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|n| json!(n)),
        any::<String>().prop_map(Value::from),
        Just(json!("AWS::EC2::VPC")),
        Just(json!("{\"a\":")),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names.clone(), inner, 0..6)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Value>()),
        ]
    })
}

fn run(bytes: &[u8], name: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let desk = Desk::new().await;
        desk.put(
            "111111111111/eu-west-1/ec2-describe-subnets.json",
            json!({"Subnets": [{"SubnetId": "s"}]}).to_string(),
        )
        .put(&format!("111111111111/eu-west-1/{name}"), bytes);
        desk.json_at("2026-02-01T00:00:00Z").await.unwrap();
        assert!(desk.uids().await.contains(&"arn:aws:ec2:eu-west-1:111111111111:subnet/s".to_owned()));

        let desk = Desk::new().await;
        let good = json!({"configurationItems": [{
            "resourceType": "AWS::EC2::VPC", "resourceId": "vpc-good", "awsAccountId": "111111111111",
            "awsRegion": "eu-west-1", "configuration": {"vpcId": "vpc-good"},
        }]});
        desk.put("good.json", good.to_string()).put("other.json.gz", bytes);
        desk.config_at("2026-02-01T00:00:00Z").await.unwrap();
        assert!(desk.uids().await.contains(&"arn:aws:ec2:eu-west-1:111111111111:vpc/vpc-good".to_owned()));
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..400), magic in 0..4_usize) {
        let starts: [&[u8]; 4] = [b"", b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"{\"Vpcs\": ["];
        run(&[starts[magic], &bytes].concat(), "ec2-describe-vpcs.json");
    }

    #[test]
    fn any_json_ends(value in any_json()) {
        run(value.to_string().as_bytes(), "ec2-describe-vpcs.json");
        let wrapped = json!({"configurationItems": [value.clone()], "Vpcs": [value]});
        run(wrapped.to_string().as_bytes(), "Vpcs.json");
    }
}
