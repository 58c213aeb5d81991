//! References that no relation names: found wherever they stand, once, and nothing else.

use std::collections::BTreeMap;

use fathom_estate::Sure;
use fathom_see::mentions::{MENTIONS_MAX, Mentions, find};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{CONTENT, definition, finish};

/// Text, type and certainty of what a document mentions, by path.
fn mentioned(document: &Value) -> Vec<(String, String, String, Sure)> {
    let found = find(document, &CONTENT.references, None);
    assert!(!found.cut);
    rows(&found)
}

fn rows(found: &Mentions) -> Vec<(String, String, String, Sure)> {
    let kind =
        |to: &Option<fathom_model::ResourceType>| to.as_ref().map(ToString::to_string).unwrap_or_default();
    found.found.iter().map(|one| (one.path.clone(), one.text.clone(), kind(&one.to), one.sure)).collect()
}

/// The texts found in one text, with their certainty.
fn in_text(text: &str) -> Vec<(String, Sure)> {
    mentioned(&json!({ "M": text })).into_iter().map(|(_, text, _, sure)| (text, sure)).collect()
}

#[test]
fn arns_are_found_wherever_they_stand() {
    let lambda = "arn:aws:lambda:us-east-1:111111111111:function:f";
    let integration =
        format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{lambda}/invocations");
    let topic = "arn:aws:sns:us-east-1:111111111111:t";
    let found = |text: &str| in_text(text).into_iter().map(|(text, _)| text).collect::<Vec<_>>();
    for (text, expected) in [
        (lambda.to_owned(), vec![lambda.to_owned()]),
        (format!("calls {lambda}, then \"{topic}\"."), vec![lambda.to_owned(), topic.to_owned()]),
        (format!("{lambda},{topic}"), vec![lambda.to_owned(), topic.to_owned()]),
        (format!("<{topic}>"), vec![topic.to_owned()]),
        (format!("see {topic}/."), vec![topic.to_owned()]),
        (
            integration,
            vec![
                "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions".to_owned(),
                format!("{lambda}/invocations"),
            ],
        ),
        // A name may hold spaces where the ARN is all there is.
        (
            "arn:aws:cloudwatch:us-east-1:111111111111:alarm:Too many, too late".to_owned(),
            vec!["arn:aws:cloudwatch:us-east-1:111111111111:alarm:Too many, too late".to_owned()],
        ),
        // Words that end in the letters are no ARNs, nor is what lacks a part, nor another scheme's.
        ("barn:aws:s3:::b x-arn:aws:s3:::b".to_owned(), vec![]),
        ("arn:aws:s3::b arn:aws arn: arn:::::b".to_owned(), vec![]),
        ("arn:acme:s3:::b".to_owned(), vec![]),
        (format!("arn:aws:s3:::{}", "b".repeat(3000)), vec![]),
        (String::new(), vec![]),
    ] {
        assert_eq!(found(&text), expected, "{text:.200}");
    }
}

#[test]
fn patterns_and_the_providers_own_are_only_perhaps_references() {
    for (text, sure) in [
        ("arn:aws:iam::111111111111:role/r", Sure::Mentioned),
        ("arn:aws-cn:iam::111111111111:role/r", Sure::Mentioned),
        ("arn:aws:s3:::bucket", Sure::Mentioned),
        ("arn:aws:s3:::bucket/*", Sure::Perhaps),
        ("arn:aws:s3:::bucket/${aws:username}", Sure::Perhaps),
        ("arn:aws:ec2:*:111111111111:instance/i-1", Sure::Perhaps),
        ("arn:aws:sqs:us-east-1:111111111111:q?", Sure::Perhaps),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", Sure::Perhaps),
        ("arn:aws:states:::lambda:invoke", Sure::Perhaps),
        ("arn:aws:automate:us-east-1:ec2:stop", Sure::Perhaps),
        ("arn:aws:kms:us-east-1:111111111111:alias/aws/s3", Sure::Perhaps),
        ("arn:aws:kms:us-east-1:111111111111:alias/shop", Sure::Mentioned),
    ] {
        assert_eq!(in_text(text).last().map(|(_, sure)| *sure), Some(sure), "{text}");
    }
}

