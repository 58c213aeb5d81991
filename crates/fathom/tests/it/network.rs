//! `fathom net trace`, `reach` and `exposed`: on networks that others recorded, and on the sample.
//!
//! What must be answered of the recorded ones stands in `fathom-net/spec/recorded`, stated from AWS's documentation.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::harness::{Place, sample};

/// The folder with the recorded networks; none where the data is not here.
fn recorded(place: &Place) -> Option<PathBuf> {
    let shared = match std::env::var_os("FATHOM_SHARED_DATA") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    let archive = shared.join("network/aws-vpc-snapshots.tar.zst");
    let Ok(packed) = fs::read(&archive) else {
        println!("skipped: the recorded networks are not on this machine");
        return None;
    };
    let tar = zstd::decode_all(packed.as_slice()).expect("zstd");
    place.write("all.tar", tar);
    let unpacked = Command::new("tar").arg("-xf").arg("all.tar").current_dir(place.path()).status();
    assert!(unpacked.expect("tar").success(), "the networks cannot be unpacked");
    Some(place.path().join("projects/batfish/src/test/resources/org/batfish/representation/aws"))
}

/// A recording as AWS answers: what its makers joined into one file, of several calls, is taken apart again.
fn as_answered(folder: &Path) {
    let read = |name: &str| -> Option<Value> {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).ok()?;
        Some(serde_json::from_str(&text).expect("JSON"))
    };
    let write = |call: &str, thing: &str, answer: &Value| {
        let folder = folder.join(format!("elbv2-{call}"));
        fs::create_dir_all(&folder).expect("a folder");
        let name = thing.replace(':', "%3A").replace('/', "%2F");
        fs::write(folder.join(format!("{name}.json")), answer.to_string()).expect("a file");
    };
    for (name, call, id, members) in [
        ("LoadBalancerListeners", "describe-listeners", "LoadBalancerArn", "Listeners"),
        ("LoadBalancerAttributes", "describe-load-balancer-attributes", "LoadBalancerArn", "Attributes"),
        ("LoadBalancerTargetHealth", "describe-target-health", "TargetGroupArn", "TargetHealthDescriptions"),
    ] {
        for one in read(name).iter().flat_map(|all| all[name].as_array().expect("a list")) {
            write(call, one[id].as_str().expect("an ARN"), &json!({members: one[members]}));
            for listener in one["Listeners"].as_array().into_iter().flatten() {
                // A listener without rules of its own has the one that it comes with.
                write(
                    "describe-rules",
                    listener["ListenerArn"].as_str().expect("an ARN"),
                    &json!({"Rules": []}),
                );
            }
        }
    }
    let off = json!({"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "off"}});
    fs::write(folder.join("ec2-describe-vpc-block-public-access-options.json"), off.to_string())
        .expect("a file");
}

/// The rows of the tables, each by the names of its columns.
fn rows() -> Vec<BTreeMap<String, String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fathom-net/spec/recorded/networks.md");
    let text = fs::read_to_string(file).expect("the tables");
    let (mut rows, mut header) = (Vec::new(), None::<Vec<String>>);
    for line in text.lines() {
        let Some(inner) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            header = None;
            continue;
        };
        let cells: Vec<String> = inner.split('|').map(|cell| cell.trim().to_owned()).collect();
        match &header {
            None => header = Some(cells),
            Some(_) if cells.iter().all(|cell| cell.chars().all(|char| char == '-')) => {}
            Some(names) => rows.push(names.iter().cloned().zip(cells).collect()),
        }
    }
    rows
}

/// The arguments of a question.
fn asked(row: &BTreeMap<String, String>) -> Vec<&str> {
    let mut args = vec!["net", "trace", "--json", "--from", &row["from"], "--to", &row["to"], "--proto"];
    match row["traffic"].split_once(' ') {
        Some((protocol, port)) => args.extend([protocol, "--port", port]),
        None => args.push(&row["traffic"]),
    }
    args
}

/// The code of the hop that held the packet up.
fn code(answer: &Value) -> String {
    let hops = answer["hops"].as_array().expect("hops");
    let held = hops.iter().rev().find(|hop| hop["says"] == "blocked" || hop["says"] == "unknown");
    held.and_then(|hop| hop["code"].as_str()).unwrap_or_default().to_owned()
}

#[test]
fn recorded_networks_answer_as_documented() {
    let place = Place::new();
    let Some(folder) = recorded(&place) else { return };
    let rows = rows();
    assert!(rows.len() > 30, "{} rows", rows.len());
    let mut homes: BTreeMap<String, Place> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in &rows {
        let answers = folder.join(&row["network"]).join("aws_configs");
        let home = homes.entry(row["network"].clone()).or_insert_with(|| {
            as_answered(&answers);
            let home = Place::new();
            home.run(&["import", "aws-json", answers.to_str().expect("a path"), "--quiet"]).ok();
            home
        });
        let answer = home.run(&asked(row)).ok().json();
        let found =
            [answer["verdict"].as_str(), answer["disposition"].as_str()].map(Option::unwrap_or_default);
        if found != [row["verdict"].as_str(), row["disposition"].as_str()] || code(&answer) != row["code"] {
            wrong.push(format!("{row:?}\n  is {found:?} {}\n  {}", code(&answer), answer["missing"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are otherwise:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    // The same without taking it in first.
    let is_out =
        |row: &&BTreeMap<String, String>| row["network"] == "test-nat-gateway" && row["to"] == "internet";
    let row = rows.iter().find(is_out).expect("a row");
    let answers = folder.join(&row["network"]).join("aws_configs");
    let mut args = asked(row);
    args.extend(["--aws-json", answers.to_str().expect("a path")]);
    let straight = place.run(&args).ok().json();
    assert_eq!(straight["verdict"].as_str(), Some(row["verdict"].as_str()), "{straight}");
    assert!(!place.data().join("fathom.db").exists(), "a question keeps nothing");
    // Without the switch that was not recorded, what it would have to be is told.
    fs::remove_file(answers.join("ec2-describe-vpc-block-public-access-options.json")).expect("a file");
    let open = place.run(&args).ok().json();
    assert_eq!(open["verdict"], "only_if", "{open}");
    assert_eq!(open["disposition"], straight["disposition"]);
    assert!(
        open["conditions"][0].as_str().expect("a condition").contains("DescribeVpcBlockPublicAccessOptions")
    );
}

#[test]
fn the_sample_says_what_the_internet_reaches() {
    let place = sample();
    let found = place.run(&["exposed", "--json"]).ok().json();
    let rows = found["exposed"].as_array().expect("rows");
    for row in rows {
        let verdicts: Vec<&str> = row["ports"]
            .as_array()
            .expect("ports")
            .iter()
            .filter_map(|one| one["answer"]["verdict"].as_str())
            .collect();
        assert!(!verdicts.is_empty() && !verdicts.contains(&"no"), "{row}");
    }
    // Who names nothing that is there, is told what places are.
    place
        .run(&["net", "trace", "--from", "internet", "--to", "i-nowhere", "--port", "22"])
        .code(1)
        .says(&["i-nowhere"]);
    place.run(&["net", "trace", "--from", "internet", "--to", "i-nowhere"]).code(2).says(&["--port"]);
}
