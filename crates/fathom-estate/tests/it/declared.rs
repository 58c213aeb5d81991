//! Files of code: what is taken from them, what is never kept, and that no input breaks the reader.

use std::{collections::BTreeMap, fmt::Write as _};

use fathom_estate::{
    TerraformIndex,
    declared::{
        Planned, assumed_parts,
        evaluate::{Evaluator, StackContext},
        lines::Lines,
        template::{Template, parameters},
        unknown_why,
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

const CANARY: &str = "canary-4d1f-hunter2";

fn terraform(file: &Value) -> TerraformIndex {
    let mut index = TerraformIndex::default();
    index.add("x.json", &file.to_string()).expect("a good file");
    index
}

fn template(text: &str) -> Template {
    Template::parse("t.yaml", text, &BTreeMap::new()).expect("a good template")
}

fn shop() -> StackContext {
    let id = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    StackContext {
        name: "shop".to_owned(),
        id: "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1".to_owned(),
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        physical_ids: BTreeMap::from([id("Bucket", "shop-bucket"), id("Net", "vpc-0a1b2c3d")]),
        uids: BTreeMap::from([id("Bucket", "arn:aws:s3:::shop-bucket")]),
        ..StackContext::default()
    }
}

/// The value of a property `P` in the stack.
fn evaluated(property: &str) -> Option<Value> {
    let text = format!(
        "Parameters:\n  Env: {{ Type: String, Default: dev }}\n  Key: {{ Type: String, NoEcho: true, Default: {CANARY} }}\n  \
         Free: {{ Type: String }}\n  Zones: {{ Type: CommaDelimitedList, Default: 'a, b' }}\n\
         Mappings: {{ M: {{ eu-west-1: {{ n: 7 }} }} }}\n\
         Conditions:\n  Live: !Equals [!Ref 'AWS::Region', eu-west-1]\n  Prod: !Equals [!Ref Env, prod]\n\
         Resources:\n  R:\n    Type: AWS::SNS::Topic\n    Properties:\n      P: {property}\n"
    );
    let template = template(&text);
    let stack = shop();
    let properties = &template.resources["R"].properties;
    let value = Evaluator::new(&template, &stack).value(properties).expect("properties");
    value.get("P").cloned()
}

#[test]
fn intrinsics_give_what_cloudformation_documents() {
    for (property, expected) in [
        ("!Ref Net", json!("vpc-0a1b2c3d")),
        ("!GetAtt Bucket.Arn", json!("arn:aws:s3:::shop-bucket")),
        ("!Sub '${AWS::StackName}-${AWS::Region}-${!Literal}'", json!("shop-eu-west-1-${Literal}")),
        ("!Sub ['${a}-${Bucket}', { a: !Ref 'AWS::AccountId' }]", json!("123456789012-shop-bucket")),
        ("!Join ['/', [a, !Ref Bucket, !Ref 'AWS::NoValue']]", json!("a/shop-bucket")),
        ("!Select [1, !Split [':', 'a:b:c']]", json!("b")),
        ("!FindInMap [M, !Ref 'AWS::Region', n]", json!(7)),
        ("!If [Live, yes-it-is, no]", json!("yes-it-is")),
        ("{ 'Fn::Join': ['', [x, { Ref: Net }]] }", json!("xvpc-0a1b2c3d")),
        ("012345678901", json!("012345678901")),
    ] {
        assert_eq!(evaluated(property), Some(expected), "{property}");
    }
    assert_eq!(evaluated("!Ref 'AWS::NoValue'"), None);
}

#[test]
fn what_only_the_stack_knows_is_unknown_and_defaults_are_assumed() {
    for property in [
        "!Ref Free",
        "!Ref Key",
        "!Sub 'x-${Key}'",
        "!ImportValue other-stack",
        "!GetAtt Bucket.DomainName",
        "'{{resolve:secretsmanager:db:SecretString:password}}'",
        "!Ref Nothing",
        "!Join ['', [a, !Ref Free]]",
        "!GetAZs ''",
    ] {
        let value = evaluated(property).expect(property);
        assert!(unknown_why(&value).is_some(), "{property}: {value}");
        assert!(!value.to_string().contains(CANARY));
    }
    for (property, expected) in [
        ("!Ref Env", json!("dev")),
        ("!Sub '${Env}-x'", json!("dev-x")),
        ("!If [Prod, 1, 2]", json!(2)),
        ("!Ref Zones", json!(["a", "b"])),
    ] {
        let value = evaluated(property).expect(property);
        let (value, why) = assumed_parts(&value).expect(property);
        assert_eq!(value, &expected);
        assert!(why.contains("default of parameter"), "{why}");
    }
}

#[test]
fn secrets_are_dropped_when_a_file_is_read() {
    let path = json!([[{"type": "get_attr", "value": "tags"}, {"type": "index", "value": {"value": "k", "type": "string"}}]]);
    let state = json!({"version": 4, "resources": [{"mode": "managed", "type": "aws_db_instance", "name": "a",
        "instances": [{"attributes": {"id": "a", "password": CANARY, "master_password": CANARY, "tags": {"k": CANARY},
            "environment": [{"variables": {"A": CANARY}}], "user_data": CANARY, "auth_token": CANARY},
            "sensitive_attributes": path}]}]});
    let shown = json!({"format_version": "1.0", "values": {"root_module": {"child_modules": [{"resources": [{
        "address": "module.m.aws_x.y[\"k\"]", "mode": "managed", "type": "aws_x", "values": {"a": {"b": [CANARY, 1]}},
        "sensitive_values": {"a": {"b": [true, false]}}}]}]}}});
    let drift = json!([{"address": "aws_x.y", "mode": "managed", "change": {"actions": ["update"],
        "before": {"a": "x", "private_key": CANARY, "s": CANARY}, "before_sensitive": {"s": true},
        "after": {"a": "y", "private_key": "z", "s": "z"}, "after_sensitive": {"s": true}}}]);
    let plan = json!({"format_version": "1.2", "resource_drift": drift, "planned_values": {"root_module": {"resources": [{
        "address": "aws_x.y", "mode": "managed", "type": "aws_x", "values": {"a": "x"}}]}}});
    for file in [state, shown, plan] {
        let index = terraform(&file);
        assert!(!index.declarations().is_empty());
        assert!(!format!("{index:?}").contains(CANARY), "{index:#?}");
    }
    let text = format!(
        "Resources:\n  A:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      MasterUserPassword: {CANARY}\n"
    );
    assert!(!format!("{:?}", template(&text)).contains(CANARY));
}

#[test]
fn plans_say_what_stays_what_comes_and_what_goes() {
    let resource = |address: &str, values: Value| json!({"address": address, "mode": "managed", "type": "aws_sqs_queue", "values": values});
    let change = |address: &str, actions: Value, unknown: Value| {
        json!({"address": address, "mode": "managed",
        "change": {"actions": actions, "after_unknown": unknown}})
    };
    let arn = "arn:aws:sqs:eu-west-1:1:stays";
    let plan = json!({"format_version": "1.2",
        "planned_values": {"root_module": {
            "resources": [resource("aws_sqs_queue.stays", json!({"name": "stays", "delay_seconds": 5}))],
            "child_modules": [{"address": "module.m", "resources": [
                resource("module.m.aws_sqs_queue.comes[\"a\"]", json!({"name": "comes"}))]}]}},
        "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": [
            resource("aws_sqs_queue.stays", json!({"name": "stays", "delay_seconds": 0, "arn": arn})),
            resource("aws_sqs_queue.goes", json!({"name": "goes", "arn": "arn:aws:sqs:eu-west-1:1:goes"}))]}}},
        "resource_changes": [
            change("aws_sqs_queue.stays", json!(["update"]), json!({"kms_master_key_id": true})),
            change("module.m.aws_sqs_queue.comes[\"a\"]", json!(["create"]), json!({"arn": true})),
            change("aws_sqs_queue.goes", json!(["delete"]), json!({}))]});
    let index = terraform(&plan);
    let said: BTreeMap<&str, Planned> =
        index.declarations().iter().map(|one| (one.address.as_str(), one.planned)).collect();
    assert_eq!(
        said,
        BTreeMap::from([
            ("aws_sqs_queue.goes", Planned::Removed),
            ("aws_sqs_queue.stays", Planned::Stays),
            ("module.m.aws_sqs_queue.comes[\"a\"]", Planned::Made),
        ])
    );
    assert_eq!(index.address(arn, ""), Some("x.json#aws_sqs_queue.stays"));
    assert_eq!(index.address("arn:aws:sqs:eu-west-1:1:goes", ""), None);
    let stays = index.declarations().iter().find(|one| one.address == "aws_sqs_queue.stays").expect("it");
    assert_eq!(stays.attributes["delay_seconds"], 5);
    assert!(unknown_why(&stays.attributes["kms_master_key_id"]).is_some());
}

