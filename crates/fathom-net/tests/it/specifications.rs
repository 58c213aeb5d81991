//! Runs the specifications in `spec/`: what must be answered, stated from AWS's documentation.

use std::{collections::BTreeMap, fs, path::Path};

use fathom_net::{Answer, Question, Traffic, ask, trace};
use serde_json::{Value, json};

use crate::estate;

/// A row of a table.
struct Example {
    place: String,
    given: Value,
    cells: BTreeMap<String, String>,
}

/// Columns of a table that say what is asked or expected; others begin with `$`.
const COLUMNS: [&str; 12] = [
    "from",
    "to",
    "traffic",
    "verdict",
    "disposition",
    "at",
    "code",
    "leg",
    "condition",
    "missing",
    "assumes",
    "note",
];

fn read(path: &Path) -> Vec<Example> {
    let text = fs::read_to_string(path).expect("a file");
    let file = path.file_name().expect("a name").to_string_lossy().into_owned();
    let mut examples = Vec::new();
    let mut given = json!({});
    let mut block: Option<(bool, String)> = None;
    let mut header: Option<Vec<String>> = None;
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        let place = format!("{file}:{number}");
        if let Some((is_more, body)) = &mut block {
            if line.trim() != "```" {
                body.push_str(line);
                body.push('\n');
                continue;
            }
            let value: Value =
                serde_json::from_str(body).unwrap_or_else(|error| panic!("{place}: block above: {error}"));
            if *is_more {
                merge(&mut given, value);
            } else {
                given = value;
            }
            block = None;
        } else if let Some(kind) = line.strip_prefix("```json ") {
            assert!(matches!(kind, "given" | "more"), "{place}: a block is `given` or `more`");
            block = Some((kind == "more", String::new()));
        } else if line.starts_with('|') {
            let cells = cells(line);
            match &header {
                None => {
                    for name in &cells {
                        assert!(
                            name.starts_with('$') || COLUMNS.contains(&name.as_str()),
                            "{place}: column {name}"
                        );
                    }
                    header = Some(cells);
                }
                Some(_) if cells.iter().all(|cell| cell.chars().all(|char| char == '-')) => {}
                Some(names) => {
                    assert_eq!(names.len(), cells.len(), "{place}: as many cells as the header");
                    let cells = names.iter().cloned().zip(cells).collect();
                    examples.push(Example { place, given: given.clone(), cells });
                }
            }
            continue;
        }
        header = None;
    }
    assert!(block.is_none(), "{file}: a block does not end");
    examples
}

/// Lists grow, other members are replaced.
fn merge(given: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("a block is an object") };
    for (name, value) in more {
        match (given[&name].as_array_mut(), value) {
            (Some(list), Value::Array(items)) => list.extend(items),
            (_, value) => given[&name] = value,
        }
    }
}

/// The cells of a row; `\|` is a bar.
fn cells(line: &str) -> Vec<String> {
    let line = line.replace("\\|", "\u{1}");
    let inner = line.trim().trim_matches('|');
    inner.split('|').map(|cell| cell.trim().trim_matches('`').replace('\u{1}', "|")).collect()
}

/// Puts values in place of texts such as `"$name"`. A list in a list takes its place item by item.
fn substitute(value: &mut Value, values: &BTreeMap<String, Value>) {
    match value {
        Value::String(text) => {
            if let Some(found) = values.get(text) {
                *value = found.clone();
            }
        }
        Value::Array(list) => {
            let mut whole = Vec::new();
            for mut item in std::mem::take(list) {
                let is_name = item.as_str().is_some_and(|text| values.contains_key(text));
                substitute(&mut item, values);
                match item {
                    Value::Array(items) if is_name => whole.extend(items),
                    item => whole.push(item),
                }
            }
            *list = whole;
        }
        Value::Object(members) => members.values_mut().for_each(|value| substitute(value, values)),
        _ => {}
    }
}

