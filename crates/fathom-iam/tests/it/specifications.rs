//! Runs `spec/*.md`. Their form is described in `spec/README.md`.

use std::{collections::BTreeMap, path::Path};

use fathom_iam::batch;
use fathom_spec::{Part, Row, files, meaning, parts, substitute, words};
use serde_json::{Map, Value, json};

/// One expectation of a file.
struct Example {
    place: String,
    input: Value,
    expected: Map<String, Value>,
}

/// Columns and members that say what is expected; all else is input.
const EXPECTED: [&str; 8] =
    ["decision", "because", "conditions", "blocked_by", "missing_keys", "layers", "faults", "unknown"];

fn read(file: &Path) -> Vec<Example> {
    let mut given = json!({});
    let mut examples = Vec::new();
    for part in parts(file, &["given", "example"]) {
        match part {
            Part::Block { kind, value, .. } if kind == "given" => given = value,
            Part::Block { place, value, .. } => examples.push(of_block(&place, &given, value)),
            Part::Row(row) => examples.push(of_row(&row, &given)),
        }
    }
    assert!(!examples.is_empty(), "{} expects nothing", file.display());
    examples
}

fn of_row(row: &Row, given: &Value) -> Example {
    let told = given.get("let").cloned().unwrap_or_default();
    let mut values = BTreeMap::new();
    let mut expected = Map::new();
    for (name, cell) in &row.cells {
        if name.starts_with('$') {
            values.insert(name.clone(), meaning(&told, cell));
        } else if EXPECTED.contains(&name.as_str()) {
            expected.insert(name.clone(), meaning(&told, cell));
        }
    }
    let mut input = given.clone();
    substitute(&mut input, &values);
    finish(&row.place, input, expected)
}

fn of_block(place: &str, given: &Value, example: Value) -> Example {
    let Value::Object(mut example) = example else { panic!("{place}: an example is an object") };
    let mut expected = Map::new();
    for name in EXPECTED {
        expected.extend(example.remove(name).map(|value| (name.to_owned(), value)));
    }
    let mut input = given.clone();
    let object = input.as_object_mut().unwrap();
    for (name, value) in example {
        if name == "request" && object.contains_key("request") {
            object["request"].as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        } else {
            object.insert(name, value);
        }
    }
    finish(place, input, expected)
}

fn finish(place: &str, mut input: Value, expected: Map<String, Value>) -> Example {
    assert!(expected.contains_key("decision"), "{place}: no decision is expected");
    let told = input.as_object_mut().unwrap().remove("let").unwrap_or_default();
    substitute(&mut input, &words(&told));
    Example { place: place.to_owned(), input, expected }
}

fn check(example: &Example) -> Result<(), String> {
    let place = &example.place;
    let line = example.input.to_string();
    let answer = batch::answer(&line).map_err(|error| format!("{place}: {error}\n{line}"))?;
    let answer = serde_json::to_value(&answer).unwrap();
    for (name, expected) in &example.expected {
        let found = match name.as_str() {
            "because" => shortened(&answer["because"]),
            "layers" => verdicts(&answer["layers"]),
            _ => answer[name].clone(),
        };
        let holds = match name.as_str() {
            // Faults are told in words: the words that matter are compared.
            "faults" => expected
                .as_array()
                .into_iter()
                .flatten()
                .all(|part| found.to_string().contains(part.as_str().unwrap())),
            "layers" => expected.as_object().unwrap().iter().all(|(layer, says)| found[layer] == *says),
            _ => found == *expected,
        };
        if !holds {
            return Err(format!("{place}: {name} is {found}, not {expected}\n{line}\n{answer}"));
        }
    }
    Ok(())
}

/// `layer policy statement` of each reason.
fn shortened(because: &Value) -> Value {
    let short = |reason: &Value| {
        let statement = reason["statement"].as_u64().map_or(String::new(), |index| format!(" {index}"));
        format!("{} {}{statement}", reason["layer"].as_str().unwrap(), reason["policy"].as_str().unwrap())
    };
    because.as_array().unwrap().iter().map(short).collect()
}

fn verdicts(layers: &Value) -> Value {
    let mut said = Map::new();
    for layer in layers.as_array().unwrap() {
        said.insert(layer["layer"].as_str().unwrap().to_owned(), layer["verdict"].clone());
    }
    Value::Object(said)
}

#[test]
fn specifications_hold() {
    let files = files(Path::new(env!("CARGO_MANIFEST_DIR")).join("spec"));
    let mut failures = Vec::new();
    let mut count = 0;
    for example in files.iter().flat_map(|file| read(file)) {
        count += 1;
        failures.extend(check(&example).err());
    }
    println!("{count} expectations in {} files", files.len());
    assert!(failures.is_empty(), "{} of {count} do not hold:\n{}", failures.len(), failures.join("\n\n"));
}