#[test]
fn broken_templates_are_told_with_their_place() {
    let parse = |text: &str| Template::parse("t.yaml", text, &BTreeMap::new());
    for (text, place) in [
        ("Resources:\n  A: { Type: [\n", "t.yaml:"),
        ("{\"Resources\": {\n  \"A\": }}", "t.yaml:2:"),
        ("", "t.yaml"),
        ("just text", "t.yaml: "),
        ("Resources: [a]", "t.yaml: "),
        ("AWSTemplateFormatVersion: 2010-09-09\n", "t.yaml: "),
    ] {
        let words = parse(text).expect_err(text).to_string();
        assert!(words.starts_with(place) && words.contains("not a CloudFormation template"), "{words}");
    }
    let half =
        parse("Resources:\n  A: { Properties: {} }\n  B: { Type: AWS::SNS::Topic }\n").expect("one is good");
    assert_eq!(half.resources.keys().collect::<Vec<_>>(), ["B"]);
    assert_eq!(half.skipped.len(), 1);
}

#[test]
fn bombs_and_deep_nesting_end_in_an_error() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        writeln!(bomb, "a{level}: &a{level} [{before}]").expect("text");
    }
    bomb.push_str("Resources: { R: { Type: AWS::SNS::Topic, Properties: *a9 } }\n");
    let deep = format!("Resources: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!("Resources:\n  R:\n    Type: T\n    Properties: {}x", "- ".repeat(100_000));
    for text in [bomb, deep, nested] {
        assert!(Template::parse("t.yaml", &text, &BTreeMap::new()).is_err());
    }
    // Conditions that ask each other end, too.
    let circle = template(
        "Conditions:\n  A: !Not [!Condition B]\n  B: !Or [!Condition A, !Condition A]\nResources:\n  R: { Type: T, Condition: A }\n",
    );
    let stack = shop();
    let holds = Evaluator::new(&circle, &stack).condition("A");
    assert!(unknown_why(&holds).is_some() || holds.is_boolean(), "{holds}");
}

