//! Runs the specifications in `spec/`: what must be answered, stated from AWS's documentation.

use std::path::Path;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fathom_spec::{Example, examples, files, meaning, substitute, words};
use fathom_webfirewall::{Acl, Passed, Sets, Truth, Walk, logs, transform};
use serde_json::{Value, json};

const COLUMNS: [&str; 9] =
    ["transformation", "input", "output", "matches", "ends", "why", "blocking", "note", "$"];

/// Members of the first stay where the second has none.
pub(crate) fn merge(given: &mut Value, more: Value) {
    match (given, more) {
        (Value::Object(given), Value::Object(more)) => {
            for (name, value) in more {
                merge(given.entry(name).or_insert(Value::Null), value);
            }
        }
        (given, more) => *given = more,
    }
}

/// A record of a log in which nothing happened, with what a test says of it.
pub(crate) fn record(more: &Value) -> Value {
    let mut record = json!({
        "timestamp": 1_700_000_000_000_i64, "formatVersion": 1, "webaclId": "arn:acl", "terminatingRuleId": "Default_Action",
        "terminatingRuleType": "REGULAR", "action": "ALLOW", "terminatingRuleMatchDetails": [], "httpSourceName": "ALB", "httpSourceId": "1-app/a/b",
        "ruleGroupList": [], "rateBasedRuleList": [], "nonTerminatingMatchingRules": [], "requestHeadersInserted": null, "responseCodeSent": null,
        "httpRequest": {"clientIp": "192.0.2.10", "country": "DE", "headers": [], "uri": "/", "args": "", "httpVersion": "HTTP/2.0", "httpMethod": "GET", "requestId": "r"}
    });
    merge(&mut record, more.clone());
    record
}

/// `Search` as the API has it.
fn encoded(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.remove("Search") {
                members.insert("SearchString".to_owned(), json!(BASE64_STANDARD.encode(text)));
            }
            members.values_mut().for_each(encoded);
        }
        Value::Array(items) => items.iter_mut().for_each(encoded),
        _ => {}
    }
}

fn sets(given: &Value) -> Sets {
    let of = |member: &str| serde_json::from_value(given["sets"][member].clone()).unwrap_or_default();
    Sets { addresses: of("addresses"), patterns: of("patterns"), groups: of("groups") }
}

fn answered(example: &Example) -> (Passed, Acl) {
    let mut given = example.given.clone();
    let told = given.as_object_mut().expect("an object").remove("let").unwrap_or_default();
    let mut values = words(&told);
    for (name, cell) in example.cells.iter().filter(|(name, _)| name.starts_with('$')) {
        // What is no word stays a text, but numbers.
        let value = told.get(cell).cloned().or_else(|| cell.parse::<i64>().ok().map(|number| json!(number)));
        let is_text = name == "$args" || name == "$uri";
        values.insert(name.clone(), value.filter(|_| !is_text).unwrap_or_else(|| json!(cell)));
    }
    for _ in 0..3 {
        substitute(&mut given, &values);
    }
    encoded(&mut given);
    let sets = sets(&given);
    let mut document = given["acl"].clone();
    if document.is_null() {
        document = json!({"Name": "acl", "ARN": "arn:acl", "DefaultAction": {"Allow": {}},
            "Rules": [{"Name": "rule", "Priority": 0, "Action": {"Block": {}}, "Statement": given["statement"]}]});
    }
    let mut acl = Acl::read(&document, &sets).unwrap_or_else(|why| panic!("{}: {why}", example.place));
    acl.since = document["since"].as_i64();
    let mut found = Vec::new();
    let line = record(&given["record"]).to_string();
    logs::each(line.as_bytes(), &mut |one| found.push(one))
        .unwrap_or_else(|why| panic!("{}: {why}", example.place));
    let request = found.pop().expect("a request").unwrap_or_else(|why| panic!("{}: {why}", example.place));
    let blocking = example.cells.get("blocking").filter(|name| !name.is_empty()).cloned();
    (Walk::new(&acl, blocking.into_iter().collect()).pass(&request), acl)
}

fn check(example: &Example) -> Result<(), String> {
    if example.cells.contains_key("transformation") {
        return transformed(example);
    }
    let (passed, acl) = answered(example);
    let reached = passed.reached.iter().find(|one| acl.rules[one.rule].name == "rule");
    let why: Vec<&String> = reached.iter().flat_map(|one| &one.matched.why).chain(&passed.why).collect();
    for (name, wanted) in &example.cells {
        let found = match name.as_str() {
            "matches" => match reached.expect("the rule is asked").matched.truth {
                Truth::Yes => "yes".to_owned(),
                Truth::No => "no".to_owned(),
                Truth::Unknown => "unknown".to_owned(),
            },
            "ends" => {
                let mut all: Vec<String> =
                    passed.ends.iter().map(|ends| format!("{} {}", ends.action.word(), ends.rule)).collect();
                all.sort();
                all.join(" or ")
            }
            "why" if wanted.is_empty() => continue,
            "why" if why.iter().any(|one| one.contains(wanted.as_str())) => continue,
            "why" => format!("{why:?}"),
            _ => continue,
        };
        if found != *wanted {
            return Err(format!(
                "{}: {name} is `{found}`, not `{wanted}`\n  {:?}\n  {why:?}",
                example.place, example.cells
            ));
        }
    }
    Ok(())
}

/// Characters up to U+00FF as bytes.
fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("a text");
    text.chars().map(|one| u8::try_from(u32::from(one)).expect("a character of one byte")).collect()
}

fn transformed(example: &Example) -> Result<(), String> {
    let cell = |name: &str| meaning(&Value::Null, &example.cells[name]);
    let wanted = match cell("output") {
        Value::String(text) if text == "unknown" => None,
        Value::Array(all) => Some(all.iter().map(bytes).collect::<Vec<_>>()),
        one => Some(vec![bytes(&one)]),
    };
    let input = bytes(&cell("input"));
    let mut found = transform::apply(&example.cells["transformation"], &input).ok();
    let mut wanted = wanted;
    for one in [&mut found, &mut wanted].into_iter().flatten() {
        one.sort();
    }
    if found == wanted {
        return Ok(());
    }
    let told = |all: &Option<Vec<Vec<u8>>>| {
        all.as_ref().map(|all| all.iter().map(|one| one.escape_ascii().to_string()).collect::<Vec<_>>())
    };
    Err(format!("{}: {:?}, not {:?}", example.place, told(&found), told(&wanted)))
}

#[test]
fn specifications_hold() {
    let files = files(Path::new(env!("CARGO_MANIFEST_DIR")).join("spec"));
    let is_column = |name: &str| name.starts_with('$') || COLUMNS.contains(&name);
    let mut failures = Vec::new();
    let mut count = 0;
    for example in files.iter().flat_map(|file| examples(file, is_column, merge)) {
        let expects = ["output", "matches", "ends"].iter().any(|name| example.cells.contains_key(*name));
        assert!(expects, "{}: nothing is expected", example.place);
        failures.extend(check(&example).err());
        count += 1;
    }
    println!("{count} expectations in {} files", files.len());
    assert!(failures.is_empty(), "{} of {count} do not hold:\n{}", failures.len(), failures.join("\n\n"));
}
