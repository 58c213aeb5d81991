//! Whose accounts are, and what actions need of keys.

use fathom_content::{Content, Declarations, Vendors, encryption};
use serde_json::json;

fn fails(text: &str, says: &[&str]) {
    let error = Vendors::parse("vendors.yaml", text).expect_err("a mistake").to_string();
    for part in says {
        assert!(error.contains(part), "no `{part}` in {error}");
    }
}

#[test]
fn a_file_says_whose_accounts_are() {
    let text = "accounts:\n  \"012345678901\":\n    name: Backup Ltd\n    until: 2027-01-31\n";
    let vendors = Vendors::parse("vendors.yaml", text).expect("a file");
    let vendor = vendors.of_account("012345678901").expect("an account");
    assert_eq!(vendor.name, "Backup Ltd");
    assert!(!vendor.is_over("2027-01-31") && vendor.is_over("2027-02-01"));
    assert_eq!(vendors.of_account("210987654321"), None);
}

#[test]
fn a_mistake_is_told_with_file_and_line() {
    fails(
        "accounts:\n  \"12345\":\n    name: Short\n",
        &["vendors.yaml:2:", "`12345`", "12 digits in quotes"],
    );
    fails(
        "accounts:\n  \"012345678901\":\n    name: A\n    until: soon\n",
        &["vendors.yaml:4:", "`until: soon`", "2027-01-31"],
    );
    fails("accounts:\n  \"012345678901\":\n    nam: A\n", &["vendors.yaml:3:", "nam"]);
    fails("accounts:\n  \"012345678901\":\n    name: \"\"\n", &["vendors.yaml:3:", "empty name"]);
    let text = "version: 1\nvendors:\n  \"12\":\n    name: A\n";
    let error = Declarations::parse("fathom.yaml", text).expect_err("a mistake").to_string();
    assert!(error.contains("fathom.yaml:3:") && error.contains("`12`"), "{error}");
}

#[test]
fn fathom_yaml_names_vendors_and_wins_over_what_is_built_in() {
    let text = "version: 1\nvendors:\n  \"127311923021\":\n    name: Ours\n";
    let own = Declarations::parse("fathom.yaml", text).expect("a file").vendors();
    let all = Vendors::built_in().expect("built in").clone().with(&own);
    assert_eq!(all.of_account("127311923021").expect("an account").name, "Ours");
    let known = all.of_account("054676820928").expect("an account");
    assert!(known.name.contains("eu-central-1"));
    assert!(known.source.as_deref().is_some_and(|source| source.starts_with("https://docs.aws.amazon.com/")));
}

#[test]
fn every_rule_of_encryption_is_about_a_defined_type_and_has_its_source() {
    let content = Content::embedded().expect("content");
    for rule in encryption::rules().expect("rules") {
        assert!(content.resources.contains_key(&rule.kind), "{}", rule.kind);
        assert!(rule.source.starts_with("https://docs.aws.amazon.com/"), "{}", rule.source);
        assert!(!rule.needs.is_empty() && rule.needs.iter().all(|need| !need.of_key.is_empty()));
    }
}

#[test]
fn a_document_names_its_key() {
    let rule = |kind: &str| {
        let rules = encryption::rules().expect("rules");
        rules.iter().find(|rule| rule.kind.as_str() == kind).expect("a rule")
    };
    let bucket = |by: serde_json::Value| {
        rule("AWS::S3::Bucket")
            .key_of(&json!({"Encryption": {"Rules": [{"ApplyServerSideEncryptionByDefault": by}]}}))
    };
    assert_eq!(bucket(json!({"SSEAlgorithm": "AES256"})), None);
    assert_eq!(bucket(json!({"SSEAlgorithm": "aws:kms"})).as_deref(), Some("alias/aws/s3"));
    assert_eq!(
        bucket(json!({"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": "alias/own"})).as_deref(),
        Some("alias/own")
    );
    assert_eq!(rule("AWS::SSM::Parameter").key_of(&json!({"Type": "String"})), None);
    assert_eq!(rule("AWS::SQS::Queue").key_of(&json!({"SqsManagedSseEnabled": "true"})), None);
    assert_eq!(
        rule("AWS::SecretsManager::Secret").key_of(&json!({})).as_deref(),
        Some("alias/aws/secretsmanager")
    );
    assert_eq!(rule("AWS::S3::Bucket").need("s3:getobject"), ["kms:Decrypt"]);
    assert!(rule("AWS::S3::Bucket").need("s3:ListBucket").is_empty());
}