/// Public templates: every one reads, or the error says where it does not.
#[test]
fn public_templates_read() {
    let shared = std::env::var_os("FATHOM_SHARED_DATA").map(std::path::PathBuf::from);
    let Some(folder) = shared.map(|folder| folder.join("posture/unpacked")).filter(|folder| folder.is_dir())
    else {
        eprintln!("skipped: no unpacked public templates below FATHOM_SHARED_DATA");
        return;
    };
    let (mut folders, mut good, mut bad) = (vec![folder], 0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            for text in templates_in(&text) {
                match Template::parse(&path.display().to_string(), &text, &BTreeMap::new()) {
                    Ok(template) => {
                        good += 1;
                        let stack = shop();
                        for resource in template.resources.values() {
                            Evaluator::new(&template, &stack).value(&resource.properties);
                        }
                    }
                    Err(error) => bad.push(error.to_string()),
                }
            }
        }
    }
    eprintln!("{good} read, {} do not: {bad:#?}", bad.len());
    assert!(good > 500, "{good}");
    assert!(bad.len() * 50 < good, "{} of {good}: {bad:#?}", bad.len());
}

/// The templates in a file of checks: whole, in fenced blocks, or as inputs of cases.
fn templates_in(text: &str) -> Vec<String> {
    if text.contains("\n  input:") || text.starts_with("- name:") || text.contains("\n- name:") {
        #[derive(serde::Deserialize)]
        struct Case {
            input: Option<Value>,
        }
        let cases: Vec<Case> = serde_saphyr::from_str(text).unwrap_or_default();
        return cases
            .into_iter()
            .filter_map(|case| case.input)
            .filter(|input| {
                input.get("Resources").and_then(Value::as_object).is_some_and(|all| !all.is_empty())
            })
            .map(|input| input.to_string())
            .collect();
    }
    text.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.split_once('\n').map(|(_, body)| body.to_owned()))
        .filter(|block| {
            block.contains("Resources:") && block.contains("Type: \"AWS::") || block.contains("Type: AWS::")
        })
        .collect()
}

proptest! {
    #[test]
    fn no_bytes_break_the_readers(bytes in proptest::collection::vec(any::<u8>(), 0..300), yaml in "[ -~\n]{0,200}") {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), yaml.clone(), format!("Resources:\n  R:\n    Type: T\n    Properties: {yaml}\n")] {
            let _ = TerraformIndex::default().add("x", &text);
            if let Ok(template) = Template::parse("x", &text, &BTreeMap::new()) {
                let stack = shop();
                for resource in template.resources.values() {
                    let _ = Evaluator::new(&template, &stack).value(&resource.properties);
                }
            }
        }
    }
}

