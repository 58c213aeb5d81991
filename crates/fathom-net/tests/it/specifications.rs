//! Runs the specifications in `spec/`: what must be answered, stated from AWS's documentation.

use std::path::Path;

use fathom_net::{Answer, Question, Traffic, ask, trace};
use fathom_spec::{Example, examples, files, meaning, substitute, words};
use serde_json::Value;

use crate::estate;

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
    let told = given.as_object_mut().expect("an object").remove("let").unwrap_or_default();
    let mut values = words(&told);
    for (name, cell) in example.cells.iter().filter(|(name, _)| name.starts_with('$')) {
        values.insert(name.clone(), meaning(&told, cell));
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
    let files = files(Path::new(env!("CARGO_MANIFEST_DIR")).join("spec"));
    let is_column = |name: &str| name.starts_with('$') || COLUMNS.contains(&name);
    let mut failures = Vec::new();
    let mut count = 0;
    for example in files.iter().flat_map(|file| examples(file, is_column, merge)) {
        assert!(example.cells.contains_key("verdict"), "{}: no verdict is expected", example.place);
        failures.extend(check(&example).err());
        count += 1;
    }
    println!("{count} expectations in {} files", files.len());
    assert!(failures.is_empty(), "{} of {count} do not hold:\n{}", failures.len(), failures.join("\n\n"));
}