pub(crate) fn traffic(text: &str) -> Traffic {
    let (protocol, rest) = text.split_once(' ').unwrap_or((text, ""));
    let protocol = protocol.parse().expect("a protocol");
    let mut traffic = Traffic::of(protocol, 0);
    if protocol.is_icmp() {
        if let Some((kind, code)) = rest.split_once('/') {
            traffic.icmp = (kind.parse().expect("a type"), code.parse().expect("a code"));
        }
    } else if !rest.is_empty() {
        traffic.port = rest.parse().expect("a port");
    }
    traffic
}

fn answered(example: &Example) -> Answer {
    let mut given = example.given.clone();
    let words = given.as_object_mut().expect("an object").remove("let").unwrap_or(json!({}));
    let mut values: BTreeMap<String, Value> = words
        .as_object()
        .expect("names")
        .iter()
        .map(|(name, value)| (format!("${name}"), value.clone()))
        .collect();
    for (name, cell) in example.cells.iter().filter(|(name, _)| name.starts_with('$')) {
        let value =
            words.get(cell).cloned().or_else(|| serde_json::from_str(cell).ok()).unwrap_or(json!(cell));
        values.insert(name.clone(), value);
    }
    substitute(&mut given, &values);
    // Values may name others.
    substitute(&mut given, &values);
    let network = estate::network(&given);
    let faults = given["faults"].as_u64().unwrap_or_default();
    assert_eq!(network.faults.len() as u64, faults, "{}: {:?}", example.place, network.faults);
    let place = |name: &str| {
        trace::find(&network, &example.cells[name])
            .unwrap_or_else(|error| panic!("{}: {error}", example.place))
    };
    ask(&network, &Question::new(place("from"), place("to"), traffic(&example.cells["traffic"])))
}

fn check(example: &Example) -> Result<(), String> {
    let answer = answered(example);
    let told = serde_json::to_value(&answer).expect("JSON");
    let blocked = answer.blocked_by();
    for (name, wanted) in &example.cells {
        let found = match name.as_str() {
            "verdict" | "disposition" => told[name].as_str().unwrap_or_default().to_owned(),
            "at" => blocked.map(|hop| hop.id.clone()).unwrap_or_default(),
            "code" => blocked.and_then(|hop| hop.code).map(|code| code.to_string()).unwrap_or_default(),
            "leg" => blocked.map(|hop| format!("{:?}", hop.leg).to_lowercase()).unwrap_or_default(),
            "condition" | "missing" | "assumes" => {
                let list = match name.as_str() {
                    "condition" => &answer.conditions,
                    "missing" => &answer.missing,
                    _ => &answer.assumptions,
                };
                let all = list.join("; ");
                if (wanted.is_empty() && all.is_empty())
                    || (!wanted.is_empty() && all.contains(wanted.as_str()))
                {
                    continue;
                }
                all
            }
            _ => continue,
        };
        if found != *wanted {
            let hops: Vec<String> = answer
                .hops
                .iter()
                .map(|hop| {
                    format!(
                        "  {:?} {} {} {:?} {:?} {}",
                        hop.leg, hop.component, hop.id, hop.says, hop.code, hop.rule
                    )
                })
                .collect();
            return Err(format!(
                "{}: {name} is `{found}`, not `{wanted}`\n{:?}\n{}\n  {}\n  missing {:?}",
                example.place,
                example.cells,
                answer.packet,
                hops.join("\n"),
                answer.missing
            ));
        }
    }
    Ok(())
}

#[test]
fn specifications_hold() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let mut files: Vec<_> = fs::read_dir(&directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "md") && !path.ends_with("README.md"))
        .collect();
    files.sort();
    let mut failures = Vec::new();
    let mut count = 0;
    for file in &files {
        let examples = read(file);
        assert!(!examples.is_empty(), "{} expects nothing", file.display());
        for example in &examples {
            assert!(example.cells.contains_key("verdict"), "{}: no verdict is expected", example.place);
            failures.extend(check(example).err());
        }
        count += examples.len();
    }
    println!("{count} expectations in {} files", files.len());
    assert!(failures.is_empty(), "{} of {count} do not hold:\n{}", failures.len(), failures.join("\n\n"));
}