#[test]
fn ids_are_known_by_their_whole_form() {
    let vpc = "AWS::EC2::VPC";
    for (text, kind) in [
        ("vpc-0a1b2c3d", Some(vpc)),
        ("vpc-0a1b2c3d4e5f67890", Some(vpc)),
        ("tgw-attach-0a1b2c3d4e5f67890", Some("AWS::EC2::TransitGatewayAttachment")),
        ("i-0a1b2c3d", Some("AWS::EC2::Instance")),
        ("vpc-0a1b2c3", None),
        ("vpc-0a1b2c3g", None),
        ("vpc-0A1B2C3D", None),
        ("xvpc-0a1b2c3d", None),
        ("in vpc-0a1b2c3d", None),
        ("eni-attach-0a1b2c3d", None),
        ("rtbassoc-0a1b2c3d", None),
        ("vpc-", None),
        ("-0a1b2c3d", None),
    ] {
        let found = mentioned(&json!([text]));
        assert_eq!(found.first().map(|one| one.2.as_str()), kind, "{text}");
    }
}

#[test]
fn keys_are_known_by_the_name_of_the_member() {
    let found = mentioned(&json!({
        "Deep": [{"KmsKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}, {"kmsKeyId": "alias/aws/ebs"}],
        "KMSMasterKeyID": "alias/shop",
        "KeyId": "1234abcd-12ab-34cd-56ef-000000000000",
    }));
    let key = "AWS::KMS::Key".to_owned();
    assert_eq!(
        found,
        [
            (
                "Deep[].KmsKeyId".into(),
                "1234abcd-12ab-34cd-56ef-1234567890ab".into(),
                key.clone(),
                Sure::Mentioned
            ),
            ("Deep[].kmsKeyId".into(), "alias/aws/ebs".into(), key.clone(), Sure::Perhaps),
            ("KMSMasterKeyID".into(), "alias/shop".into(), key, Sure::Mentioned),
        ]
    );
}

#[test]
fn what_is_known_already_is_no_news() {
    let thing = definition("relations: [{ kind: in_vpc, path: 'VpcId', to: 'AWS::EC2::VPC' }]");
    let own = "arn:aws:box:eu-west-1:111111111111:thing/x";
    let other = "arn:aws:iam::111111111111:role/r";
    let (_, item) = finish(
        &thing,
        json!({
            "Id": "x", "VpcId": "vpc-0a1b2c3d", "Again": ["vpc-0a1b2c3d", other, other], "Arn": own,
            "Policy": {"Resource": format!("{own}/*"), "Principal": {"AWS": other}},
        }),
        None,
    );
    let references = item.expect("an item").references;
    let told: Vec<(&str, &str, &str)> =
        references.iter().map(|one| (one.kind.as_str(), one.text.as_str(), one.path.as_str())).collect();
    assert_eq!(told, [("in_vpc", "vpc-0a1b2c3d", "VpcId"), ("mentions", other, "Again[]")]);
}

#[test]
fn names_that_are_references_are_found_and_long_names_are_no_paths() {
    let role = "arn:aws:iam::111111111111:role/r";
    let long = "n".repeat(65);
    let found = mentioned(&json!({ role: {"A": "i-0a1b2c3d"}, long: {"B": "i-0a1b2c3e"} }));
    let told: Vec<(&str, &str)> = found.iter().map(|one| (one.0.as_str(), one.1.as_str())).collect();
    assert_eq!(told, [("*", role), ("*.A", "i-0a1b2c3d"), ("*.B", "i-0a1b2c3e")]);
}

#[test]
fn there_is_a_limit_and_reaching_it_shows() {
    let arn = |n: usize| format!("arn:aws:iam::111111111111:role/r{n}");
    let list = |count: usize| json!((0..count).map(arn).collect::<Vec<_>>());
    let at_limit = find(&list(MENTIONS_MAX), &CONTENT.references, None);
    assert_eq!((at_limit.found.len(), at_limit.cut), (MENTIONS_MAX, false));
    let above = find(&list(MENTIONS_MAX + 1), &CONTENT.references, None);
    assert_eq!((above.found.len(), above.cut), (MENTIONS_MAX, true));
    let mut deep = json!(arn(0));
    for _ in 0..200 {
        deep = json!([deep]);
    }
    assert!(find(&deep, &CONTENT.references, None).cut);
    let (_, item) = finish(&definition(""), json!({"Id": "x", "List": list(MENTIONS_MAX + 1)}), None);
    assert!(item.expect("an item").cut);
}

/// The same, word by word: every text with its path, and every place in it.
fn literal(document: &Value) -> BTreeMap<String, (String, bool)> {
    fn texts(value: &Value, path: &str, name: &str, out: &mut Vec<(String, String, String, bool)>) {
        match value {
            Value::String(text) => out.push((path.to_owned(), name.to_owned(), text.clone(), false)),
            Value::Array(items) => items.iter().for_each(|item| texts(item, &format!("{path}[]"), name, out)),
            Value::Object(members) => {
                for (member, value) in members {
                    let data = member.len() > 64 || member.contains("arn:");
                    let shown = if data { "*" } else { member };
                    let path = if path.is_empty() { shown.to_owned() } else { format!("{path}.{shown}") };
                    if data {
                        out.push((path.clone(), String::new(), member.clone(), true));
                    }
                    texts(value, &path, member, out);
                }
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    texts(document, "", "", &mut all);
    let mut found: BTreeMap<String, (String, bool)> = BTreeMap::new();
    let mut add = |text: String, path: &str, sure: bool| {
        found.entry(text).or_insert_with(|| (path.to_owned(), sure));
    };
    for (path, name, text, is_name) in all {
        let starts: Vec<usize> = (0..text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        let starts: Vec<usize> = starts.into_iter().filter(|at| text[*at..].starts_with("arn:")).collect();
        for (i, start) in starts.iter().enumerate() {
            let before = text[..*start].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '-') {
                continue;
            }
            let stop = starts.get(i + 1).copied().unwrap_or(text.len());
            let piece = &text[*start..stop];
            let breaks = |c: char| c.is_whitespace() || c.is_control() || "\"'`,;<>()[]{}|\\".contains(c);
            let word: String = if *start == 0 && stop == text.len() {
                piece.to_owned()
            } else {
                piece.chars().take_while(|c| !breaks(*c)).collect()
            };
            let word = word.trim_end_matches(|c| breaks(c) || c == '.' || c == '/').to_owned();
            let parts: Vec<&str> = word.splitn(6, ':').collect();
            let whole = parts.len() == 6
                && parts[1].starts_with("aws")
                && !parts[2].is_empty()
                && !parts[5].is_empty();
            if whole && word.len() <= 2048 {
                let account = parts[4].len() == 12 && parts[4].chars().all(|c| c.is_ascii_digit());
                let ours =
                    account || (parts[4].is_empty() && ["apigateway", "route53", "s3"].contains(&parts[2]));
                let exact = !word.contains(['*', '?', '$']) && !parts[5].starts_with("alias/aws/");
                add(word.clone(), &path, ours && exact);
            }
        }
        if is_name || !starts.is_empty() {
            continue;
        }
        let id = CONTENT.references.ids.keys().any(|beginning| {
            text.strip_prefix(beginning.as_str()).is_some_and(|digits| {
                (8..=40).contains(&digits.len())
                    && digits.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
            })
        });
        if id {
            add(text, &path, true);
        } else if name.eq_ignore_ascii_case("KmsKeyId") && !text.is_empty() {
            let sure = !text.starts_with("alias/aws/");
            add(text, &path, sure);
        }
    }
    found
}

fn a_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "arn:aws:iam::111111111111:role/r",
        "arn:aws:s3:::b",
        "arn:aws:s3:::b/*",
        "arn:",
        "arn:aws",
        ":",
        "::",
        "/",
        ".",
        " ",
        ",",
        "\"",
        "x",
        "-",
        "é",
        "vpc-0a1b2c3d",
        "i-0a1b2c3d4e5f67890",
        "vpc-",
        "0a1b2c3d",
        "alias/aws/x",
        "\n",
        "*",
        "arn:aws:lambda:us-east-1:222222222222:function:f",
        "aws:sns:us-east-1:lambda:path",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn a_document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![4 => a_text().prop_map(Value::from), 1 => Just(Value::Null), 1 => Just(json!(7))];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = prop_oneof![
            6 => prop::sample::select(vec!["A", "B", "KmsKeyId", "kmskeyid", "Tags"]).prop_map(str::to_owned),
            1 => a_text(),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..4)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_walk_finds_what_the_rules_say(document in a_document()) {
        let found = find(&document, &CONTENT.references, None);
        prop_assert!(!found.cut);
        let told: BTreeMap<String, (String, bool)> = found
            .found
            .iter()
            .map(|one| (one.text.clone(), (one.path.clone(), one.sure == Sure::Mentioned)))
            .collect();
        prop_assert_eq!(told.len(), found.found.len(), "each text once");
        prop_assert_eq!(told, literal(&document));
    }
}
