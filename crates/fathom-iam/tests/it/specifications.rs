//! Runs `spec/*.md`. Their form is described in `spec/README.md`.

use std::{collections::BTreeMap, fs, path::Path};

use fathom_iam::batch;
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

fn read(path: &Path) -> Vec<Example> {
    let text = fs::read_to_string(path).unwrap();
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let mut examples = Vec::new();
    let mut given = json!({});
    let mut block: Option<(String, String)> = None;
    let mut header: Option<Vec<String>> = None;
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        let place = format!("{file}:{number}");
        if let Some((kind, body)) = &mut block {
            if line.trim() != "```" {
                body.push_str(line);
                body.push('\n');
                continue;
            }
            let value: Value =
                serde_json::from_str(body).unwrap_or_else(|error| panic!("{place}: block above: {error}"));
            if kind == "given" {
                given = value;
            } else {
                examples.push(of_block(&place, &given, value));
            }
            block = None;
        } else if let Some(kind) = line.strip_prefix("```json ") {
            assert!(matches!(kind, "given" | "example"), "{place}: a block is `given` or `example`");
            block = Some((kind.to_owned(), String::new()));
        } else if line.starts_with('|') {
            let cells = cells(line);
            match &header {
                None => header = Some(cells),
                Some(_) if cells.iter().all(|cell| cell.chars().all(|char| char == '-')) => {}
                Some(names) => examples.push(of_row(&place, &given, names, &cells)),
            }
            continue;
        }
        header = None;
    }
    assert!(block.is_none(), "{file}: a block does not end");
    examples
}

/// The cells of a row; `\|` is a bar.
fn cells(line: &str) -> Vec<String> {
    let line = line.replace("\\|", "\u{1}");
    let inner = line.trim().trim_matches('|');
    inner.split('|').map(|cell| cell.trim().trim_matches('`').replace('\u{1}', "|")).collect()
}

fn of_row(place: &str, given: &Value, names: &[String], cells: &[String]) -> Example {
    assert_eq!(names.len(), cells.len(), "{place}: as many cells as the header");
    let words = given.get("let").cloned().unwrap_or(json!({}));
    let mut values = BTreeMap::new();
    let mut expected = Map::new();
    for (name, cell) in names.iter().zip(cells) {
        let value =
            words.get(cell).cloned().or_else(|| serde_json::from_str(cell).ok()).unwrap_or(json!(cell));
        if name.starts_with('$') {
            values.insert(name.clone(), value);
        } else if EXPECTED.contains(&name.as_str()) {
            expected.insert(name.clone(), value);
        }
    }
    let mut input = given.clone();
    substitute(&mut input, &values);
    finish(place, input, expected)
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
    let words = input.as_object_mut().unwrap().remove("let").unwrap_or(json!({}));
    let words = words.as_object().unwrap().iter().map(|(name, value)| (format!("${name}"), value.clone()));
    substitute(&mut input, &words.collect());
    Example { place: place.to_owned(), input, expected }
}

/// Puts values in place of texts such as `"$name"`.
fn substitute(value: &mut Value, values: &BTreeMap<String, Value>) {
    match value {
        Value::String(text) => {
            if let Some(found) = values.get(text) {
                *value = found.clone();
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| substitute(value, values)),
        Value::Object(members) => members.values_mut().for_each(|value| substitute(value, values)),
        _ => {}
    }
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
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let mut files: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "md") && !path.ends_with("README.md"))
        .collect();
    files.sort();
    let mut failures = Vec::new();
    let mut count = 0;
    for file in &files {
        let examples = read(file);
        assert!(!examples.is_empty(), "{} expects nothing", file.display());
        count += examples.len();
        failures.extend(examples.iter().filter_map(|example| check(example).err()));
    }
    println!("{count} expectations in {} files", files.len());
    assert!(failures.is_empty(), "{} of {count} do not hold:\n{}", failures.len(), failures.join("\n\n"));
}
