//! Terraform states: what is taken from them, and what people are told about one that does not read.

use fathom_estate::{TerraformIndex, TerraformStateError};
use proptest::prelude::*;
use serde_json::{Value, json};

fn index(state: &Value) -> TerraformIndex {
    let mut index = TerraformIndex::default();
    index.add("prod.tfstate", &state.to_string()).expect("a good state");
    index
}

fn one(resource: &Value) -> Value {
    json!({"version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": "x", "outputs": {},
        "resources": [resource]})
}

const ARN: &str = "arn:aws:s3:::logs";

fn bucket(more: &Value) -> Value {
    let mut resource = json!({"mode": "managed", "type": "aws_s3_bucket", "name": "logs", "provider": "aws",
        "instances": [{"schema_version": 0, "attributes": {"arn": ARN, "id": "logs"}}]});
    for (key, value) in more.as_object().expect("members") {
        resource[key] = value.clone();
    }
    resource
}

#[test]
fn addresses_are_those_that_terraform_prints() {
    let instance = |key: Value| json!({"instances": [{"index_key": key, "attributes": {"arn": ARN}}]});
    for (more, address) in [
        (json!({}), "aws_s3_bucket.logs"),
        (json!({"module": "module.a.module.b[0]"}), "module.a.module.b[0].aws_s3_bucket.logs"),
        (instance(json!(0)), "aws_s3_bucket.logs[0]"),
        (instance(json!("eu-west-1")), "aws_s3_bucket.logs[\"eu-west-1\"]"),
        (instance(json!("a\"b")), "aws_s3_bucket.logs[\"a\\\"b\"]"),
    ] {
        let index = index(&one(&bucket(&more)));
        assert_eq!(index.address(ARN, "logs"), Some(format!("prod.tfstate#{address}").as_str()));
    }
}

#[test]
fn data_sources_and_empty_instances_declare_nothing() {
    for more in [
        json!({"mode": "data"}),
        json!({"instances": []}),
        json!({"instances": [{"attributes": null}]}),
        json!({"instances": [{"attributes_flat": {"arn": ARN}}]}),
        json!({"instances": [{"attributes": {"arn": 7, "id": null}}]}),
    ] {
        assert!(index(&one(&bucket(&more))).is_empty(), "{more}");
    }
    assert!(index(&json!({"version": 4})).is_empty());
}

#[test]
fn resources_are_counted_and_the_first_state_holds() {
    let mut index = TerraformIndex::default();
    let two = json!({"version": 4, "resources": [bucket(&json!({})), bucket(&json!({"name": "again"}))]});
    assert_eq!(index.add("a.tfstate", &two.to_string()).expect("a good state"), 2);
    assert_eq!(index.add("b.tfstate", &one(&bucket(&json!({}))).to_string()).expect("a good state"), 1);
    assert_eq!(index.address(ARN, ""), Some("a.tfstate#aws_s3_bucket.logs"));
}

/// "A plain name may mean a role here and a bucket there; only texts that are unique by themselves may join."
#[test]
fn only_unique_texts_join() {
    for (text, joins) in [
        ("arn:aws-cn:iam::1:role/x", true),
        ("AKIAIOSFODNN7EXAMPLE", true),
        ("vpc-0a1b2c3d", true),
        ("eipalloc-0123456789abcdef0", true),
        ("tgw-attach-0123456789abcdef0", true),
        ("logs", false),
        ("checkout-web", false),
        ("logs-20240101", false),
        ("app-logs-1a2b3c4d", false),
        ("deadbeef", false),
        ("-1a2b3c4d", false),
        ("vpc-1a2b3c4", false),
        ("vpc-0A1B2C3D", false),
        ("release-0123456789abcdef01234567", false),
        ("", false),
    ] {
        let attributes = json!({"instances": [{"attributes": {"id": text}}]});
        assert_eq!(index(&one(&bucket(&attributes))).address("arn:other", text).is_some(), joins, "{text}");
    }
}

#[test]
fn other_versions_are_refused_with_what_to_do() {
    for version in [1, 3, 5] {
        let state = json!({"version": version, "modules": [{"path": ["root"], "resources": {}}]});
        let error =
            TerraformIndex::default().add("old.tfstate", &state.to_string()).expect_err("version 4 only");
        assert!(matches!(error, TerraformStateError::Version { version: found, .. } if found == version));
        let words = error.to_string();
        assert!(words.starts_with(&format!("old.tfstate: state version {version} is not known")), "{words}");
        assert!(words.contains("terraform state pull"), "{words}");
    }
}

#[test]
fn broken_states_are_told_with_line_and_column() {
    for (text, place) in [
        ("", "x.tfstate:1:0: "),
        ("{\n  \"version\": 4,\n  \"resources\": [}\n", "x.tfstate:3:17: "),
        ("{\n  \"version\": \"four\"\n}", "x.tfstate:2:"),
        ("{\"version\": 4, \"resources\": [{\"mode\": \"managed\"}]}", "x.tfstate:1:"),
        ("[]", "x.tfstate:1:"),
        ("resource \"aws_vpc\" \"main\" {}", "x.tfstate:1:1: "),
    ] {
        let words = TerraformIndex::default().add("x.tfstate", text).expect_err(text).to_string();
        assert!(words.starts_with(place), "{words}");
        assert!(words.contains("not a Terraform state") && !words.contains(" at line "), "{words}");
    }
    let deep = format!("{{\"version\": 4, \"x\": {}", "[".repeat(100_000));
    assert!(TerraformIndex::default().add("deep.tfstate", &deep).is_err());
}

#[test]
fn a_state_that_does_not_read_loses_nothing_of_the_one_before() {
    let mut index = index(&one(&bucket(&json!({}))));
    index.add("bad.tfstate", "{").expect_err("broken");
    assert!(index.address(ARN, "").is_some());
}

proptest! {
    #[test]
    fn no_text_is_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = TerraformIndex::default().add("x.tfstate", &String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_id_is_too_odd(id in ".*", key in ".*", module in ".*") {
        let instances = json!([{"index_key": key, "attributes": {"id": id, "arn": format!("arn:{id}")}}]);
        let index = index(&one(&bucket(&json!({"module": module, "instances": instances}))));
        let found = index.address(&format!("arn:{id}"), "");
        prop_assert!(found.is_some());
    }

    #[test]
    fn a_good_state_with_one_byte_changed_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = one(&bucket(&json!({"module": "module.a"}))).to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = TerraformIndex::default().add("x.tfstate", &String::from_utf8_lossy(&bytes));
    }
}