#[test]
fn what_stands_for_what_nobody_says_decides_nothing() {
    let text = "Conditions:\n  Here: !Equals [!Sub '${AWS::Region}', us-east-1]\n  There: !Equals [!Ref 'AWS::Region', us-east-1]\n\
                Resources:\n  R:\n    Type: AWS::SNS::Topic\n    Properties:\n      \
                Arn: !Sub 'arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:t'\n      \
                Joined: !Join [':', [arn, !Ref 'AWS::Region']]\n      Alone: !Ref 'AWS::Region'\n      Chosen: !If [Here, 1, 2]\n      \
                Account: !Ref 'AWS::AccountId'\n      Looked: !FindInMap [Places, !Sub '${AWS::Region}', size]\n\
                Mappings: { Places: { us-east-1: { size: 3 } } }\n";
    let template = template(text);
    let names = [("AWS::Region", "us-east-1"), ("AWS::AccountId", "000000000000"), ("AWS::Partition", "aws")];
    let stands_in = names.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let stack = StackContext { stands_in, ..StackContext::default() };
    let mut evaluator = Evaluator::new(&template, &stack);
    let value = evaluator.value(&template.resources["R"].properties).expect("properties");
    for (name, expected) in [
        ("Arn", "arn:aws:sns:us-east-1:000000000000:t"),
        ("Joined", "arn:us-east-1"),
        ("Account", "000000000000"),
    ] {
        let (text, why) = assumed_parts(&value[name]).expect(name);
        assert_eq!(text, expected);
        assert!(why.contains("stands for it"), "{why}");
    }
    for name in ["Alone", "Chosen", "Looked"] {
        assert!(unknown_why(&value[name]).is_some(), "{name}: {}", value[name]);
    }
    for name in ["Here", "There"] {
        assert!(unknown_why(&evaluator.condition(name)).is_some(), "{name}");
    }
}

#[test]
fn attributes_give_what_the_stack_gives() {
    let template = template(
        "Resources:\n  R:\n    Type: AWS::SNS::Topic\n    Properties: { P: !GetAtt Q.QueueName, S: !Sub '${Q.QueueName}-x' }\n",
    );
    let gives = [(("Q".to_owned(), "QueueName".to_owned()), "orders".to_owned())].into();
    let stack = StackContext { gives, ..StackContext::default() };
    let value = Evaluator::new(&template, &stack).value(&template.resources["R"].properties);
    assert_eq!(value, Some(json!({ "P": "orders", "S": "orders-x" })));
}

#[test]
fn names_of_variables_are_kept_and_their_values_are_not() {
    let template = template(&format!(
        "Resources:\n  R:\n    Type: AWS::CodeBuild::Project\n    Properties:\n      Environment:\n        EnvironmentVariables:\n          \
         - {{ Name: AWS_SECRET_ACCESS_KEY, Type: PLAINTEXT, Value: {CANARY} }}\n          - {{ Other: {CANARY}, Value: {CANARY} }}\n"
    ));
    let variables = &template.resources["R"].properties["Environment"]["EnvironmentVariables"];
    assert_eq!(variables[0]["Name"], "AWS_SECRET_ACCESS_KEY");
    assert_eq!(variables[0]["Type"], "PLAINTEXT");
    assert!(!variables.to_string().contains(CANARY), "{variables}");
}

#[test]
fn values_of_parameters_are_read_in_each_form() {
    let wanted = BTreeMap::from([("Env".to_owned(), json!("prod")), ("Size".to_owned(), json!("3"))]);
    for text in [
        "Env: prod\nSize: '3'\n",
        "{\"Parameters\": {\"Env\": \"prod\", \"Size\": \"3\"}}",
        "[{\"ParameterKey\": \"Env\", \"ParameterValue\": \"prod\"}, {\"ParameterKey\": \"Size\", \"ParameterValue\": \"3\"}]",
    ] {
        assert_eq!(parameters("p.json", text).expect(text), wanted, "{text}");
    }
    for text in ["[1]", "words", "[{\"ParameterKey\": \"Env\"}]"] {
        let error = parameters("p.json", text).expect_err(text).to_string();
        assert!(error.starts_with("p.json: no values of parameters"), "{error}");
    }
}

#[test]
fn lines_say_where_something_is_written() {
    let yaml = "# Head\nResources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      Name: !Sub 'x-${B}'\n      Rules:\n        - One: 1\n        - Two: 2\n";
    let lines = Lines::of(yaml);
    for (path, line) in [
        (&["Resources", "A"][..], 3),
        (&["Resources", "A", "Properties", "Name"], 6),
        (&["Resources", "A", "Properties", "Rules", "1", "Two"], 9),
        // What is not there is where it would be.
        (&["Resources", "A", "Properties", "Other", "Deeper"], 5),
    ] {
        assert_eq!(lines.line(path), Some(line), "{path:?}");
    }
    assert_eq!(lines.line(&["Outputs"]), None);
    let json = "{\n\t\"Resources\": {\n\t\t\"A\": {\n\t\t\t\"Type\": \"AWS::S3::Bucket\",\n\t\t\t\"Properties\": { \"Name\": \"x\" }\n\t\t}\n\t}\n}\n";
    let lines = Lines::of(json);
    assert_eq!(lines.line(&["Resources", "A"]), Some(3));
    assert_eq!(lines.line(&["Resources", "A", "Properties", "Name"]), Some(5));
    assert_eq!(Lines::of("{"), Lines::default());
}
